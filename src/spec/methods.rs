//! The JSON-RPC methods: their parameters in positional order, and what they answer (§7.2–§7.4).

use super::basis::{D, DA, DO};
use super::rows::{ill, ok, refusal};
use super::{Basis, Cause, Operation, Row};

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// A session token.
    Token,
    /// Text; empty text counts as not given (§1.13).
    Text,
    /// Text in which empty means empty: a name, or a path whose emptiness has a code of its own.
    AnyText,
    /// An integer, or one written as a decimal string (§7.1.7).
    Integer,
    /// A boolean, 0, 1, or one of those as text (§7.1.7).
    Boolean,
    /// A cookie: an integer, or `false`, `null` or `""` for 0 (§7.1.7).
    Cookie,
    /// Any JSON, echoed as it came; `null` is a value here (§1.13).
    Any,
}

/// One parameter of a method.
#[derive(Debug)]
pub struct Param {
    /// Its name, for calls by name.
    pub name: &'static str,
    /// Another name it goes by.
    pub alias: Option<&'static str>,
    /// What it takes.
    pub kind: ParamKind,
    /// Whether the call is refused without it.
    pub required: bool,
    /// Why a value of the wrong kind is refused.
    pub bad: Cause,
}

/// How a method writes its result (§7.1.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A bare integer.
    Bare,
    /// An object with `code`.
    Object,
    /// The same, but with the parameter `detail` a failure has the detail's members too, empty.
    Detailed,
}

/// One method with its tables.
#[derive(Debug)]
pub struct Method {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it does.
    pub operation: Operation,
    /// Its parameters in positional order.
    pub params: &'static [Param],
    /// How its result is written.
    pub shape: Shape,
    /// The codes it gives; all come with HTTP 200 (§7.1.3).
    pub rows: &'static [Row],
    /// The section it stands in.
    pub cite: &'static str,
    /// What the signature rests on.
    pub basis: &'static [Basis],
}

/// The method of that name.
pub fn method_named(name: &str) -> Option<&'static Method> {
    METHODS.iter().copied().find(|method| method.name == name)
}

/// Every method of the origin.
pub const METHODS: &[&Method] = &[
    &MAKE_DIR,
    &MAKE_DIR2,
    &DELETE_DIR,
    &STAT,
    &DELETE_FILE,
    &CREATE_MULTIPART,
    &GET_MULTIPART_STATUS,
    &LIST_MULTIPART_PIECE,
    &COMPLETE_MULTIPART,
    &ABORT_MULTIPART,
    &LOGIN_METHOD,
    &LOGOUT,
    &NOOP,
    &PING,
];

const fn needed(name: &'static str, kind: ParamKind, bad: Cause) -> Param {
    Param { name, alias: None, kind, required: true, bad }
}

const fn optional(name: &'static str, kind: ParamKind, bad: Cause) -> Param {
    Param { name, alias: None, kind, required: false, bad }
}

const fn code(
    code: i32,
    causes: &'static [Cause],
    phrase: &'static str,
    basis: &'static [Basis],
) -> Row {
    refusal(200, code, causes, phrase, "§7", basis)
}

const fn on_request(code: i32, phrase: &'static str) -> Row {
    ill(200, code, phrase, "§7", D)
}

const OK: Row = ok("§7", D);
const TOKEN: Param = needed("token", ParamKind::Token, Cause::BadCredentials);
const BAD_TOKEN: Row = code(-10001, &[Cause::BadCredentials], "invalid or expired token", D);
const UNKNOWN_UPLOAD: Row = code(-2, &[Cause::UnknownUpload], "unknown multipart identifier", D);
const MPID: Param = needed("mpid", ParamKind::Text, Cause::UnknownUpload);
const OPERATION: Param = optional("operation", ParamKind::Any, Cause::Params);
const PATH: Param = needed("path", ParamKind::Text, Cause::NotFound);

/// `makeDir` (§7.2).
pub const MAKE_DIR: Method = Method {
    name: "makeDir",
    operation: Operation::MakeDirectory,
    params: &[TOKEN, needed("path", ParamKind::AnyText, Cause::InvalidPath)],
    shape: Shape::Bare,
    rows: &[
        OK,
        code(-1, &[Cause::EmptyPath, Cause::InvalidPath], "empty or malformed path", D),
        code(-2, &[Cause::IsFile, Cause::IsDirectory], "name is taken", DA),
        code(-3, &[Cause::NoParent, Cause::FileInPath], "parent directory does not exist", D),
        code(-8, &[Cause::PathTooLong], "path too long", D),
        BAD_TOKEN,
        on_request(-4, "internal error"),
        on_request(-5, "internal error"),
        on_request(-6, "permission denied"),
    ],
    cite: "§7.2",
    basis: D,
};

/// `makeDir2` (§7.2).
pub const MAKE_DIR2: Method = Method {
    name: "makeDir2",
    rows: &[
        OK,
        code(-1, &[Cause::EmptyPath, Cause::InvalidPath], "empty or malformed path", D),
        code(-2, &[Cause::IsFile, Cause::FileInPath], "a file is in the way", D),
        code(-8, &[Cause::PathTooLong], "path too long", D),
        BAD_TOKEN,
        on_request(-3, "internal error"),
        on_request(-4, "internal error"),
        on_request(-5, "internal error"),
        on_request(-6, "permission denied"),
    ],
    ..MAKE_DIR
};

/// `deleteDir` (§7.2).
pub const DELETE_DIR: Method = Method {
    name: "deleteDir",
    operation: Operation::DeleteDirectory,
    params: &[TOKEN, PATH],
    shape: Shape::Bare,
    rows: &[
        OK,
        code(-1, MISSING, "no such directory", D),
        code(-6, &[Cause::IsRoot], "the root cannot be removed", D),
        code(-7, &[Cause::NotEmpty], "directory not empty", D),
        BAD_TOKEN,
        on_request(-5, "internal error"),
    ],
    cite: "§7.2",
    basis: D,
};

/// All the ways in which a path can name nothing: a path that cannot be one names nothing.
const MISSING: &[Cause] = &[
    Cause::NotFound,
    Cause::NoParent,
    Cause::FileInPath,
    Cause::IsFile,
    Cause::IsDirectory,
    Cause::InvalidPath,
    Cause::EmptyPath,
    Cause::PathTooLong,
];

/// `stat` (§7.2).
pub const STAT: Method = Method {
    name: "stat",
    operation: Operation::Stat,
    params: &[TOKEN, PATH, optional("detail", ParamKind::Boolean, Cause::Params)],
    shape: Shape::Detailed,
    rows: &[OK, code(-1, MISSING, "no such path", D), BAD_TOKEN],
    cite: "§7.2",
    basis: D,
};

/// `deleteFile` (§7.2).
pub const DELETE_FILE: Method = Method {
    name: "deleteFile",
    operation: Operation::DeleteFile,
    params: &[TOKEN, PATH],
    shape: Shape::Bare,
    rows: &[OK, code(-1, MISSING, "no such file", D), BAD_TOKEN],
    cite: "§7.2",
    basis: D,
};

/// `createMultipart` (§7.3).
pub const CREATE_MULTIPART: Method = Method {
    name: "createMultipart",
    operation: Operation::Create,
    params: &[
        TOKEN,
        needed("path", ParamKind::Text, Cause::InvalidPath),
        optional("content_type", ParamKind::Text, Cause::ContentType),
        optional("mtime", ParamKind::Integer, Cause::MTime),
    ],
    shape: Shape::Object,
    rows: &[
        OK,
        code(-1, &[Cause::TooManyUploads], "too many open uploads", D),
        code(
            -16,
            &[Cause::InvalidPath, Cause::EmptyPath, Cause::PathTooLong],
            "invalid path or name",
            D,
        ),
        code(-20, &[Cause::MTime], "mtime is not a non-negative integer", D),
        code(-21, &[Cause::ContentType], "invalid content type", D),
        code(
            -23,
            &[Cause::NoParent, Cause::FileInPath, Cause::IsDirectory],
            "parent directory does not exist",
            D,
        ),
        BAD_TOKEN,
        on_request(-27, "internal error"),
    ],
    cite: "§7.3",
    basis: D,
};

/// `getMultipartStatus` (§7.3).
pub const GET_MULTIPART_STATUS: Method = Method {
    name: "getMultipartStatus",
    operation: Operation::Status,
    params: &[TOKEN, MPID],
    shape: Shape::Object,
    rows: &[OK, UNKNOWN_UPLOAD, BAD_TOKEN],
    cite: "§7.3",
    basis: D,
};

/// `listMultipartPiece` (§7.3).
pub const LIST_MULTIPART_PIECE: Method = Method {
    name: "listMultipartPiece",
    operation: Operation::ListPieces,
    params: &[
        TOKEN,
        MPID,
        Param { alias: Some("lastpiece"), ..optional("cookie", ParamKind::Cookie, Cause::Cookie) },
        optional("pagesize", ParamKind::Integer, Cause::PageSize),
    ],
    shape: Shape::Object,
    rows: &[
        OK,
        UNKNOWN_UPLOAD,
        code(-3, &[Cause::Cookie], "invalid cookie", D),
        code(-14, &[Cause::PageSize], "invalid page size", D),
        BAD_TOKEN,
        on_request(-26, "service unavailable"),
    ],
    cite: "§7.3",
    basis: DO,
};

/// `completeMultipart` (§7.3).
pub const COMPLETE_MULTIPART: Method = Method {
    name: "completeMultipart",
    operation: Operation::Complete,
    params: &[TOKEN, MPID],
    shape: Shape::Object,
    rows: &[
        OK,
        UNKNOWN_UPLOAD,
        code(-4, &[Cause::NoPieces], "upload has no pieces", D),
        code(-5, &[Cause::Gaps], "part numbers are not consecutive", D),
        code(-8, &[Cause::WrongState], "upload is not open", D),
        code(-17, &[Cause::Aborted], "upload was aborted", D),
        BAD_TOKEN,
    ],
    cite: "§7.3",
    basis: D,
};

/// `abortMultipart` (§7.3).
pub const ABORT_MULTIPART: Method = Method {
    name: "abortMultipart",
    operation: Operation::Abort,
    params: &[TOKEN, MPID],
    shape: Shape::Bare,
    rows: &[
        OK,
        UNKNOWN_UPLOAD,
        code(-17, &[Cause::Aborted], "upload was aborted already", D),
        code(-18, &[Cause::NotAbortable], "upload cannot be aborted", D),
        BAD_TOKEN,
    ],
    cite: "§7.3",
    basis: DO,
};

/// `login` (§7.4). A missing name or password is an error object of the envelope.
pub const LOGIN_METHOD: Method = Method {
    name: "login",
    operation: Operation::Login,
    params: &[
        optional("username", ParamKind::AnyText, Cause::Params),
        optional("password", ParamKind::AnyText, Cause::Params),
        optional("detail", ParamKind::Boolean, Cause::Params),
    ],
    shape: Shape::Bare,
    rows: &[
        OK,
        code(-40, &[Cause::EmptyName], "empty user name", D),
        code(-41, &[Cause::EmptyPassword], "empty password", D),
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
    shape: Shape::Object,
    rows: &[OK],
    cite: "§7.4",
    basis: D,
};
