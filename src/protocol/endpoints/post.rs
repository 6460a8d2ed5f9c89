//! The HTTP endpoints of whole files and directories (§5, §6).

use super::super::provenance::{A, D, DA, DO};
use super::super::result_codes::{
    BAD_CREDENTIALS, NO_CREDENTIALS, RATE_LIMITED, ok, rejection, server_error,
};
use super::super::{ErrorKind, Interface, Operation, ResultCode};
use super::{Endpoint, GET_OR_POST, POST, optional, required};

/// `/post/raw` (§5.1).
pub const RAW: Endpoint = Endpoint {
    path: "/post/raw",
    methods: POST,
    operation: Operation::PostRaw,
    interface: Interface::Http,
    headers: &[
        required("X-Agile-Authorization", "§5.1", DO),
        optional("X-Agile-Basename", "§5.1", DO),
        optional("X-Agile-Directory", "§5.1", DO),
        optional("X-Agile-Content-Type", "§5.1", DO),
        optional("X-Content-Type", "§5.1", DO),
        optional("X-Agile-Content-Detect", "§5.1", DO),
        optional("X-Content-Detect", "§5.1", DO),
        optional("X-Agile-Encoding", "§5.1", DO),
        optional("X-Agile-Expose-Egress", "§5.1", DO),
        optional("X-Agile-MTime", "§5.1", DO),
        optional("X-Agile-Recursive", "§5.1", DO),
        optional("X-Agile-Checksum", "§5.1", DO),
    ],
    results: &[
        ok("§5.1", DO),
        rejection(
            400,
            -3,
            &[ErrorKind::NoParent, ErrorKind::FileInPath],
            "parent directory does not exist",
            "§5.1",
            D,
        ),
        rejection(
            400,
            -8,
            &[
                ErrorKind::InvalidPath,
                ErrorKind::EmptyPath,
                ErrorKind::PathTooLong,
                ErrorKind::IsDirectory,
            ],
            "invalid path",
            "§5.1",
            D,
        ),
        rejection(400, -21, &[ErrorKind::Expose], "invalid expose value", "§5.1", A),
        rejection(400, -24, &[ErrorKind::NoBody], "no file", "§5.1", D),
        server_error(400, -25, "more than one file", "§5.1", D),
        rejection(400, -26, &[ErrorKind::Checksum], "checksum mismatch", "§5.1", D),
        rejection(400, -27, &[ErrorKind::MTime], "mtime is not a non-negative integer", "§5.1", A),
        rejection(400, -33, &[ErrorKind::ContentType], "invalid content type", "§5.1", D),
        rejection(400, -39, &[ErrorKind::Flag], "invalid recursive value", "§5.1", D),
        rejection(400, -48, &[ErrorKind::Detect], "invalid content detection", "§5.1", A),
        rejection(400, -51, &[ErrorKind::Encoding], "unknown encoding", "§5.1", D),
        RATE_LIMITED,
        NO_CREDENTIALS,
        BAD_CREDENTIALS,
        server_error(500, -5, "internal error", "§5.1", D),
        rejection(503, -22, &[ErrorKind::DiskFull], "disk full", "§5.1", DA),
    ],
    section: "§5.1",
};

/// `/post/file` (§5.2).
pub const FILE: Endpoint = Endpoint {
    path: "/post/file",
    methods: POST,
    operation: Operation::PostFile,
    interface: Interface::Http,
    headers: &[
        required("X-Agile-Authorization", "§5.2", DO),
        optional("X-Agile-Content-Type", "§5.2", DO),
        optional("X-Content-Type", "§5.2", DO),
        optional("X-Agile-Content-Detect", "§5.2", DO),
        optional("X-Content-Detect", "§5.2", DO),
        optional("X-Agile-Recursive", "§5.2", DO),
        optional("X-Agile-Checksum", "§5.2", DO),
        optional("Referer", "§5.2", DA),
    ],
    results: &[
        ok("§5.2", DO),
        ResultCode { http: 302, phrase: "Found", ..ok("§5.2", DA) },
        rejection(
            400,
            -3,
            &[ErrorKind::NoParent, ErrorKind::FileInPath],
            "parent directory does not exist",
            "§5.2",
            D,
        ),
        rejection(
            400,
            -8,
            &[
                ErrorKind::InvalidPath,
                ErrorKind::EmptyPath,
                ErrorKind::PathTooLong,
                ErrorKind::IsDirectory,
            ],
            "invalid path",
            "§5.2",
            D,
        ),
        rejection(400, -21, &[ErrorKind::Expose], "invalid expose value", "§5.2", D),
        rejection(400, -23, &[ErrorKind::EmptyFile], "empty file", "§5.2", DO),
        rejection(400, -24, &[ErrorKind::NoBody, ErrorKind::NotAForm], "no file", "§5.2", D),
        rejection(400, -25, &[ErrorKind::SeveralFiles], "more than one file", "§5.2", D),
        rejection(400, -26, &[ErrorKind::Checksum], "checksum mismatch", "§5.2", D),
        rejection(400, -27, &[ErrorKind::MTime], "mtime is not a non-negative integer", "§5.2", D),
        rejection(400, -33, &[ErrorKind::ContentType], "invalid content type", "§5.2", D),
        rejection(400, -39, &[ErrorKind::Flag], "invalid recursive value", "§5.2", A),
        rejection(400, -48, &[ErrorKind::Detect], "invalid content detection", "§5.2", D),
        RATE_LIMITED,
        NO_CREDENTIALS,
        BAD_CREDENTIALS,
        server_error(500, -5, "internal error", "§5.2", D),
        rejection(503, -22, &[ErrorKind::DiskFull], "disk full", "§5.2", DA),
    ],
    section: "§5.2",
};

/// `/post/directory` (§6).
pub const DIRECTORY: Endpoint = Endpoint {
    path: "/post/directory",
    methods: GET_OR_POST,
    operation: Operation::MakeDirectory,
    interface: Interface::Http,
    headers: &[
        required("X-Agile-Authorization", "§6", D),
        required("X-Agile-Directory", "§6", D),
        optional("X-Agile-Recursive", "§6", D),
    ],
    results: &[
        // The phrase is the message of the body here, and the documented sample says "success".
        ResultCode { phrase: "success", ..ok("§6", D) },
        rejection(
            400,
            -2,
            &[ErrorKind::IsFile, ErrorKind::FileInPath],
            "a file of that name exists",
            "§6",
            D,
        ),
        rejection(400, -3, &[ErrorKind::NoParent], "parent directory does not exist", "§6", D),
        rejection(
            400,
            -8,
            &[ErrorKind::PathTooLong, ErrorKind::EmptyPath, ErrorKind::InvalidPath],
            "invalid path",
            "§6",
            DA,
        ),
        rejection(400, -39, &[ErrorKind::Flag], "invalid recursive value", "§6", D),
        RATE_LIMITED,
        NO_CREDENTIALS,
        BAD_CREDENTIALS,
        server_error(500, -5, "internal error", "§6", D),
    ],
    section: "§6",
};
