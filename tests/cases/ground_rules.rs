//! What holds for every answer, whatever a case is about (§1.5–§1.8, §7.1.3).

use std::time::{Duration, UNIX_EPOCH};

use mock_origin::internals::protocol::{
    Endpoint, HTTP_CONTENT_TYPE, JSON_CONTENT_TYPE, endpoint_at,
};
use mock_origin::options::Cors;
use mock_origin::{Interface, Operation};

use crate::answer::Answer;
use crate::request::Sent;

/// The rules that the answer breaks.
pub(crate) fn broken(cors: Cors, sent: &Sent, answer: &Answer, now: u64) -> Vec<String> {
    let mut rules = Rules { answer, broken: Vec::new() };
    rules.everywhere(cors, now);
    rules.body(sent);
    match endpoint_at(&sent.path()).filter(|_| sent.head().method() != b"OPTIONS") {
        // HTTP itself refuses before any endpoint is asked (§1.9).
        Some(_) if matches!(answer.status, 404 | 405 | 501) => rules.no_code(),
        Some(_) if answer.reason == "Bad Request" => rules.no_code(),
        Some(endpoint) if endpoint.interface == Interface::Http => rules.endpoint(endpoint),
        Some(_) => rules.json_rpc(),
        None => rules.no_code(),
    }
    rules.broken
}

struct Rules<'a> {
    answer: &'a Answer,
    broken: Vec<String>,
}

/// The last second that an HTTP date can write: of the year 9999.
const LAST_DATE: u64 = 253_402_300_799;

impl Rules<'_> {
    fn hold(&mut self, holds: bool, rule: impl Into<String>) {
        if !holds {
            self.broken.push(format!("ground rule: {}", rule.into()));
        }
    }

    fn header(&mut self, name: &str, value: &str) {
        let found = self.answer.text(name);
        let holds = found.as_deref() == Some(value);
        self.hold(holds, format!("{name} is {value}, but found {found:?}"));
    }

    fn everywhere(&mut self, cors: Cors, now: u64) {
        for (name, value) in cors.standard_headers() {
            self.header(name, value);
        }
        let is_exposed = self.answer.text("Access-Control-Expose-Headers").is_some();
        self.hold(is_exposed == (cors == Cors::Open), "headers are exposed with cors=open alone");
        for (name, _) in &self.answer.headers {
            let open = Cors::Open.standard_headers().iter();
            let mut exposed = open.flat_map(|(_, value)| value.split(", "));
            let is_own = name.starts_with("X-Agile-");
            self.hold(!is_own || exposed.any(|one| one == name), format!("open exposes {name}"));
        }
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(now.min(LAST_DATE)));
        self.header("Date", &date);
        if self.answer.status >= 400 {
            self.header("Connection", "close");
        }
    }

    fn body(&mut self, sent: &Sent) {
        let length = self.answer.body.len() as u64;
        let has_none = self.answer.status == 304 || sent.head().method() == b"HEAD";
        let holds = has_none || self.answer.length() == Some(length);
        self.hold(holds, format!("Content-Length is the length of the body, {length}"));
    }

    fn no_code(&mut self) {
        self.hold(self.answer.code().is_none(), "no X-Agile-Status here");
    }

    fn endpoint(&mut self, endpoint: &Endpoint) {
        self.header("Content-Type", HTTP_CONTENT_TYPE);
        if endpoint.operation != Operation::MakeDirectory {
            self.hold(self.answer.body.is_empty(), "only /post/directory has a body");
        }
        let Answer { status, reason, .. } = self.answer;
        let code = self.answer.code();
        let row = endpoint.results.iter().find(|row| row.http == *status && Some(row.code) == code);
        self.hold(row.is_some(), format!("{status} with {code:?} stands in the endpoint's table"));
        let is_phrase = row.is_none_or(|row| row.is_success() || row.phrase == reason);
        self.hold(is_phrase, format!("the reason phrase is the row's, not {reason:?}"));
    }

    fn json_rpc(&mut self) {
        self.hold(self.answer.status == 200, "JSON-RPC answers 200");
        self.header("Content-Type", JSON_CONTENT_TYPE);
        self.no_code();
    }
}
