//! The HTTP endpoints of multipart uploads (§4).

use super::super::provenance::{A, D, DA, DO};
use super::super::result_codes::{
    BAD_CREDENTIALS, NO_CREDENTIALS, RATE_LIMITED, ok, rejection, server_error,
};
use super::super::{ErrorKind, Interface, Operation};
use super::{Endpoint, GET_OR_POST, POST, optional, required};

/// `/multipart/create` (§4.1).
pub const CREATE: Endpoint = Endpoint {
    path: "/multipart/create",
    methods: GET_OR_POST,
    operation: Operation::Create,
    interface: Interface::Http,
    headers: &[
        required("X-Agile-Authorization", "§4.1", D),
        optional("X-Agile-Basename", "§4.1", D),
        optional("X-Agile-Directory", "§4.1", D),
        optional("X-Agile-Content-Type", "§4.1", D),
        optional("X-Agile-MTime", "§4.1", D),
        optional("X-Agile-Encoding", "§4.1", D),
    ],
    results: &[
        ok("§4.1", D),
        rejection(400, -1, &[ErrorKind::TooManyUploads], "too many open uploads", "§4.1", DA),
        rejection(
            400,
            -16,
            &[ErrorKind::InvalidPath, ErrorKind::EmptyPath, ErrorKind::PathTooLong],
            "invalid path or name",
            "§4.1",
            DA,
        ),
        rejection(400, -20, &[ErrorKind::MTime], "mtime is not a non-negative integer", "§4.1", D),
        rejection(400, -21, &[ErrorKind::ContentType], "invalid content type", "§4.1", D),
        rejection(
            400,
            -23,
            &[ErrorKind::NoParent, ErrorKind::FileInPath, ErrorKind::IsDirectory],
            "parent directory does not exist",
            "§4.1",
            DA,
        ),
        rejection(400, -51, &[ErrorKind::Encoding], "unknown encoding", "§4.1", D),
        RATE_LIMITED,
        NO_CREDENTIALS,
        BAD_CREDENTIALS,
        server_error(500, -27, "internal error", "§4.1", D),
        server_error(503, -26, "service unavailable", "§4.1", D),
    ],
    section: "§4.1",
};

/// `/multipart/piece` (§4.2).
pub const PIECE: Endpoint = Endpoint {
    path: "/multipart/piece",
    methods: POST,
    operation: Operation::Piece,
    interface: Interface::Http,
    headers: &[
        required("X-Agile-Authorization", "§4.2", DO),
        required("X-Agile-Multipart", "§4.2", DO),
        required("X-Agile-Part", "§4.2", DO),
        optional("X-Agile-Checksum", "§4.2", A),
    ],
    results: &[
        ok("§4.2", DO),
        rejection(400, -2, &[ErrorKind::UnknownUpload], "unknown multipart identifier", "§4.2", D),
        rejection(400, -3, &[ErrorKind::PartNumber], "invalid part number", "§4.2", DA),
        rejection(400, -6, &[ErrorKind::Checksum], "checksum mismatch", "§4.2", DA),
        server_error(400, -7, "invalid url", "§4.2", D),
        rejection(400, -8, &[ErrorKind::WrongState], "upload is not open", "§4.2", DA),
        rejection(400, -10, &[ErrorKind::TooManyPieces], "too many pieces", "§4.2", DA),
        rejection(400, -11, &[ErrorKind::PieceTooLarge], "piece too large", "§4.2", DA),
        rejection(400, -17, &[ErrorKind::Aborted], "upload was aborted", "§4.2", D),
        rejection(400, -24, &[ErrorKind::FormData], "piece sent as form data", "§4.2", DA),
        rejection(400, -25, &[ErrorKind::UploadTooLarge], "upload too large", "§4.2", DA),
        RATE_LIMITED,
        NO_CREDENTIALS,
        BAD_CREDENTIALS,
        rejection(500, -49, &[ErrorKind::LengthMismatch], "body shorter than announced", "§4.2", D),
        rejection(503, -22, &[ErrorKind::DiskFull], "disk full", "§4.2", DA),
        server_error(503, -26, "service unavailable", "§4.2", D),
    ],
    section: "§4.2",
};

/// `/multipart/complete` (§4.3).
pub const COMPLETE: Endpoint = Endpoint {
    path: "/multipart/complete",
    methods: GET_OR_POST,
    operation: Operation::Complete,
    interface: Interface::Http,
    headers: &[
        required("X-Agile-Authorization", "§4.3", D),
        required("X-Agile-Multipart", "§4.3", D),
    ],
    results: &[
        ok("§4.3", D),
        rejection(400, -2, &[ErrorKind::UnknownUpload], "unknown multipart identifier", "§4.3", D),
        rejection(400, -4, &[ErrorKind::NoPieces], "upload has no pieces", "§4.3", D),
        rejection(400, -5, &[ErrorKind::Gaps], "part numbers are not consecutive", "§4.3", D),
        rejection(400, -8, &[ErrorKind::WrongState], "upload is not open", "§4.3", DA),
        rejection(400, -17, &[ErrorKind::Aborted], "upload was aborted", "§4.3", D),
        RATE_LIMITED,
        NO_CREDENTIALS,
        BAD_CREDENTIALS,
        server_error(500, -13, "lock expired", "§4.3", D),
        server_error(503, -26, "service unavailable", "§4.3", D),
    ],
    section: "§4.3",
};
