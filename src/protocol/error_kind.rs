//! The reasons for which the origin rejects a request, without the number that a response gives
//! them.

/// The reason of an error.
///
/// One number means different things on different endpoints (§1.10). The core therefore returns
/// kinds of error, and the [result codes](super::ResultCode) of each endpoint or method map them to
/// numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request has no credentials (§2.3).
    NoCredentials,
    /// A token that is unknown, expired or logged out, or an invalid signature (§2.3).
    BadCredentials,
    /// A login with a missing or wrong name or password (§2.5).
    WrongPassword,
    /// JSON-RPC `login` without a name or a password (§7.4).
    NoNameOrPassword,
    /// An empty user name (§7.4).
    EmptyName,
    /// An empty password (§7.4).
    EmptyPassword,
    /// An expiry that is not a positive integer (§2.5).
    Expiry,
    /// A login subdirectory that does not exist (§2.5).
    NoSubdirectory,
    /// An encoding other than UTF8 (§3.3).
    Encoding,
    /// An invalid path or name (§3.3, §3.5).
    InvalidPath,
    /// A required path that is missing or empty.
    EmptyPath,
    /// A segment or a whole path that is longer than the limit (§3.2).
    PathTooLong,
    /// A modification time that is not a non-negative integer.
    MTime,
    /// A malformed content type (§3.9).
    ContentType,
    /// The parent directory does not exist.
    NoParent,
    /// A segment of the path is a file.
    FileInPath,
    /// The name is taken by a directory.
    IsDirectory,
    /// The name is taken by a file.
    IsFile,
    /// The name does not exist.
    NotFound,
    /// The target directory of a move or copy does not exist.
    NoTargetParent,
    /// The target name of a move or copy is taken.
    TargetExists,
    /// The same, with the code that the option `rename_taken` selects.
    TargetExistsAsNoParent,
    /// The target name of a move is the current one.
    SameName,
    /// The caller is not in the group of the file.
    ForeignGroup,
    /// The directory still has entries.
    NotEmpty,
    /// The root cannot be removed.
    IsRoot,
    /// The account has too many open uploads.
    TooManyUploads,
    /// The multipart identifier is missing, unknown, or that of another user (§2.9).
    UnknownUpload,
    /// The state of the upload does not allow the operation.
    WrongState,
    /// The upload has been aborted.
    Aborted,
    /// The state of the upload does not allow an abort.
    NotAbortable,
    /// The state of the upload does not allow a restart, or the upload is too old.
    NotRestartable,
    /// A part number that is missing or malformed.
    PartNumber,
    /// The body was sent as `multipart/form-data`.
    FormData,
    /// A new part number in an upload that has the maximum number of pieces.
    TooManyPieces,
    /// The piece is larger than the limit.
    PieceTooLarge,
    /// The whole upload would be larger than the limit.
    UploadTooLarge,
    /// The body was shorter than announced.
    LengthMismatch,
    /// The checksum of the client does not match the received bytes.
    Checksum,
    /// The upload has no pieces.
    NoPieces,
    /// The part numbers are not exactly 1 to n.
    Gaps,
    /// A boolean header with another value than true or false.
    Flag,
    /// The state map does not exist.
    MapName,
    /// `fetchFileHTTP` does not know these flags.
    FetchFlags,
    /// The address does not belong to this account.
    Uri,
    /// The session was updated before.
    UpdatedAlready,
    /// The page size is out of range.
    PageSize,
    /// The cookie is malformed.
    Cookie,
    /// The body is not JSON.
    NotJson,
    /// The JSON is not a request, or its version is not that of the endpoint.
    NotARequest,
    /// The method does not exist.
    NoSuchMethod,
    /// Parameters that are surplus, unknown, missing or malformed.
    Params,
    /// A batch that is too long, or whose ids are missing or not unique (§7.1.9).
    Batch,
    /// More requests in a second than the option `rate_limit` allows (§1.11).
    RateLimited,
    /// The account has used its disk quota (§1.12).
    DiskFull,
    /// The request has no file: no body, or no part with the name of the file.
    NoBody,
    /// The body is not a form, or a malformed one.
    NotAForm,
    /// The form has more than one file.
    SeveralFiles,
    /// The file has no bytes, and the option `empty_form_file` rejects it.
    EmptyFile,
    /// The egress policy does not exist.
    Expose,
    /// The content detection does not exist.
    Detect,
    /// The origin itself failed.
    Internal,
}
