//! The calls in the tables of docs/coming-from.md.

use std::fs;
use std::thread::scope;
use std::time::Duration;

use mock_origin::options::Join;
use mock_origin::{ErrorResponse, MockOrigin, Op, Outcome};

use crate::pages::client::upload;
use crate::pages::copies::root;

#[test]
fn expectations_become_assertions() {
    let origin = MockOrigin::builder().directory("/videos").start();
    let url = origin.url();
    upload(&url, "movie.mp4", &[7; 2500]).unwrap();

    origin.requests().op(Op::any_piece()).assert_count(3);
    origin.requests().op(Op::piece(2)).assert_count(1..=3);
    origin.requests().path("/videos/movie.mp4").status(200).assert_count(5);
    origin.requests().op(Op::login()).assert_header("X-Agile-Username", "jane");
    origin.upload("/videos/movie.mp4").assert_completed().assert_sequential();
    let requests = origin.requests();
    let first = requests.first().unwrap();
    assert_eq!((first.header("Accept").as_deref(), first.status()), (Some("*/*"), Some(200)));
    assert_eq!(origin.url_for("/account/login"), format!("{url}/account/login"));
    assert_eq!(origin.addr().port(), origin.port());
    let last = origin.requests().op(Op::any_piece()).last().cloned().unwrap();
    assert_eq!((last.part(), last.received()), (Some(3), 500));
    origin.verify().unwrap();
    origin.reset();
    origin.finish();
}

#[test]
fn stubbed_failures_become_faults() {
    let origin = MockOrigin::builder().directory("/videos").join(Join::Polls(2)).start();
    let delay = Duration::from_millis(1);
    origin.on(Op::create()).first().reject(503);
    origin.on(Op::piece(1)).times(2).reject(ErrorResponse::status(503).retry_after(delay));
    origin.on(Op::login()).first().delay(delay);
    origin.on(Op::piece(2)).nth(1).cut_after(700, mock_origin::Disconnect::Reset);
    origin.on(Op::complete()).first().respond_slowly(2_000);
    origin.on_connection().first().reset();

    upload(&origin.url(), "movie.mp4", &[7; 2500]).unwrap();
    origin.finish();
}

#[test]
fn queues_of_responses_become_waits_and_holds() {
    let origin = MockOrigin::builder().directory("/videos").start();
    let held = origin.on(Op::piece(2)).hold();
    scope(|scope| {
        let client = scope.spawn(|| upload(&origin.url(), "movie.mp4", &[7; 2500]));
        assert!(held.wait(Duration::from_secs(10)));
        held.release();
        client.join().unwrap().unwrap();
    });
    let timeout = Duration::from_secs(10);
    assert!(origin.wait_until(timeout, |requests| requests.len() == 6));
    let all = origin.requests().filter("complete", |one| one.outcome() == Outcome::Responded);
    assert_eq!(all.len(), 6);
    origin.go_offline();
    origin.finish();
}

#[test]
fn verification_on_drop_can_be_turned_off() {
    let origin = MockOrigin::builder().verify_on_drop(false).start();
    origin.on(Op::create()).first().reject(503);
    drop(origin);
}

/// Every call in the last column of a table is in this file.
#[test]
fn the_tables_show_compiled_calls() {
    let squeeze = |text: &str| text.split_whitespace().collect::<String>();
    let code = squeeze(&fs::read_to_string(file!()).unwrap());
    let page = fs::read_to_string(root().join("docs/coming-from.md")).unwrap();
    let mut calls = 0;
    for row in page.lines().filter(|line| line.starts_with('|')) {
        let cell = row.trim_end_matches('|').rsplit(" | ").next().unwrap().replace("\\|", "|");
        for call in cell.split('`').skip(1).step_by(2) {
            calls += 1;
            assert!(code.contains(&squeeze(call)), "not compiled: {call}");
        }
    }
    assert!(calls > 15, "only {calls} calls found");
}
