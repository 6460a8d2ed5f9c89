//! The shape of a status row, and the rows of the JSON-RPC envelope.

use super::provenance::{D, DA};
use super::{ErrorKind, Provenance};

/// Who makes a row happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// The origin itself, when its cause is there.
    Normal,
    /// Only a test that asks for it: the origin is ill (§1.12).
    FaultOnly,
}

/// One answer that an endpoint or method can give.
#[derive(Debug, PartialEq, Eq)]
pub struct ResultCode {
    /// The HTTP status.
    pub http: u16,
    /// The protocol's own code: `X-Agile-Status`, or `code` in JSON.
    pub code: i32,
    /// What leads here; empty for success and for rows that are made on request.
    pub causes: &'static [ErrorKind],
    /// The reason phrase (§1.8), and the message where an answer has a body.
    pub phrase: &'static str,
    /// Who makes it happen.
    pub availability: Availability,
    /// The section it stands in.
    pub section: &'static str,
    /// What it rests on.
    pub provenance: &'static [Provenance],
}

impl ResultCode {
    /// Whether this is the row of success.
    pub const fn is_success(&self) -> bool {
        self.code == 0
    }
}

/// The row that `error_kind` leads to in `result_codes`.
pub fn result_code_for(
    results: &'static [ResultCode],
    cause: ErrorKind,
) -> Option<&'static ResultCode> {
    results.iter().find(|row| row.causes.contains(&cause))
}

pub(super) const fn ok(section: &'static str, provenance: &'static [Provenance]) -> ResultCode {
    ResultCode {
        http: 200,
        code: 0,
        causes: &[],
        phrase: "OK",
        availability: Availability::Normal,
        section,
        provenance,
    }
}

pub(super) const fn refusal(
    http: u16,
    code: i32,
    causes: &'static [ErrorKind],
    phrase: &'static str,
    section: &'static str,
    provenance: &'static [Provenance],
) -> ResultCode {
    ResultCode {
        http,
        code,
        causes,
        phrase,
        availability: Availability::Normal,
        section,
        provenance,
    }
}

pub(super) const fn server_error(
    http: u16,
    code: i32,
    phrase: &'static str,
    section: &'static str,
    provenance: &'static [Provenance],
) -> ResultCode {
    ResultCode {
        http,
        code,
        causes: &[],
        phrase,
        availability: Availability::FaultOnly,
        section,
        provenance,
    }
}

pub(super) const NO_CREDENTIALS: ResultCode =
    refusal(401, -10001, &[ErrorKind::NoCredentials], "authorization required", "§2.3", DA);
pub(super) const BAD_CREDENTIALS: ResultCode =
    refusal(403, -10001, &[ErrorKind::BadCredentials], "invalid or expired credentials", "§2.3", D);

pub(super) const RATE_LIMITED: ResultCode =
    refusal(429, -26, &[ErrorKind::RateLimited], "too many requests", "§1.11", DA);

/// The error objects of the JSON-RPC envelope, shared by every method (§7.1.8).
pub const ENVELOPE_RESULTS: &[ResultCode] = &[
    refusal(200, -32700, &[ErrorKind::NotJson], "Parse Error", "§7.1.8", D),
    refusal(200, -32600, &[ErrorKind::NotARequest], "Invalid Request", "§7.1.8", DA),
    refusal(200, -32601, &[ErrorKind::NoSuchMethod], "Method Not Found", "§7.1.8", D),
    refusal(200, -32602, &[ErrorKind::Params], "Invalid Params", "§7.1.8", D),
    refusal(200, -32603, &[ErrorKind::NoNameOrPassword], "Internal Error", "§7.4", D),
    refusal(200, -32099, &[ErrorKind::Batch], "Batch Error", "§7.1.9", D),
    server_error(200, -32000, "Server Error", "§7.1.8", D),
];
