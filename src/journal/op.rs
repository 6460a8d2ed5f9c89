//! Selecting calls by what they ask for.

use std::ops::RangeInclusive;

use crate::spec::{Interface, Operation};

use super::Call;

/// A selection of calls: an operation, and what narrows it.
///
/// An operation that both interfaces offer is selected on both; [`Op::over`] narrows it.
///
/// ```
/// use mock_origin::{Interface, Op};
///
/// let retried = Op::piece(2..=4);
/// let by_method = Op::complete().over(Interface::JsonRpc);
/// # let _ = (retried, by_method);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    operation: Option<Operation>,
    method: Option<String>,
    parts: Option<Parts>,
    interface: Option<Interface>,
}

/// Part numbers: one, or a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts(RangeInclusive<u32>);

impl From<u32> for Parts {
    fn from(number: u32) -> Self {
        Self(number..=number)
    }
}

impl From<RangeInclusive<u32>> for Parts {
    fn from(range: RangeInclusive<u32>) -> Self {
        Self(range)
    }
}

impl AsRef<Self> for Op {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl Op {
    const fn new(operation: Option<Operation>) -> Self {
        Self { operation, method: None, parts: None, interface: None }
    }

    /// Anything at all.
    pub const fn any() -> Self {
        Self::new(None)
    }

    /// One operation, whichever.
    pub const fn of(operation: Operation) -> Self {
        Self::new(Some(operation))
    }

    /// Logging in.
    pub const fn login() -> Self {
        Self::of(Operation::Login)
    }

    /// Beginning an upload.
    pub const fn create() -> Self {
        Self::of(Operation::Create)
    }

    /// Sending a piece with that number, or with one of a range of numbers.
    pub fn piece(parts: impl Into<Parts>) -> Self {
        Self { parts: Some(parts.into()), ..Self::any_piece() }
    }

    /// Sending a piece, whatever its number.
    pub const fn any_piece() -> Self {
        Self::of(Operation::Piece)
    }

    /// Completing an upload.
    pub const fn complete() -> Self {
        Self::of(Operation::Complete)
    }

    /// Giving an upload up.
    pub const fn abort() -> Self {
        Self::of(Operation::Abort)
    }

    /// Making a directory.
    pub const fn directory() -> Self {
        Self::of(Operation::MakeDirectory)
    }

    /// Reading a stored file.
    pub const fn read() -> Self {
        Self::of(Operation::Read)
    }

    /// A JSON-RPC method by its name, as in `Op::method("stat")`.
    pub fn method(name: &str) -> Self {
        Self { method: Some(name.to_owned()), interface: Some(Interface::JsonRpc), ..Self::any() }
    }

    /// Only over that interface.
    #[must_use]
    pub fn over(self, interface: Interface) -> Self {
        Self { interface: Some(interface), ..self }
    }

    /// Whether `call` is one of those meant.
    pub fn matches(&self, call: &Call) -> bool {
        self.operation.is_none_or(|operation| operation == call.operation)
            && self.interface.is_none_or(|interface| interface == call.interface)
            && self.method.as_ref().is_none_or(|method| *method == call.name)
            && self
                .parts
                .as_ref()
                .is_none_or(|parts| call.part.is_some_and(|part| parts.0.contains(&part)))
    }

    /// The selection in words, for messages.
    pub(crate) fn describe(&self) -> String {
        let what = match (&self.method, self.operation) {
            (Some(method), _) => method.clone(),
            (None, Some(operation)) => format!("{operation:?}").to_lowercase(),
            (None, None) => "any".to_owned(),
        };
        let over = match (&self.method, self.interface) {
            (None, Some(interface)) => format!(" over {interface:?}"),
            _ => String::new(),
        };
        match &self.parts {
            Some(Parts(parts)) if parts.start() == parts.end() => {
                format!("{what} {}{over}", parts.start())
            }
            Some(Parts(parts)) => format!("{what} {}..={}{over}", parts.start(), parts.end()),
            None => what + &over,
        }
    }
}
