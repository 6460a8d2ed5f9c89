//! The protocol as constant tables: what the origin responds, and the source of each fact.
//!
//! Every result code cites the section of the protocol description that it comes from (`§4.2`) and
//! the [`Provenance`] of that fact. The tables decide nothing; the modules above read them. Start
//! with [`Endpoint`], [`Method`] and [`ResultCode`].

mod content_types;
mod cors;
mod endpoints;
mod error_kind;
mod limits;
mod methods;
mod operation;
mod options;
mod phrases;
mod provenance;
mod result_codes;
mod states;

pub use content_types::{
    CONTENT_TYPES, ContentTypeSpec, OCTET_STREAM, derive_from_name, essence, is_known,
    is_well_formed,
};
pub use cors::{Cors, STANDARD_HEADERS};
pub use endpoints::{
    COMPLETE, CREATE, DIRECTORY, EGRESS, FILE, JSONRPC, JSONRPC2, LOGIN, PIECE, RAW,
    RESERVED_PREFIXES,
};
pub use endpoints::{ENDPOINTS, Endpoint, HeaderRule, HttpMethod, PREFLIGHT_RESULT, endpoint_at};
pub use error_kind::ErrorKind;
pub use limits::{LIMITS, Limit, LimitSpec, Limits};
pub use methods::{
    ABORT_MULTIPART, AUTHENTICATE, CHECK_TOKEN, COMPLETE_MULTIPART, COPY_FILE, CREATE_MULTIPART,
    DELETE_DIR, DELETE_FILE, DELETE_OBJECT, FETCH_FILE_HTTP, GET_MULTIPART_STATUS,
    GET_MULTIPART_STATUS_MAP, INIT_KEY_PAIR, LIST_DIR, LIST_FILE, LIST_MULTIPART,
    LIST_MULTIPART_PIECE, LIST_PATH, LOGIN_METHOD, LOGOUT, MAKE_DIR, MAKE_DIR2, MEDIA_VAULT_URL,
    MEDIA_VAULT_URL_ALIAS, METHODS, Method, NOOP, PING, Param, ParamKind, RENAME, RENAME_FILE,
    RESTART_MULTIPART, SET_CONTENT_TYPE, SET_MTIME, STAT, Shape, UPDATE_SESSION, method_named,
};
pub use operation::{Interface, Operation};
pub(crate) use phrases::standard_phrase;
pub use provenance::Provenance;
pub use result_codes::{Availability, ENVELOPE_RESULTS, ResultCode, result_code_for};
pub use states::{
    PERMISSIONS, PIECE_TRANSITIONS, Permission, PieceEvent, PieceState, Transition,
    UPLOAD_TRANSITIONS, UploadEvent, UploadState, permit,
};

pub use options::suggest_call;
pub use options::{
    Join, LastCookie, LegacyHeaders, ListPathItems, OPTION_SPECS, OptionSpec, Options, Policy,
    RenameTaken, ResultShape,
};

/// The default lifetime of a token in seconds (§2.2).
pub const TOKEN_LIFE_SECS: u64 = 3600;

/// The content type of the responses of the HTTP endpoints (§1.7).
pub const HTTP_CONTENT_TYPE: &str = "text/json;charset=utf-8";

/// The content type of the JSON-RPC responses (§7.1.3).
pub const JSON_CONTENT_TYPE: &str = "application/json;charset=utf-8";
