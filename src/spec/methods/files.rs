//! Methods about directories and files (§7.2).

use super::super::basis::{D, DA, DOA, O};
use super::super::{Cause, Operation, Row};
use super::{BAD_TOKEN, Method, OK, Param, ParamKind, Shape, TOKEN, needed, optional, rows_cite};

rows_cite!("§7.2");

const PATH: Param = needed("path", ParamKind::Text, Cause::NotFound);

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

const MISSING_ROW: Row = code(-1, MISSING, "no such path", D);
const TOO_LONG: Row = code(-8, &[Cause::PathTooLong], "path too long", D);

/// `makeDir` (§7.2).
pub const MAKE_DIR: Method = Method {
    name: "makeDir",
    operation: Operation::MakeDirectory,
    params: &[TOKEN, needed("path", ParamKind::AnyText, Cause::InvalidPath)],
    short_form: &[],
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
    short_form: &[],
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

/// `stat` (§7.2).
pub const STAT: Method = Method {
    name: "stat",
    operation: Operation::Stat,
    params: &[TOKEN, PATH, optional("detail", ParamKind::Boolean, Cause::Params)],
    short_form: &[],
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
    short_form: &[],
    shape: Shape::Bare,
    rows: &[OK, code(-1, MISSING, "no such file", D), BAD_TOKEN],
    cite: "§7.2",
    basis: D,
};

const LIST_PARAMS: &[Param] = &[
    TOKEN,
    PATH,
    optional("pageSize", ParamKind::Integer, Cause::PageSize),
    optional("cookie", ParamKind::Cookie, Cause::Cookie),
    optional("stat", ParamKind::Boolean, Cause::Params),
];

/// `listDir` (§7.2).
pub const LIST_DIR: Method = Method {
    name: "listDir",
    operation: Operation::List,
    params: LIST_PARAMS,
    short_form: &[],
    shape: Shape::Object,
    rows: &[
        OK,
        MISSING_ROW,
        code(-11, &[Cause::Cookie], "invalid cookie", D),
        code(-12, &[Cause::PageSize], "invalid page size", D),
        BAD_TOKEN,
    ],
    cite: "§7.2",
    basis: DOA,
};

/// `listFile` (§7.2).
pub const LIST_FILE: Method = Method { name: "listFile", ..LIST_DIR };

/// `listPath` (§7.2).
pub const LIST_PATH: Method = Method {
    name: "listPath",
    rows: &[
        OK,
        // A path that is too long has a code of its own here, so it is not among the missing.
        code(-1, MISSING_BUT_FOR_LENGTH, "no such path", D),
        TOO_LONG,
        code(-11, &[Cause::Cookie], "invalid cookie", D),
        code(-12, &[Cause::PageSize], "invalid page size", D),
        BAD_TOKEN,
    ],
    ..LIST_DIR
};

/// `rename` (§7.2). A directory can be renamed only while it is empty.
pub const RENAME: Method = Method {
    name: "rename",
    operation: Operation::Rename,
    params: &[
        TOKEN,
        needed("oldpath", ParamKind::Text, Cause::NotFound),
        needed("newpath", ParamKind::Text, Cause::NotFound),
    ],
    short_form: &[],
    shape: Shape::Bare,
    rows: &[
        OK,
        code(-1, RENAME_MISSING, "no such path, or the same one", D),
        code(-3, &[Cause::NoTargetParent], "parent directory does not exist", D),
        code(-2, &[Cause::TargetExists], "name is taken", D),
        code(-3, &[Cause::TargetExistsAsNoParent], "name is taken (rename_taken=-3)", O),
        code(-6, &[Cause::IsRoot], "the root cannot be renamed", D),
        code(-7, &[Cause::NotEmpty], "directory not empty", D),
        BAD_TOKEN,
    ],
    cite: "§7.2",
    basis: D,
};

/// `renameFile` (§7.2), undocumented.
pub const RENAME_FILE: Method = Method { name: "renameFile", ..RENAME };

/// `setMTime` (§7.2).
pub const SET_MTIME: Method = Method {
    name: "setMTime",
    operation: Operation::SetMTime,
    params: &[TOKEN, PATH, needed("mtime", ParamKind::Integer, Cause::MTime)],
    short_form: &[],
    shape: Shape::Bare,
    rows: &[
        OK,
        code(-1, MISSING_BUT_FOR_LENGTH, "no such path", D),
        TOO_LONG,
        code(-27, &[Cause::MTime], "mtime is not a non-negative integer", D),
        BAD_TOKEN,
        on_request(-5, "internal error"),
    ],
    cite: "§7.2",
    basis: D,
};

/// `setContentType` (§7.2).
pub const SET_CONTENT_TYPE: Method = Method {
    name: "setContentType",
    operation: Operation::SetContentType,
    params: &[TOKEN, PATH, needed("content_type", ParamKind::Text, Cause::ContentType)],
    short_form: &[],
    shape: Shape::Bare,
    rows: &[
        OK,
        code(-1, &[Cause::NotFound, Cause::InvalidPath, Cause::EmptyPath], "no such path", D),
        code(-3, &[Cause::NoParent, Cause::FileInPath], "parent directory does not exist", D),
        code(-6, &[Cause::ForeignGroup], "permission denied", D),
        TOO_LONG,
        code(-33, &[Cause::ContentType], "invalid content type", D),
        BAD_TOKEN,
    ],
    cite: "§7.2",
    basis: D,
};

/// `fetchFileHTTP` (§7.2).
pub const FETCH_FILE_HTTP: Method = Method {
    name: "fetchFileHTTP",
    operation: Operation::Fetch,
    params: &[
        TOKEN,
        needed("path", ParamKind::Text, Cause::Params),
        needed("uri", ParamKind::Text, Cause::Uri),
        optional("username", ParamKind::Any, Cause::Params),
        optional("password", ParamKind::Any, Cause::Params),
        optional("auth", ParamKind::Any, Cause::Params),
        optional("callbackid", ParamKind::Any, Cause::Params),
        optional("priority", ParamKind::Any, Cause::Params),
        optional("flags", ParamKind::Any, Cause::FetchFlags),
        optional("expose_egress", ParamKind::Any, Cause::Params),
    ],
    short_form: &["token", "path", "uri", "flags"],
    shape: Shape::Bare,
    rows: &[
        OK,
        code(-13, &[Cause::FetchFlags], "invalid flags", D),
        code(-14, &[Cause::Uri], "invalid uri", D),
        BAD_TOKEN,
        on_request(-4, "internal error"),
        on_request(-56, "service unavailable"),
    ],
    cite: "§7.2",
    basis: DOA,
};

/// `mediaVaultUrl` (§7.2).
pub const MEDIA_VAULT_URL: Method = Method {
    name: "mediaVaultUrl",
    operation: Operation::MediaVault,
    params: &[
        TOKEN,
        needed("path", ParamKind::Text, Cause::PathTooLong),
        optional("expiry", ParamKind::Integer, Cause::Expiry),
    ],
    short_form: &[],
    shape: Shape::Object,
    rows: &[
        OK,
        code(-2, &[Cause::IsDirectory], "path is a directory", D),
        code(-8, &[Cause::PathTooLong, Cause::InvalidPath], "invalid path", DA),
        code(-34, &[Cause::Expiry], "invalid expiry", D),
        BAD_TOKEN,
        on_request(-1, "internal error"),
        on_request(-60, "service unavailable"),
    ],
    cite: "§7.2",
    basis: D,
};

/// `mediaVaultURL` (§7.2), the same under its other name.
pub const MEDIA_VAULT_URL_ALIAS: Method = Method { name: "mediaVaultURL", ..MEDIA_VAULT_URL };

/// `copyFile` (§7.2), undocumented.
pub const COPY_FILE: Method = Method {
    name: "copyFile",
    operation: Operation::Copy,
    params: &[
        TOKEN,
        needed("from", ParamKind::Text, Cause::NotFound),
        needed("to", ParamKind::Text, Cause::NoTargetParent),
    ],
    short_form: &[],
    shape: Shape::Bare,
    rows: &[
        OK,
        code(-1, MISSING, "no such file", D),
        code(-2, &[Cause::NoTargetParent, Cause::TargetExists], "no place for the copy", DA),
        BAD_TOKEN,
    ],
    cite: "§7.2",
    basis: DOA,
};

/// `deleteObject` (§7.2), undocumented: a file or an empty directory.
pub const DELETE_OBJECT: Method = Method {
    name: "deleteObject",
    operation: Operation::DeleteObject,
    params: &[TOKEN, PATH],
    short_form: &[],
    shape: Shape::Bare,
    rows: &[
        OK,
        MISSING_ROW,
        code(-2, &[Cause::NotEmpty], "directory not empty", D),
        code(-6, &[Cause::IsRoot], "the root cannot be removed", D),
        BAD_TOKEN,
    ],
    cite: "§7.2",
    basis: DOA,
};

/// As [`MISSING`], for methods in which a path that is too long has a code of its own.
const MISSING_BUT_FOR_LENGTH: &[Cause] = &[
    Cause::NotFound,
    Cause::NoParent,
    Cause::FileInPath,
    Cause::IsFile,
    Cause::IsDirectory,
    Cause::InvalidPath,
    Cause::EmptyPath,
];

/// As [`MISSING`], and the same name twice.
const RENAME_MISSING: &[Cause] = &[
    Cause::NotFound,
    Cause::NoParent,
    Cause::FileInPath,
    Cause::InvalidPath,
    Cause::EmptyPath,
    Cause::PathTooLong,
    Cause::SameName,
];
