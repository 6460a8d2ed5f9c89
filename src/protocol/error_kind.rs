//! Why the origin refuses, before any number is given to it.

/// The reason of a refusal.
///
/// The same number means different things on different endpoints (§1.10), so the core speaks of
/// causes and each endpoint's or method's [rows](super::ResultCode) say what that is called there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No credentials came with the request (§2.3).
    NoCredentials,
    /// A token that is unknown, expired or logged out, or a signature that does not hold (§2.3).
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
    /// A path or name that cannot be one (§3.3, §3.5).
    InvalidPath,
    /// No path, or an empty one, where one is needed.
    EmptyPath,
    /// A segment or a whole path over the limit (§3.2).
    PathTooLong,
    /// A modification time that is not a non-negative integer.
    MTime,
    /// A content type that is not well formed (§3.9).
    ContentType,
    /// The parent directory does not exist.
    NoParent,
    /// A segment of the path is a file.
    FileInPath,
    /// A directory has that name.
    IsDirectory,
    /// A file has that name.
    IsFile,
    /// Nothing has that name.
    NotFound,
    /// The directory that a name is to be moved or copied to does not exist.
    NoTargetParent,
    /// The name that something is to be moved or copied to is taken.
    TargetExists,
    /// The same, with the code that the switch `rename_taken` gives it.
    TargetExistsAsNoParent,
    /// The name that something is to be moved to is the one it has.
    SameName,
    /// The file's group is not the caller's.
    ForeignGroup,
    /// The directory still has entries.
    NotEmpty,
    /// The root cannot be removed.
    IsRoot,
    /// Too many uploads are open in the account.
    TooManyUploads,
    /// The multipart identifier is missing, unknown or another user's (§2.9).
    UnknownUpload,
    /// The upload is in a state in which the operation means nothing.
    WrongState,
    /// The upload has been aborted.
    Aborted,
    /// The upload is in a state that cannot be aborted.
    NotAbortable,
    /// The upload is in a state that cannot be restarted, or too old for it.
    NotRestartable,
    /// A part number that is missing or out of form.
    PartNumber,
    /// The body came as `multipart/form-data`.
    FormData,
    /// A new part number when the upload has as many as it may have.
    TooManyPieces,
    /// The piece is over the limit.
    PieceTooLarge,
    /// The whole upload would be over the limit.
    UploadTooLarge,
    /// Fewer bytes came than were announced.
    LengthMismatch,
    /// The client's checksum is not that of the bytes that came.
    Checksum,
    /// The upload has no pieces.
    NoPieces,
    /// The part numbers are not exactly 1…n.
    Gaps,
    /// A true/false header that is neither.
    Flag,
    /// A map of states that does not exist.
    MapName,
    /// Flags of `fetchFileHTTP` that do not exist.
    FetchFlags,
    /// An address that is not of this account.
    Uri,
    /// The session has been updated before.
    UpdatedAlready,
    /// A page size out of range.
    PageSize,
    /// A cookie that is no cookie.
    Cookie,
    /// The body is not JSON.
    NotJson,
    /// The JSON is not a request, or not of the version that the endpoint takes.
    NotARequest,
    /// No method of that name.
    NoSuchMethod,
    /// Parameters that are surplus, unknown, missing or of the wrong form.
    Params,
    /// A batch that is too long, or whose ids are missing or equal (§7.1.9).
    Batch,
    /// More requests in a second than the switch allows (§1.11).
    RateLimited,
    /// The account has used up its disk quota (§1.12).
    DiskFull,
    /// No file came: there is no body, or no part of that name.
    NoBody,
    /// The body is no form, or one that cannot be read.
    NotAForm,
    /// More than one file came.
    SeveralFiles,
    /// The file has no bytes, and a switch minds that.
    EmptyFile,
    /// An egress policy that does not exist.
    Expose,
    /// A way of finding the content type that does not exist.
    Detect,
    /// The origin itself failed.
    Internal,
}
