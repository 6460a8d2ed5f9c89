//! The type of all result codes, and the result codes of the JSON-RPC envelope. Start with
//! [`ResultCode`].

use super::provenance::{D, DA};
use super::{ErrorKind, Provenance};

/// Whether the origin itself can send a result code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// The origin sends it when one of its causes occurs.
    Normal,
    /// Only a fault of a test sends it (§1.12).
    FaultOnly,
}

/// A result that an endpoint or method can return.
#[derive(Debug, PartialEq, Eq)]
pub struct ResultCode {
    /// The HTTP status.
    pub http: u16,
    /// The code of the protocol: `X-Agile-Status`, or `code` in JSON.
    pub code: i32,
    /// The errors that lead to it. Empty for success and for codes that only a fault sends.
    pub causes: &'static [ErrorKind],
    /// The reason phrase (§1.8), and the message of a response that has a body.
    pub phrase: &'static str,
    /// Whether the origin itself can send it.
    pub availability: Availability,
    /// The section that describes it.
    pub section: &'static str,
    /// The source of this fact.
    pub provenance: &'static [Provenance],
}

impl ResultCode {
    /// Returns whether it stands for success.
    pub const fn is_success(&self) -> bool {
        self.code == 0
    }
}

/// Returns the result code of `cause` in `results`.
pub fn result_code_for(
    results: &'static [ResultCode],
    cause: ErrorKind,
) -> Option<&'static ResultCode> {
    results.iter().find(|result| result.causes.contains(&cause))
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

pub(super) const fn rejection(
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
    rejection(401, -10001, &[ErrorKind::NoCredentials], "authorization required", "§2.3", DA);
pub(super) const BAD_CREDENTIALS: ResultCode = rejection(
    403,
    -10001,
    &[ErrorKind::BadCredentials],
    "invalid or expired credentials",
    "§2.3",
    D,
);

pub(super) const RATE_LIMITED: ResultCode =
    rejection(429, -26, &[ErrorKind::RateLimited], "too many requests", "§1.11", DA);

/// The error objects of the JSON-RPC envelope, shared by every method (§7.1.8).
pub const ENVELOPE_RESULTS: &[ResultCode] = &[
    rejection(200, -32700, &[ErrorKind::NotJson], "Parse Error", "§7.1.8", D),
    rejection(200, -32600, &[ErrorKind::NotARequest], "Invalid Request", "§7.1.8", DA),
    rejection(200, -32601, &[ErrorKind::NoSuchMethod], "Method Not Found", "§7.1.8", D),
    rejection(200, -32602, &[ErrorKind::Params], "Invalid Params", "§7.1.8", D),
    rejection(200, -32603, &[ErrorKind::NoNameOrPassword], "Internal Error", "§7.4", D),
    rejection(200, -32099, &[ErrorKind::Batch], "Batch Error", "§7.1.9", D),
    server_error(200, -32000, "Server Error", "§7.1.8", D),
];
