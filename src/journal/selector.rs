//! Selects calls by operation, interface, method and part number. Start with [`Op`].

use std::ops::RangeInclusive;

use crate::protocol::{Interface, Operation};

use super::Call;

/// A selection of calls: an operation, and optional restrictions.
///
/// An operation that both interfaces offer is selected on both; [`Op::over`] restricts it.
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

/// The operations that have a constructor without parameters.
pub(crate) const SHORT_FORMS: &[(Operation, &str)] = &[
    (Operation::Login, "login"),
    (Operation::Create, "create"),
    (Operation::Piece, "any_piece"),
    (Operation::Complete, "complete"),
    (Operation::Abort, "abort"),
    (Operation::MakeDirectory, "directory"),
    (Operation::PostRaw, "raw"),
    (Operation::PostFile, "file"),
    (Operation::Read, "egress"),
];

impl AsRef<Self> for Op {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl Op {
    const fn new(operation: Option<Operation>) -> Self {
        Self { operation, method: None, parts: None, interface: None }
    }

    /// Selects any operation except a preflight, which a browser sends before the request that a
    /// test is about. `Op::operation(Operation::Preflight)` selects preflights.
    pub const fn any() -> Self {
        Self::new(None)
    }

    /// Selects one operation.
    pub const fn operation(operation: Operation) -> Self {
        Self::new(Some(operation))
    }

    /// Selects logins.
    pub const fn login() -> Self {
        Self::operation(Operation::Login)
    }

    /// Selects the creation of uploads.
    pub const fn create() -> Self {
        Self::operation(Operation::Create)
    }

    /// Selects pieces with that number, or with a number in that range.
    pub fn piece(parts: impl Into<Parts>) -> Self {
        Self { parts: Some(parts.into()), ..Self::any_piece() }
    }

    /// Selects pieces with any number.
    pub const fn any_piece() -> Self {
        Self::operation(Operation::Piece)
    }

    /// Selects the completion of uploads.
    pub const fn complete() -> Self {
        Self::operation(Operation::Complete)
    }

    /// Selects the abort of uploads.
    pub const fn abort() -> Self {
        Self::operation(Operation::Abort)
    }

    /// Selects the creation of directories.
    pub const fn directory() -> Self {
        Self::operation(Operation::MakeDirectory)
    }

    /// Selects whole files that are stored by `/post/raw`.
    pub const fn raw() -> Self {
        Self::operation(Operation::PostRaw)
    }

    /// Selects files that are stored as a form by `/post/file`.
    pub const fn file() -> Self {
        Self::operation(Operation::PostFile)
    }

    /// Selects downloads of stored files.
    pub const fn egress() -> Self {
        Self::operation(Operation::Read)
    }

    /// Selects a JSON-RPC method by its name, as in `Op::method("stat")`.
    pub fn method(name: &str) -> Self {
        Self { method: Some(name.to_owned()), interface: Some(Interface::JsonRpc), ..Self::any() }
    }

    /// Restricts the selection to one interface.
    #[must_use]
    pub fn over(self, interface: Interface) -> Self {
        Self { interface: Some(interface), ..self }
    }

    /// Returns whether the selection includes `call`.
    pub fn matches(&self, call: &Call) -> bool {
        self.operation.map_or(call.operation != Operation::Preflight, |one| one == call.operation)
            && self.interface.is_none_or(|interface| interface == call.interface)
            && self.method.as_ref().is_none_or(|method| *method == call.name)
            && self
                .parts
                .as_ref()
                .is_none_or(|parts| call.part.is_some_and(|part| parts.0.contains(&part)))
    }

    /// Returns whether the selection includes `call`, without regard to its part number.
    pub(crate) fn matches_but_for_parts(&self, call: &Call) -> bool {
        Self { parts: None, ..self.clone() }.matches(call)
    }

    /// Returns the method of the selection.
    pub(crate) fn method_name(&self) -> Option<&str> {
        self.method.as_deref()
    }

    /// Returns the operation of the selection.
    pub(crate) fn selected_operation(&self) -> Option<Operation> {
        self.operation
    }

    /// Returns the interface of the selection.
    pub(crate) fn interface(&self) -> Option<Interface> {
        self.interface
    }

    /// Returns the part numbers of the selection.
    pub(crate) fn parts(&self) -> Option<&RangeInclusive<u32>> {
        self.parts.as_ref().map(|Parts(range)| range)
    }

    /// Returns the selection as Rust code.
    pub(crate) fn code(&self) -> String {
        let what = match (&self.method, self.operation, &self.parts) {
            (Some(method), ..) => format!("Op::method({method:?})"),
            (_, Some(Operation::Piece), Some(Parts(parts))) if parts.start() == parts.end() => {
                format!("Op::piece({})", parts.start())
            }
            (_, Some(Operation::Piece), Some(Parts(parts))) => {
                format!("Op::piece({}..={})", parts.start(), parts.end())
            }
            (_, Some(operation), _) => {
                let short = SHORT_FORMS.iter().find(|(known, _)| *known == operation);
                let of = || format!("Op::operation(Operation::{operation:?})");
                short.map_or_else(of, |(_, name)| format!("Op::{name}()"))
            }
            (_, None, _) => "Op::any()".to_owned(),
        };
        // A method implies JSON-RPC.
        let own = self.method.as_ref().map(|_| Interface::JsonRpc);
        match self.interface.filter(|interface| Some(*interface) != own) {
            Some(interface) => format!("{what}.over(Interface::{interface:?})"),
            None => what,
        }
    }

    /// Returns the selection in words, for messages.
    pub(crate) fn describe(&self) -> String {
        let what = match (&self.method, self.operation) {
            (Some(method), _) => method.clone(),
            (None, Some(operation)) => word(operation),
            (None, None) => "call".to_owned(),
        };
        let over = match (&self.method, self.interface) {
            (Some(_), _) | (_, None) => "",
            (_, Some(Interface::Http)) => " over HTTP",
            (_, Some(Interface::JsonRpc)) => " over JSON-RPC",
            (_, Some(Interface::Egress)) => " over egress",
        };
        match &self.parts {
            Some(Parts(parts)) if parts.start() == parts.end() => {
                format!("{what} {}{over}", parts.start())
            }
            Some(Parts(parts)) => format!("{what} {}..={}{over}", parts.start(), parts.end()),
            None => what + over,
        }
    }
}

/// Returns the name of an operation in messages: its name in test code, or its endpoint if that
/// name alone would be ambiguous.
fn word(operation: Operation) -> String {
    match operation {
        Operation::Piece => "piece".to_owned(),
        Operation::PostRaw => "/post/raw".to_owned(),
        Operation::PostFile => "/post/file".to_owned(),
        _ => {
            let short = SHORT_FORMS.iter().find(|(known, _)| *known == operation);
            let of = || format!("Operation::{operation:?}");
            short.map_or_else(of, |(_, name)| (*name).to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_is_described_by_its_constructor_name() {
        for (op, description) in [
            (Op::any(), "call"),
            (Op::any().over(Interface::JsonRpc), "call over JSON-RPC"),
            (Op::create().over(Interface::Http), "create over HTTP"),
            (Op::piece(2), "piece 2"),
            (Op::piece(2..=4), "piece 2..=4"),
            (Op::any_piece(), "piece"),
            (Op::directory(), "directory"),
            (Op::raw(), "/post/raw"),
            (Op::file(), "/post/file"),
            (Op::egress(), "egress"),
            (Op::operation(Operation::SetMTime), "Operation::SetMTime"),
            (Op::method("stat"), "stat"),
        ] {
            assert_eq!(op.describe(), description, "{}", op.code());
        }
    }
}
