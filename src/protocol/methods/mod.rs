//! The JSON-RPC methods: their parameters in positional order, and their result codes (§7.2–§7.4).
//! The tables decide nothing; `api::rpc` reads them. Start with [`Method`].

mod files;
mod multipart;
mod sessions;

use super::provenance::D;
use super::result_codes::{ok, rejection};
use super::{ErrorKind, Operation, Provenance, ResultCode};

pub(crate) use files::{
    COPY_FILE, DELETE_DIR, DELETE_FILE, DELETE_OBJECT, FETCH_FILE_HTTP, LIST_DIR, LIST_FILE,
    LIST_PATH, MAKE_DIR, MAKE_DIR2, MEDIA_VAULT_URL, MEDIA_VAULT_URL_ALIAS, RENAME, RENAME_FILE,
    SET_CONTENT_TYPE, SET_MTIME, STAT,
};
pub use multipart::{ABORT_MULTIPART, RESTART_MULTIPART};
pub(crate) use multipart::{
    COMPLETE_MULTIPART, CREATE_MULTIPART, GET_MULTIPART_STATUS, GET_MULTIPART_STATUS_MAP,
    LIST_MULTIPART, LIST_MULTIPART_PIECE,
};
pub(crate) use sessions::{
    AUTHENTICATE, CHECK_TOKEN, INIT_KEY_PAIR, LOGIN_METHOD, LOGOUT, NOOP, PING, UPDATE_SESSION,
};

/// The kind of value that a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// A session token.
    Token,
    /// Text. Empty text counts as not given (§1.13).
    Text,
    /// Text that may be empty: a name, or a path whose emptiness has its own code.
    AnyText,
    /// An integer, or one written as a decimal string (§7.1.7).
    Integer,
    /// A boolean, 0, 1, or one of those as text (§7.1.7).
    Boolean,
    /// A cookie: an integer, or `false`, `null` or `""` for 0 (§7.1.7).
    Cookie,
    /// Any JSON, echoed unchanged. `null` is a value here (§1.13).
    Any,
}

/// A parameter of a method.
#[derive(Debug)]
pub struct Param {
    /// Its name, for calls by name.
    pub name: &'static str,
    /// An alternative name.
    pub alias: Option<&'static str>,
    /// The kind of value that it takes.
    pub kind: ParamKind,
    /// Whether a call without it is rejected.
    pub required: bool,
    /// The error for a value of the wrong kind.
    pub bad: ErrorKind,
}

/// The form in which a method writes its result (§7.1.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A bare integer.
    Bare,
    /// An object with `code`.
    Object,
    /// The same, but with the parameter `detail` a failure also has the members of the detail,
    /// empty.
    Detailed,
    /// The same, but a failure also has all members of a session, empty.
    Session,
}

/// A method with its tables.
#[derive(Debug)]
pub struct Method {
    /// Its name on the wire.
    pub name: &'static str,
    /// The operation.
    pub operation: Operation,
    /// Its parameters in positional order.
    pub params: &'static [Param],
    /// The names of the positional parameters if there are no more than these, because one method
    /// has two orders. Empty for all others.
    pub short_form: &'static [&'static str],
    /// The form of its result.
    pub shape: Shape,
    /// Its result codes. All are sent with HTTP 200 (§7.1.3).
    pub results: &'static [ResultCode],
    /// The section that describes it.
    pub section: &'static str,
    /// The source of the signature.
    pub provenance: &'static [Provenance],
}

/// Returns the method of that name.
pub fn method_named(name: &str) -> Option<&'static Method> {
    METHODS.iter().copied().find(|method| method.name == name)
}

/// Every method of the origin, in the order of the tables of the protocol.
pub const METHODS: &[&Method] = &[
    &MAKE_DIR,
    &MAKE_DIR2,
    &DELETE_DIR,
    &LIST_DIR,
    &LIST_FILE,
    &LIST_PATH,
    &STAT,
    &RENAME,
    &SET_MTIME,
    &SET_CONTENT_TYPE,
    &DELETE_FILE,
    &FETCH_FILE_HTTP,
    &MEDIA_VAULT_URL,
    &MEDIA_VAULT_URL_ALIAS,
    &COPY_FILE,
    &DELETE_OBJECT,
    &RENAME_FILE,
    &CREATE_MULTIPART,
    &GET_MULTIPART_STATUS,
    &GET_MULTIPART_STATUS_MAP,
    &LIST_MULTIPART,
    &LIST_MULTIPART_PIECE,
    &COMPLETE_MULTIPART,
    &ABORT_MULTIPART,
    &RESTART_MULTIPART,
    &LOGIN_METHOD,
    &AUTHENTICATE,
    &LOGOUT,
    &CHECK_TOKEN,
    &UPDATE_SESSION,
    &NOOP,
    &PING,
    &INIT_KEY_PAIR,
];

const fn needed(name: &'static str, kind: ParamKind, bad: ErrorKind) -> Param {
    Param { name, alias: None, kind, required: true, bad }
}

const fn optional(name: &'static str, kind: ParamKind, bad: ErrorKind) -> Param {
    Param { name, alias: None, kind, required: false, bad }
}

const TOKEN: Param = needed("token", ParamKind::Token, ErrorKind::BadCredentials);
const BAD_TOKEN: ResultCode =
    rejection(200, -10001, &[ErrorKind::BadCredentials], "invalid or expired token", "§7.1.6", D);
const OK: ResultCode = ok("§7.1.10", D);

/// Defines the constructors of result codes for a module whose codes all cite one section.
macro_rules! rows_cite {
    ($section:literal) => {
        const fn code(
            code: i32,
            causes: &'static [crate::protocol::ErrorKind],
            phrase: &'static str,
            provenance: &'static [crate::protocol::Provenance],
        ) -> crate::protocol::ResultCode {
            crate::protocol::result_codes::rejection(
                200, code, causes, phrase, $section, provenance,
            )
        }

        #[allow(dead_code)] // not every section has result codes that only a fault can cause
        const fn fault_only(code: i32, phrase: &'static str) -> crate::protocol::ResultCode {
            crate::protocol::result_codes::server_error(
                200,
                code,
                phrase,
                $section,
                crate::protocol::provenance::D,
            )
        }
    };
}
use rows_cite;
