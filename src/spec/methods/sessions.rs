//! Methods about sessions (§7.4).

use super::super::basis::{D, DA};
use super::super::{Cause, Operation, Row};
use super::{BAD_TOKEN, Method, OK, Param, ParamKind, Shape, TOKEN, optional, rows_cite};

rows_cite!("§7.4");

const OPERATION: Param = optional("operation", ParamKind::Any, Cause::Params);
const USERNAME: Param = optional("username", ParamKind::AnyText, Cause::Params);
const PASSWORD: Param = optional("password", ParamKind::AnyText, Cause::Params);
const EMPTY_NAME: Row = code(-40, &[Cause::EmptyName], "empty user name", D);
const EMPTY_PASSWORD: Row = code(-41, &[Cause::EmptyPassword], "empty password", D);

/// `login` (§7.4). A missing name or password is an error object of the envelope.
pub const LOGIN_METHOD: Method = Method {
    name: "login",
    operation: Operation::Login,
    params: &[USERNAME, PASSWORD, optional("detail", ParamKind::Boolean, Cause::Params)],
    short_form: &[],
    shape: Shape::Bare,
    rows: &[
        OK,
        EMPTY_NAME,
        EMPTY_PASSWORD,
        // No code goes over the wire here: the answer is `[null, null]`.
        code(-10001, &[Cause::WrongPassword], "invalid username or password", D),
    ],
    cite: "§7.4",
    basis: D,
};

/// `logout` (§7.4).
pub const LOGOUT: Method = Method {
    name: "logout",
    operation: Operation::Logout,
    params: &[TOKEN],
    short_form: &[],
    shape: Shape::Bare,
    rows: &[
        OK,
        code(-1, &[Cause::BadCredentials], "invalid or expired token", D),
        on_request(-2, "internal error"),
    ],
    cite: "§7.4",
    basis: D,
};

/// `noop` (§7.4).
pub const NOOP: Method = Method {
    name: "noop",
    operation: Operation::Echo,
    params: &[TOKEN, OPERATION],
    short_form: &[],
    shape: Shape::Object,
    rows: &[OK, BAD_TOKEN],
    cite: "§7.4",
    basis: D,
};

/// `ping` (§7.4), which needs no token.
pub const PING: Method = Method {
    name: "ping",
    operation: Operation::Echo,
    params: &[OPERATION],
    short_form: &[],
    shape: Shape::Object,
    rows: &[OK],
    cite: "§7.4",
    basis: D,
};

/// `authenticate` (§7.4). Its failures have all members of a session.
pub const AUTHENTICATE: Method = Method {
    name: "authenticate",
    operation: Operation::Login,
    params: &[
        USERNAME,
        PASSWORD,
        optional("expiry", ParamKind::Integer, Cause::Expiry),
        optional("subdir", ParamKind::Text, Cause::NoSubdirectory),
    ],
    short_form: &[],
    shape: Shape::Session,
    rows: &[
        OK,
        EMPTY_NAME,
        EMPTY_PASSWORD,
        code(
            -10001,
            &[Cause::WrongPassword, Cause::NoNameOrPassword],
            "invalid username or password",
            D,
        ),
        code(-34, &[Cause::Expiry], "invalid expiry", D),
        code(-47, &[Cause::NoSubdirectory], "subdirectory does not exist", D),
    ],
    cite: "§7.4",
    basis: DA,
};

/// `checkToken` (§7.4).
pub const CHECK_TOKEN: Method = Method {
    name: "checkToken",
    operation: Operation::CheckToken,
    params: &[TOKEN],
    short_form: &[],
    shape: Shape::Object,
    rows: &[OK, BAD_TOKEN],
    cite: "§7.4",
    basis: D,
};

/// `updateSession` (§7.4), which works once for a token.
pub const UPDATE_SESSION: Method = Method {
    name: "updateSession",
    operation: Operation::UpdateSession,
    params: &[TOKEN, optional("expire", ParamKind::Integer, Cause::Expiry)],
    short_form: &[],
    shape: Shape::Bare,
    rows: &[
        OK,
        code(-1, &[Cause::UpdatedAlready], "session was updated already", D),
        code(-34, &[Cause::Expiry], "invalid expiry", D),
        BAD_TOKEN,
    ],
    cite: "§7.4",
    basis: D,
};

/// `initKeyPair` (§7.4).
pub const INIT_KEY_PAIR: Method = Method {
    name: "initKeyPair",
    operation: Operation::InitKeyPair,
    params: &[TOKEN],
    short_form: &[],
    shape: Shape::Object,
    rows: &[OK, BAD_TOKEN, on_request(-10004, "internal error")],
    cite: "§7.4",
    basis: D,
};
