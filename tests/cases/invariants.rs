//! Checks that apply to every response of every case (§1.5–§1.8, §7.1.3).

use std::time::{Duration, UNIX_EPOCH};

use mock_origin::internals::protocol::{
    Endpoint, HTTP_CONTENT_TYPE, JSON_CONTENT_TYPE, endpoint_at,
};
use mock_origin::options::Cors;
use mock_origin::{Interface, Operation};

use crate::request::RenderedRequest;
use crate::response::Response;

/// Returns the rules that a response violates.
pub(crate) fn violations(
    cors: Cors,
    request: &RenderedRequest,
    response: &Response,
    now: u64,
) -> Vec<String> {
    let mut rules = Rules { response, violations: Vec::new() };
    rules.common(cors, now);
    rules.body(request);
    match endpoint_at(&request.path()).filter(|_| request.head().method() != b"OPTIONS") {
        // Rejected before the endpoint, by the rules of HTTP (§1.9).
        Some(_) if matches!(response.status, 404 | 405 | 501) => rules.no_code(),
        Some(_) if response.reason == "Bad Request" => rules.no_code(),
        Some(endpoint) if endpoint.interface == Interface::Http => rules.endpoint(endpoint),
        Some(_) => rules.json_rpc(),
        None => rules.no_code(),
    }
    rules.violations
}

struct Rules<'a> {
    response: &'a Response,
    violations: Vec<String>,
}

/// The last second that an HTTP date can represent, in the year 9999.
const LAST_DATE: u64 = 253_402_300_799;

impl Rules<'_> {
    fn check(&mut self, holds: bool, rule: impl Into<String>) {
        if !holds {
            self.violations.push(format!("violated rule: {}", rule.into()));
        }
    }

    fn header(&mut self, name: &str, value: &str) {
        let found = self.response.text(name);
        let holds = found.as_deref() == Some(value);
        self.check(holds, format!("{name} is {value}; found {found:?}"));
    }

    fn common(&mut self, cors: Cors, now: u64) {
        for (name, value) in cors.standard_headers() {
            self.header(name, value);
        }
        let is_exposed = self.response.text("Access-Control-Expose-Headers").is_some();
        self.check(is_exposed == (cors == Cors::Open), "headers are exposed only with cors=open");
        for (name, _) in &self.response.headers {
            let open = Cors::Open.standard_headers().iter();
            let mut exposed = open.flat_map(|(_, value)| value.split(", "));
            let is_own = name.starts_with("X-Agile-");
            self.check(
                !is_own || exposed.any(|one| one == name),
                format!("cors=open exposes {name}"),
            );
        }
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(now.min(LAST_DATE)));
        self.header("Date", &date);
        if self.response.status >= 400 {
            self.header("Connection", "close");
        }
    }

    fn body(&mut self, request: &RenderedRequest) {
        let length = self.response.body.len() as u64;
        let has_none = self.response.status == 304 || request.head().method() == b"HEAD";
        let holds = has_none || self.response.content_length() == Some(length);
        self.check(holds, format!("Content-Length is the length of the body, {length}"));
    }

    fn no_code(&mut self) {
        self.check(self.response.code().is_none(), "the response has no X-Agile-Status");
    }

    fn endpoint(&mut self, endpoint: &Endpoint) {
        self.header("Content-Type", HTTP_CONTENT_TYPE);
        if endpoint.operation != Operation::MakeDirectory {
            self.check(self.response.body.is_empty(), "only /post/directory has a body");
        }
        let Response { status, reason, .. } = self.response;
        let code = self.response.code();
        let row = endpoint.results.iter().find(|row| row.http == *status && Some(row.code) == code);
        self.check(row.is_some(), format!("{status} with {code:?} is in the endpoint's table"));
        let is_phrase = row.is_none_or(|row| row.is_success() || row.phrase == reason);
        self.check(is_phrase, format!("the reason phrase is that of the table; found {reason:?}"));
    }

    fn json_rpc(&mut self) {
        self.check(self.response.status == 200, "JSON-RPC returns 200");
        self.header("Content-Type", JSON_CONTENT_TYPE);
        self.no_code();
    }
}
