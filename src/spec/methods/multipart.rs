//! Methods about multipart uploads (§7.3).

use super::super::basis::{D, DO};
use super::super::{Cause, Operation, Row};
use super::{BAD_TOKEN, Method, OK, Param, ParamKind, Shape, TOKEN, needed, optional, rows_cite};

rows_cite!("§7.3");

const UNKNOWN_UPLOAD: Row = code(-2, &[Cause::UnknownUpload], "unknown multipart identifier", D);
const MPID: Param = needed("mpid", ParamKind::Text, Cause::UnknownUpload);
const PAGE_SIZE: Param = optional("pagesize", ParamKind::Integer, Cause::PageSize);
const COOKIE: Param = optional("cookie", ParamKind::Cookie, Cause::Cookie);

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
    short_form: &[],
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
    short_form: &[],
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
        PAGE_SIZE,
    ],
    short_form: &[],
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
    short_form: &[],
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
    short_form: &[],
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

/// `restartMultipart` (§7.3).
pub const RESTART_MULTIPART: Method = Method {
    name: "restartMultipart",
    operation: Operation::Restart,
    rows: &[
        OK,
        UNKNOWN_UPLOAD,
        code(-22, &[Cause::NotRestartable], "upload cannot be restarted", D),
        BAD_TOKEN,
    ],
    ..ABORT_MULTIPART
};

/// `getMultipartStatusMap` (§7.3).
pub const GET_MULTIPART_STATUS_MAP: Method = Method {
    name: "getMultipartStatusMap",
    operation: Operation::StatusMap,
    params: &[TOKEN, optional("name", ParamKind::Text, Cause::MapName)],
    short_form: &[],
    shape: Shape::Object,
    rows: &[OK, code(-19, &[Cause::MapName], "no such map", D), BAD_TOKEN],
    cite: "§7.3",
    basis: D,
};

/// `listMultipart` (§7.3).
pub const LIST_MULTIPART: Method = Method {
    name: "listMultipart",
    operation: Operation::ListUploads,
    params: &[TOKEN, COOKIE, PAGE_SIZE],
    short_form: &[],
    shape: Shape::Object,
    rows: &[
        OK,
        code(-3, &[Cause::Cookie], "invalid cookie", D),
        code(-14, &[Cause::PageSize], "invalid page size", D),
        BAD_TOKEN,
    ],
    cite: "§7.3",
    basis: DO,
};
