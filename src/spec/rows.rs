//! The shape of a status row, and the rows of the JSON-RPC envelope.

use super::basis::{D, DA};
use super::{Basis, Cause};

/// Who makes a row happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// The origin itself, when its cause is there.
    ByOrigin,
    /// Only a test that asks for it: the origin is ill (§1.12).
    OnRequest,
}

/// One answer that an endpoint or method can give.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// The HTTP status.
    pub http: u16,
    /// The protocol's own code: `X-Agile-Status`, or `code` in JSON.
    pub code: i32,
    /// What leads here; empty for success and for rows that are made on request.
    pub causes: &'static [Cause],
    /// The reason phrase (§1.8), and the message where an answer has a body.
    pub phrase: &'static str,
    /// Who makes it happen.
    pub made: Made,
    /// The section it stands in.
    pub cite: &'static str,
    /// What it rests on.
    pub basis: &'static [Basis],
}

impl Row {
    /// Whether this is the row of success.
    pub const fn is_success(&self) -> bool {
        self.code == 0
    }
}

/// The row that `cause` leads to in `rows`.
pub fn row_for(rows: &'static [Row], cause: Cause) -> Option<&'static Row> {
    rows.iter().find(|row| row.causes.contains(&cause))
}

pub(super) const fn ok(cite: &'static str, basis: &'static [Basis]) -> Row {
    Row { http: 200, code: 0, causes: &[], phrase: "OK", made: Made::ByOrigin, cite, basis }
}

pub(super) const fn refusal(
    http: u16,
    code: i32,
    causes: &'static [Cause],
    phrase: &'static str,
    cite: &'static str,
    basis: &'static [Basis],
) -> Row {
    Row { http, code, causes, phrase, made: Made::ByOrigin, cite, basis }
}

pub(super) const fn ill(
    http: u16,
    code: i32,
    phrase: &'static str,
    cite: &'static str,
    basis: &'static [Basis],
) -> Row {
    Row { http, code, causes: &[], phrase, made: Made::OnRequest, cite, basis }
}

pub(super) const NO_CREDENTIALS: Row =
    refusal(401, -10001, &[Cause::NoCredentials], "authorization required", "§2.3", DA);
pub(super) const BAD_CREDENTIALS: Row =
    refusal(403, -10001, &[Cause::BadCredentials], "invalid or expired credentials", "§2.3", D);

pub(super) const RATE_LIMITED: Row =
    refusal(429, -26, &[Cause::RateLimited], "too many requests", "§1.11", DA);

/// The error objects of the JSON-RPC envelope, shared by every method (§7.1.8).
pub const ENVELOPE: &[Row] = &[
    refusal(200, -32700, &[Cause::NotJson], "Parse Error", "§7.1.8", D),
    refusal(200, -32600, &[Cause::NotARequest], "Invalid Request", "§7.1.8", DA),
    refusal(200, -32601, &[Cause::NoSuchMethod], "Method Not Found", "§7.1.8", D),
    refusal(200, -32602, &[Cause::Params], "Invalid Params", "§7.1.8", D),
    refusal(200, -32603, &[Cause::NoNameOrPassword], "Internal Error", "§7.4", D),
    refusal(200, -32099, &[Cause::Batch], "Batch Error", "§7.1.9", D),
    ill(200, -32000, "Server Error", "§7.1.8", D),
];
