//! The methods for directories and files (§7.2).

use super::super::provenance::{D, DA, DOA, O};
use super::super::{ErrorKind, Operation, ResultCode};
use super::{BAD_TOKEN, Method, OK, Param, ParamKind, Shape, TOKEN, needed, optional, rows_cite};

rows_cite!("§7.2");

const PATH: Param = needed("path", ParamKind::Text, ErrorKind::NotFound);

/// Every reason for which a path names nothing. An invalid path names nothing either.
const MISSING: &[ErrorKind] = &[
    ErrorKind::NotFound,
    ErrorKind::NoParent,
    ErrorKind::FileInPath,
    ErrorKind::IsFile,
    ErrorKind::IsDirectory,
    ErrorKind::InvalidPath,
    ErrorKind::EmptyPath,
    ErrorKind::PathTooLong,
];

const MISSING_ROW: ResultCode = code(-1, MISSING, "no such path", D);
const TOO_LONG: ResultCode = code(-8, &[ErrorKind::PathTooLong], "path too long", D);

/// `makeDir` (§7.2).
pub(crate) const MAKE_DIR: Method = Method {
    name: "makeDir",
    operation: Operation::MakeDirectory,
    params: &[TOKEN, needed("path", ParamKind::AnyText, ErrorKind::InvalidPath)],
    short_form: &[],
    shape: Shape::Bare,
    results: &[
        OK,
        code(-1, &[ErrorKind::EmptyPath, ErrorKind::InvalidPath], "empty or malformed path", D),
        code(-2, &[ErrorKind::IsFile, ErrorKind::IsDirectory], "name is taken", DA),
        code(
            -3,
            &[ErrorKind::NoParent, ErrorKind::FileInPath],
            "parent directory does not exist",
            D,
        ),
        code(-8, &[ErrorKind::PathTooLong], "path too long", D),
        BAD_TOKEN,
        fault_only(-4, "internal error"),
        fault_only(-5, "internal error"),
        fault_only(-6, "permission denied"),
    ],
    section: "§7.2",
    provenance: D,
};

/// `makeDir2` (§7.2).
pub(crate) const MAKE_DIR2: Method = Method {
    name: "makeDir2",
    results: &[
        OK,
        code(-1, &[ErrorKind::EmptyPath, ErrorKind::InvalidPath], "empty or malformed path", D),
        code(-2, &[ErrorKind::IsFile, ErrorKind::FileInPath], "a file is in the way", D),
        code(-8, &[ErrorKind::PathTooLong], "path too long", D),
        BAD_TOKEN,
        fault_only(-3, "internal error"),
        fault_only(-4, "internal error"),
        fault_only(-5, "internal error"),
        fault_only(-6, "permission denied"),
    ],
    ..MAKE_DIR
};

/// `deleteDir` (§7.2).
pub(crate) const DELETE_DIR: Method = Method {
    name: "deleteDir",
    operation: Operation::DeleteDirectory,
    params: &[TOKEN, PATH],
    short_form: &[],
    shape: Shape::Bare,
    results: &[
        OK,
        code(-1, MISSING, "no such directory", D),
        code(-6, &[ErrorKind::IsRoot], "the root cannot be removed", D),
        code(-7, &[ErrorKind::NotEmpty], "directory not empty", D),
        BAD_TOKEN,
        fault_only(-5, "internal error"),
    ],
    section: "§7.2",
    provenance: D,
};

/// `stat` (§7.2).
pub(crate) const STAT: Method = Method {
    name: "stat",
    operation: Operation::Stat,
    params: &[TOKEN, PATH, optional("detail", ParamKind::Boolean, ErrorKind::Params)],
    short_form: &[],
    shape: Shape::Detailed,
    results: &[OK, code(-1, MISSING, "no such path", D), BAD_TOKEN],
    section: "§7.2",
    provenance: D,
};

/// `deleteFile` (§7.2).
pub(crate) const DELETE_FILE: Method = Method {
    name: "deleteFile",
    operation: Operation::DeleteFile,
    params: &[TOKEN, PATH],
    short_form: &[],
    shape: Shape::Bare,
    results: &[OK, code(-1, MISSING, "no such file", D), BAD_TOKEN],
    section: "§7.2",
    provenance: D,
};

const LIST_PARAMS: &[Param] = &[
    TOKEN,
    PATH,
    optional("pageSize", ParamKind::Integer, ErrorKind::PageSize),
    optional("cookie", ParamKind::Cookie, ErrorKind::Cookie),
    optional("stat", ParamKind::Boolean, ErrorKind::Params),
];

/// `listDir` (§7.2).
pub(crate) const LIST_DIR: Method = Method {
    name: "listDir",
    operation: Operation::List,
    params: LIST_PARAMS,
    short_form: &[],
    shape: Shape::Object,
    results: &[
        OK,
        MISSING_ROW,
        code(-11, &[ErrorKind::Cookie], "invalid cookie", D),
        code(-12, &[ErrorKind::PageSize], "invalid page size", D),
        BAD_TOKEN,
    ],
    section: "§7.2",
    provenance: DOA,
};

/// `listFile` (§7.2).
pub(crate) const LIST_FILE: Method = Method { name: "listFile", ..LIST_DIR };

/// `listPath` (§7.2).
pub(crate) const LIST_PATH: Method = Method {
    name: "listPath",
    results: &[
        OK,
        // A path that is too long has its own code here, so it is not in the list of missing paths.
        code(-1, MISSING_BUT_FOR_LENGTH, "no such path", D),
        TOO_LONG,
        code(-11, &[ErrorKind::Cookie], "invalid cookie", D),
        code(-12, &[ErrorKind::PageSize], "invalid page size", D),
        BAD_TOKEN,
    ],
    ..LIST_DIR
};

/// `rename` (§7.2). A directory can be renamed only while it is empty.
pub(crate) const RENAME: Method = Method {
    name: "rename",
    operation: Operation::Rename,
    params: &[
        TOKEN,
        needed("oldpath", ParamKind::Text, ErrorKind::NotFound),
        needed("newpath", ParamKind::Text, ErrorKind::NotFound),
    ],
    short_form: &[],
    shape: Shape::Bare,
    results: &[
        OK,
        code(-1, RENAME_MISSING, "no such path, or the same one", D),
        code(-3, &[ErrorKind::NoTargetParent], "parent directory does not exist", D),
        code(-2, &[ErrorKind::TargetExists], "name is taken", D),
        code(-3, &[ErrorKind::TargetExistsAsNoParent], "name is taken (rename_taken=-3)", O),
        code(-6, &[ErrorKind::IsRoot], "the root cannot be renamed", D),
        code(-7, &[ErrorKind::NotEmpty], "directory not empty", D),
        BAD_TOKEN,
    ],
    section: "§7.2",
    provenance: D,
};

/// `renameFile` (§7.2), undocumented.
pub(crate) const RENAME_FILE: Method = Method { name: "renameFile", ..RENAME };

/// `setMTime` (§7.2).
pub(crate) const SET_MTIME: Method = Method {
    name: "setMTime",
    operation: Operation::SetMTime,
    params: &[TOKEN, PATH, needed("mtime", ParamKind::Integer, ErrorKind::MTime)],
    short_form: &[],
    shape: Shape::Bare,
    results: &[
        OK,
        code(-1, MISSING_BUT_FOR_LENGTH, "no such path", D),
        TOO_LONG,
        code(-27, &[ErrorKind::MTime], "mtime is not a non-negative integer", D),
        BAD_TOKEN,
        fault_only(-5, "internal error"),
    ],
    section: "§7.2",
    provenance: D,
};

/// `setContentType` (§7.2).
pub(crate) const SET_CONTENT_TYPE: Method = Method {
    name: "setContentType",
    operation: Operation::SetContentType,
    params: &[TOKEN, PATH, needed("content_type", ParamKind::Text, ErrorKind::ContentType)],
    short_form: &[],
    shape: Shape::Bare,
    results: &[
        OK,
        code(
            -1,
            &[ErrorKind::NotFound, ErrorKind::InvalidPath, ErrorKind::EmptyPath],
            "no such path",
            D,
        ),
        code(
            -3,
            &[ErrorKind::NoParent, ErrorKind::FileInPath],
            "parent directory does not exist",
            D,
        ),
        code(-6, &[ErrorKind::ForeignGroup], "permission denied", D),
        TOO_LONG,
        code(-33, &[ErrorKind::ContentType], "invalid content type", D),
        BAD_TOKEN,
    ],
    section: "§7.2",
    provenance: D,
};

/// `fetchFileHTTP` (§7.2).
pub(crate) const FETCH_FILE_HTTP: Method = Method {
    name: "fetchFileHTTP",
    operation: Operation::Fetch,
    params: &[
        TOKEN,
        needed("path", ParamKind::Text, ErrorKind::Params),
        needed("uri", ParamKind::Text, ErrorKind::Uri),
        optional("username", ParamKind::Any, ErrorKind::Params),
        optional("password", ParamKind::Any, ErrorKind::Params),
        optional("auth", ParamKind::Any, ErrorKind::Params),
        optional("callbackid", ParamKind::Any, ErrorKind::Params),
        optional("priority", ParamKind::Any, ErrorKind::Params),
        optional("flags", ParamKind::Any, ErrorKind::FetchFlags),
        optional("expose_egress", ParamKind::Any, ErrorKind::Params),
    ],
    short_form: &["token", "path", "uri", "flags"],
    shape: Shape::Bare,
    results: &[
        OK,
        code(-13, &[ErrorKind::FetchFlags], "invalid flags", D),
        code(-14, &[ErrorKind::Uri], "invalid uri", D),
        BAD_TOKEN,
        fault_only(-4, "internal error"),
        fault_only(-56, "service unavailable"),
    ],
    section: "§7.2",
    provenance: DOA,
};

/// `mediaVaultUrl` (§7.2).
pub(crate) const MEDIA_VAULT_URL: Method = Method {
    name: "mediaVaultUrl",
    operation: Operation::MediaVault,
    params: &[
        TOKEN,
        needed("path", ParamKind::Text, ErrorKind::PathTooLong),
        optional("expiry", ParamKind::Integer, ErrorKind::Expiry),
    ],
    short_form: &[],
    shape: Shape::Object,
    results: &[
        OK,
        code(-2, &[ErrorKind::IsDirectory], "path is a directory", D),
        code(-8, &[ErrorKind::PathTooLong, ErrorKind::InvalidPath], "invalid path", DA),
        code(-34, &[ErrorKind::Expiry], "invalid expiry", D),
        BAD_TOKEN,
        fault_only(-1, "internal error"),
        fault_only(-60, "service unavailable"),
    ],
    section: "§7.2",
    provenance: D,
};

/// `mediaVaultURL` (§7.2), another name of the same method.
pub(crate) const MEDIA_VAULT_URL_ALIAS: Method =
    Method { name: "mediaVaultURL", ..MEDIA_VAULT_URL };

/// `copyFile` (§7.2), undocumented.
pub(crate) const COPY_FILE: Method = Method {
    name: "copyFile",
    operation: Operation::Copy,
    params: &[
        TOKEN,
        needed("from", ParamKind::Text, ErrorKind::NotFound),
        needed("to", ParamKind::Text, ErrorKind::NoTargetParent),
    ],
    short_form: &[],
    shape: Shape::Bare,
    results: &[
        OK,
        code(-1, MISSING, "no such file", D),
        code(
            -2,
            &[ErrorKind::NoTargetParent, ErrorKind::TargetExists],
            "no place for the copy",
            DA,
        ),
        BAD_TOKEN,
    ],
    section: "§7.2",
    provenance: DOA,
};

/// `deleteObject` (§7.2), undocumented: a file or an empty directory.
pub(crate) const DELETE_OBJECT: Method = Method {
    name: "deleteObject",
    operation: Operation::DeleteObject,
    params: &[TOKEN, PATH],
    short_form: &[],
    shape: Shape::Bare,
    results: &[
        OK,
        MISSING_ROW,
        code(-2, &[ErrorKind::NotEmpty], "directory not empty", D),
        code(-6, &[ErrorKind::IsRoot], "the root cannot be removed", D),
        BAD_TOKEN,
    ],
    section: "§7.2",
    provenance: DOA,
};

/// Same as [`MISSING`], for methods with a separate code for paths that are too long.
const MISSING_BUT_FOR_LENGTH: &[ErrorKind] = &[
    ErrorKind::NotFound,
    ErrorKind::NoParent,
    ErrorKind::FileInPath,
    ErrorKind::IsFile,
    ErrorKind::IsDirectory,
    ErrorKind::InvalidPath,
    ErrorKind::EmptyPath,
];

/// Same as [`MISSING`], plus the target being the source.
const RENAME_MISSING: &[ErrorKind] = &[
    ErrorKind::NotFound,
    ErrorKind::NoParent,
    ErrorKind::FileInPath,
    ErrorKind::InvalidPath,
    ErrorKind::EmptyPath,
    ErrorKind::PathTooLong,
    ErrorKind::SameName,
];
