//! Tests names, locations and counts of faults, and what verification reports about a fault that was
//! never injected. Its texts are golden files.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, UNIX_EPOCH};

use mock_origin::internals::fault::{CallMatcher, FaultAction};
use mock_origin::options::Join;
use mock_origin::{
    Builder, Disconnect, ErrorResponse, Fault, InProgressUpload, Interface, Interference,
    MalformedResponse, MockOrigin, Op, Outcome, RecordedRequest, ResponseLoss,
};

use super::requests;
use super::videos;
use crate::support::golden::{assert_golden, without_lines};
use crate::support::payload::chunked;
use crate::support::{self, Client, TIMEOUT, complete, create, piece, piece_headers, request};

const DAY: Duration = Duration::from_secs(86_400);

/// Returns an origin with a fixed clock and seed, so that its texts are reproducible.
fn builder() -> Builder {
    MockOrigin::builder()
        .user("jane", "secret")
        .user("joe", "secret")
        .directory("/videos")
        .seed(7)
        .clock_at(UNIX_EPOCH + Duration::from_secs(1_600_000_000))
        .clock_stopped()
}

/// Uploads four pieces as jane and reads the status of the upload.
fn upload(origin: &MockOrigin) {
    let (mut client, token) = (Client::new(origin), origin.issue_token("jane"));
    let id = create(&mut client, &token, "/videos", "a.mp4");
    for number in 1..=4 {
        piece(&mut client, &token, &id, number, b"123");
    }
    assert_eq!(complete(&mut client, &token, &id).status, 200);
    let status = format!(r#"{{"method": "getMultipartStatus", "params": ["{token}", "{id}"]}}"#);
    client.send("POST", "/jsonrpc", &[], status.as_bytes());
}

/// Asserts that verification explains with a golden text why a fault was not injected.
fn assert_near(name: &str, install: impl Fn(&MockOrigin), run: impl Fn(&MockOrigin)) {
    let origin = builder().start();
    install(&origin);
    run(&origin);
    let verdict = origin.verify().expect_err(name);
    assert_eq!(verdict.failures().len(), 1, "{verdict}");
    assert_golden(name, &without_lines(&verdict.to_string()));
}

/// Installs a fault and ignores its handle.
macro_rules! install {
    ($origin:ident $(.$word:ident($($arg:expr),*))+) => {
        |$origin: &MockOrigin| {
            $origin $(.$word($($arg),*))+;
        }
    };
}

#[test]
fn an_unmatched_fault_lists_the_calls_that_came() {
    assert_near("fault_part_never_sent", install!(origin.on(Op::piece(9)).reject(503)), upload);
    assert_near(
        "fault_parts_never_sent",
        install!(origin.on(Op::piece(7..=9)).reject(503)),
        upload,
    );
    let films = install!(origin.on(Op::create()).path("/films/**").lose(ResponseLoss::Close));
    assert_near("fault_path_never_asked", films, upload);
    let joe = install!(origin.on(Op::complete()).user("joe").commit_then(ResponseLoss::Stall));
    assert_near("fault_user_never_came", joe, upload);
    let method = install!(origin.on(Op::method("stat")).reject(ErrorResponse::code(-32000)));
    assert_near("fault_method_never_called", method, upload);
    let rpc = install!(origin.on(Op::create().over(Interface::JsonRpc)).lose(ResponseLoss::Reset));
    assert_near("fault_interface_never_used", rpc, upload);
    let other = install!(origin.on(Op::piece(1)).upload("another").reject(503));
    assert_near("fault_upload_never_came", other, upload);
    assert_near("fault_nothing_came", install!(origin.on(Op::create()).reject(503)), |_| {});
}

#[test]
fn an_unreached_count_states_the_actual_count() {
    let attempt = install!(origin.on(Op::piece(1)).attempt(3).reject(503));
    assert_near("fault_attempt_never_came", attempt, upload);
    let attempts = install!(origin.on(Op::any_piece()).attempts(2..=3).reject(503));
    assert_near("fault_attempts_never_came", attempts, upload);
    let nth = install!(origin.on(Op::any_piece()).nth(7).reject(503));
    assert_near("fault_nth_never_came", nth, upload);
    let late = |origin: &MockOrigin| {
        upload(origin);
        origin.on(Op::create()).reject(503);
    };
    assert_near("fault_added_too_late", late, |_| {});
}

#[test]
fn attempts_before_and_after_adding_are_distinguished() {
    let late = |origin: &MockOrigin| {
        upload(origin);
        origin.on(Op::piece(2)).attempt(1).reject(503);
    };
    assert_near("fault_attempt_came_before", late, upload);
    assert_near("fault_attempt_came_only_before", late, |_| {});
    // Forms share a count until their paths are known, because the paths are in the bodies.
    assert_near(
        "fault_form_never_came",
        install!(origin.on(Op::file()).attempt(3).lose(ResponseLoss::Close)),
        |origin| {
            let token = origin.issue_token("jane");
            for name in ["a", "b"] {
                assert_eq!(requests::form(origin, &token, "/videos", name).status, 200);
            }
        },
    );
}

#[test]
fn a_requests_claim_names_its_selectors() {
    let by_form = install!(origin.on(Op::file()).lose(ResponseLoss::Close));
    assert_near("fault_endpoint_never_used", by_form, |origin| {
        upload(origin);
        assert_eq!(Client::new(origin).send("GET", "/acme/videos/a.mp4", &[], b"").status, 200);
    });
    let films = install!(origin.on(Op::raw()).path("/videos/**").reject(503));
    assert_near("fault_path_never_named", films, |origin| {
        let token = origin.issue_token("jane");
        let headers = [("X-Agile-Authorization", &*token), ("X-Agile-Directory", "/videos")];
        assert_eq!(Client::new(origin).send("POST", "/post/raw", &headers, b"x").status, 200);
    });
    assert_near(
        "fault_any_never_came",
        install!(origin.on(Op::any()).user("joe").reject(503)),
        upload,
    );
    let too_late = install!(origin.on(Op::complete()).interfere_after(Interference::ExpireUpload));
    assert_near("fault_mishap_too_late", too_late, upload);
}

#[test]
fn a_skipped_call_states_the_reason() {
    let lost = install!(origin.on(Op::piece(1)).commit_then(ResponseLoss::Reset));
    assert_near("fault_rejected_by_origin", lost, |origin| {
        let token = origin.issue_token("jane");
        assert_eq!(piece(&mut Client::new(origin), &token, "none", 1, b"123").code(), Some(-2));
    });
    // A head without credentials is rejected before its other headers are read.
    assert_near("fault_rejected_unread", lost, |origin| {
        assert_eq!(piece(&mut Client::new(origin), "none", "none", 1, b"123").status, 403);
    });
    let joe = install!(origin.on(Op::create()).user("joe").commit_then(ResponseLoss::Reset));
    assert_near("fault_user_unread", joe, |origin| {
        upload(origin);
        let response = Client::new(origin).send("POST", "/multipart/create", &[], b"");
        assert_eq!(response.status, 401);
    });
    let cut = install!(origin.on(Op::piece(1)).cut_after(100, Disconnect::Reset));
    assert_near("fault_body_too_short", cut, upload);
    let rejected = install!(origin.on(Op::piece(1)).reject_after(100, 503));
    assert_near("fault_chunks_too_short", rejected, |origin| {
        let token = origin.issue_token("jane");
        let mut client = Client::new(origin);
        let id = create(&mut client, &token, "/videos", "a.mp4");
        let [token, id, part] = piece_headers(&token, &id, "1");
        let headers = [token, id, part, ("Transfer-Encoding", "chunked")];
        client.write(request("POST", "/multipart/piece", &headers, b"")).write(chunked(b"123", 2));
        assert_eq!(client.read().status, 200);
    });
    let response = install!(origin.on(Op::complete()).cut_response(10_000, Disconnect::Close));
    assert_near("fault_response_too_short", response, upload);
}

#[test]
fn uninjected_connection_and_token_faults_are_explained() {
    assert_near(
        "fault_connection_never_came",
        install!(origin.on_connection().nth(3).reset()),
        upload,
    );
    assert_near("fault_no_connection_came", install!(origin.on_connection().silence()), |_| {});
    assert_near(
        "fault_connection_ended",
        install!(origin.on_connection().close_after(9)),
        |origin| {
            upload(origin);
            support::record::all_closed(origin, 1);
        },
    );
    let closing = [("Connection", "close")];
    assert_near(
        "fault_connection_closed_anyway",
        install!(origin.on_connection().close_after(1)),
        |origin| {
            Client::new(origin).send("GET", "/acme/videos/none", &closing, b"");
            support::record::all_closed(origin, 1);
        },
    );
    let both = |origin: &MockOrigin| {
        origin.on_connection().reset();
        origin.on_connection().nth(1).reset();
    };
    assert_near("fault_connection_reset_by_another", both, |origin| {
        assert!(Client::new(origin).read_to_end().is_err());
    });
    assert_near(
        "fault_token_grows_no_older",
        install!(origin.on_token().expire_after(DAY)),
        upload,
    );
    assert_near(
        "fault_token_lives_on",
        install!(origin.on_token().expire_after_bytes(99)),
        |origin| {
            requests::raw(origin, &origin.issue_token("jane"), "/videos", "a.mp4");
        },
    );
    assert_near("fault_token_lives", install!(origin.on_token().expire_after_requests(99)), upload);
    assert_near(
        "fault_token_never_came",
        install!(origin.on_token().user("joe").expire_after_bytes(1)),
        upload,
    );
}

#[test]
fn a_response_not_released_in_time_is_sent_and_reported() {
    let origin = builder().hold_limit(Duration::from_millis(1)).start();
    let held = origin.on(Op::create()).hold();
    upload(&origin);
    assert_eq!(held.count(), 1);
    let text = origin.verify().unwrap_err().to_string();
    assert_golden("fault_hold_limit", &without_lines(&text));
    held.release();
    assert!(origin.faults()[0].unreleased, "a late release changes nothing");
}

#[test]
fn a_response_held_at_the_end_is_reported() {
    let origin = builder().start();
    let held = origin.on(Op::create()).named("the held create").hold();
    let token = origin.issue_token("jane");
    let mut client = Client::new(&origin);
    let headers = [("X-Agile-Authorization", &*token), ("X-Agile-Basename", "a.mp4")];
    client.write(request("POST", "/multipart/create", &headers, b""));
    assert!(held.wait(TIMEOUT));
    assert_eq!(origin.requests().iter().next().unwrap().outcome(), Outcome::Held);
    let failed = catch_unwind(AssertUnwindSafe(|| origin.finish())).unwrap_err();
    let text = failed.downcast::<String>().unwrap();
    let (verdict, timeline) = text.split_once("\n\ntimeline").unwrap();
    assert_golden("fault_hold_at_finish", &without_lines(verdict));
    assert!(timeline.contains("POST /multipart/create"), "{timeline}");
    drop(held);
}

#[test]
fn a_fault_has_a_name_and_a_source_location() {
    let (origin, _) = videos();
    let line = line!() + 1;
    let sentence = origin.on(Op::piece(2)).attempt(1).cut_after(5, Disconnect::Reset);
    let lost_ack = origin.on(Op::complete()).named("the lost ack").commit_then(ResponseLoss::Reset);
    let connection = origin.on_connection().nth(2).named("the second").reset();
    let token = origin.on_token().user("jane").expire_after_requests(3);
    let held = origin.on(Op::login()).always().hold();
    let names: Vec<String> = origin.faults().iter().map(|record| record.name.to_string()).collect();
    assert_eq!(
        names,
        [
            "origin.on(Op::piece(2)).attempt(1).cut_after(5, Disconnect::Reset)",
            "the lost ack",
            "the second",
            "origin.on_token().user(\"jane\").expire_after_requests(3)",
            "origin.on(Op::login()).always().hold()",
        ]
    );
    let faults = origin.faults();
    for (record, line) in faults.iter().zip(line..) {
        let location = record.location.as_ref().unwrap();
        assert_eq!((&*location.file, location.line), (file!(), line), "{}", record.name);
    }
    let ids: Vec<u64> = faults.iter().map(|record| record.id).collect();
    assert_eq!(ids[..4], [sentence.id(), lost_ack.id(), connection.id(), token.id()]);
    assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
    drop(held);
    let lost =
        || Fault::on_call(CallMatcher::new(Op::create()), FaultAction::Lose(ResponseLoss::Reset));
    let line = line!() + 1;
    let tried = origin.try_add_fault(lost()).unwrap().record().unwrap();
    assert_eq!(tried.location.unwrap().line, line);
    let read = origin.try_add_faults(vec![lost()]).unwrap()[0].record().unwrap();
    assert_eq!(read.location, None, "a fault from text has no source location");
    origin.clear_faults();
}

#[test]
fn matches_and_injections_are_counted() {
    let (origin, token) = videos();
    let second = origin.on(Op::any_piece()).nth(2).reject(503);
    let twice = origin.on(Op::piece(3..=9)).times(2).garble(MalformedResponse::StatusLine);
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let counts = || {
        let counts = |handle: &mock_origin::FaultHandle| {
            let record = handle.record().unwrap();
            (record.matched, record.fired)
        };
        (counts(&second), counts(&twice))
    };
    let send = |number| {
        let headers = [piece_headers(&token, &id, number).to_vec(), vec![("Connection", "close")]];
        let mut client = Client::new(&origin);
        client.write(request("POST", "/multipart/piece", &headers.concat(), b"x"));
        client.read_to_end().unwrap();
        counts()
    };
    assert_eq!(send("1"), ((1, 0), (0, 0)));
    assert_eq!(send("2"), ((2, 1), (0, 0)));
    assert_eq!(send("3"), ((3, 1), (1, 1)));
    assert_eq!(send("4"), ((4, 1), (2, 2)));
    assert_eq!(send("5"), ((5, 1), (3, 2)));
    let injected: Vec<_> = origin
        .requests()
        .op(Op::any_piece())
        .iter()
        .collect::<Vec<_>>()
        .iter()
        .map(|request| request.exchange().faults.iter().map(|injected| injected.fault).collect())
        .collect::<Vec<Vec<_>>>();
    let (second, twice) = (vec![Some(second.id())], vec![Some(twice.id())]);
    assert_eq!(injected, [vec![], second, twice.clone(), twice, vec![]]);
    origin.finish();
}

#[test]
fn a_removed_fault_is_neither_injected_nor_verified() {
    let (origin, token) = videos();
    let always = origin.on(Op::create()).always().reject(503);
    let never = origin.on(Op::piece(9)).reject(503);
    let headers = [("X-Agile-Authorization", &*token), ("X-Agile-Directory", "/videos")];
    let send = || Client::new(&origin).send("POST", "/multipart/create", &headers, b"").status;
    assert_eq!((send(), send()), (503, 503));
    assert_eq!(always.fired(), 2);
    always.remove();
    assert_eq!((send(), always.fired(), origin.faults().len()), (200, 2, 1));
    assert!(origin.remove_fault(never.id()), "the fault exists");
    assert!(!origin.remove_fault(never.id()), "the fault is gone");
    let again = origin.on(Op::create()).reject(500);
    assert!(again.id() > never.id(), "numbers are not reused");
    assert_eq!(send(), 500);
    origin.on(Op::create()).reject(503);
    origin.clear_faults();
    assert_eq!((send(), origin.faults().len()), (200, 0));
    origin.finish();
}

#[test]
fn a_removed_fault_releases_its_responses() {
    let removals: [fn(&MockOrigin, u64); 3] = [
        |origin, id| assert!(origin.remove_fault(id)),
        |origin, _| origin.clear_faults(),
        |_, _| {},
    ];
    for remove in removals {
        let (origin, token) = videos();
        let effect = FaultAction::Hold;
        let handle = origin.add_fault(Fault::on_call(CallMatcher::new(Op::create()), effect));
        std::thread::scope(|scope| {
            let client =
                scope.spawn(|| create(&mut Client::new(&origin), &token, "/videos", "a.mp4"));
            assert!(origin.wait_until(TIMEOUT, |requests| {
                requests.iter().any(|request| request.outcome() == Outcome::Held)
            }));
            remove(&origin, handle.id());
            handle.remove();
            assert!(!client.join().unwrap().is_empty());
        });
        origin.finish();
    }
}

#[test]
fn a_fault_added_during_a_request_applies_to_the_next() {
    let (origin, token) = videos();
    let mut client = Client::new(&origin);
    let id = create(&mut client, &token, "/videos", "a.mp4");
    let whole = request("POST", "/multipart/piece", &piece_headers(&token, &id, "1"), b"1234");
    client.write(&whole[..whole.len() - 2]);
    assert!(origin.wait_until(TIMEOUT, |requests| requests.iter().count() == 2));
    let fault = origin.on(Op::piece(1)).always().reject(503);
    client.write(&whole[whole.len() - 2..]);
    assert_eq!(client.read().status, 200);
    assert_eq!(fault.fired(), 0);
    assert_eq!(piece(&mut client, &token, &id, 1, b"1234").status, 503);
    assert_eq!(fault.fired(), 1);
    origin.finish();
}

#[test]
fn a_fault_added_during_a_json_rpc_body_applies_to_it() {
    let origin = builder().start();
    let mut client = Client::new(&origin);
    let whole = request("POST", "/jsonrpc", &[], br#"{"method": "noop", "params": [], "id": 1}"#);
    client.write(&whole[..whole.len() - 2]);
    assert!(origin.wait_until(TIMEOUT, |requests| requests.iter().count() == 1));
    origin.on(Op::method("noop")).reject(503);
    client.write(&whole[whole.len() - 2..]);
    assert_eq!(client.read().status, 503);
    origin.finish();
}

#[test]
#[should_panic(expected = "fault was never injected: the lost ack")]
fn finish_fails_if_a_fault_was_never_injected() {
    let origin = builder().start();
    origin.on(Op::piece(9)).named("the lost ack").commit_then(ResponseLoss::Reset);
    upload(&origin);
    origin.finish();
}

/// Returns the number of faults in the first exchange at the moment when it is recorded as committed.
fn faults_at_commit(origin: &MockOrigin) -> usize {
    let seen = Cell::new(None);
    let is_done = origin.wait_until(TIMEOUT, |requests| {
        let mut exchanges = requests.iter().map(RecordedRequest::exchange);
        let done = exchanges.find(|exchange| exchange.committed.is_some());
        seen.set(done.map(|exchange| exchange.faults.len()));
        done.is_some()
    });
    assert!(is_done);
    seen.get().unwrap()
}

#[test]
fn a_fault_at_the_commit_counts_with_the_commit() {
    let install: [fn(&MockOrigin); 3] = [
        |origin| drop(origin.on(Op::complete()).join(Join::Fail)),
        |origin| drop(origin.on(Op::complete()).interfere_after(Interference::RemoveDirectory)),
        |origin| drop(origin.on(Op::complete()).interfere_after(Interference::ExpireToken)),
    ];
    // A poll between the two changes, if there were such a moment, would see only one of them.
    for install in install.iter().cycle().take(30) {
        let origin =
            builder().upload(InProgressUpload::new("/videos/a.mp4").piece(1, "one")).start();
        let (token, id) = (origin.issue_token("jane"), origin.uploads()[0].id().to_owned());
        install(&origin);
        let faults = std::thread::scope(|scope| {
            let looking = scope.spawn(|| faults_at_commit(&origin));
            let _ = complete(&mut Client::new(&origin), &token, &id);
            looking.join().unwrap()
        });
        assert_eq!(faults, 1);
        origin.finish();
    }
}
