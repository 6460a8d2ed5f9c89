//! Tests which requests and bytes count as a use of a token.

use mock_origin::{ErrorResponse, Op};

use super::requests::{self, batch, rpc};
use super::videos;
use crate::support::record::closed_exchange;
use crate::support::{Client, create, piece_headers, request};

fn noop(token: &str) -> (&'static str, String) {
    ("noop", format!(r#"["{token}", "a"]"#))
}

#[test]
fn the_bytes_of_json_rpc_bodies_count() {
    let (origin, token) = videos();
    let fault = origin.on_token().expire_after_bytes(100);
    let (method, params) = noop(&token);
    let works = || !rpc(&origin, method, &params).text().contains("-10001");
    let length = format!(r#"{{"method": "noop", "params": {params}, "id": 1}}"#).len();
    let calls = 100_usize.div_ceil(length);
    assert!((0..calls).all(|_| works()));
    assert!(!works());
    assert_eq!(fault.fired(), 1);
    origin.finish();
}

#[test]
fn the_bytes_of_an_incomplete_body_count() {
    let (origin, token) = videos();
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let fault = origin.on_token().expire_after_bytes(900);
    let long = [&piece_headers(&token, &id, "1")[..], &[("Content-Length", "1000")]].concat();
    let mut client = Client::new(&origin);
    client.write(request("POST", "/multipart/piece", &long, b"")).write([b'x'; 900]);
    assert!(origin.wait_until(crate::support::TIMEOUT, |requests| {
        requests.iter().any(|request| request.exchange().received == 900)
    }));
    client.reset();
    closed_exchange(&origin, 1);
    assert_eq!(requests::piece(&origin, &token, &id, 1), Some(403));
    assert_eq!(fault.fired(), 1);
    origin.finish();
}

#[test]
fn a_batch_runs_until_its_token_expires() {
    let (origin, token) = videos();
    let fault = origin.on_token().expire_after_requests(2);
    let response = batch(&origin, &[(); 3].map(|()| noop(&token)));
    let codes: Vec<_> = response.text().split("\"code\": ").skip(1).collect();
    assert_eq!(codes.len(), 3, "{}", response.text());
    assert!(codes[0].starts_with('0') && codes[1].starts_with('0'), "{}", response.text());
    assert!(codes[2].starts_with("-10001"), "{}", response.text());
    assert_eq!(fault.fired(), 1);
    origin.finish();
}

#[test]
fn a_call_rejected_by_a_fault_counts_as_token_use() {
    let (origin, token) = videos();
    origin.on(Op::method("noop")).reject(ErrorResponse::raw(503));
    origin.on(Op::create()).reject(503);
    origin.on_token().expire_after_requests(2);
    let (method, params) = noop(&token);
    assert_eq!(rpc(&origin, method, &params).status, 503);
    assert_eq!(requests::create(&origin, &token, "/videos", "a.mp4").status, 503);
    assert_eq!(requests::create(&origin, &token, "/videos", "a.mp4").status, 403);
    origin.finish();
}
