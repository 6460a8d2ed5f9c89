//! The error type of the public API. Start with [`Error`].
//!
//! Modules that only build a message return `Result<_, String>` among themselves. The public
//! function converts the message once, with the kind that it has there.

use std::fmt;
use std::io;

/// The error of a fallible call: an argument was invalid, or the environment failed.
///
/// `Display` prints one line without the [`source`](std::error::Error::source). The alternate form
/// `{error:#}` appends the source.
///
/// A failed assertion is an [`AssertionFailure`](crate::AssertionFailure), and a failed
/// verification is a [`VerificationError`](crate::VerificationError).
///
/// ```
/// use mock_origin::MockOrigin;
///
/// let origin = MockOrigin::start();
/// let error = origin.try_set("join", "soon").unwrap_err();
/// assert!(error.is_invalid_option());
/// assert!(error.to_string().starts_with("invalid value \"soon\" for `join`"));
/// ```
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    message: String,
    source: Option<io::Error>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Fault,
    Option,
    Argument,
    Io,
}

impl Error {
    fn new(kind: Kind, message: String, source: Option<io::Error>) -> Self {
        Self(Box::new(Inner { kind, message, source }))
    }

    /// Creates the error of an invalid fault or of invalid chaos.
    pub(crate) fn invalid_fault(message: String) -> Self {
        Self::new(Kind::Fault, message, None)
    }

    /// Creates the error of an unknown option, or of a value that an option does not accept.
    pub(crate) fn invalid_option(message: String) -> Self {
        Self::new(Kind::Option, message, None)
    }

    /// Creates the error of any other invalid argument.
    pub(crate) fn invalid_argument(message: String) -> Self {
        Self::new(Kind::Argument, message, None)
    }

    /// Creates the error of an operation that the environment does not allow.
    pub(crate) fn io(message: String, source: io::Error) -> Self {
        Self::new(Kind::Io, message, Some(source))
    }

    /// Returns whether a fault or chaos is invalid: its text cannot be parsed, or it could never do
    /// what it says.
    pub fn is_invalid_fault(&self) -> bool {
        self.0.kind == Kind::Fault
    }

    /// Returns whether an option or limit is unknown, or does not accept the value.
    pub fn is_invalid_option(&self) -> bool {
        self.0.kind == Kind::Option
    }

    /// Returns whether another argument is invalid, for example a path, a user or an address.
    pub fn is_invalid_argument(&self) -> bool {
        self.0.kind == Kind::Argument
    }

    /// Returns whether the environment failed, for example because a port is taken. The
    /// [`source`](std::error::Error::source) is the [`io::Error`].
    pub fn is_io(&self) -> bool {
        self.0.kind == Kind::Io
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        match &self.0.source {
            Some(source) if f.alternate() => write!(f, ": {source}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, message, source } = &*self.0;
        let mut output = f.debug_struct("Error");
        output.field("kind", kind).field("message", message);
        if let Some(source) = source {
            output.field("source", source);
        }
        output.finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.0.source.as_ref()?;
        Some(source)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn display_does_not_repeat_the_source() {
        let error =
            Error::new(Kind::Io, "cannot listen".to_owned(), Some(io::Error::other("taken")));
        assert_eq!(error.to_string(), "cannot listen");
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("taken"));
        assert_eq!(format!("{error:#}"), "cannot listen: taken");
        assert!(error.is_io() && !error.is_invalid_fault());
    }

    #[test]
    fn errors_can_cross_threads() {
        fn check<T: std::error::Error + Send + Sync + 'static>() {}
        check::<Error>();
        check::<crate::AssertionFailure>();
        check::<crate::VerificationError>();
    }
}
