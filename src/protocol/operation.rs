//! What a client can ask for, whichever interface it uses.

/// One thing that the origin can do.
///
/// Where both interfaces offer it, it is one operation: `/multipart/create` and `createMultipart`
/// are both [`Operation::Create`].
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
    /// OPTIONS on anything.
    Preflight,
    /// A JSON-RPC body that named no method we know.
    UnknownMethod,
    /// A request that matched no endpoint, or an endpoint with a method it does not take.
    Unmatched,
}

/// Which face of the origin a request turned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Interface {
    /// The HTTP endpoints (§4–§6).
    Http,
    /// JSON-RPC (§7).
    JsonRpc,
    /// The stored files (§8).
    Egress,
}
