//! The HTTP endpoints: their paths, methods, headers and result codes. The tables decide nothing;
//! `api` reads them. Start with [`Endpoint`] and [`endpoint_at`].

mod account;
mod multipart;
mod post;

use super::provenance::{A, DA, DOA};
use super::result_codes::ok;
use super::{Interface, Operation, Provenance, ResultCode};

pub(crate) use account::LOGIN;
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
    /// Returns the name of the method on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
        }
    }

    /// Returns the method with the name `token`. Names are case-sensitive.
    pub fn parse(token: &[u8]) -> Option<Self> {
        match token {
            b"GET" => Some(Self::Get),
            b"POST" => Some(Self::Post),
            b"HEAD" => Some(Self::Head),
            b"OPTIONS" => Some(Self::Options),
            _ => None,
        }
    }
}

/// A header that an endpoint reads.
#[derive(Debug)]
pub struct HeaderRule {
    /// The documented name of the header.
    pub name: &'static str,
    /// Whether a request without it is rejected.
    pub required: bool,
    /// The section that describes it.
    pub section: &'static str,
    /// The source of this fact.
    pub provenance: &'static [Provenance],
}

/// One endpoint with all its tables.
#[derive(Debug)]
pub struct Endpoint {
    /// The path, with repeated slashes collapsed. It is empty for egress, which has all other
    /// paths.
    pub path: &'static str,
    /// The methods that it takes, besides OPTIONS.
    pub methods: &'static [HttpMethod],
    /// The operation.
    pub operation: Operation,
    /// The interface that it belongs to.
    pub interface: Interface,
    /// The headers that it reads.
    pub headers: &'static [HeaderRule],
    /// The result codes of its responses.
    pub results: &'static [ResultCode],
    /// The section that describes it.
    pub section: &'static str,
}

/// Returns the endpoint at a collapsed path. Every path that belongs to no interface is egress.
pub fn endpoint_at(path: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().copied().find(|endpoint| endpoint.path == path)
}

/// Every endpoint of the origin.
pub const ENDPOINTS: &[&Endpoint] =
    &[&LOGIN, &CREATE, &PIECE, &COMPLETE, &RAW, &FILE, &DIRECTORY, &JSONRPC, &JSONRPC2, &EGRESS];

/// The first segments of the paths of the interfaces. A GET below one of them that is not an endpoint
/// is a mistyped endpoint, not a missing file.
pub(crate) const RESERVED_PREFIXES: [&str; 5] =
    ["account", "multipart", "post", "jsonrpc", "jsonrpc2"];

/// The result code of OPTIONS, which every path takes (§1.6).
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

/// `/jsonrpc`, which takes JSON-RPC 1.0 and 2.0 (§7.1.1). Its methods have the result codes.
pub(crate) const JSONRPC: Endpoint = Endpoint {
    path: "/jsonrpc",
    methods: POST,
    operation: Operation::UnknownMethod,
    interface: Interface::JsonRpc,
    headers: &[],
    results: &[],
    section: "§7.1.1",
};

/// `/jsonrpc2`, which takes only JSON-RPC 2.0, also in batches (§7.1.1).
pub(crate) const JSONRPC2: Endpoint = Endpoint { path: "/jsonrpc2", ..JSONRPC };

/// The stored files: every path that is not an endpoint (§8). The responses carry no code.
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
