//! Tests that exchanges name the faults on their token and their connection.

use std::time::Duration;

use mock_origin::MockOrigin;

use super::requests::{self, rpc};
use crate::support::Client;
use crate::support::record::{closed_connection, wait_for};

/// Returns the names of the faults of each exchange.
fn traces(origin: &MockOrigin) -> Vec<String> {
    let journal = origin.journal();
    let names = journal.exchanges().iter().map(|exchange| {
        let names: Vec<_> = exchange.faults.iter().map(|fault| fault.name.to_string()).collect();
        names.join(", ")
    });
    names.collect()
}

fn origin() -> (MockOrigin, String) {
    let origin = MockOrigin::builder().directory("/videos").clock_stopped().start();
    let token = origin.issue_token("jane");
    (origin, token)
}

fn begin(origin: &MockOrigin, token: &str) -> u16 {
    requests::create(origin, token, "/videos", "a.mp4").status
}

#[test]
fn a_used_up_token_names_its_fault_until_the_end() {
    let (origin, token) = origin();
    origin.on_token().named("two calls").expire_after_requests(2);
    assert_eq!([begin(&origin, &token), begin(&origin, &token)], [200, 200]);
    assert_eq!(begin(&origin, &token), 403);
    rpc(&origin, "stat", &format!(r#"["{token}", "/"]"#));
    assert_eq!(begin(&origin, "no token"), 403);
    assert_eq!(traces(&origin), ["", "two calls", "two calls", "two calls", ""]);
    let timeline = origin.timeline();
    assert_eq!(timeline.matches("fault: two calls").count(), 3, "{timeline}");
    origin.finish();
}

#[test]
fn a_token_used_up_by_json_rpc_names_its_fault() {
    let (origin, token) = origin();
    origin.on_token().named("one call").expire_after_requests(1);
    rpc(&origin, "stat", &format!(r#"["{token}", "/"]"#));
    rpc(&origin, "stat", &format!(r#"["{token}", "/"]"#));
    assert_eq!(traces(&origin), ["one call", "one call"]);
    origin.finish();
}

#[test]
fn a_token_used_up_by_bytes_names_its_fault() {
    let (origin, token) = origin();
    origin.on_token().named("a byte").expire_after_bytes(1);
    let headers = [("X-Agile-Authorization", &*token), ("X-Agile-Basename", "a.txt")];
    for status in [200, 403] {
        let response = Client::new(&origin).send("POST", "/post/raw", &headers, b"text");
        assert_eq!(response.status, status);
    }
    assert_eq!(traces(&origin), ["a byte", "a byte"]);
    origin.finish();
}

#[test]
fn an_aged_token_names_its_fault() {
    let (origin, token) = origin();
    origin.on_token().named("a minute").expire_after(Duration::from_secs(60));
    assert_eq!(begin(&origin, &token), 200);
    origin.advance(Duration::from_secs(60));
    assert_eq!(begin(&origin, &token), 403);
    assert_eq!(traces(&origin), ["", "a minute"]);
    origin.finish();
}

#[test]
fn a_token_that_the_test_expires_names_no_fault() {
    let (origin, token) = origin();
    origin.expire_token(&token);
    assert_eq!(begin(&origin, &token), 403);
    assert_eq!(traces(&origin), [""]);
}

#[test]
fn the_exchanges_of_a_closed_connection_name_its_fault() {
    let (origin, _) = origin();
    origin.on_connection().named("hang up").close_after(2);
    let mut client = Client::new(&origin);
    for _ in 0..2 {
        assert_eq!(client.send("OPTIONS", "/", &[], b"").status, 200);
    }
    assert_eq!(client.read_to_end().unwrap(), b"");
    closed_connection(&origin, client.address());
    assert_eq!(Client::new(&origin).send("OPTIONS", "/", &[], b"").status, 200);
    assert_eq!(traces(&origin), ["hang up", "hang up", ""]);
    let timeline = origin.timeline();
    assert!(timeline.contains("connection affected by a fault"), "{timeline}");
    origin.finish();
}

#[test]
fn a_connection_without_requests_names_its_fault() {
    let (origin, _) = origin();
    origin.on_connection().named("slam").reset();
    let mut client = Client::new(&origin);
    let _ = client.read_to_end();
    let fault = wait_for(&origin, |journal| journal.connections()[0].fault.clone());
    assert_eq!(&*fault.name, "slam");
    let timeline = origin.timeline();
    assert!(timeline.contains("connection affected by a fault"), "{timeline}");
    assert!(timeline.contains("fault: slam"), "{timeline}");
    assert_eq!(origin.connection_events_after(0).events.len(), 1);
    origin.finish();
}
