//! The operations that a client can ask for, over either interface. Start with [`Operation`].

/// An operation of the origin.
///
/// An operation that both interfaces offer has one variant: `/multipart/create` and
/// `createMultipart` are both [`Operation::Create`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// `/account/login`, JSON-RPC `login` and `authenticate`.
    Login,
    /// JSON-RPC `checkToken`.
    CheckToken,
    /// JSON-RPC `updateSession`.
    UpdateSession,
    /// JSON-RPC `initKeyPair`.
    InitKeyPair,
    /// JSON-RPC `logout`.
    Logout,
    /// JSON-RPC `noop` and `ping`.
    Echo,
    /// `/post/raw`.
    PostRaw,
    /// `/post/file`.
    PostFile,
    /// `/post/directory`, JSON-RPC `makeDir` and `makeDir2`.
    MakeDirectory,
    /// JSON-RPC `stat`.
    Stat,
    /// JSON-RPC `listDir`, `listFile` and `listPath`.
    List,
    /// JSON-RPC `rename` and `renameFile`.
    Rename,
    /// JSON-RPC `setMTime`.
    SetMTime,
    /// JSON-RPC `setContentType`.
    SetContentType,
    /// JSON-RPC `fetchFileHTTP`.
    Fetch,
    /// JSON-RPC `mediaVaultUrl`.
    MediaVault,
    /// JSON-RPC `copyFile`.
    Copy,
    /// JSON-RPC `deleteObject`.
    DeleteObject,
    /// JSON-RPC `deleteFile`.
    DeleteFile,
    /// JSON-RPC `deleteDir`.
    DeleteDirectory,
    /// `/multipart/create`, JSON-RPC `createMultipart`.
    Create,
    /// `/multipart/piece`.
    Piece,
    /// `/multipart/complete`, JSON-RPC `completeMultipart`.
    Complete,
    /// JSON-RPC `abortMultipart`.
    Abort,
    /// JSON-RPC `restartMultipart`.
    Restart,
    /// JSON-RPC `getMultipartStatusMap`.
    StatusMap,
    /// JSON-RPC `listMultipart`.
    ListUploads,
    /// JSON-RPC `getMultipartStatus`.
    Status,
    /// JSON-RPC `listMultipartPiece`.
    ListPieces,
    /// GET or HEAD of a stored file.
    Read,
    /// OPTIONS on any path.
    Preflight,
    /// A JSON-RPC body that names no known method.
    UnknownMethod,
    /// A request to no endpoint, or with a method that the endpoint does not take.
    Unmatched,
}

/// The interface of the origin that a request used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "control", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "control", serde(rename_all = "lowercase"))]
#[cfg_attr(all(test, feature = "control"), derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Interface {
    /// The HTTP endpoints (§4–§6).
    Http,
    /// JSON-RPC (§7).
    JsonRpc,
    /// The stored files (§8).
    Egress,
}

/// The name of every operation in files, JSON and messages.
pub(crate) const OPERATION_NAMES: &[(Operation, &str)] = &[
    (Operation::Login, "login"),
    (Operation::Create, "create"),
    (Operation::Piece, "piece"),
    (Operation::Complete, "complete"),
    (Operation::Abort, "abort"),
    (Operation::Restart, "restart"),
    (Operation::MakeDirectory, "directory"),
    (Operation::PostRaw, "raw"),
    (Operation::PostFile, "file"),
    (Operation::Read, "egress"),
    (Operation::Status, "status"),
    (Operation::StatusMap, "status_map"),
    (Operation::ListUploads, "list_uploads"),
    (Operation::ListPieces, "list_pieces"),
    (Operation::Stat, "stat"),
    (Operation::List, "list"),
    (Operation::Rename, "rename"),
    (Operation::Copy, "copy"),
    (Operation::DeleteObject, "delete_object"),
    (Operation::DeleteFile, "delete_file"),
    (Operation::DeleteDirectory, "delete_directory"),
    (Operation::SetMTime, "set_mtime"),
    (Operation::SetContentType, "set_content_type"),
    (Operation::Fetch, "fetch"),
    (Operation::MediaVault, "media_vault"),
    (Operation::CheckToken, "check_token"),
    (Operation::UpdateSession, "update_session"),
    (Operation::InitKeyPair, "init_key_pair"),
    (Operation::Logout, "logout"),
    (Operation::Echo, "echo"),
    (Operation::Preflight, "preflight"),
    (Operation::UnknownMethod, "unknown_method"),
    (Operation::Unmatched, "unmatched"),
];

impl Operation {
    /// Returns the name in files, JSON and messages.
    pub fn name(self) -> &'static str {
        let row = OPERATION_NAMES.iter().find(|(operation, _)| *operation == self);
        row.map_or("", |(_, name)| name)
    }
}

impl Interface {
    /// Returns the name in files, JSON and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::JsonRpc => "jsonrpc",
            Self::Egress => "egress",
        }
    }
}
