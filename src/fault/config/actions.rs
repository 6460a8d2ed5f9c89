//! The forms in which the parameters of actions are written, and the types of faults that they are.

use serde::{Deserialize, Serialize};

use crate::fault::error_response::By;
use crate::fault::{
    DeferredCommit, Disconnect, ErrorResponse, HeaderMutation, InterimResponse, MalformedResponse,
    ResponseLoss,
};

use super::values::{Bytes, Headers, Or, Seconds, Syntax, Word, present, table, written_as};

written_as! {
    DeferredCommit => Later,
    ErrorResponse => Or<u16, RejectTable>,
    HeaderMutation => Alter,
    InterimResponse => Or<u16, InterimTable>,
    MalformedResponse => Garble,
    ResponseLoss => Loss,
}

/// Converts both ways between a form and a type, by pairs of equal values.
macro_rules! equal {
    ($form:ident, $type:ident: $({ $($left:tt)* } = { $($right:tt)* })*) => {
        impl From<$form> for $type {
            fn from(form: $form) -> Self {
                match form { $($($left)* => $($right)*,)* }
            }
        }

        impl From<&$type> for $form {
            fn from(value: &$type) -> Self {
                match value.clone() { $($($right)* => $($left)*,)* }
            }
        }
    };
}

table! {
    /// An error response with its details.
    RejectTable {
        /// The status, from 300 to 599, with the result code that the operation has for it.
        status: u16,
        /// Any status from 200 to 599.
        raw: u16,
        /// A result code of the operation; with `raw`, any number.
        code: i32,
        /// The reason phrase.
        reason: String,
        /// Headers in place of those of the origin.
        headers: Headers,
        /// The header `Retry-After`, in seconds.
        retry_after: Seconds,
        /// The header `Content-Type`; requires `body`.
        content_type: String,
        /// The body; requires `content_type`.
        body: Bytes,
    }
}

impl Syntax for RejectTable {
    const SYNTAX: &'static str = "a status from 300 to 599, or a table with status, code or raw";
}

impl TryFrom<Or<u16, RejectTable>> for ErrorResponse {
    type Error = &'static str;

    fn try_from(form: Or<u16, RejectTable>) -> Result<Self, &'static str> {
        let table = match form {
            Or::Short(status) => return Ok(Self::status(status)),
            Or::Table(table) => table,
        };
        let mut response = match (table.status, table.raw, table.code) {
            (Some(status), None, None) => Self::status(status),
            (Some(status), None, Some(code)) => Self::row(status, code),
            (None, None, Some(code)) => Self::code(code),
            (None, Some(status), None) => Self::raw(status),
            (None, Some(status), Some(code)) => Self::raw(status).with_code(code),
            (Some(_), Some(_), _) => {
                return Err("conflicting keys `status` and `raw`; expected one of them");
            }
            (None, None, None) => return Err("missing key; expected `status`, `code` or `raw`"),
        };
        response.reason = table.reason;
        if let Some(Seconds(wait)) = table.retry_after {
            response = response.retry_after(wait);
        }
        response.headers.extend(table.headers.unwrap_or_default().0);
        match (table.content_type, table.body) {
            (Some(content_type), Some(Bytes(body))) => Ok(response.body(&content_type, body)),
            (None, None) => Ok(response),
            _ => Err("`body` and `content_type` must be given together"),
        }
    }
}

impl From<&ErrorResponse> for Or<u16, RejectTable> {
    fn from(response: &ErrorResponse) -> Self {
        let (status, raw, code) = match response.by {
            By::Status(status) if response.is_bare() => return Self::Short(status),
            By::Status(status) => (Some(status), None, None),
            By::ResultCode(status, code) => (status, None, Some(code)),
            By::Raw(status, code) => (None, Some(status), code),
        };
        let body = response.body.as_deref();
        Self::Table(RejectTable {
            status,
            raw,
            code,
            reason: response.reason.clone(),
            headers: given_headers(&response.headers),
            retry_after: None,
            content_type: body.map(|body| body.content_type.clone()),
            body: body.map(|body| Bytes(body.bytes.clone())),
        })
    }
}

fn given_headers(list: &[(String, String)]) -> Option<Headers> {
    (!list.is_empty()).then(|| Headers(list.to_vec()))
}

/// An interim response with its details.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct InterimTable {
    /// The status, from 100 to 199, except 101.
    status: u16,
    /// The reason phrase.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The headers.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    headers: Option<Headers>,
}

impl Syntax for InterimTable {
    const SYNTAX: &'static str = "a status from 100 to 199, except 101, or a table with status";
}

impl From<Or<u16, InterimTable>> for InterimResponse {
    fn from(form: Or<u16, InterimTable>) -> Self {
        match form {
            Or::Short(status) => Self::status(status),
            Or::Table(InterimTable { status, reason, headers }) => {
                Self { status, reason, headers: headers.unwrap_or_default().0 }
            }
        }
    }
}

impl From<&InterimResponse> for Or<u16, InterimTable> {
    fn from(response: &InterimResponse) -> Self {
        let status = response.status;
        if *response == InterimResponse::status(status) {
            return Self::Short(status);
        }
        let (reason, headers) = (response.reason.clone(), given_headers(&response.headers));
        Self::Table(InterimTable { status, reason, headers })
    }
}

/// Declares a table with required keys.
macro_rules! required {
    ($(#[$meta:meta])* $name:ident { $($(#[$key_meta:meta])* $key:ident: $type:ty,)* }, $syntax:literal) => {
        $(#[$meta])*
        #[derive(Debug, Deserialize, Serialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            $($(#[$key_meta])* pub(super) $key: $type,)*
        }

        impl Syntax for $name {
            const SYNTAX: &'static str = $syntax;
        }
    };
}

required! {
    /// An offset, and how the connection ends there.
    CutTable {
        /// A number of bytes.
        bytes: u64,
        /// How the connection ends.
        how: Word<Disconnect>,
    },
    "a table with bytes and how"
}

required! {
    /// An offset in the body, and the response there.
    RejectAfterTable {
        /// A number of bytes.
        bytes: u64,
        /// As for the key `reject`.
        reject: ErrorResponse,
    },
    "a table with bytes and reject"
}

required! {
    /// Bytes in place of a response.
    GarbageTable {
        /// The bytes.
        garbage: Bytes,
    },
    "a table with garbage"
}

/// How a response is lost, or the status that replaces it.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(
    untagged,
    expecting = "expected `reset`, `close`, `close_without_notify`, `half_close`, `stall` or a status from 300 to 599"
)]
pub(super) enum Loss {
    Status(u16),
    End(Word<Disconnect>),
}

equal! { Loss, ResponseLoss:
    { Loss::Status(status) } = { ResponseLoss::Status(status) }
    { Loss::End(Word(Disconnect::Reset)) } = { ResponseLoss::Reset }
    { Loss::End(Word(Disconnect::Close)) } = { ResponseLoss::Close }
    { Loss::End(Word(Disconnect::CloseWithoutNotify)) } = { ResponseLoss::CloseWithoutNotify }
    { Loss::End(Word(Disconnect::HalfClose)) } = { ResponseLoss::HalfClose }
    { Loss::End(Word(Disconnect::Stall)) } = { ResponseLoss::Stall }
}

/// When an operation is carried out, and what the client gets before.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "expected SECONDS up to 253402300799, or { seconds = SECONDS, then = as for lose }"
)]
pub(super) enum Later {
    Short(Seconds),
    Table {
        seconds: Seconds,
        #[serde(default, deserialize_with = "present")]
        then: Option<ResponseLoss>,
    },
}

impl From<Later> for DeferredCommit {
    fn from(form: Later) -> Self {
        let (Later::Short(Seconds(after)) | Later::Table { seconds: Seconds(after), .. }) = form;
        match form {
            Later::Table { then: Some(lose), .. } => Self { after, lose },
            _ => Self::after(after),
        }
    }
}

impl From<&DeferredCommit> for Later {
    fn from(later: &DeferredCommit) -> Self {
        let seconds = Seconds(later.after);
        if *later == DeferredCommit::after(later.after) {
            return Self::Short(seconds);
        }
        Self::Table { seconds, then: Some(later.lose) }
    }
}

/// A change of the response head without parameters.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum Alteration {
    WrongChecksum,
    UpperCaseChecksum,
    WrongSize,
}

/// A change of the response head.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "expected `wrong_checksum`, `upper_case_checksum`, `wrong_size`, { code = CODE }, \
                 { without = NAME }, { twice = NAME } or { with = NAME, value = VALUE }"
)]
pub(super) enum Alter {
    Word(Word<Alteration>),
    Code { code: i32 },
    Without { without: String },
    Twice { twice: String },
    With { with: String, value: String },
}

equal! { Alter, HeaderMutation:
    { Alter::Word(Word(Alteration::WrongChecksum)) } = { HeaderMutation::WrongChecksum }
    { Alter::Word(Word(Alteration::UpperCaseChecksum)) } = { HeaderMutation::UpperCaseChecksum }
    { Alter::Word(Word(Alteration::WrongSize)) } = { HeaderMutation::WrongSize }
    { Alter::Code { code } } = { HeaderMutation::Code(code) }
    { Alter::Without { without } } = { HeaderMutation::Without(without) }
    { Alter::Twice { twice } } = { HeaderMutation::Twice(twice) }
    { Alter::With { with, value } } = { HeaderMutation::With(with, value) }
}

/// A malformed response without parameters.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum Malformation {
    StatusLine,
    Chunk,
}

/// A malformed response.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "expected `status_line`, `chunk`, { content_length = N }, { truncate = N } or \
                 { garbage = TEXT }"
)]
pub(super) enum Garble {
    Word(Word<Malformation>),
    ContentLength { content_length: u64 },
    Truncate { truncate: u64 },
    Garbage { garbage: Bytes },
}

equal! { Garble, MalformedResponse:
    { Garble::Word(Word(Malformation::StatusLine)) } = { MalformedResponse::StatusLine }
    { Garble::Word(Word(Malformation::Chunk)) } = { MalformedResponse::Chunk }
    { Garble::ContentLength { content_length } } = { MalformedResponse::ContentLength(content_length) }
    { Garble::Truncate { truncate } } = { MalformedResponse::Truncate(truncate) }
    { Garble::Garbage { garbage: Bytes(bytes) } } = { MalformedResponse::Garbage(bytes) }
}
