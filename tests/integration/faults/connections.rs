//! Tests faults on connections, and an origin that goes offline and online.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use mock_origin::journal::ConnectionEnd;
use mock_origin::{MockOrigin, Op, Outcome};

use super::requests;
use super::videos;
use crate::support::record::{all_closed, closed_connection};
use crate::support::{Client, TIMEOUT, complete, create, piece, piece_headers, request};

/// What a client receives after one request.
#[derive(Debug, PartialEq)]
enum Seen {
    /// A response.
    Response,
    /// The connection was closed without a response.
    End,
    /// The connection was reset.
    Reset,
}

const REQUEST: &[u8] = b"GET /acme/none HTTP/1.1\r\nHost: origin\r\n\r\n";

fn seen(origin: &MockOrigin) -> Seen {
    match try_send(&origin.url(), REQUEST) {
        Ok(rest) if rest.is_empty() => Seen::End,
        Ok(rest) => {
            assert_eq!(requests::status(&rest), Some(404));
            Seen::Response
        }
        Err(error) => {
            // A write after a reset fails with a broken pipe.
            let reset = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
            assert!(reset.contains(&error.kind()), "{error}");
            Seen::Reset
        }
    }
}

#[test]
fn a_connection_is_reset_before_anything_is_read() {
    let origin = MockOrigin::start();
    assert_eq!(seen(&origin), Seen::Response);
    let second = origin.on_connection().nth(2).reset();
    assert_eq!(
        [seen(&origin), seen(&origin), seen(&origin)],
        [Seen::Response, Seen::Reset, Seen::Response]
    );
    let journal = all_closed(&origin, 4);
    let ends: Vec<_> = journal.connections().iter().map(|connection| connection.end).collect();
    assert_eq!(ends[2], ConnectionEnd::ByFault);
    assert_eq!(ends.iter().filter(|end| **end == ConnectionEnd::ByFault).count(), 1, "{ends:?}");
    let injected = journal.connections()[2].fault.as_ref().unwrap();
    assert_eq!(
        (injected.fault, &*injected.name),
        (Some(second.id()), "origin.on_connection().nth(2).reset()")
    );
    assert_eq!(journal.exchanges().len(), 3, "no request was read from it");
    origin.finish();
}

#[test]
fn a_client_can_finish_writing_on_a_reset_connection() {
    let origin = MockOrigin::start();
    origin.on_connection().reset();
    let mut client = Client::new(&origin);
    assert!(client.read_to_end().is_err(), "a reset");
    client.finish_writing();
    origin.finish();
}

#[test]
fn a_fault_applies_to_n_or_all_connections() {
    let origin = MockOrigin::start();
    let first = origin.on_connection().reset();
    let twice = origin.on_connection().times(2).silence();
    origin.remove_fault(twice.id());
    let twice = origin.on_connection().times(2).reset();
    let seen_so_far = [(); 4].map(|()| seen(&origin));
    assert_eq!(seen_so_far, [Seen::Reset, Seen::Reset, Seen::Reset, Seen::Response]);
    assert_eq!((first.fired(), twice.fired()), (1, 2));
    assert_eq!(twice.record().unwrap().matched, 4);
    let always = origin.on_connection().always().reset();
    assert_eq!([(); 3].map(|()| seen(&origin)), [Seen::Reset, Seen::Reset, Seen::Reset]);
    always.remove();
    assert_eq!(seen(&origin), Seen::Response);
    origin.finish();
}

#[test]
fn a_silent_connection_is_open_until_the_limit() {
    let limit = Duration::from_millis(50);
    let origin = MockOrigin::builder().hold_limit(limit).start();
    let silent = origin.on_connection().silence();
    let mut client = Client::new(&origin);
    let address = client.address();
    client.write(REQUEST);
    assert_eq!(client.read_to_end().unwrap_or_default(), b"", "nothing is sent on it");
    let connection = closed_connection(&origin, address);
    assert_eq!(connection.end, ConnectionEnd::ByFault);
    let (opened, closed) = (connection.opened.elapsed, connection.closed.unwrap().elapsed);
    assert!(closed >= opened + limit, "{opened:?} {closed:?}");
    assert_eq!((silent.fired(), origin.requests().iter().count()), (1, 0));
    assert_eq!(seen(&origin), Seen::Response);
    origin.finish();
}

#[test]
fn a_silent_connection_does_not_block_others() {
    let (origin, token) = videos();
    origin.on_connection().times(3).silence();
    let silent = [(); 3].map(|()| Client::new(&origin));
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    assert_eq!(requests::piece(&origin, &token, &id, 1), Some(200));
    drop(silent);
    origin.finish();
}

#[test]
fn a_connection_is_closed_after_n_responses_without_notice() {
    for responses in 1..=3 {
        let origin = MockOrigin::builder().file("/a", "abc").start();
        let fault = origin.on_connection().close_after(responses);
        let mut client = Client::new(&origin);
        let address = client.address();
        for sent in 1..=responses {
            assert_eq!(fault.fired(), 0);
            let response = client.send("GET", "/acme/a", &[], b"");
            assert_eq!((response.status, &*response.body), (200, &b"abc"[..]), "{sent}");
            assert_eq!(response.header("Connection"), None, "the close is not announced");
        }
        assert_eq!(client.read_to_end().unwrap(), b"", "closed, not reset");
        drop(client);
        let connection = closed_connection(&origin, address);
        assert_eq!(connection.end, ConnectionEnd::ByFault);
        assert_eq!(connection.fault.as_ref().unwrap().fault, Some(fault.id()));
        assert_eq!((fault.fired(), origin.requests().iter().count() as u64), (1, responses));
        // Other connections are not affected.
        let mut client = Client::new(&origin);
        for _ in 0..=responses {
            assert_eq!(client.send("GET", "/acme/a", &[], b"").status, 200);
        }
        origin.finish();
    }
}

#[test]
fn a_pipelined_request_after_the_last_response_is_not_served() {
    let origin = MockOrigin::builder().file("/a", "abc").start();
    origin.on_connection().close_after(2);
    let mut client = Client::new(&origin);
    client.write(request("GET", "/acme/a", &[], b"").repeat(3));
    assert_eq!([client.read().status, client.read().status], [200, 200]);
    assert_eq!(client.read_to_end().unwrap(), b"", "closed, not reset, though a request is unread");
    drop(client);
    all_closed(&origin, 1);
    assert_eq!(origin.requests().iter().count(), 2);
    origin.finish();
}

#[test]
fn an_upload_continues_over_connections_that_are_closed() {
    let (origin, token) = videos();
    origin.on_connection().always().close_after(2);
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let mut client = Client::new(&origin);
    for number in 1..=6 {
        if number % 2 == 1 {
            client = Client::new(&origin);
        }
        assert_eq!(piece(&mut client, &token, &id, number, b"x").status, 200);
    }
    assert_eq!(complete(&mut Client::new(&origin), &token, &id).status, 200);
    origin.file("/videos/a.mp4").assert_content("xxxxxx");
    drop(client);
    origin.finish();
}

fn is_rejected(url: &str) -> bool {
    let connected = TcpStream::connect(url.strip_prefix("http://").unwrap());
    connected.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

#[test]
fn an_origin_keeps_its_state_while_it_is_offline() {
    let (origin, token) = videos();
    let url = origin.url();
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let mut client = Client::new(&origin);
    for round in 1..=2 {
        assert_eq!(piece(&mut client, &token, &id, round, b"x").status, 200);
        origin.go_offline();
        assert!(is_rejected(&url), "round {round}");
        client.read_to_end().unwrap_or_default();
        origin.go_offline();
        assert!(is_rejected(&url), "a second call changes nothing");
        origin.go_online();
        origin.go_online();
        assert_eq!(origin.url(), url);
        client = Client::to(&url);
    }
    assert_eq!(complete(&mut client, &token, &id).status, 200);
    origin.file("/videos/a.mp4").assert_content("xx");
    let stopped = |journal: &mock_origin::journal::Journal| {
        let ends = journal.connections().iter().map(|connection| connection.end);
        ends.filter(|end| *end == ConnectionEnd::Stopped).count()
    };
    assert!(stopped(&origin.journal()) >= 2, "{:?}", origin.journal().connections());
    origin.finish();
}

#[test]
fn going_offline_ends_and_records_requests_in_flight() {
    let (origin, token) = videos();
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let mut client = Client::new(&origin);
    let whole = request("POST", "/multipart/piece", &piece_headers(&token, &id, "1"), &[7; 1000]);
    client.write(&whole[..whole.len() - 500]);
    assert!(origin.wait_until(TIMEOUT, |requests| {
        requests.iter().any(|request| request.received() == 500)
    }));
    origin.go_offline();
    client.read_to_end().unwrap_or_default();
    let pieces = origin.requests().op(Op::piece(1));
    let exchange = pieces.iter().next().unwrap().exchange().clone();
    assert_eq!((exchange.outcome, exchange.received), (Outcome::Stopped, 500));
    let connection = origin.journal().connections()[1].clone();
    assert_eq!(connection.end, ConnectionEnd::Stopped);
    origin.upload(&id).assert_pieces([]);
    origin.go_online();
    assert_eq!(requests::piece(&origin, &token, &id, 1), Some(200));
    origin.upload(&id).piece(1).assert_attempts(2);
    origin.finish();
}

#[test]
fn going_offline_loses_held_responses_but_not_their_effects() {
    let (origin, token) = videos();
    let held = origin.on(Op::create()).hold();
    let mut client = Client::new(&origin);
    let headers = [("X-Agile-Authorization", &*token), ("X-Agile-Basename", "a.mp4")];
    client.write(request("POST", "/multipart/create", &headers, b""));
    assert!(held.wait(TIMEOUT));
    origin.go_offline();
    assert_eq!(client.read_to_end().unwrap_or_default(), b"");
    origin.go_online();
    held.release();
    let id = origin.upload("/a.mp4").id().to_owned();
    assert_eq!(requests::piece(&origin, &token, &id, 1), Some(200));
    origin.finish();
}

#[test]
fn every_listener_goes_offline_and_online() {
    let origin = MockOrigin::builder().port(0).port(0).listen("127.0.0.1:0").start();
    let urls = origin.urls();
    origin.go_offline();
    assert!(urls.iter().all(|url| is_rejected(url)));
    origin.go_online();
    assert_eq!(origin.urls(), urls);
    for url in &urls {
        assert_eq!(Client::to(url).send("GET", "/acme/none", &[], b"").status, 404);
    }
    origin.finish();
}

#[test]
fn an_offline_origin_keeps_its_ports_reserved() {
    let origin = MockOrigin::start();
    let url = origin.url();
    let address = url.strip_prefix("http://").unwrap();
    origin.go_offline();
    let other = MockOrigin::builder().listen(address).try_start().map(drop);
    let error = other.expect_err("the port is taken").to_string();
    assert!(error.contains(&format!("cannot listen on {address}")), "{error}");
    origin.go_online();
    assert_eq!(seen(&origin), Seen::Response);
    origin.finish();
}

#[test]
fn an_offline_origin_can_be_verified_and_dropped() {
    let (origin, token) = videos();
    requests::create(&origin, &token, "/videos", "a.mp4");
    origin.go_offline();
    assert!(origin.verify().is_ok());
    origin.requests().op(Op::create()).assert_count(1);
    origin.finish();
    let origin = MockOrigin::start();
    origin.go_offline();
    drop(origin);
}

/// Sends a request on a new connection, and reads until the connection ends.
fn try_send(url: &str, whole: &[u8]) -> io::Result<Vec<u8>> {
    let mut socket = TcpStream::connect(url.strip_prefix("http://").unwrap())?;
    socket.set_read_timeout(Some(TIMEOUT))?;
    socket.write_all(whole)?;
    let mut response = Vec::new();
    socket.read_to_end(&mut response).map(|_| response)
}

/// Sends a request until it succeeds.
fn send_until_it_succeeds(url: &str, whole: &[u8]) {
    // Much longer than needed; it ends the test if the origin stays offline.
    let until = Instant::now() + Duration::from_secs(60);
    while try_send(url, whole).ok().as_deref().and_then(requests::status) != Some(200) {
        assert!(Instant::now() < until, "{url} has not come back");
        thread::yield_now();
    }
}

#[test]
fn uploads_survive_an_origin_that_restarts_repeatedly() {
    let (origin, token) = videos();
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let url = origin.url();
    thread::scope(|scope| {
        for sender in 0..4 {
            let (url, token, id) = (&url, &token, &id);
            scope.spawn(move || {
                for number in (1..=40).filter(|number| number % 4 == sender) {
                    let part = number.to_string();
                    let headers = piece_headers(token, id, &part);
                    let body = vec![u8::try_from(number).unwrap(); 10_000];
                    let headers = [&headers[..], &[("Connection", "close")]].concat();
                    send_until_it_succeeds(
                        url,
                        &request("POST", "/multipart/piece", &headers, &body),
                    );
                }
            });
        }
        for _ in 0..5 {
            origin.go_offline();
            origin.go_online();
        }
    });
    assert_eq!(complete(&mut Client::new(&origin), &token, &id).status, 200);
    let content: Vec<u8> = (1..=40).flat_map(|number| vec![number; 10_000]).collect();
    origin.file("/videos/a.mp4").assert_content(content);
    origin.finish();
}
