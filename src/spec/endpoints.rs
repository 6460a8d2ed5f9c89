//! The HTTP endpoints: where they lie, which methods and headers they take, what they answer.

use super::basis::{A, D, DA, DO, DOA};
use super::rows::{BAD_CREDENTIALS, NO_CREDENTIALS, ill, ok, refusal};
use super::{Basis, Cause, Interface, Operation, Row};

/// The HTTP methods of the protocol (§1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum HttpMethod {
    Get,
    Post,
    Head,
    Options,
}

impl HttpMethod {
    /// The method's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
        }
    }

    /// The method that `token` names; names are case-sensitive.
    pub fn parse(token: &[u8]) -> Option<Self> {
        [Self::Get, Self::Post, Self::Head, Self::Options]
            .into_iter()
            .find(|method| method.name().as_bytes() == token)
    }
}

/// One header that an endpoint reads.
#[derive(Debug)]
pub struct HeaderRule {
    /// The header's name as documented.
    pub name: &'static str,
    /// Whether the request is refused without it.
    pub required: bool,
    /// The section it stands in.
    pub cite: &'static str,
    /// What it rests on.
    pub basis: &'static [Basis],
}

/// One endpoint with all its tables.
#[derive(Debug)]
pub struct Endpoint {
    /// The path after repeated slashes have been collapsed; empty for egress, which is all the rest.
    pub path: &'static str,
    /// The methods it takes, besides OPTIONS.
    pub methods: &'static [HttpMethod],
    /// What it does.
    pub operation: Operation,
    /// The face it belongs to.
    pub interface: Interface,
    /// The headers it reads.
    pub headers: &'static [HeaderRule],
    /// The answers it gives.
    pub rows: &'static [Row],
    /// The section it stands in.
    pub cite: &'static str,
}

/// The endpoint at a collapsed path; what is none of the interfaces' is egress.
pub fn endpoint_at(path: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().copied().find(|endpoint| endpoint.path == path)
}

/// Every endpoint of the origin.
pub const ENDPOINTS: &[&Endpoint] =
    &[&LOGIN, &CREATE, &PIECE, &COMPLETE, &DIRECTORY, &JSONRPC, &JSONRPC2, &EGRESS];

/// First segments of the interfaces' paths: a GET below one of these that is no endpoint is a
/// mistyped endpoint, not a file that is missing.
pub const RESERVED_PREFIXES: [&str; 5] = ["account", "multipart", "post", "jsonrpc", "jsonrpc2"];

/// The answer to OPTIONS, which every path takes (§1.6).
pub const OPTIONS_ROW: Row = ok("§1.6", DA);

const GET_OR_POST: &[HttpMethod] = &[HttpMethod::Get, HttpMethod::Post];
const POST: &[HttpMethod] = &[HttpMethod::Post];
const GET_OR_HEAD: &[HttpMethod] = &[HttpMethod::Get, HttpMethod::Head];

const fn required(name: &'static str, cite: &'static str, basis: &'static [Basis]) -> HeaderRule {
    HeaderRule { name, required: true, cite, basis }
}

const fn optional(name: &'static str, cite: &'static str, basis: &'static [Basis]) -> HeaderRule {
    HeaderRule { name, required: false, cite, basis }
}

/// `/account/login` (§2.4–2.6).
pub const LOGIN: Endpoint = Endpoint {
    path: "/account/login",
    methods: GET_OR_POST,
    operation: Operation::Login,
    interface: Interface::Http,
    headers: &[
        required("X-Agile-Username", "§2.4", D),
        required("X-Agile-Password", "§2.4", D),
        optional("X-Agile-Subdir", "§2.4", D),
        optional("X-Agile-Expiry", "§2.4", D),
        optional("X-Agile-Encoding", "§2.4", D),
        optional("X-Agile-Content-Encoding", "§2.4", D),
    ],
    rows: &[
        ok("§2.5", D),
        refusal(400, -10001, &[Cause::WrongPassword], "invalid username or password", "§2.5", D),
        refusal(400, -34, &[Cause::Expiry], "expiry is not a positive integer", "§2.5", D),
        refusal(400, -47, &[Cause::NoSubdirectory], "subdirectory does not exist", "§2.5", D),
    ],
    cite: "§2.4",
};

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
    rows: &[
        ok("§4.1", D),
        refusal(400, -1, &[Cause::TooManyUploads], "too many open uploads", "§4.1", DA),
        refusal(
            400,
            -16,
            &[Cause::InvalidPath, Cause::EmptyPath, Cause::PathTooLong],
            "invalid path or name",
            "§4.1",
            DA,
        ),
        refusal(400, -20, &[Cause::MTime], "mtime is not a non-negative integer", "§4.1", D),
        refusal(400, -21, &[Cause::ContentType], "invalid content type", "§4.1", D),
        refusal(
            400,
            -23,
            &[Cause::NoParent, Cause::FileInPath, Cause::IsDirectory],
            "parent directory does not exist",
            "§4.1",
            DA,
        ),
        refusal(400, -51, &[Cause::Encoding], "unknown encoding", "§4.1", D),
        NO_CREDENTIALS,
        BAD_CREDENTIALS,
        ill(500, -27, "internal error", "§4.1", D),
        ill(503, -26, "service unavailable", "§4.1", D),
    ],
    cite: "§4.1",
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
    rows: &[
        ok("§4.2", DO),
        refusal(400, -2, &[Cause::UnknownUpload], "unknown multipart identifier", "§4.2", D),
        refusal(400, -3, &[Cause::PartNumber], "invalid part number", "§4.2", DA),
        refusal(400, -6, &[Cause::Checksum], "checksum mismatch", "§4.2", DA),
        ill(400, -7, "invalid url", "§4.2", D),
        refusal(400, -8, &[Cause::WrongState], "upload is not open", "§4.2", DA),
        refusal(400, -10, &[Cause::TooManyPieces], "too many pieces", "§4.2", DA),
        refusal(400, -11, &[Cause::PieceTooLarge], "piece too large", "§4.2", DA),
        refusal(400, -17, &[Cause::Aborted], "upload was aborted", "§4.2", D),
        refusal(400, -24, &[Cause::FormData], "piece sent as form data", "§4.2", DA),
        refusal(400, -25, &[Cause::UploadTooLarge], "upload too large", "§4.2", DA),
        NO_CREDENTIALS,
        BAD_CREDENTIALS,
        refusal(500, -49, &[Cause::LengthMismatch], "body shorter than announced", "§4.2", D),
        ill(503, -22, "disk full", "§4.2", D),
        ill(503, -26, "service unavailable", "§4.2", D),
    ],
    cite: "§4.2",
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
    rows: &[
        ok("§4.3", D),
        refusal(400, -2, &[Cause::UnknownUpload], "unknown multipart identifier", "§4.3", D),
        refusal(400, -4, &[Cause::NoPieces], "upload has no pieces", "§4.3", D),
        refusal(400, -5, &[Cause::Gaps], "part numbers are not consecutive", "§4.3", D),
        refusal(400, -8, &[Cause::WrongState], "upload is not open", "§4.3", DA),
        refusal(400, -17, &[Cause::Aborted], "upload was aborted", "§4.3", D),
        NO_CREDENTIALS,
        BAD_CREDENTIALS,
        ill(500, -13, "lock expired", "§4.3", D),
        ill(503, -26, "service unavailable", "§4.3", D),
    ],
    cite: "§4.3",
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
    rows: &[
        // The phrase is the body's message here, and the documented sample says "success".
        Row { phrase: "success", ..ok("§6", D) },
        refusal(
            400,
            -2,
            &[Cause::IsFile, Cause::FileInPath],
            "a file of that name exists",
            "§6",
            D,
        ),
        refusal(400, -3, &[Cause::NoParent], "parent directory does not exist", "§6", D),
        refusal(
            400,
            -8,
            &[Cause::PathTooLong, Cause::EmptyPath, Cause::InvalidPath],
            "invalid path",
            "§6",
            DA,
        ),
        refusal(400, -39, &[Cause::Flag], "invalid recursive value", "§6", D),
        NO_CREDENTIALS,
        BAD_CREDENTIALS,
        ill(500, -5, "internal error", "§6", D),
    ],
    cite: "§6",
};

/// `/jsonrpc`, which takes JSON-RPC 1.0 and 2.0 (§7.1.1). Its rows are the methods'.
pub const JSONRPC: Endpoint = Endpoint {
    path: "/jsonrpc",
    methods: POST,
    operation: Operation::UnknownMethod,
    interface: Interface::JsonRpc,
    headers: &[],
    rows: &[],
    cite: "§7.1.1",
};

/// `/jsonrpc2`, which takes JSON-RPC 2.0 alone, and batches of it (§7.1.1).
pub const JSONRPC2: Endpoint = Endpoint { path: "/jsonrpc2", ..JSONRPC };

/// The stored files: every path that is no endpoint's (§8). Its answers carry no code.
pub const EGRESS: Endpoint = Endpoint {
    path: "",
    methods: GET_OR_HEAD,
    operation: Operation::Read,
    interface: Interface::Egress,
    headers: &[optional("Range", "§8", DOA), optional("If-Modified-Since", "§8", DOA)],
    rows: &[],
    cite: "§8",
};
