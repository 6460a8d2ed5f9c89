//! What the tests and the program of this package use beyond the public API. It is not part of the API, and any
//! version may change it.

pub mod api {
    pub use crate::api::{
        Body, BodyData, BodyEnd, BodyPolicy, CommitResult, FilledForm, FormReader, PendingRequest,
        RequestBody, Response, START_BYTES, commit, open,
    };
}

pub mod blob {
    pub use crate::blob::{Blob, BlobStore, Digest};
}

pub mod fault {
    pub use crate::fault::{
        CallContext, CallMatcher, ConnectionAction, FaultAction, Faults, InterimSupport, Repeat,
        Stage,
    };
}

pub mod protocol {
    pub use crate::protocol::{
        ABORT_MULTIPART, Availability, COMPLETE, CONTENT_TYPES, CREATE, DIRECTORY, EGRESS,
        ENDPOINTS, ENVELOPE_RESULTS, Endpoint, ErrorKind, FILE, HTTP_CONTENT_TYPE,
        JSON_CONTENT_TYPE, METHODS, Method, Options, PERMISSIONS, PIECE, PIECE_TRANSITIONS,
        PREFLIGHT_RESULT, Param, ParamKind, Permission, PieceState, Provenance, RAW,
        RESTART_MULTIPART, ResultCode, STANDARD_HEADERS, Shape, Transition, UPLOAD_TRANSITIONS,
        endpoint_at, method_named, permit, result_code_for,
    };
}

pub mod storage {
    pub use crate::storage::{
        Actor, Change, Clock, ClockMode, KeyPair, MissingParents, Path, PathEncoding, Piece, Setup,
        Storage, Timestamp, TokenLifetime, TokenSource, Upload, UserRecord,
    };
}

pub mod wording {
    pub use crate::wording::{nearest, shell_word};
}
