//! Tests that the journal records every request, its outcome, and the end of every connection.

use std::sync::Arc;
use std::time::Duration;

use mock_origin::journal::{Connection, ConnectionEnd, Exchange, Framing};
use mock_origin::{InProgressUpload, MockOrigin, Op, Operation, Outcome};

#[cfg(feature = "report")]
use crate::exports::exported;
use crate::support::payload::{chunk, chunked, random_bytes, sha256};
use crate::support::record::{closed_connection, closed_exchange};
use crate::support::{Client, TIMEOUT, complete, create, piece, piece_headers, request};

/// An origin with an open upload, a token, and the upload's identifier.
fn open_upload() -> (MockOrigin, String, String) {
    let origin = MockOrigin::builder().upload(InProgressUpload::new("/film")).start();
    let (token, id) = (origin.issue_token("jane"), origin.uploads()[0].id().to_owned());
    (origin, token, id)
}

fn piece_head(token: &str, id: &str, more: &[(&str, &str)]) -> Vec<u8> {
    request("POST", "/multipart/piece", &[&piece_headers(token, id, "1"), more].concat(), b"")
}

fn last(origin: &MockOrigin) -> Arc<Exchange> {
    closed_exchange(origin, origin.journal().exchanges().len() - 1)
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_head_is_recorded_as_it_was_sent() {
    let origin = MockOrigin::start();
    let head = "OPTIONS /a%20b?c=d HTTP/1.1\r\nx-LOWER: 1\r\nHost:o\r\nB:  two words\t \r\nb: 3\r\n\
                A:\r\nX-LOWER: 4\r\n\r\n";
    Client::new(&origin).write(head).read();
    let exchange = last(&origin);
    assert_eq!(text(exchange.head.raw()), head);
    assert_eq!(exchange.head.method(), b"OPTIONS");
    assert_eq!(exchange.head.target(), b"/a%20b?c=d");
    let headers = exchange.head.headers().map(|(name, value)| (text(name), text(value)));
    let expected = [
        ("x-LOWER", "1"),
        ("Host", "o"),
        ("B", "two words"),
        ("b", "3"),
        ("A", ""),
        ("X-LOWER", "4"),
    ];
    assert!(headers.eq(expected), "{:?}", text(exchange.head.raw()));
    assert_eq!(origin.requests().iter().next().unwrap().header("x-lower").as_deref(), Some("1"));
}

#[test]
fn pipelined_heads_are_recorded_separately() {
    let origin = MockOrigin::start();
    // Their bodies look like requests.
    let body = b"GET / HTTP/1.1\r\n\r\n";
    let framed = [
        ("", Vec::new()),
        ("Content-Length: 18\r\n", body.to_vec()),
        ("Transfer-Encoding: chunked\r\n", chunked(body, 5)),
    ];
    let (mut heads, mut sent) = (Vec::new(), Vec::new());
    for (number, (framing, body)) in framed.iter().cycle().take(30).enumerate() {
        let head =
            format!("OPTIONS /{number} HTTP/1.1\r\nHost: o\r\nx-N: {number}\r\n{framing}\r\n");
        sent.extend([head.as_bytes(), body].concat());
        heads.push(head);
    }
    let mut client = Client::new(&origin);
    client.write(sent);
    (0..30).for_each(|_| assert_eq!(client.read().status, 200));
    let journal = origin.journal();
    let recorded = journal.exchanges().iter().map(|exchange| text(exchange.head.raw()));
    assert!(recorded.eq(heads.iter().map(String::as_str)));
    assert!(journal.exchanges().iter().all(|exchange| [0, 18].contains(&exchange.received)));
}

#[test]
fn a_body_is_counted_and_hashed_and_its_start_recorded() {
    let (origin, token, id) = open_upload();
    let mut client = Client::new(&origin);
    for size in [0, 1, 511, 512, 513, 200_000] {
        let body = random_bytes(size as u64, size);
        piece(&mut client, &token, &id, 1, &body);
        let sized = last(&origin);
        let head = piece_head(&token, &id, &[("Transfer-Encoding", "chunked")]);
        client.write([head, chunked(&body, 300)].concat()).read();
        let chunks = last(&origin);
        let declared = (size > 0).then_some(size as u64);
        assert_eq!((sized.declared(), chunks.declared()), (declared, None));
        assert_eq!(chunks.framing, Framing::Chunked);
        for exchange in [sized, chunks] {
            assert_eq!((exchange.outcome, exchange.received), (Outcome::Responded, size as u64));
            assert_eq!(exchange.digest.unwrap().to_string(), sha256(&body));
            assert!(*exchange.excerpt == body[..size.min(512)]);
        }
        let bodies = origin.requests().into_iter().map(|request| request.body().unwrap());
        assert!(bodies.flatten().next().is_none(), "bodies are not recorded by default");
    }
}

#[test]
fn record_bodies_records_whole_bodies() {
    let origin = MockOrigin::builder().record_bodies().memory_budget(1_000).start();
    let (mut client, token) = (Client::new(&origin), origin.issue_token("jane"));
    let id = create(&mut client, &token, "/", "film");
    let body = random_bytes(1, 100_000);
    piece(&mut client, &token, &id, 1, &body);
    client.send("POST", "/jsonrpc", &[], br#"{"method": "ping"}"#);
    client.send("OPTIONS", "/", &[], b"ignored");
    let half = piece_head(&token, &id, &[("Content-Length", "100000")]);
    client.write([&half, &body[..30_000]].concat()).finish_writing().read();
    let requests = origin.requests().into_iter();
    let kept = requests.map(|request| request.body().unwrap().unwrap());
    let expected = [&b""[..], &body, br#"{"method": "ping"}"#, b"ignored", &body[..30_000]];
    assert!(kept.eq(expected));
}

#[test]
fn a_request_is_recorded_when_its_head_is_complete() {
    let (origin, token, id) = open_upload();
    let mut client = Client::new(&origin);
    client.write(piece_head(&token, &id, &[("Content-Length", "10")])).write("hello");
    assert!(origin.wait_until(TIMEOUT, |requests| !requests.is_empty()));
    let pieces = origin.requests().op(Op::piece(1));
    let request = pieces.iter().next().unwrap();
    assert_eq!((request.outcome(), request.status()), (Outcome::Receiving, None));
    assert_eq!(
        (request.call().path.as_deref(), request.exchange().closed),
        (Some("/acme/film"), None)
    );
    assert!(origin.timeline().contains("body still coming"), "{}", origin.timeline());
    assert_eq!(client.write("world").read().status, 200);
    assert_eq!(last(&origin).outcome, Outcome::Responded);
    // An earlier snapshot does not change.
    assert_eq!(request.outcome(), Outcome::Receiving);
}

#[test]
fn a_piece_that_stops_half_way_is_recorded() {
    let (origin, token, id) = open_upload();
    let body = random_bytes(2, 70_000);
    for (framing, declared) in
        [(("Content-Length", "100000"), Some(100_000)), (("Transfer-Encoding", "chunked"), None)]
    {
        let sent = if declared.is_some() { body.clone() } else { chunk(&body) };
        let mut client = Client::new(&origin);
        client.write([piece_head(&token, &id, &[framing]), sent].concat()).finish_writing();
        assert_eq!(client.read().code(), Some(-49));
        client.assert_closed();
        let exchange = last(&origin);
        assert_eq!((exchange.declared(), exchange.received), (declared, 70_000));
        assert_eq!((exchange.outcome, exchange.digest), (Outcome::RequestTruncated, None));
        assert!(*exchange.excerpt == body[..512]);
        let record = closed_connection(&origin, client.address());
        assert_eq!(record.end, ConnectionEnd::ByOrigin);
    }
    origin.upload("/film").assert_pieces([]).piece(1).assert_attempts(2);
}

#[test]
fn a_piece_that_is_reset_half_way_is_recorded() {
    let (origin, token, id) = open_upload();
    let body = random_bytes(3, 1_000);
    for (framing, declared) in
        [(("Content-Length", "100000"), Some(100_000)), (("Transfer-Encoding", "chunked"), None)]
    {
        let sent = if declared.is_some() { body.clone() } else { chunk(&body) };
        let head = piece_head(&token, &id, &[framing, ("Expect", "100-continue")]);
        let mut client = Client::new(&origin);
        // Head and body are one segment, so that the origin reads both at once.
        assert_eq!(client.write([head, sent].concat()).read().status, 100);
        let address = client.address();
        client.reset();
        assert_eq!(closed_connection(&origin, address).end, ConnectionEnd::Broken);
        let exchange = last(&origin);
        assert_eq!((exchange.declared(), exchange.received), (declared, 1_000));
        assert_eq!((exchange.outcome, exchange.status()), (Outcome::ClientGone, None));
        assert_eq!(exchange.digest, None);
        assert!(*exchange.excerpt == body[..512], "the first bytes are recorded");
    }
    origin.upload("/film").assert_pieces([]).piece(1).assert_attempts(2);
}

#[test]
fn a_reset_body_never_counts_more_bytes_than_were_sent() {
    let (origin, token, id) = open_upload();
    let mut client = Client::new(&origin);
    client.write(piece_head(&token, &id, &[("Content-Length", "100000000")]));
    let body = random_bytes(4, 20_000_000);
    client.write(&body);
    client.reset();
    let exchange = closed_exchange(&origin, 0);
    assert_eq!((exchange.outcome, exchange.declared()), (Outcome::ClientGone, Some(100_000_000)));
    // The number of lost bytes in flight is unknown.
    assert!(exchange.received <= 20_000_000, "{}", exchange.received);
    assert!(body.starts_with(&exchange.excerpt));
    origin.upload("/film").assert_pieces([]);
}

#[test]
fn connections_and_exchanges_are_numbered_in_order() {
    let origin = MockOrigin::start();
    let mut clients: Vec<_> = (0..20).map(|_| Client::new(&origin)).collect();
    for index in [3, 0, 3, 19, 7, 0] {
        clients[index].send("OPTIONS", &format!("/{index}"), &[], b"");
    }
    let journal = origin.journal();
    let recorded = journal.exchanges().iter().map(|found| (found.index, found.connection));
    assert!(recorded.eq([(0, 3), (1, 0), (2, 3), (3, 19), (4, 7), (5, 0)]));
    let peers = journal.connections().iter().map(|found| (found.index, found.peer));
    assert!(peers.eq((0..).zip(clients.iter().map(Client::address))));
    let local = journal.connections()[0].local;
    assert_eq!(format!("http://{local}"), origin.url());
    origin.requests().connection(3).assert_count(2);
}

#[test]
fn the_end_of_each_connection_is_recorded() {
    let (origin, token, id) = open_upload();
    let end_of = |leave: &dyn Fn(&mut Client)| -> ConnectionEnd {
        let mut client = Client::new(&origin);
        leave(&mut client);
        let address = client.address();
        drop(client);
        closed_connection(&origin, address).end
    };
    let send = |client: &mut Client, head: &str| client.write(format!("{head}\r\n\r\n")).read();
    assert_eq!(end_of(&|_| ()), ConnectionEnd::ByClient);
    assert_eq!(
        end_of(&|client| drop(send(client, "OPTIONS / HTTP/1.1\r\nHost: o"))),
        ConnectionEnd::ByClient
    );
    for closing in [
        "OPTIONS / HTTP/1.0",
        "OPTIONS / HTTP/1.1\r\nHost: o\r\nConnection: close",
        "PUT / HTTP/1.1\r\nHost: o",
    ] {
        let leave = |client: &mut Client| {
            send(client, closing);
            client.assert_closed();
        };
        assert_eq!(end_of(&leave), ConnectionEnd::ByOrigin, "{closing}");
    }
    assert_eq!(end_of(&|client| drop(send(client, "OPTIONS"))), ConnectionEnd::BadHead(400));
    assert_eq!(
        end_of(&|client| {
            client.write("OPT");
        }),
        ConnectionEnd::BadHead(0)
    );
    let half = piece_head(&token, &id, &[("Content-Length", "9"), ("Expect", "100-continue")]);
    let mut client = Client::new(&origin);
    assert_eq!(client.write(half).read().status, 100);
    let open = origin.journal().connections().last().cloned().unwrap();
    assert_eq!((open.end, open.closed), (ConnectionEnd::Open, None));
    let address = client.address();
    client.reset();
    let Connection { end, opened, closed, .. } = *closed_connection(&origin, address);
    assert_eq!(end, ConnectionEnd::Broken);
    assert!(closed.unwrap().elapsed >= opened.elapsed);
    origin.verify().unwrap_err();
}

#[test]
fn bytes_discarded_after_a_rejection_are_counted() {
    let origin = MockOrigin::start();
    for size in [0, 1, 1_000, 60_000] {
        let mut client = Client::new(&origin);
        let response = client.send("POST", "/multipart/piece", &[], &vec![0; size]);
        assert_eq!(response.status, 401);
        client.finish_writing().assert_closed();
        let record = closed_connection(&origin, client.address());
        assert_eq!((record.drained, last(&origin).received), (size as u64, 0));
        assert_eq!(last(&origin).declared(), (size > 0).then_some(size as u64));
    }
}

#[test]
fn written_bytes_equal_the_bytes_that_the_client_reads() {
    // A response that exceeds one write.
    let film = random_bytes(5, 5_000_000);
    let origin =
        MockOrigin::builder().file("/film", film).upload(InProgressUpload::new("/b")).start();
    let (token, id) = (origin.issue_token("jane"), origin.uploads()[0].id().to_owned());
    let expect = [("Expect", "100-continue"), ("Content-Length", "5"), ("Connection", "close")];
    for sent in [
        request("GET", "/film", &[("Connection", "close")], b""),
        request("HEAD", "/film", &[("Connection", "close")], b""),
        request("GET", "/film", &[("Range", "bytes=9-99999"), ("Connection", "close")], b""),
        b"GET /film HTTP/1.0\r\n\r\n".to_vec(),
        request("GET", "/nothing", &[], b""),
        request("POST", "/multipart/piece", &[], &vec![0; 60_000]),
        request("POST", "/jsonrpc", &[("Connection", "close")], br#"{"method": "ping"}"#),
        request("POST", "/post/directory", &[("X-Agile-Authorization", &token)], b""),
        [piece_head(&token, &id, &expect), b"hello".to_vec()].concat(),
    ] {
        let read = Client::new(&origin).write(sent).finish_writing().read_to_end().unwrap();
        let exchange = last(&origin);
        assert_eq!((exchange.outcome, exchange.written), (Outcome::Responded, read.len() as u64));
    }
}

#[test]
fn the_recorded_response_equals_the_sent_one() {
    let (origin, token, id) = open_upload();
    let mut client = Client::new(&origin);
    let stored = piece(&mut client, &token, &id, 1, b"hello");
    let recorded = last(&origin).response.clone().unwrap();
    assert_eq!((recorded.status, &*recorded.reason), (stored.status, &*stored.reason));
    let headers = recorded
        .headers()
        .map(|(name, value)| (name.to_string(), String::from_utf8(value.to_vec()).unwrap()));
    assert!(headers.eq(stored.headers), "names, values and order");
}

#[test]
fn a_stopped_clock_does_not_follow_real_time() {
    let origin = MockOrigin::builder().clock_stopped().start();
    let start = origin.now();
    let mut client = Client::new(&origin);
    let mut moments = Vec::new();
    for _ in 0..2 {
        client.send("OPTIONS", "/", &[], b"");
        let exchange = last(&origin);
        moments.extend([exchange.opened, exchange.closed.unwrap()]);
    }
    origin.advance(Duration::from_secs(3600));
    client.send("OPTIONS", "/", &[], b"");
    moments.push(last(&origin).opened);
    assert!(moments.is_sorted_by_key(|instants| instants.elapsed), "{moments:?}");
    assert!(moments[0].elapsed < moments[4].elapsed);
    let protocol = moments.iter().map(|instants| instants.protocol.to_system_time());
    let hour = Duration::from_secs(3600);
    assert!(protocol.eq([start, start, start, start, start + hour]));
}

#[test]
fn a_batch_is_several_calls_in_one_exchange() {
    let (origin, token, id) = open_upload();
    let call = |id: u32, method: &str, params: &str| {
        format!(r#"{{"jsonrpc": "2.0", "id": {id}, "method": "{method}", "params": {params}}}"#)
    };
    let batch = [
        call(1, "ping", "[]"),
        call(2, "abortMultipart", &format!("[\"{token}\", \"{id}\"]")),
        call(3, "stat", r#"["forged", "/film"]"#),
    ];
    let batch = format!("[{}]", batch.join(","));
    let response = Client::new(&origin).send("POST", "/jsonrpc2", &[], batch.as_bytes());
    assert_eq!(response.status, 200);
    let exchange = last(&origin);
    let calls = exchange
        .calls
        .iter()
        .map(|call| (call.operation, &*call.name, call.result_code.unwrap().code));
    assert!(calls.eq([
        (Operation::Echo, "ping", 0),
        (Operation::Abort, "abortMultipart", 0),
        (Operation::Stat, "stat", -10001),
    ]));
    assert_eq!(exchange.calls[1].upload.as_deref(), Some(&*id));
    assert_eq!(origin.journal().exchanges().len(), 1);
    origin.requests().assert_count(3);
    origin.requests().op(Op::abort()).user("jane").upload(&id).assert_count(1);
}

#[test]
fn secrets_are_redacted_everywhere() {
    let origin = MockOrigin::builder().user("jane", "pa55word").start();
    let mut client = Client::new(&origin);
    let login = [("X-Agile-Username", "jane"), ("X-Agile-Password", "pa55word")];
    let response = client.send("POST", "/account/login", &login, b"");
    let token = response.header("X-Agile-Token").unwrap().to_owned();
    let id = create(&mut client, &token, "/", "film");
    piece(&mut client, &token, &id, 1, b"x");
    complete(&mut client, &token, &id);
    let rpc = format!(r#"{{"method": "login", "params": ["jane", "pa55word"], "id": "{token}"}}"#);
    client.send("POST", "/jsonrpc", &[], rpc.as_bytes());
    let rpc = format!(r#"{{"method": "stat", "params": ["{token}", "/film"]}}"#);
    client.send("POST", "/jsonrpc", &[], rpc.as_bytes());
    // Two invalid heads, and one that is rejected.
    for bad in ["\0", ""] {
        let head =
            format!("GET / HTTP/1.1\r\nHost: o\r\nX-Agile-Authorization: {token}\r\nA: {bad}");
        let mut client = Client::new(&origin);
        client.write(&head).finish_writing();
        closed_connection(&origin, client.address());
    }
    client.send("POST", "/nothing", &login, b"");
    // Secrets in unusual places.
    let referer = format!("http://jane:pa55word@h/?token={token}");
    let target = format!("/film?password=pa55word&x={token}&{token}&r=http://j:pa55word@h");
    Client::new(&origin).send("GET", &target, &[("Referer", &referer)], b"");
    let journal = origin.journal();
    let heads: Vec<_> = journal.exchanges().iter().map(|exchange| &exchange.head).collect();
    let verdict = origin.verify().unwrap_err();
    for shown in [
        origin.timeline(),
        origin.transcript(),
        #[cfg(feature = "report")]
        exported(&origin, MockOrigin::write_har),
        #[cfg(feature = "report")]
        exported(&origin, MockOrigin::write_trace),
        format!("{heads:?}"),
        verdict.to_string(),
        format!("{journal:?}"),
    ] {
        assert!(!shown.contains("pa55word") && !shown.contains(&token), "{shown}");
    }
}
