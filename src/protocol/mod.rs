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
mod option_values;
mod options;
mod phrases;
mod provenance;
mod result_codes;
mod states;

pub use content_types::CONTENT_TYPES;
pub(crate) use content_types::{OCTET_STREAM, derive_from_name, essence, is_known, is_well_formed};
pub use cors::{Cors, STANDARD_HEADERS};
pub(crate) use endpoints::HttpMethod;
pub use endpoints::{COMPLETE, CREATE, DIRECTORY, EGRESS, FILE, PIECE, RAW};
pub use endpoints::{ENDPOINTS, Endpoint, PREFLIGHT_RESULT, endpoint_at};
pub(crate) use endpoints::{JSONRPC2, LOGIN, RESERVED_PREFIXES};
pub use error_kind::ErrorKind;
pub(crate) use limits::Limits;
pub use limits::{LIMITS, Limit, LimitSpec};
pub use methods::{
    ABORT_MULTIPART, METHODS, Method, Param, ParamKind, RESTART_MULTIPART, Shape, method_named,
};
pub(crate) use methods::{
    AUTHENTICATE, CHECK_TOKEN, COMPLETE_MULTIPART, COPY_FILE, CREATE_MULTIPART, DELETE_DIR,
    DELETE_FILE, DELETE_OBJECT, FETCH_FILE_HTTP, GET_MULTIPART_STATUS, GET_MULTIPART_STATUS_MAP,
    INIT_KEY_PAIR, LIST_DIR, LIST_FILE, LIST_MULTIPART, LIST_MULTIPART_PIECE, LIST_PATH,
    LOGIN_METHOD, LOGOUT, MAKE_DIR, MAKE_DIR2, MEDIA_VAULT_URL, MEDIA_VAULT_URL_ALIAS, NOOP, PING,
    RENAME, RENAME_FILE, SET_CONTENT_TYPE, SET_MTIME, STAT, UPDATE_SESSION,
};
#[cfg(feature = "control")]
pub(crate) use operation::OPERATION_NAMES;
pub use operation::{Interface, Operation};
pub(crate) use phrases::standard_phrase;
pub use provenance::Provenance;
pub use result_codes::{Availability, ENVELOPE_RESULTS, ResultCode, result_code_for};
pub use states::{
    PERMISSIONS, PIECE_TRANSITIONS, Permission, PieceState, Transition, UPLOAD_TRANSITIONS,
    UploadState, permit,
};
pub(crate) use states::{PieceEvent, UploadEvent};

pub use option_values::{
    Join, LastCookie, LegacyHeaders, ListPathItems, Policy, RenameTaken, ResultShape,
};
pub(crate) use options::suggest_call;
pub use options::{OPTION_SPECS, OptionSpec, Options};

/// The default lifetime of a token in seconds (§2.2).
pub(crate) const TOKEN_LIFE_SECS: u64 = 3600;

/// The content type of the responses of the HTTP endpoints (§1.7).
pub const HTTP_CONTENT_TYPE: &str = "text/json;charset=utf-8";

/// The content type of the JSON-RPC responses (§7.1.3).
pub const JSON_CONTENT_TYPE: &str = "application/json;charset=utf-8";
