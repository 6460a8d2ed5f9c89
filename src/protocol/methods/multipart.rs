//! The methods for multipart uploads (§7.3).

use super::super::provenance::{D, DO};
use super::super::{ErrorKind, Operation, ResultCode};
use super::{BAD_TOKEN, Method, OK, Param, ParamKind, Shape, TOKEN, needed, optional, rows_cite};

rows_cite!("§7.3");

const UNKNOWN_UPLOAD: ResultCode =
    code(-2, &[ErrorKind::UnknownUpload], "unknown multipart identifier", D);
const MPID: Param = needed("mpid", ParamKind::Text, ErrorKind::UnknownUpload);
const PAGE_SIZE: Param = optional("pagesize", ParamKind::Integer, ErrorKind::PageSize);
const COOKIE: Param = optional("cookie", ParamKind::Cookie, ErrorKind::Cookie);

/// `createMultipart` (§7.3).
pub(crate) const CREATE_MULTIPART: Method = Method {
    name: "createMultipart",
    operation: Operation::Create,
    params: &[
        TOKEN,
        needed("path", ParamKind::Text, ErrorKind::InvalidPath),
        optional("content_type", ParamKind::Text, ErrorKind::ContentType),
        optional("mtime", ParamKind::Integer, ErrorKind::MTime),
    ],
    short_form: &[],
    shape: Shape::Object,
    results: &[
        OK,
        code(-1, &[ErrorKind::TooManyUploads], "too many open uploads", D),
        code(
            -16,
            &[ErrorKind::InvalidPath, ErrorKind::EmptyPath, ErrorKind::PathTooLong],
            "invalid path or name",
            D,
        ),
        code(-20, &[ErrorKind::MTime], "mtime is not a non-negative integer", D),
        code(-21, &[ErrorKind::ContentType], "invalid content type", D),
        code(
            -23,
            &[ErrorKind::NoParent, ErrorKind::FileInPath, ErrorKind::IsDirectory],
            "parent directory does not exist",
            D,
        ),
        BAD_TOKEN,
        fault_only(-27, "internal error"),
    ],
    section: "§7.3",
    provenance: D,
};

/// `getMultipartStatus` (§7.3).
pub(crate) const GET_MULTIPART_STATUS: Method = Method {
    name: "getMultipartStatus",
    operation: Operation::Status,
    params: &[TOKEN, MPID],
    short_form: &[],
    shape: Shape::Object,
    results: &[OK, UNKNOWN_UPLOAD, BAD_TOKEN],
    section: "§7.3",
    provenance: D,
};

/// `listMultipartPiece` (§7.3).
pub(crate) const LIST_MULTIPART_PIECE: Method = Method {
    name: "listMultipartPiece",
    operation: Operation::ListPieces,
    params: &[
        TOKEN,
        MPID,
        Param {
            alias: Some("lastpiece"),
            ..optional("cookie", ParamKind::Cookie, ErrorKind::Cookie)
        },
        PAGE_SIZE,
    ],
    short_form: &[],
    shape: Shape::Object,
    results: &[
        OK,
        UNKNOWN_UPLOAD,
        code(-3, &[ErrorKind::Cookie], "invalid cookie", D),
        code(-14, &[ErrorKind::PageSize], "invalid page size", D),
        BAD_TOKEN,
        fault_only(-26, "service unavailable"),
    ],
    section: "§7.3",
    provenance: DO,
};

/// `completeMultipart` (§7.3).
pub(crate) const COMPLETE_MULTIPART: Method = Method {
    name: "completeMultipart",
    operation: Operation::Complete,
    params: &[TOKEN, MPID],
    short_form: &[],
    shape: Shape::Object,
    results: &[
        OK,
        UNKNOWN_UPLOAD,
        code(-4, &[ErrorKind::NoPieces], "upload has no pieces", D),
        code(-5, &[ErrorKind::Gaps], "part numbers are not consecutive", D),
        code(-8, &[ErrorKind::WrongState], "upload is not open", D),
        code(-17, &[ErrorKind::Aborted], "upload was aborted", D),
        BAD_TOKEN,
    ],
    section: "§7.3",
    provenance: D,
};

/// `abortMultipart` (§7.3).
pub const ABORT_MULTIPART: Method = Method {
    name: "abortMultipart",
    operation: Operation::Abort,
    params: &[TOKEN, MPID],
    short_form: &[],
    shape: Shape::Bare,
    results: &[
        OK,
        UNKNOWN_UPLOAD,
        code(-17, &[ErrorKind::Aborted], "upload was aborted already", D),
        code(-18, &[ErrorKind::NotAbortable], "upload cannot be aborted", D),
        BAD_TOKEN,
    ],
    section: "§7.3",
    provenance: DO,
};

/// `restartMultipart` (§7.3).
pub const RESTART_MULTIPART: Method = Method {
    name: "restartMultipart",
    operation: Operation::Restart,
    results: &[
        OK,
        UNKNOWN_UPLOAD,
        code(-22, &[ErrorKind::NotRestartable], "upload cannot be restarted", D),
        BAD_TOKEN,
    ],
    ..ABORT_MULTIPART
};

/// `getMultipartStatusMap` (§7.3).
pub(crate) const GET_MULTIPART_STATUS_MAP: Method = Method {
    name: "getMultipartStatusMap",
    operation: Operation::StatusMap,
    params: &[TOKEN, optional("name", ParamKind::Text, ErrorKind::MapName)],
    short_form: &[],
    shape: Shape::Object,
    results: &[OK, code(-19, &[ErrorKind::MapName], "no such map", D), BAD_TOKEN],
    section: "§7.3",
    provenance: D,
};

/// `listMultipart` (§7.3).
pub(crate) const LIST_MULTIPART: Method = Method {
    name: "listMultipart",
    operation: Operation::ListUploads,
    params: &[TOKEN, COOKIE, PAGE_SIZE],
    short_form: &[],
    shape: Shape::Object,
    results: &[
        OK,
        code(-3, &[ErrorKind::Cookie], "invalid cookie", D),
        code(-14, &[ErrorKind::PageSize], "invalid page size", D),
        BAD_TOKEN,
    ],
    section: "§7.3",
    provenance: DO,
};
