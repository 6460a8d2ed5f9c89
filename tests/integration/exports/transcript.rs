//! The transcript is the same in every run with the same seed and the same client.

use std::thread;

use mock_origin::{Chaos, MockOrigin, Op, Profile};

use crate::chaos::client::Uploader;
use crate::chaos::pieces;
use crate::exports::eventful_run;
use crate::support::golden::assert_golden;
use crate::support::{Client, create};

#[test]
fn a_transcript_groups_requests_by_path_and_operation() {
    assert_golden("transcript", eventful_run().transcript().trim_end());
}

#[test]
fn a_run_without_requests_has_a_transcript() {
    assert_eq!(MockOrigin::start().transcript(), "no requests\n");
}

/// Uploads several files at once, each with parallel pieces, under chaos.
fn parallel_run() -> String {
    let origin = MockOrigin::builder().seed(3).directory("/videos").verify_on_drop(false).start();
    origin.chaos(Chaos::new(12).profile(Profile::ServerErrors).percent(50));
    thread::scope(|scope| {
        for number in 0..4 {
            let origin = &origin;
            scope.spawn(move || {
                let mut client = Uploader::correct(origin);
                let name = format!("{number}.mp4");
                client.upload_at_once("/videos", &name, &pieces(number)).unwrap();
            });
        }
    });
    origin.transcript()
}

#[test]
fn a_parallel_client_has_the_same_transcript_in_20_runs() {
    let first = parallel_run();
    assert!(first.contains("attempt 2") && first.contains("fault: "), "{first}");
    for _ in 1..20 {
        assert_eq!(parallel_run(), first);
    }
}

#[test]
fn uploads_and_addresses_have_names_instead_of_values() {
    let origin = MockOrigin::builder().verify_on_drop(false).directory("/videos").start();
    let token = origin.issue_token("jane");
    let mut client = Client::new(&origin);
    let ids = [(); 2].map(|()| create(&mut client, &token, "/videos", "a.mp4"));
    origin.on(Op::piece(1)).upload(&ids[1]).reject(503);
    origin.mark(format!("client of {} uses {token} for {}", origin.url(), ids[0]));
    let transcript = origin.transcript();
    for value in ids.iter().chain([&origin.port().to_string()]) {
        assert!(!transcript.contains(&**value), "{value}: {transcript}");
    }
    assert!(transcript.contains("<upload 2 to /acme/videos/a.mp4>"), "{transcript}");
    assert!(transcript.contains("/acme/videos/a.mp4 by jane, upload 2:\n"), "{transcript}");
    assert!(transcript.contains("client of http://ORIGIN uses "), "{transcript}");
}

#[test]
fn equal_polls_are_one_line() {
    let origin = MockOrigin::builder().verify_on_drop(false).start();
    let token = origin.issue_token("jane");
    for _ in 0..3 {
        let body = format!(r#"{{"method": "listFile", "params": ["{token}", "/"], "id": 1}}"#);
        Client::new(&origin).send("POST", "/jsonrpc", &[], body.as_bytes());
    }
    let transcript = origin.transcript();
    assert_eq!(transcript.matches("listFile").count(), 1, "{transcript}");
}
