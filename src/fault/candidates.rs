//! Candidates: every kind of call to which a fault could apply, read from the protocol tables.

use crate::journal::{Call, Op};
use crate::protocol::{ENDPOINTS, Interface, METHODS, Operation, method_named};

use super::CallMatcher;
use super::display::op_in_words;

/// Calls without a name in the tables: operation, interface, and name in messages.
const NAMELESS: [(Operation, Interface, &str); 3] = [
    (Operation::Preflight, Interface::Http, "OPTIONS"),
    (Operation::Unmatched, Interface::Http, "a request to an unknown endpoint"),
    (Operation::UnknownMethod, Interface::JsonRpc, "a call of an unknown method"),
];

/// Returns whether a call has no endpoint and no method.
pub(super) fn is_nameless(operation: Operation) -> bool {
    NAMELESS.iter().any(|(nameless, ..)| *nameless == operation)
}

/// A selector, and the calls that have its value when faults are selected.
struct SelectorSupport {
    key: &'static str,
    is_used: fn(&CallMatcher) -> bool,
    /// Returns whether an operation over HTTP, or a download, has the value.
    is_known_for: fn(Operation) -> bool,
    /// The JSON-RPC parameters that contain the value.
    params: &'static [&'static str],
}

const SELECTORS: &[SelectorSupport] = &[
    SelectorSupport {
        key: "path",
        is_used: |matcher| matcher.path.is_some(),
        is_known_for: |operation| !is_nameless(operation),
        params: &["path", "oldpath", "from", "mpid"],
    },
    SelectorSupport {
        key: "user",
        is_used: |matcher| matcher.user.is_some(),
        is_known_for: |operation| operation != Operation::Read && !is_nameless(operation),
        params: &["token", "username"],
    },
    SelectorSupport {
        key: "upload",
        is_used: |matcher| matcher.upload.is_some(),
        is_known_for: |operation| matches!(operation, Operation::Piece | Operation::Complete),
        params: &["mpid"],
    },
];

impl SelectorSupport {
    fn is_known(&self, call: &Call) -> bool {
        if call.interface == Interface::JsonRpc {
            let params = method_named(&call.name).map_or(&[][..], |method| method.params);
            return params.iter().any(|param| self.params.contains(&param.name));
        }
        (self.is_known_for)(call.operation)
    }
}

/// Returns one call of each kind that `matcher` selects.
///
/// # Errors
///
/// Returns one line that names the selector whose value is never known in time.
pub(super) fn candidates(matcher: &CallMatcher) -> Result<Vec<Call>, String> {
    let mut calls = calls_of(&matcher.op);
    for selector in SELECTORS.iter().filter(|selector| (selector.is_used)(matcher)) {
        calls.retain(|call| selector.is_known(call));
        if calls.is_empty() {
            let (key, asked) = (selector.key, op_in_words(&matcher.op));
            return Err(format!("{key}: not known for {asked} when faults are selected"));
        }
    }
    Ok(calls)
}

/// Returns one call of each kind that `op` selects.
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
