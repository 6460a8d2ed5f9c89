//! The HTTP endpoints: where they lie, which methods and headers they take, what they answer.

mod account;
mod multipart;
mod post;

use super::provenance::{A, DA, DOA};
use super::result_codes::ok;
use super::{Interface, Operation, Provenance, ResultCode};

pub use account::LOGIN;
pub use multipart::{COMPLETE, CREATE, PIECE};
pub use post::{DIRECTORY, FILE, RAW};

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
    pub section: &'static str,
    /// What it rests on.
    pub provenance: &'static [Provenance],
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
    pub results: &'static [ResultCode],
    /// The section it stands in.
    pub section: &'static str,
}

/// The endpoint at a collapsed path; what is none of the interfaces' is egress.
pub fn endpoint_at(path: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().copied().find(|endpoint| endpoint.path == path)
}

/// Every endpoint of the origin.
pub const ENDPOINTS: &[&Endpoint] =
    &[&LOGIN, &CREATE, &PIECE, &COMPLETE, &RAW, &FILE, &DIRECTORY, &JSONRPC, &JSONRPC2, &EGRESS];

/// First segments of the interfaces' paths: a GET below one of these that is no endpoint is a
/// mistyped endpoint, not a file that is missing.
pub const RESERVED_PREFIXES: [&str; 5] = ["account", "multipart", "post", "jsonrpc", "jsonrpc2"];

/// The answer to OPTIONS, which every path takes (§1.6).
pub const PREFLIGHT_RESULT: ResultCode = ok("§1.6", DA);

const GET_OR_POST: &[HttpMethod] = &[HttpMethod::Get, HttpMethod::Post];
const POST: &[HttpMethod] = &[HttpMethod::Post];
const GET_OR_HEAD: &[HttpMethod] = &[HttpMethod::Get, HttpMethod::Head];

const fn required(
    name: &'static str,
    section: &'static str,
    provenance: &'static [Provenance],
) -> HeaderRule {
    HeaderRule { name, required: true, section, provenance }
}

const fn optional(
    name: &'static str,
    section: &'static str,
    provenance: &'static [Provenance],
) -> HeaderRule {
    HeaderRule { name, required: false, section, provenance }
}

/// `/jsonrpc`, which takes JSON-RPC 1.0 and 2.0 (§7.1.1). Its rows are the methods'.
pub const JSONRPC: Endpoint = Endpoint {
    path: "/jsonrpc",
    methods: POST,
    operation: Operation::UnknownMethod,
    interface: Interface::JsonRpc,
    headers: &[],
    results: &[],
    section: "§7.1.1",
};

/// `/jsonrpc2`, which takes JSON-RPC 2.0 alone, and batches of it (§7.1.1).
pub const JSONRPC2: Endpoint = Endpoint { path: "/jsonrpc2", ..JSONRPC };

/// The stored files: every path that is no endpoint's (§8). Its answers carry no code.
pub const EGRESS: Endpoint = Endpoint {
    path: "",
    methods: GET_OR_HEAD,
    operation: Operation::Read,
    interface: Interface::Egress,
    headers: &[
        optional("Range", "§8", DOA),
        optional("If-Modified-Since", "§8", DOA),
        optional("If-Match", "§8", A),
        optional("If-None-Match", "§8", A),
        optional("If-Unmodified-Since", "§8", A),
        optional("If-Range", "§8", A),
    ],
    results: &[],
    section: "§8",
};
