//! Tests streaming of bodies: `100 Continue`, early rejections, framing, the memory budget, and
//! connections that are kept or closed.

use std::thread;

use mock_origin::journal::ConnectionEnd;
use mock_origin::options::Limit;
use mock_origin::{InProgressUpload, MockOrigin, Outcome, RecordedRequests};

use crate::support::payload::{chunk, chunked, random_bytes, sha256};
use crate::support::record::{closed_connection, closed_exchange};
use crate::support::{Client, Response, TIMEOUT, complete, create, piece, piece_headers, request};

const MIB: usize = 1 << 20;

/// Returns the head of a piece with more headers, such as the framing of its body.
fn piece_head(token: &str, id: &str, number: u32, more: &[(&str, &str)]) -> Vec<u8> {
    let number = number.to_string();
    let headers = [&piece_headers(token, id, &number), more].concat();
    request("POST", "/multipart/piece", &headers, b"")
}

fn piece_in_chunks(client: &mut Client, head: &[u8], body: &[u8], size: usize) -> Response {
    client.write([head, &chunked(body, size)].concat()).read()
}

const CHUNKED: (&str, &str) = ("Transfer-Encoding", "chunked");
const EXPECT: (&str, &str) = ("Expect", "100-continue");

/// An upload in `/film` with its own connection.
struct Upload {
    client: Client,
    token: String,
    id: String,
}

impl Upload {
    fn new(origin: &MockOrigin) -> Self {
        Self::to(origin, "film")
    }

    fn to(origin: &MockOrigin, name: &str) -> Self {
        let (mut client, token) = (Client::new(origin), origin.issue_token("jane"));
        let id = create(&mut client, &token, "/", name);
        Self { client, token, id }
    }

    fn head(&self, number: u32, more: &[(&str, &str)]) -> Vec<u8> {
        piece_head(&self.token, &self.id, number, more)
    }

    fn piece(&mut self, number: u32, content: &[u8]) -> Response {
        piece(&mut self.client, &self.token, &self.id, number, content)
    }

    fn complete(&mut self) {
        let completed = complete(&mut self.client, &self.token, &self.id);
        assert_eq!(completed.code(), Some(0), "{completed:?}");
    }
}

#[test]
fn a_rejected_client_gets_no_100_and_its_body_is_not_read() {
    let full = InProgressUpload::new("/full").piece(1, "x").piece(2, "y");
    let origin = MockOrigin::builder()
        .upload(full)
        .limit(Limit::Pieces, 2)
        .limit(Limit::PieceBytes, 1_000)
        .limit(Limit::UploadBytes, 1_500)
        .allow("piece.number", "the number 0 is one of the rejected ones")
        .start();
    let (token, id) = (origin.issue_token("jane"), origin.uploads()[0].id().to_owned());
    for (token, id, part, length, code) in [
        ("", &*id, "1", "1000", -10001),
        ("unknown", &id, "1", "1000", -10001),
        (&token, "unknown", "1", "1000", -2),
        (&token, &id, "0", "1000", -3),
        (&token, &id, "3", "1000", -10),
        (&token, &id, "1", "1001", -11),
        (&token, &id, "1", "18446744073709551613", -11),
    ] {
        let headers = [&piece_headers(token, id, part)[..], &[EXPECT, ("Content-Length", length)]];
        let mut client = Client::new(&origin);
        let response =
            client.write(request("POST", "/multipart/piece", &headers.concat(), b"")).read();
        assert_eq!(response.code(), Some(code), "{response:?}");
        client.finish_writing().assert_closed();
        let record = closed_connection(&origin, client.address());
        let exchange = closed_exchange(&origin, usize::try_from(record.index).unwrap());
        assert_eq!((exchange.received, record.drained), (0, 0));
        assert_eq!(exchange.declared(), length.parse().ok());
    }
}

#[test]
fn a_rejected_client_that_sends_its_body_gets_a_response() {
    let origin = MockOrigin::start();
    let mut client = Client::new(&origin);
    let response = client.send("POST", "/multipart/piece", &[], &vec![0; 60_000]);
    assert_eq!((response.status, response.code()), (401, Some(-10001)));
    assert!(
        client.finish_writing().read_to_end().unwrap().is_empty(),
        "the response was followed by a reset"
    );
    let record = closed_connection(&origin, client.address());
    assert_eq!(record.drained, 60_000);
    assert_eq!(closed_exchange(&origin, 0).outcome, Outcome::Responded);
}

#[test]
fn a_rejected_client_that_writes_20_mb_gets_the_response() {
    let origin = MockOrigin::builder().verify_on_drop(false).start();
    for framing in [("Content-Length", "20000000"), CHUNKED] {
        let mut client = Client::new(&origin);
        client.write(request("POST", "/multipart/piece", &[framing], b""));
        // After a `Content-Length` these chunks are ordinary bytes.
        for _ in 0..20 {
            client.write(chunk(&vec![0; 1_000_000]));
        }
        let response = client.read();
        assert_eq!((response.status, response.code()), (401, Some(-10001)));
        let address = client.address();
        drop(client);
        let drained = closed_connection(&origin, address).drained;
        // hyper may have read the first chunk line.
        let (sent, line) = (20 * chunk(&vec![0; 1_000_000]).len() as u64, 7);
        assert!((sent - line..=sent).contains(&drained), "{drained} of {sent}");
    }
}

#[test]
fn a_rejected_client_can_stop_its_body_early() {
    let origin = MockOrigin::start();
    let mut client = Client::new(&origin);
    let socket = client.socket().try_clone().unwrap();
    client.write(request("POST", "/multipart/piece", &[("Content-Length", "20000000")], b""));
    // The client never finishes its body.
    let writer = thread::spawn(move || {
        let mut socket = socket;
        while std::io::Write::write_all(&mut socket, &[0; 1_000]).is_ok() {}
    });
    assert_eq!(client.read().status, 401);
    client.socket().shutdown(std::net::Shutdown::Both).unwrap();
    writer.join().unwrap();
    assert_eq!(closed_connection(&origin, client.address()).end, ConnectionEnd::ByOrigin);
}

#[test]
fn an_accepted_client_gets_100_before_it_sends_its_body() {
    let origin = MockOrigin::start();
    let mut upload = Upload::new(&origin);
    let body = random_bytes(1, 100_000);
    let length = body.len().to_string();
    for (number, framing) in [(1, ("Content-Length", length.as_str())), (2, CHUNKED)] {
        let head = upload.head(number, &[EXPECT, framing]);
        let proceed = upload.client.write(head).read();
        assert_eq!((proceed.status, proceed.headers.len()), (100, 0));
        let sent = if framing == CHUNKED { chunked(&body, 30_000) } else { body.clone() };
        let stored = upload.client.write(sent).read();
        assert_eq!((stored.status, stored.header("X-Agile-Size")), (200, Some("100000")));
        assert_eq!(stored.header("X-Agile-Checksum"), Some(&*sha256(&body)));
    }
}

#[test]
fn a_body_sent_without_waiting_for_100_is_accepted() {
    let origin = MockOrigin::start();
    let mut upload = Upload::new(&origin);
    let head = upload.head(1, &[EXPECT, ("Content-Length", "5")]);
    upload.client.write([&head[..], b"hello"].concat());
    let response = upload.client.read();
    let response = if response.status == 100 { upload.client.read() } else { response };
    assert_eq!(response.header("X-Agile-Size"), Some("5"));
    // The next request on the connection works.
    upload.complete();
    origin.file("/film").assert_content("hello");
}

#[test]
fn chunks_and_content_length_give_the_same_size_and_digest() {
    let origin = MockOrigin::start();
    let mut upload = Upload::new(&origin);
    for size in [0, 1, 511, 512, 513, 8_191, 65_536, 65_537, 300_000] {
        let body = random_bytes(size as u64, size);
        let expected = (Some(size.to_string()), Some(sha256(&body)));
        let facts = |response: &Response| {
            let header = |name| response.header(name).map(str::to_owned);
            (header("X-Agile-Size"), header("X-Agile-Checksum"))
        };
        let head = upload.head(1, &[("Content-Length", &size.to_string())]);
        let sized = upload.client.write([&head, &body[..]].concat()).read();
        assert_eq!(facts(&sized), expected);
        for chunk_size in [1 + size / 100, 1_000, 65_536] {
            let head = upload.head(1, &[CHUNKED]);
            let response = piece_in_chunks(&mut upload.client, &head, &body, chunk_size);
            assert_eq!(facts(&response), expected, "{size} in chunks of {chunk_size}");
        }
    }
}

#[test]
fn chunk_extensions_and_trailers_are_ignored() {
    let origin = MockOrigin::start();
    let mut upload = Upload::new(&origin);
    let head = upload.head(1, &[CHUNKED, ("Trailer", "X-Agile-Checksum")]);
    let body =
        "0005;name=\"value\" \r\nhello\r\n1 ;x\r\n!\r\n000\r\nX-Agile-Checksum: wrong\r\n\r\n";
    let response = upload.client.write([&head, body.as_bytes()].concat()).read();
    assert_eq!(response.header("X-Agile-Checksum"), Some(&*sha256(b"hello!")));
    upload.complete();
}

#[test]
fn a_body_beyond_the_memory_budget_is_stored_exactly() {
    let body = random_bytes(2, 3 * MIB + 1);
    for budget in [0, 1, 100_000, 2 * MIB as u64] {
        let origin = MockOrigin::builder().memory_budget(budget).start();
        let mut upload = Upload::new(&origin);
        let head = upload.head(2, &[CHUNKED]);
        assert_eq!(piece_in_chunks(&mut upload.client, &head, &body[MIB..], 99_999).status, 200);
        assert_eq!(upload.piece(1, &body[..MIB]).status, 200);
        upload.complete();
        let read = upload.client.send("GET", "/acme/film", &[], b"");
        assert!(read.body == body, "the response has other bytes with a budget of {budget}");
        origin.file("/film").assert_content(&body);
        origin.finish();
    }
}

#[test]
fn interleaved_uploads_do_not_mix() {
    for budget in [0, 50_000, 16 * MIB as u64] {
        let origin = MockOrigin::builder().memory_budget(budget).start();
        let mut uploads = ["a", "b", "c"].map(|name| Upload::to(&origin, name));
        let bodies = [3, 4, 5].map(|seed| random_bytes(seed, 200_000));
        for upload in &mut uploads {
            let head = upload.head(1, &[("Content-Length", "200000")]);
            upload.client.write(head);
        }
        for at in (0..200_000).step_by(2_000) {
            for (upload, body) in uploads.iter_mut().zip(&bodies) {
                upload.client.write(&body[at..at + 2_000]);
            }
        }
        for (upload, body) in uploads.iter_mut().zip(&bodies) {
            let stored = upload.client.read();
            assert_eq!(stored.header("X-Agile-Checksum"), Some(&*sha256(body)));
            upload.complete();
        }
        for (name, body) in ["/a", "/b", "/c"].iter().zip(&bodies) {
            origin.file(name).assert_content(body);
        }
    }
}

#[test]
fn a_chunked_piece_is_rejected_at_the_size_limit() {
    let origin = MockOrigin::builder().limit(Limit::PieceBytes, 100_000).start();
    let mut upload = Upload::new(&origin);
    let head = upload.head(1, &[CHUNKED]);
    let exact = piece_in_chunks(&mut upload.client, &head, &vec![1; 100_000], 30_000);
    assert_eq!(exact.header("X-Agile-Size"), Some("100000"));
    // The body never ends.
    let sent = [&head[..], &chunk(&vec![2; 60_000]), &chunk(&vec![2; 60_000])].concat();
    let rejected = upload.client.write(sent).read();
    assert_eq!((rejected.status, rejected.code()), (400, Some(-11)));
    upload.client.finish_writing().assert_closed();
    let exchange = closed_exchange(&origin, 2);
    assert_eq!((exchange.declared(), exchange.digest), (None, None));
    assert!((100_001..=120_000).contains(&exchange.received), "{}", exchange.received);
    origin.upload("/film").piece(1).assert_digest(&sha256(&vec![1; 100_000]));
}

#[test]
fn a_chunked_piece_is_rejected_at_the_limit_of_its_upload() {
    let origin = MockOrigin::builder().limit(Limit::UploadBytes, 100_000).start();
    let mut upload = Upload::new(&origin);
    assert_eq!(upload.piece(1, &vec![1; 90_000]).status, 200);
    let head = upload.head(2, &[CHUNKED]);
    let rejected = upload.client.write([&head[..], &chunk(&vec![2; 10_001])].concat()).read();
    assert_eq!((rejected.status, rejected.code()), (400, Some(-25)));
    origin.upload("/film").assert_pieces([1]);
}

#[test]
fn an_http_1_0_request_gets_a_response_and_a_close() {
    let origin = MockOrigin::builder().file("/a.txt", "hello").start();
    let mut client = Client::new(&origin);
    assert_eq!(client.write("GET /a.txt HTTP/1.0\r\n\r\n").read().text(), "hello");
    client.assert_closed();
    let mut upload = Upload::new(&origin);
    let head = String::from_utf8(upload.head(1, &[("Content-Length", "5")])).unwrap();
    let stored = upload.client.write(head.replace("HTTP/1.1", "HTTP/1.0") + "world").read();
    assert_eq!(stored.header("X-Agile-Checksum"), Some(&*sha256(b"world")));
    upload.client.assert_closed();
    let mut client = Client::new(&origin);
    client.write("GET /a.txt HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n".repeat(2));
    assert_eq!([client.read().text(), client.read().text()], ["hello", "hello"]);
}

#[test]
fn one_connection_serves_a_hundred_requests() {
    let origin = MockOrigin::start();
    let mut upload = Upload::new(&origin);
    for number in 1..=98 {
        let body = random_bytes(number.into(), 50 * number as usize);
        let stored = match number % 3 {
            0 => upload.piece(number, &body),
            1 => {
                let head = upload.head(number, &[CHUNKED]);
                piece_in_chunks(&mut upload.client, &head, &body, 64)
            }
            _ => upload.client.send("OPTIONS", "*", &[], &body),
        };
        assert_eq!((stored.status, stored.header("Connection")), (200, None));
    }
    upload.client.send("HEAD", "/nothing", &[], b"");
    upload.client.finish_writing().assert_closed();
    let journal = origin.journal();
    assert_eq!((journal.connections().len(), journal.exchanges().len()), (1, 100));
}

#[test]
fn a_connection_close_request_gets_a_response_and_a_close() {
    let origin = MockOrigin::builder().file("/a.txt", "hello").start();
    for word in ["close", "Close", "keep-alive, close"] {
        let mut client = Client::new(&origin);
        let read = request("GET", "/a.txt", &[("Connection", word)], b"");
        let response = client.write(read.repeat(2)).read();
        assert_eq!((response.text(), response.header("Connection")), ("hello", Some("close")));
        client.finish_writing().assert_closed();
    }
    origin.requests().assert_count(3);
}

#[test]
fn a_large_response_is_complete_before_the_close() {
    let content = random_bytes(6, 12 * MIB);
    let origin = MockOrigin::builder().file("/film", content.clone()).start();
    let upgrade = ("Upgrade", "h2c");
    let reasons = [&[("Connection", "close")][..], &[upgrade], &[("Connection", "close"), upgrade]];
    for (index, more) in reasons.into_iter().enumerate() {
        let mut client = Client::new(&origin);
        client.write(request("GET", "/film", more, b"")).finish_writing();
        // The response exceeds the socket buffers, so that the origin must wait for this client.
        let is_begun = |requests: &RecordedRequests| {
            requests.iter().nth(index).is_some_and(|film| film.status() == Some(200))
        };
        assert!(origin.wait_until(TIMEOUT, is_begun));
        assert!(client.read().body == content, "the response has other bytes");
        client.assert_closed();
    }
}

#[test]
fn a_stalled_large_body_does_not_block_small_requests() {
    let origin = MockOrigin::builder().file("/a.txt", "hello").start();
    let mut upload = Upload::new(&origin);
    let body = random_bytes(7, 8 * MIB);
    let head = upload.head(1, &[EXPECT, ("Content-Length", &body.len().to_string())]);
    assert_eq!(upload.client.write(head).read().status, 100);
    upload.client.write(&body[..5 * MIB]);
    for _ in 0..10 {
        assert_eq!(Client::new(&origin).send("GET", "/a.txt", &[], b"").text(), "hello");
    }
    origin.upload("/film").assert_pieces([]);
    assert_eq!(origin.requests().iter().nth(1).unwrap().outcome(), Outcome::Receiving);
    let stored = upload.client.write(&body[5 * MIB..]).read();
    assert_eq!(stored.header("X-Agile-Checksum"), Some(&*sha256(&body)));
}

#[test]
fn pieces_out_of_order_join_in_order() {
    let origin = MockOrigin::start();
    let mut upload = Upload::new(&origin);
    let body = random_bytes(8, 100_000);
    let pieces: Vec<&[u8]> = body.chunks(30_000).collect();
    for number in [3, 1, 4, 2] {
        assert_eq!(upload.piece(number, pieces[number as usize - 1]).status, 200);
    }
    upload.complete();
    for method in ["HEAD", "GET"] {
        let read = upload.client.send(method, "/film", &[], b"");
        assert_eq!(read.header("X-Agile-Checksum"), Some(&*sha256(&body)));
        assert_eq!(read.header("Content-Length"), Some("100000"));
    }
    origin.file("/film").assert_content(&body).assert_digest(&sha256(&body));
}

#[test]
fn a_range_can_span_several_pieces() {
    let origin = MockOrigin::builder().memory_budget(40_000).start();
    let mut upload = Upload::new(&origin);
    let body = random_bytes(9, 100_000);
    for (number, part) in (1..).zip(body.chunks(30_000)) {
        assert_eq!(upload.piece(number, part).status, 200);
    }
    upload.complete();
    for (first, last) in
        [(29_999, 30_000), (0, 99_999), (10_000, 95_000), (30_000, 59_999), (99_999, 99_999)]
    {
        let range = format!("bytes={first}-{last}");
        let read = upload.client.send("GET", "/film", &[("Range", &range)], b"");
        assert_eq!(read.status, 206);
        let expected = format!("bytes {first}-{last}/100000");
        assert_eq!(read.header("Content-Range"), Some(&*expected));
        assert_eq!(read.header("X-Agile-Checksum"), Some(&*sha256(&body)), "of the whole file");
        assert!(read.body == body[first..=last], "{range}");
    }
}
