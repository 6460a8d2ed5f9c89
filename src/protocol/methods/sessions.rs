//! The methods for sessions (§7.4).

use super::super::provenance::{D, DA};
use super::super::{ErrorKind, Operation, ResultCode};
use super::{BAD_TOKEN, Method, OK, Param, ParamKind, Shape, TOKEN, optional, rows_cite};

rows_cite!("§7.4");

const OPERATION: Param = optional("operation", ParamKind::Any, ErrorKind::Params);
const USERNAME: Param = optional("username", ParamKind::AnyText, ErrorKind::Params);
const PASSWORD: Param = optional("password", ParamKind::AnyText, ErrorKind::Params);
const EMPTY_NAME: ResultCode = code(-40, &[ErrorKind::EmptyName], "empty user name", D);
const EMPTY_PASSWORD: ResultCode = code(-41, &[ErrorKind::EmptyPassword], "empty password", D);

/// `login` (§7.4). A missing name or password is an error object of the envelope.
pub(crate) const LOGIN_METHOD: Method = Method {
    name: "login",
    operation: Operation::Login,
    params: &[USERNAME, PASSWORD, optional("detail", ParamKind::Boolean, ErrorKind::Params)],
    short_form: &[],
    shape: Shape::Bare,
    results: &[
        OK,
        EMPTY_NAME,
        EMPTY_PASSWORD,
        // The wire carries no code here: the response is `[null, null]`.
        code(-10001, &[ErrorKind::WrongPassword], "invalid username or password", D),
    ],
    section: "§7.4",
    provenance: D,
};

/// `logout` (§7.4).
pub(crate) const LOGOUT: Method = Method {
    name: "logout",
    operation: Operation::Logout,
    params: &[TOKEN],
    short_form: &[],
    shape: Shape::Bare,
    results: &[
        OK,
        code(-1, &[ErrorKind::BadCredentials], "invalid or expired token", D),
        fault_only(-2, "internal error"),
    ],
    section: "§7.4",
    provenance: D,
};

/// `noop` (§7.4).
pub(crate) const NOOP: Method = Method {
    name: "noop",
    operation: Operation::Echo,
    params: &[TOKEN, OPERATION],
    short_form: &[],
    shape: Shape::Object,
    results: &[OK, BAD_TOKEN],
    section: "§7.4",
    provenance: D,
};

/// `ping` (§7.4), which needs no token.
pub(crate) const PING: Method = Method {
    name: "ping",
    operation: Operation::Echo,
    params: &[OPERATION],
    short_form: &[],
    shape: Shape::Object,
    results: &[OK],
    section: "§7.4",
    provenance: D,
};

/// `authenticate` (§7.4). Its failures have all members of a session.
pub(crate) const AUTHENTICATE: Method = Method {
    name: "authenticate",
    operation: Operation::Login,
    params: &[
        USERNAME,
        PASSWORD,
        optional("expiry", ParamKind::Integer, ErrorKind::Expiry),
        optional("subdir", ParamKind::Text, ErrorKind::NoSubdirectory),
    ],
    short_form: &[],
    shape: Shape::Session,
    results: &[
        OK,
        EMPTY_NAME,
        EMPTY_PASSWORD,
        code(
            -10001,
            &[ErrorKind::WrongPassword, ErrorKind::NoNameOrPassword],
            "invalid username or password",
            D,
        ),
        code(-34, &[ErrorKind::Expiry], "invalid expiry", D),
        code(-47, &[ErrorKind::NoSubdirectory], "subdirectory does not exist", D),
    ],
    section: "§7.4",
    provenance: DA,
};

/// `checkToken` (§7.4).
pub(crate) const CHECK_TOKEN: Method = Method {
    name: "checkToken",
    operation: Operation::CheckToken,
    params: &[TOKEN],
    short_form: &[],
    shape: Shape::Object,
    results: &[OK, BAD_TOKEN],
    section: "§7.4",
    provenance: D,
};

/// `updateSession` (§7.4), which works once for a token.
pub(crate) const UPDATE_SESSION: Method = Method {
    name: "updateSession",
    operation: Operation::UpdateSession,
    params: &[TOKEN, optional("expire", ParamKind::Integer, ErrorKind::Expiry)],
    short_form: &[],
    shape: Shape::Bare,
    results: &[
        OK,
        code(-1, &[ErrorKind::UpdatedAlready], "session was updated already", D),
        code(-34, &[ErrorKind::Expiry], "invalid expiry", D),
        BAD_TOKEN,
    ],
    section: "§7.4",
    provenance: D,
};

/// `initKeyPair` (§7.4).
pub(crate) const INIT_KEY_PAIR: Method = Method {
    name: "initKeyPair",
    operation: Operation::InitKeyPair,
    params: &[TOKEN],
    short_form: &[],
    shape: Shape::Object,
    results: &[OK, BAD_TOKEN, fault_only(-10004, "internal error")],
    section: "§7.4",
    provenance: D,
};
