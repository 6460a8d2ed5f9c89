//! The values of options that are not numbers or times. Start with [`Join`].

use std::time::Duration;

/// Whether the origin accepts something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Rejects it.
    Reject,
    /// Accepts it.
    Accept,
}

/// The form of a successful result of `abortMultipart` and `restartMultipart`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResultShape {
    /// As `0`.
    Bare,
    /// As `{"code": 0}`.
    Object,
}

/// The form in which `listPath` writes an entry with its stat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListPathItems {
    /// The name and the members of the stat side by side.
    Flat,
    /// The name, and the stat in a separate object.
    Nested,
}

/// The page on which `listPath` reports that there are no more pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LastCookie {
    /// A page on which both lists are short.
    ShortPage,
    /// A page on which both lists are empty.
    EmptyPage,
}

/// Whether the former header names are also read and sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LegacyHeaders {
    /// Only `X-Agile-*`.
    Off,
    /// `X-LLNW-Authorization` is read, `X-Llnw-Status` is sent.
    On,
}

/// The code of a rename to a name that is taken (§10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RenameTaken {
    /// −2, the documented code.
    NameTaken,
    /// −3, the code of a parent directory that does not exist.
    NoParent,
}

/// The effect of completing an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Join {
    /// The file exists at once.
    Immediate,
    /// The file exists after this number of calls of `getMultipartStatus`.
    Polls(u64),
    /// The file exists after this protocol time.
    After(Duration),
    /// The upload ends in FAILED.
    Fail,
}
