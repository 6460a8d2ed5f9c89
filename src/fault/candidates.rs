//! The calls that a fault could act on, as far as the tables tell.

use crate::journal::{Call, Op};
use crate::protocol::{ENDPOINTS, Interface, METHODS, Operation, method_named};

use super::CallMatcher;
use super::config::op_in_words;

/// What comes by no name of the tables: the operation, the interface, and what messages call it.
const NAMELESS: [(Operation, Interface, &str); 3] = [
    (Operation::Preflight, Interface::Http, "OPTIONS"),
    (Operation::Unmatched, Interface::Http, "what no endpoint takes"),
    (Operation::UnknownMethod, Interface::JsonRpc, "what names no method"),
];

/// Whether nothing is known of a call but that it came.
pub(super) fn is_nameless(operation: Operation) -> bool {
    NAMELESS.iter().any(|(nameless, ..)| *nameless == operation)
}

/// What a trigger may ask for, and which calls tell it by the time that faults are decided.
struct SelectorSupport {
    key: &'static str,
    is_asked: fn(&CallMatcher) -> bool,
    /// Whether an operation tells it over HTTP, or of a stored file.
    is_told_by: fn(Operation) -> bool,
    /// The parameters by which methods tell it.
    params: &'static [&'static str],
}

const ASPECTS: &[SelectorSupport] = &[
    SelectorSupport {
        key: "path",
        is_asked: |matcher| matcher.path.is_some(),
        is_told_by: |operation| !is_nameless(operation),
        params: &["path", "oldpath", "from", "mpid"],
    },
    SelectorSupport {
        key: "user",
        is_asked: |matcher| matcher.user.is_some(),
        is_told_by: |operation| operation != Operation::Read && !is_nameless(operation),
        params: &["token", "username"],
    },
    SelectorSupport {
        key: "upload",
        is_asked: |matcher| matcher.upload.is_some(),
        is_told_by: |operation| matches!(operation, Operation::Piece | Operation::Complete),
        params: &["mpid"],
    },
];

impl SelectorSupport {
    fn is_told(&self, call: &Call) -> bool {
        if call.interface == Interface::JsonRpc {
            let params = method_named(&call.name).map_or(&[][..], |method| method.params);
            return params.iter().any(|param| self.params.contains(&param.name));
        }
        (self.is_told_by)(call.operation)
    }
}

/// A call of everything that `matcher` selects.
///
/// # Errors
///
/// What it asks for that none of them tells, in one line.
pub(super) fn candidates(matcher: &CallMatcher) -> Result<Vec<Call>, String> {
    let mut calls = calls_of(&matcher.op);
    for aspect in ASPECTS.iter().filter(|aspect| (aspect.is_asked)(matcher)) {
        calls.retain(|call| aspect.is_told(call));
        if calls.is_empty() {
            let (key, asked) = (aspect.key, op_in_words(&matcher.op));
            return Err(format!("{key}: it is not known of {asked} when faults are decided"));
        }
    }
    Ok(calls)
}

/// A call of everything that `op` selects.
pub(super) fn calls_of(op: &Op) -> Vec<Call> {
    let endpoints = ENDPOINTS
        .iter()
        .filter(|endpoint| endpoint.interface != Interface::JsonRpc)
        .map(|endpoint| Call::new(endpoint.operation, endpoint.interface, endpoint.path));
    let methods =
        METHODS.iter().map(|method| Call::new(method.operation, Interface::JsonRpc, method.name));
    let nameless = NAMELESS
        .iter()
        .map(|(operation, interface, name)| Call::new(*operation, *interface, *name));
    let part = op.parts().map(|parts| *parts.start());
    endpoints
        .chain(methods)
        .chain(nameless)
        .map(|call| Call { part, ..call })
        .filter(|call| op.matches(call))
        .collect()
}
