//! The journal limit and the removal of the journal: what stays, what is counted, and what texts say of
//! dropped exchanges. The texts are golden files.

use std::time::{Duration, UNIX_EPOCH};

use crate::support::golden::{assert_fails, assert_golden, without_lines};
use crate::support::{Client, TIMEOUT, complete, create, piece, record, request};
use mock_origin::referee::{Finding, Level};
use mock_origin::{InProgressUpload, MockOrigin, Op};

/// Returns an origin that keeps `limit` exchanges, with fixed tokens, identifiers and clock.
fn origin(limit: usize) -> MockOrigin {
    MockOrigin::builder()
        .journal_limit(limit)
        .referee(Level::Off)
        .directory("/videos")
        .file("/f.txt", "f")
        .upload(InProgressUpload::new("/videos/given.txt").piece(1, "one"))
        .seed(7)
        .clock_at(UNIX_EPOCH + Duration::from_secs(1_600_000_000))
        .clock_stopped()
        .start()
}

/// Sends requests that belong to no upload, on one connection.
fn look(origin: &MockOrigin, times: usize) {
    let mut client = Client::new(origin);
    for _ in 0..times {
        assert_eq!(client.send("GET", "/acme/f.txt", &[], b"").status, 200);
    }
    // A client may have its response before the exchange is closed.
    origin.journal();
}

fn numbers(origin: &MockOrigin) -> Vec<u64> {
    origin.journal().exchanges().iter().map(|exchange| exchange.index).collect()
}

#[test]
fn the_newest_exchanges_stay_and_keep_their_numbers() {
    let origin = origin(3);
    look(&origin, 10);
    let journal = origin.journal();
    assert_eq!(numbers(&origin), [7, 8, 9]);
    let dropped = journal.dropped();
    assert_eq!((dropped.exchanges, dropped.rejected, dropped.cleared), (7, 0, 0));
    assert!(journal.exchange(6).is_none() && journal.exchange(7).is_some());
    assert_eq!((journal.exchanges()[0].index, journal.exchanges().get(3).is_none()), (7, true));
    assert_eq!(origin.requests().len(), 3);
    let ended = origin.ended_after(5, Duration::ZERO);
    assert_eq!((ended.events.len(), ended.next, ended.dropped), (3, 10, 2));
}

#[test]
fn dropped_rejections_are_counted() {
    let origin = origin(2);
    for _ in 0..3 {
        Client::new(&origin).send("GET", "/acme/absent", &[], b"");
    }
    look(&origin, 2);
    let dropped = origin.journal().dropped();
    assert_eq!((dropped.exchanges, dropped.rejected), (3, 3));
}

#[test]
fn exchanges_of_an_open_upload_stay_until_it_ends() {
    let origin = origin(3);
    let token = origin.issue_token("jane");
    let mut client = Client::new(&origin);
    let id = create(&mut client, &token, "/videos", "a.txt");
    piece(&mut client, &token, &id, 1, b"one");
    look(&origin, 10);
    assert_eq!(numbers(&origin), [0, 1, 9, 10, 11]);
    let upload = origin.upload(&id);
    upload.assert_acknowledged_once().assert_bytes_sent(3).piece(1).assert_attempts(1);
    assert_eq!(upload.requests().len(), 2);
    complete(&mut client, &token, &id);
    look(&origin, 3);
    assert_eq!(numbers(&origin), [13, 14, 15]);
    assert_eq!(origin.journal().dropped().exchanges, 13);
    origin.upload(&id).assert_completed();
}

#[test]
fn an_exchange_that_has_not_ended_stays() {
    let origin = origin(1);
    let hold = origin.on(Op::login()).hold();
    let mut client = Client::new(&origin);
    client.write(request("POST", "/account/login", &[], b""));
    assert!(hold.wait(TIMEOUT));
    look(&origin, 5);
    assert_eq!(numbers(&origin), [0, 5]);
    hold.release();
    client.read();
    record::closed_exchange(&origin, 0);
    look(&origin, 1);
    assert_eq!(numbers(&origin), [6]);
}

#[test]
fn a_connection_stays_with_its_exchanges() {
    let origin = origin(2);
    let token = origin.issue_token("jane");
    let mut client = Client::new(&origin);
    create(&mut client, &token, "/videos", "a.txt");
    drop(client);
    for _ in 0..10 {
        look(&origin, 1);
    }
    let journal = origin.journal();
    assert!(journal.exchanges().iter().all(|it| journal.connection(it.connection).is_some()));
    assert!(journal.connections().len() < 8, "{:?}", journal.connections());
    let all = journal.connections().len() as u64 + journal.dropped().connections;
    assert_eq!(all, 11);
}

#[test]
fn uncertain_counts_fail() {
    let origin = origin(3);
    look(&origin, 5);
    let requests = origin.requests();
    requests.assert_count(3..).assert_count(1..);
    assert_fails("limit_count", requests.try_count(3));
    assert_fails("limit_count_too_many", requests.try_count(..=2));
    assert_fails("limit_count_absent", requests.clone().op(Op::login()).try_count(0));
    let one = requests.filter("the last one", |request| request.exchange().index == 4);
    assert!(one.try_single().is_err());
}

#[test]
fn claims_about_dropped_requests_of_an_upload_fail() {
    let origin = origin(2);
    let token = origin.issue_token("jane");
    let mut client = Client::new(&origin);
    let id = create(&mut client, &token, "/videos", "a.txt");
    piece(&mut client, &token, &id, 1, b"one");
    complete(&mut client, &token, &id);
    look(&origin, 1);
    let upload = origin.upload(&id);
    upload.assert_completed().assert_pieces([1]);
    assert_fails("limit_upload", upload.try_acknowledged_once());
    assert_fails("limit_piece", upload.piece(1).try_attempts(1));
    assert!(upload.try_bytes_sent(3).is_err() && upload.try_sequential().is_err());
    // The journal may lack requests about an upload of the builder, too.
    assert!(origin.upload("/videos/given.txt").try_bytes_sent(0).is_err());
}

#[cfg(feature = "report")]
#[test]
fn exported_files_state_what_was_dropped() {
    let origin = origin(2);
    look(&origin, 3);
    let missing = "missing: 1 older exchange, dropped because of the journal limit";
    let directory = std::env::temp_dir();
    let har = directory.join(format!("mock-origin-limit-{}.har", origin.addr().port()));
    let trace = har.with_extension("json");
    origin.write_har(&har).unwrap();
    origin.write_trace(&trace).unwrap();
    let files = [har, trace].map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        text
    });
    let [har, trace] = &files;
    let json = [har, trace].map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap());
    assert_eq!(json[0]["log"]["comment"], missing);
    assert_eq!(json[1]["otherData"]["missing"], missing.trim_start_matches("missing: "));
    origin.finish();
}

#[test]
fn every_failure_and_report_states_what_was_dropped() {
    let origin = origin(2);
    look(&origin, 3);
    origin.on(Op::login()).reject(503);
    let missing = "missing: 1 older exchange, dropped because of the journal limit";
    for text in [
        origin.timeline(),
        origin.transcript(),
        #[cfg(feature = "report")]
        origin.html_report().replace("Missing", "missing"),
        origin.verify().unwrap_err().to_string(),
        origin.file("/absent").try_exists().unwrap_err().to_string(),
        origin.directory("/absent").try_exists().unwrap_err().to_string(),
        origin.try_upload("/absent").unwrap_err().to_string(),
        origin.upload("/videos/given.txt").try_completed().unwrap_err().to_string(),
        origin.upload("/videos/given.txt").piece(2).try_stored().unwrap_err().to_string(),
        origin.try_no_open_uploads().unwrap_err().to_string(),
        origin.try_finding("complete.early").unwrap_err().to_string(),
        origin.requests().try_header("x", "y").unwrap_err().to_string(),
    ] {
        assert!(text.contains(missing), "{text}");
    }
    let error = origin.verify().unwrap_err().to_string();
    assert_golden("limit_verification", &without_lines(&error));
}

#[test]
fn the_referee_does_not_blame_for_dropped_exchanges() {
    let referee = |limit| {
        let origin = origin(limit);
        let token = origin.issue_token("jane");
        let mut client = Client::new(&origin);
        let id = create(&mut client, &token, "/videos", "a.txt");
        piece(&mut client, &token, &id, 1, b"one");
        complete(&mut client, &token, &id);
        // The piece, whose response the client had read, is sent again.
        piece(&mut client, &token, &id, 1, b"one");
        look(&origin, 2);
        let findings = origin.findings();
        let ids: Vec<_> = findings.iter().map(Finding::id).collect();
        ids.contains(&"orphan.zombie")
    };
    assert!(referee(100));
    assert!(!referee(4));
}

#[test]
fn clearing_the_journal_keeps_what_is_stored() {
    let origin = origin(100);
    let token = origin.issue_token("jane");
    let mut client = Client::new(&origin);
    let id = create(&mut client, &token, "/videos", "a.txt");
    look(&origin, 2);
    origin.clear_journal();
    let journal = origin.journal();
    assert!(journal.exchanges().is_empty() && journal.marks().is_empty());
    assert_eq!((journal.dropped().cleared, journal.dropped().exchanges), (3, 0));
    origin.requests().assert_count(0);

    piece(&mut client, &token, &id, 1, b"one");
    complete(&mut client, &token, &id);
    assert_eq!(numbers(&origin), [3, 4]);
    origin.requests().assert_count(2).assert_order(&[Op::any_piece(), Op::complete()]);
    origin.upload(&id).assert_completed();
    origin.file("/videos/a.txt").assert_content("one");
    assert_fails("clear_upload", origin.upload(&id).try_acknowledged_once());
    assert!(origin.timeline().contains("missing: 3 older exchanges, cleared by the test"));
    assert!(origin.findings().is_empty(), "{:?}", origin.findings());
}

#[test]
fn clearing_the_journal_keeps_what_is_in_progress() {
    let origin = origin(100);
    let hold = origin.on(Op::login()).hold();
    let mut client = Client::new(&origin);
    client.write(request("POST", "/account/login", &[], b""));
    assert!(hold.wait(TIMEOUT));
    look(&origin, 2);
    origin.clear_journal();
    assert_eq!(numbers(&origin), [0]);
    let journal = origin.journal();
    assert!(journal.connection(journal.exchanges()[0].connection).is_some());
    hold.release();
    client.read();
    assert_eq!(record::closed_exchange(&origin, 0).status(), Some(400));
    look(&origin, 1);
    assert_eq!(numbers(&origin), [0, 3]);
}

#[test]
fn a_limit_goes_on_after_clearing_and_after_a_reset() {
    let origin = origin(2);
    look(&origin, 5);
    origin.clear_journal();
    look(&origin, 3);
    assert_eq!(numbers(&origin), [6, 7]);
    assert_eq!((origin.journal().dropped().exchanges, origin.journal().dropped().cleared), (1, 5));
    origin.reset();
    look(&origin, 3);
    assert_eq!(numbers(&origin), [9, 10]);
    let dropped = origin.journal().dropped();
    assert_eq!((dropped.exchanges, dropped.cleared), (1, 0));
}

#[test]
fn dropped_marks_make_the_time_before_them_unknown() {
    let origin = origin(3);
    look(&origin, 1);
    for number in 0..5 {
        origin.mark(format!("note {number}"));
    }
    assert_eq!(origin.journal().marks().len(), 3);
    assert_eq!(origin.marks_from(0)[0].index, origin.journal().marks()[0].index);
    assert_eq!(numbers(&origin), [0]);
}

#[test]
#[should_panic(expected = "invalid journal limit 0: expected 1 or more")]
fn a_journal_limit_of_0_is_rejected() {
    let _ = MockOrigin::builder().journal_limit(0);
}
