//! Tests facts that are recorded besides the exchanges: marks, the sources of stored bytes, the ends of
//! tokens, and the HTTP rule that a request violates.

use std::sync::Arc;
use std::time::Duration;

use mock_origin::journal::{Actor, BodyEnd, ChunkError, Exchange, HeadError, MarkEvent};
use mock_origin::referee::Level;
use mock_origin::{Chaos, Disconnect, InProgressUpload, MockOrigin, Op, Outcome, RecordedRequest};

use crate::support::payload::{chunk, random_bytes, sha256};
use crate::support::record::closed_exchange;
use crate::support::{Client, TIMEOUT, complete, create, piece, piece_headers, request};

fn rpc(client: &mut Client, method: &str, params: &str) -> String {
    let text = format!(r#"{{"method": "{method}", "params": [{params}], "id": 1}}"#);
    client.send("POST", "/jsonrpc", &[], text.as_bytes()).text().to_owned()
}

/// The events of the marks, and the numbers of the exchanges that follow them.
fn marks(origin: &MockOrigin) -> Vec<(u64, MarkEvent)> {
    let journal = origin.journal();
    journal.marks().iter().map(|mark| (mark.next_exchange, mark.event.clone())).collect()
}

#[test]
fn marks_are_ordered_between_the_exchanges() {
    let origin = MockOrigin::start();
    let send = || assert_eq!(Client::new(&origin).send("OPTIONS", "/", &[], b"").status, 200);
    origin.mark_client_started("upload a.mp4");
    send();
    let fault = origin.on(Op::piece(1)).reject(503);
    fault.remove();
    origin.chaos(Chaos::new(7));
    origin.end_chaos();
    send();
    send();
    origin.go_offline();
    origin.go_online();
    send();
    origin.mark_client_exited("exit status: 0");
    origin.mark("done\nforged line");
    let name = "origin.on(Op::piece(1)).reject(ErrorResponse::status(503))";
    let events: Vec<_> =
        marks(&origin).iter().map(|(next, event)| format!("{next} {event}")).collect();
    assert_eq!(
        events,
        [
            "0 client started: upload a.mp4".to_owned(),
            format!("1 fault added: {name}"),
            format!("1 fault removed: {name}"),
            format!("1 chaos started: {}", Chaos::new(7)),
            "1 chaos ended".to_owned(),
            "3 origin went offline".to_owned(),
            "3 origin came online".to_owned(),
            "4 client exited: exit status: 0".to_owned(),
            "4 note: done\\nforged line".to_owned(),
        ]
    );
    let timeline = origin.timeline();
    let shown = |line: &str| {
        let words = ["OPTIONS", "offline", "online", "exited", "added"];
        words.into_iter().find(|word| line.contains(word))
    };
    let shown: Vec<_> = timeline.lines().filter_map(shown).collect();
    let expected =
        ["OPTIONS", "added", "OPTIONS", "OPTIONS", "offline", "online", "OPTIONS", "exited"];
    assert_eq!(shown, expected, "{timeline}");
}

#[test]
fn clearing_faults_marks_each_of_them() {
    let origin = MockOrigin::start();
    origin.chaos(Chaos::new(7));
    let held = origin.on(Op::piece(1)).hold();
    origin.on(Op::piece(2)).reject(503);
    held.release();
    origin.clear_faults();
    let names: Vec<_> = marks(&origin).iter().map(|(_, event)| event.json_name()).collect();
    let expected = [
        "chaos_started",
        "fault_added",
        "fault_added",
        "fault_released",
        "chaos_ended",
        "fault_removed",
        "fault_removed",
    ];
    assert_eq!(names, expected);
    let ids: Vec<_> = marks(&origin).iter().filter_map(|(_, event)| event.fault()?.fault).collect();
    assert_eq!(ids, [0, 1, 0, 0, 1]);
}

#[test]
fn a_reset_is_the_first_mark_of_the_new_journal() {
    let origin = MockOrigin::start();
    origin.mark("before");
    Client::new(&origin).send("OPTIONS", "/", &[], b"");
    origin.reset();
    origin.mark("after");
    let expected = [(1, MarkEvent::Reset), (1, MarkEvent::Note("after".to_owned()))];
    assert_eq!(marks(&origin), expected);
    assert_eq!(origin.journal().marks()[0].index, 1, "numbers are not reused");
}

#[test]
fn a_change_by_time_names_the_step_of_the_clock() {
    let origin = MockOrigin::builder().clock_stopped().start();
    let (mut client, token) = (Client::new(&origin), origin.issue_token("jane"));
    let id = create(&mut client, &token, "/", "a");
    let day = Duration::from_secs(24 * 60 * 60);
    origin.advance(Duration::from_secs(10));
    origin.advance(2 * day);
    origin.advance(day);
    let journal = origin.journal();
    let upload = origin.upload(&id);
    let ended = upload.history().last().unwrap().change;
    assert_eq!(ended.by, Actor::Collector { mark: 1 }, "it expired in the second step");
    assert_eq!(journal.step_over(ended.at).unwrap().index, 1);

    piece(&mut client, &token, &id, 1, b"x");
    let rejected = origin.requests().last().unwrap().call().clone();
    let end = rejected.ended_token.unwrap().change;
    assert_eq!(end.by, Actor::Expiry { set_by: None });
    assert_eq!(journal.step_over(end.at).unwrap().index, 1, "3600 s end in the second step");
    let MarkEvent::Advanced { from, by } = journal.marks()[1].event else { panic!() };
    assert_eq!((journal.marks()[1].at.protocol.since(from), by), (2 * day, 2 * day));
}

#[test]
fn an_ended_token_names_its_session_and_its_end() {
    let origin = MockOrigin::builder().clock_stopped().start();
    let mut client = Client::new(&origin);
    let login = [("X-Agile-Username", "jane"), ("X-Agile-Password", "secret")];
    let tokens: Vec<String> = (0..3)
        .map(|_| {
            let response = client.send("POST", "/account/login", &login, b"");
            response.header("X-Agile-Token").unwrap().to_owned()
        })
        .collect();
    // #3 ends the first, #4 shortens the second, and the third has its lifetime from its login.
    rpc(&mut client, "logout", &format!("{:?}", tokens[0]));
    rpc(&mut client, "updateSession", &format!("{:?}, 5", tokens[1]));
    origin.advance(Duration::from_secs(3600));
    for token in &tokens {
        client.send("POST", "/multipart/create", &[("X-Agile-Authorization", token)], b"");
        client = Client::new(&origin);
        rpc(&mut client, "checkToken", &format!("{token:?}"));
    }
    let requests = origin.requests();
    let ends: Vec<_> = (5..11)
        .map(|at| {
            let call = requests.get(at).unwrap().call();
            let ended = call.ended_token.as_ref().unwrap();
            let by = match ended.change.by {
                Actor::Expiry { set_by } => ("lifetime of", set_by.unwrap().exchange),
                by => ("call of", by.exchange().unwrap()),
            };
            (ended.session.0, by)
        })
        .collect();
    let ended = [(0, ("call of", 3)), (1, ("lifetime of", 4)), (2, ("lifetime of", 2))];
    assert_eq!(ends, [ended[0], ended[0], ended[1], ended[1], ended[2], ended[2]]);
}

#[test]
fn each_range_of_a_joined_file_names_its_exchange() {
    let origin = MockOrigin::start();
    let (mut client, token) = (Client::new(&origin), origin.issue_token("jane"));
    let id = create(&mut client, &token, "/", "a");
    for (number, content) in [(2, "second"), (1, "wrong"), (3, ""), (1, "first")] {
        assert_eq!(piece(&mut client, &token, &id, number, content.as_bytes()).code(), Some(0));
    }
    complete(&mut client, &token, &id);
    rpc(&mut client, "copyFile", &format!(r#""{token}", "/a", "/b""#));
    rpc(&mut client, "deleteFile", &format!(r#""{token}", "/a""#));
    let ranges: Vec<_> = origin
        .file("/b")
        .byte_ranges()
        .into_iter()
        .map(|source| (source.range.clone(), source.part, source.exchange()))
        .collect();
    // #0 creates the upload.
    let expected =
        [(0..5, Some(1), Some(4)), (5..11, Some(2), Some(1)), (11..11, Some(3), Some(3))];
    assert_eq!(ranges, expected);
    assert_eq!(origin.file("/a").byte_ranges(), []);
}

#[test]
fn a_file_stored_whole_has_one_range() {
    let origin = MockOrigin::start();
    let token = origin.issue_token("jane");
    let headers = [("X-Agile-Authorization", &*token), ("X-Agile-Basename", "a")];
    let mut client = Client::new(&origin);
    client.write(request("POST", "/post/raw", &headers, b"hello")).read();
    let ranges = origin.file("/a").byte_ranges();
    assert_eq!(ranges.len(), 1);
    assert_eq!((&ranges[0].range, ranges[0].part, ranges[0].exchange()), (&(0..5), None, Some(0)));
}

#[test]
fn bytes_of_a_piece_from_the_test_name_no_exchange() {
    let upload = InProgressUpload::new("/film").piece(1, "one");
    let origin = MockOrigin::builder().upload(upload).start();
    let (mut client, token) = (Client::new(&origin), origin.issue_token("jane"));
    let id = origin.uploads()[0].id().to_owned();
    piece(&mut client, &token, &id, 2, b"two");
    complete(&mut client, &token, &id);
    let ranges = origin.file("/film").byte_ranges();
    let exchanges: Vec<_> = ranges.iter().map(|source| (source.part, source.exchange())).collect();
    assert_eq!(exchanges, [(Some(1), None), (Some(2), Some(0))]);
}

/// Sends bytes on a connection of their own, and returns the record of their exchange.
fn sent(origin: &MockOrigin, bytes: &[u8]) -> Arc<Exchange> {
    let _ = Client::new(origin).write(bytes).finish_writing().read_to_end();
    closed_exchange(origin, origin.journal().exchanges().len() - 1)
}

#[test]
fn a_rejected_head_names_the_violated_rule() {
    let origin = MockOrigin::builder().allow("http.invalid", "each head is rejected").start();
    for (headers, status, error, text) in [
        ("", 400, HeadError::NoHost, "it has no Host"),
        (
            "Host: a\r\nHost: b\r\n",
            400,
            HeadError::SecondHost(3),
            r#"line 3, "Host: b", is a second Host"#,
        ),
        (
            "Host: a b\r\n",
            400,
            HeadError::Host(2),
            r#"line 2, "Host: a b", is neither a name nor an address"#,
        ),
        (
            "Host: a\r\nTransfer-Encoding: gzip, chunked\r\n",
            501,
            HeadError::UnknownCoding(3),
            r#"line 3, "Transfer-Encoding: gzip, chunked", names a coding other than chunked"#,
        ),
        (
            "Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            400,
            HeadError::ChunkedTwice(4),
            r#"line 4, "Transfer-Encoding: chunked", applies chunked twice"#,
        ),
    ] {
        let head = format!("POST /account/login HTTP/1.1\r\n{headers}\r\n");
        let exchange = sent(&origin, head.as_bytes());
        assert_eq!((exchange.status(), exchange.head_error), (Some(status), Some(error)));
        assert_eq!(exchange.http_error().as_deref(), Some(text));
        let timeline = origin.timeline();
        assert!(timeline.contains(&format!(": {text}")), "{timeline}");
    }
}

#[test]
fn an_accepted_head_names_a_second_length() {
    let origin = MockOrigin::builder().allow("http.smuggle", "the test sends both").start();
    let head = "OPTIONS / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n";
    let both = sent(&origin, format!("{head}Content-Length: 3\r\n\r\n0\r\n\r\n").as_bytes());
    assert_eq!((both.status(), both.head_error), (Some(200), Some(HeadError::LengthAndCoding)));
    let one = sent(&origin, format!("{head}\r\n0\r\n\r\n").as_bytes());
    assert_eq!((one.status(), one.head_error, one.http_error()), (Some(200), None, None));
}

/// An origin with an open upload, and the head of a piece of it, up to its framing.
fn open_piece() -> (MockOrigin, Vec<u8>) {
    // The bodies of these tests are wrong on purpose.
    let builder = MockOrigin::builder().referee(Level::Off);
    let builder = builder.upload(InProgressUpload::new("/film"));
    let origin = builder.set("piece_bytes", "1000").start();
    let (token, id) = (origin.issue_token("jane"), origin.uploads()[0].id().to_owned());
    let mut head = request("POST", "/multipart/piece", &piece_headers(&token, &id, "1"), b"");
    head.truncate(head.len() - 2);
    (origin, head)
}

#[test]
fn malformed_chunks_name_the_violated_rule() {
    for (chunks, error) in [
        ("x\r\n", ChunkError::Size),
        ("fffffffffffffffff\r\n", ChunkError::TooLarge),
        ("5\nhello", ChunkError::SizeEnd),
        ("5\r\nhello world\r\n", ChunkError::DataEnd),
        ("0\r\n\rX", ChunkError::TrailerEnd),
    ] {
        for is_split in [false, true] {
            let (origin, head) = open_piece();
            let head = [&head[..], b"Transfer-Encoding: chunked\r\n\r\n"].concat();
            let mut client = Client::new(&origin);
            if is_split {
                client.write_bytewise(head).write_bytewise(chunks);
            } else {
                client.write([&head, chunks.as_bytes()].concat());
            }
            assert_eq!(client.read().status, 400, "{chunks}");
            let exchange = closed_exchange(&origin, 0);
            let end = (exchange.body_end, exchange.chunk_error);
            assert_eq!(end, (Some(BodyEnd::Malformed), Some(error)), "{chunks}");
            let timeline = origin.timeline();
            assert!(timeline.contains(&format!(": {error}")), "{timeline}");
        }
    }
}

#[test]
fn the_end_of_each_body_is_recorded() {
    let (origin, head) = open_piece();
    let ends = [
        ("Content-Length: 5\r\n\r\nhello", Some(BodyEnd::Complete)),
        ("Content-Length: 5\r\n\r\nhell", Some(BodyEnd::Truncated)),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\nhell", Some(BodyEnd::Truncated)),
        ("\r\n", Some(BodyEnd::Complete)),
        ("Content-Length: 1001\r\n\r\n", None),
    ];
    for (body, end) in ends {
        let exchange = sent(&origin, &[&head, body.as_bytes()].concat());
        assert_eq!((exchange.body_end, exchange.chunk_error), (end, None), "{body:?}");
    }
    let chunk = [b"7d0\r\n", &random_bytes(1, 2_000)[..], b"\r\n0\r\n\r\n"].concat();
    let large = [&head[..], b"Transfer-Encoding: chunked\r\n\r\n", &chunk].concat();
    assert_eq!(sent(&origin, &large).body_end, Some(BodyEnd::TooLarge));
}

#[test]
fn the_last_byte_is_timed_when_it_is_read() {
    let (origin, head) = open_piece();
    let hold = origin.on(Op::piece(1)).hold();
    let mut client = Client::new(&origin);
    client.write([&head, &b"Content-Length: 10\r\n\r\nhello"[..]].concat());
    let has_half = |request: &RecordedRequest| request.received() == 5;
    assert!(origin.wait_until(TIMEOUT, |requests| requests.iter().any(has_half)));
    assert_eq!(origin.requests().single().last_byte(), None);
    origin.mark("half");
    client.write("world");
    let is_held = |request: &RecordedRequest| request.outcome() == Outcome::Held;
    assert!(origin.wait_until(TIMEOUT, |requests| requests.iter().any(is_held)));
    origin.mark("held");
    hold.release();
    client.read();
    let exchange = closed_exchange(&origin, 0);
    let journal = origin.journal();
    let at = |text: &str| {
        let is_it = |event: &MarkEvent| *event == MarkEvent::Note(text.to_owned());
        journal.marks().iter().find(|mark| is_it(&mark.event)).unwrap().at.elapsed
    };
    let last_byte = exchange.last_byte.unwrap();
    assert!(at("half") <= last_byte && last_byte <= at("held"), "{last_byte:?}");
    assert!(last_byte <= exchange.committed.unwrap().elapsed);
    assert!(at("held") <= exchange.response_started.unwrap().elapsed);
}

#[test]
fn bodies_without_a_byte_have_no_last_byte() {
    let (origin, head) = open_piece();
    for body in ["\r\n", "Content-Length: 1001\r\n\r\nx"] {
        assert_eq!(sent(&origin, &[&head, body.as_bytes()].concat()).last_byte, None, "{body:?}");
    }
}

#[test]
fn the_instant_of_100_continue_is_recorded() {
    let (origin, head) = open_piece();
    let expect = [&head[..], b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"].concat();
    let send = || {
        let mut client = Client::new(&origin);
        assert_eq!(client.write(&expect).read().status, 100);
        assert_eq!(client.write("hello").read().status, 200);
        closed_exchange(&origin, origin.journal().exchanges().len() - 1)
    };
    for is_delayed in [false, true] {
        if is_delayed {
            origin.on(Op::piece(1)).delay_continue(Duration::from_millis(1));
        }
        let exchange = send();
        let continued = exchange.continued.unwrap().elapsed;
        assert!(exchange.opened.elapsed <= continued, "{exchange:?}");
        assert!(continued <= exchange.last_byte.unwrap(), "the client waited for it");
    }
    let unasked = [&head[..], b"Content-Length: 5\r\n\r\nhello"].concat();
    assert_eq!(sent(&origin, &unasked).continued, None);
    let rejected = [&expect[..], b"X"].concat();
    let rejected = String::from_utf8(rejected).unwrap().replace("Length: 5", "Length: 1001");
    assert_eq!(sent(&origin, rejected.as_bytes()).continued, None, "the client did not expect it");
}

/// Returns a piece of this declared length, of which the client sends `body`.
fn sized(head: &[u8], length: usize, body: &[u8]) -> Vec<u8> {
    [head, format!("Content-Length: {length}\r\n\r\n").as_bytes(), body].concat()
}

/// An origin with an open upload and the default limits, and the head of a piece of it.
fn open_large_piece() -> (MockOrigin, Vec<u8>) {
    let (origin, head) = open_piece();
    origin.set("piece_bytes", "100000000");
    (origin, head)
}

#[test]
fn a_cut_body_is_counted_and_hashed() {
    let (origin, head) = open_large_piece();
    let body = random_bytes(2, 70_000);
    let cut = sent(&origin, &sized(&head, 100_000, &body));
    let chunks = [&head[..], b"Transfer-Encoding: chunked\r\n\r\n", &chunk(&body)].concat();
    let cut_chunks = sent(&origin, &chunks);
    origin.on(Op::piece(1)).cut_after(30_000, Disconnect::Close);
    let by_fault = sent(&origin, &sized(&head, 70_000, &body));
    for (exchange, length) in [(cut, 70_000), (cut_chunks, 70_000), (by_fault, 30_000)] {
        assert_eq!((exchange.received, exchange.digest), (length, None));
        let digest = exchange.partial_digest.unwrap().to_string();
        assert_eq!(digest, sha256(&body[..usize::try_from(length).unwrap()]));
        assert_eq!(exchange.body_end, Some(BodyEnd::Truncated));
    }
    let whole = sent(&origin, &sized(&head, 70_000, &body));
    assert_eq!((whole.partial_digest, whole.digest.unwrap().to_string()), (None, sha256(&body)));
}

#[test]
fn a_retry_is_compared_with_its_first_attempt() {
    let body = random_bytes(2, 100_000);
    let changed = |at: usize| {
        let mut body = body.clone();
        body[at] ^= 1;
        body
    };
    // The cuts are within the excerpt, at its end, and far behind it.
    for cut in [1, 512, 513, 70_000] {
        let (origin, head) = open_large_piece();
        let first = sent(&origin, &sized(&head, 100_000, &body[..cut]));
        assert_eq!(first.received, cut as u64);
        let retries = [
            ("the same", body.clone(), Some(true)),
            ("other bytes behind the cut", changed(cut), Some(true)),
            ("another last byte", changed(cut - 1), Some(false)),
            ("another first byte", changed(0), Some(false)),
            ("the rest", body[cut..].to_vec(), Some(false)),
            ("only the first part", body[..cut].to_vec(), Some(true)),
            ("less than before", body[..cut - 1].to_vec(), Some(false)),
        ];
        for (what, retry, is_same) in retries {
            let retry = sent(&origin, &sized(&head, retry.len(), &retry));
            assert_eq!(retry.body_starts_with(&first), is_same, "{what}, cut at {cut}");
        }
    }
}

#[test]
fn a_retry_in_many_frames_is_compared_with_every_cut() {
    let (origin, head) = open_large_piece();
    let body = random_bytes(3, 6_000_000);
    let cuts = [5_000_000, 100_000, 4_999_999];
    let tries = cuts.map(|cut| sent(&origin, &sized(&head, body.len(), &body[..cut])));
    let retry = sent(&origin, &sized(&head, body.len(), &body));
    let lengths: Vec<u64> = retry.prefixes.iter().map(|prefix| prefix.length).collect();
    assert_eq!(lengths, [100_000, 4_999_999, 5_000_000]);
    assert_eq!(retry.digest.unwrap().to_string(), sha256(&body));
    for first in &tries {
        assert_eq!(retry.body_starts_with(first), Some(true), "{}", first.received);
    }
    // The third attempt is longer than the second and shorter than the first.
    assert_eq!(tries[2].body_starts_with(&tries[1]), Some(true));
    assert_eq!(tries[2].body_starts_with(&tries[0]), None);
}

#[test]
fn only_bodies_for_the_same_target_are_compared() {
    let (origin, head) = open_large_piece();
    let body = random_bytes(4, 2_000);
    let first = sent(&origin, &sized(&head, 2_000, &body[..1_000]));
    let other = String::from_utf8(head).unwrap().replace("X-Agile-Part: 1", "X-Agile-Part: 2");
    let second = sent(&origin, &sized(other.as_bytes(), 2_000, &body));
    assert_eq!((second.prefixes.len(), second.body_starts_with(&first)), (0, None));
}
