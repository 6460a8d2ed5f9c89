//! One bad client for each rule of level must or should: the rule reports it, and no other rule of that
//! level does. The good clients in `good` violate no rule.

mod good;
mod losing;
mod retrying;
mod sloppy;

use std::collections::BTreeSet;

use crate::support::{Client, Response, piece_headers, request};
use mock_origin::referee::{Finding, Level, RULES, rule_by_id};
use mock_origin::{Builder, MockOrigin};

/// Defines a test for each bad client, and the list of the rules that report them.
macro_rules! bad_clients {
    ($($name:ident: $rule:literal, $builder:expr, $client:expr;)*) => {
        pub(super) const FOUND: &[&str] = &[$($rule),*];
        $(
            #[test]
            fn $name() {
                crate::bad_clients::assert_found($rule, $builder, $client);
            }
        )*
    };
}
pub(crate) use bad_clients;

/// Runs a client and asserts that it violates this rule and no other rule of the same level.
#[track_caller]
fn assert_found(rule: &str, change: fn(Builder) -> Builder, client: fn(&mut Script<'_>)) {
    let builder = MockOrigin::builder().directory("/videos").seed(7);
    let origin = change(builder).verify_on_drop(false).start();
    client(&mut Script::new(&origin));
    let level = rule_by_id(rule).unwrap().level;
    let findings = origin.findings();
    let found: BTreeSet<_> =
        findings.iter().filter(|it| it.level() == level).map(Finding::id).collect();
    assert_eq!(found, BTreeSet::from([rule]), "{findings:#?}\n{}", origin.timeline());
}

fn plain(builder: Builder) -> Builder {
    builder
}

#[test]
fn every_rule_of_level_must_or_should_finds_a_client() {
    let found: BTreeSet<_> =
        [losing::FOUND, retrying::FOUND, sloppy::FOUND].concat().into_iter().collect();
    let rules = RULES.iter().filter(|rule| rule.level != Level::Info).map(|rule| rule.id);
    assert_eq!(found, rules.collect());
}

/// The steps of a client.
struct Script<'a> {
    origin: &'a MockOrigin,
    client: Client,
    token: String,
}

impl<'a> Script<'a> {
    fn new(origin: &'a MockOrigin) -> Self {
        Self { origin, client: Client::new(origin), token: origin.issue_token("jane") }
    }

    /// Sends a request, and opens another connection if the origin closes this one.
    fn send(&mut self, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let response = self.client.send("POST", target, headers, body);
        if response.header("Connection") == Some("close") {
            self.client = Client::new(self.origin);
        }
        response
    }

    /// Repeats a step until the origin reports the rule. A busy machine can add pauses between requests, so
    /// the number of steps is not fixed.
    fn repeat_until_found(&mut self, rule: &str, step: impl Fn(&mut Self)) {
        for _ in 0..100 {
            (0..20).for_each(|_| step(self));
            if self.origin.try_finding(rule).is_ok() {
                return;
            }
        }
    }

    /// Sends a request whose response a fault loses.
    fn send_without_response(&mut self, target: &str, headers: &[(&str, &str)], body: &[u8]) {
        self.client.write(request("POST", target, headers, body));
        self.client.read_to_end().unwrap_or_default();
        self.client = Client::new(self.origin);
    }

    /// Logs in, and uses the token from now on.
    fn log_in(&mut self) -> Response {
        let headers = [("X-Agile-Username", "jane"), ("X-Agile-Password", "secret")];
        let response = self.send("/account/login", &headers, b"");
        response.header("X-Agile-Token").unwrap_or_default().clone_into(&mut self.token);
        response
    }

    fn create_in(&mut self, directory: &str, name: &str) -> Response {
        let token = self.token.clone();
        let headers = [
            ("X-Agile-Authorization", &*token),
            ("X-Agile-Directory", directory),
            ("X-Agile-Basename", name),
        ];
        self.send("/multipart/create", &headers, b"")
    }

    /// Begins an upload to `/videos/a.mp4`, and returns its id.
    fn create(&mut self) -> String {
        let response = self.create_in("/videos", "a.mp4");
        response.header("X-Agile-Multipart").unwrap_or_default().to_owned()
    }

    fn piece(&mut self, id: &str, number: u32, content: &[u8]) -> Response {
        let (token, number) = (self.token.clone(), number.to_string());
        self.send("/multipart/piece", &piece_headers(&token, id, &number), content)
    }

    /// Sends a piece whose response a fault loses.
    fn piece_without_response(&mut self, id: &str, number: u32, content: &[u8]) {
        let (token, number) = (self.token.clone(), number.to_string());
        self.send_without_response(
            "/multipart/piece",
            &piece_headers(&token, id, &number),
            content,
        );
    }

    fn complete(&mut self, id: &str) -> Response {
        let token = self.token.clone();
        let headers = [("X-Agile-Authorization", &*token), ("X-Agile-Multipart", id)];
        self.send("/multipart/complete", &headers, b"")
    }

    /// Completes an upload, and a fault loses the response.
    fn complete_without_response(&mut self, id: &str) {
        let token = self.token.clone();
        let headers = [("X-Agile-Authorization", &*token), ("X-Agile-Multipart", id)];
        self.send_without_response("/multipart/complete", &headers, b"");
    }

    /// Calls a method with the token and more parameters.
    fn call(&mut self, method: &str, parameters: &str) -> Response {
        let token = &self.token;
        let body =
            format!(r#"{{"method": "{method}", "params": ["{token}"{parameters}], "id": 1}}"#);
        self.send("/jsonrpc", &[], body.as_bytes())
    }

    fn abort(&mut self, id: &str) -> Response {
        self.call("abortMultipart", &format!(", \"{id}\""))
    }

    fn status(&mut self, id: &str) -> Response {
        self.call("getMultipartStatus", &format!(", \"{id}\""))
    }
}
