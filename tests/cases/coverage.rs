//! The rows of the protocol's tables, which the cases together must cover.

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};

use mock_origin::internals::protocol::{
    Availability, ENDPOINTS, ENVELOPE_RESULTS, Endpoint, METHODS, Method, PERMISSIONS,
    PIECE_TRANSITIONS, PREFLIGHT_RESULT, ResultCode, Transition, UPLOAD_TRANSITIONS,
};
use mock_origin::options::{LIMITS, OPTION_SPECS, OptionSpec};
use mock_origin::{Operation, UploadState};

/// Descriptions of rows, headers, parameters, limits and options.
pub(crate) type Items = BTreeSet<String>;

/// The states in which a client can find an upload. An upload passes the others within one call, or
/// enters them only if a test requests it.
const LASTING: [UploadState; 6] = [
    UploadState::New,
    UploadState::Ready,
    UploadState::Success,
    UploadState::Abort,
    UploadState::Failed,
    UploadState::Expired,
];

const ON_REQUEST: &str = "happens only if a test requests it (§4.4), which cases cannot do";
const OPEN_UPLOAD: &str = "a piece in NEW belongs to a READY upload, which does not expire (§4.4)";
const NO_LATE_PIECE: &str = "an upload that is not open stores no piece (§4.2)";

/// The items that no case can cover, and the reason. The test fails if one is covered.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("upload NEW on Expired to EXPIRED", ON_REQUEST),
    ("upload NEW on Removed to DELETED", ON_REQUEST),
    ("upload READY on Expired to EXPIRED", ON_REQUEST),
    ("upload SUCCESS on Removed to DELETED", ON_REQUEST),
    ("upload ABORT on Removed to DELETED", ON_REQUEST),
    ("upload FAILED on Removed to DELETED", ON_REQUEST),
    ("upload FAILED on Expired to EXPIRED", ON_REQUEST),
    ("piece NEW on Broken to ERROR", ON_REQUEST),
    ("piece NEW on Aged to EXPIRED", OPEN_UPLOAD),
    ("piece ABORT on Superseded to SKIPPED", NO_LATE_PIECE),
    ("piece ABORT on Removed to DELETED", ON_REQUEST),
    ("piece ABORT on Broken to ERROR", ON_REQUEST),
    ("piece SUCCESS on Superseded to SKIPPED", NO_LATE_PIECE),
    ("piece SUCCESS on Removed to DELETED", ON_REQUEST),
    ("piece SUCCESS on Broken to ERROR", ON_REQUEST),
    ("piece FAILED on Broken to ERROR", ON_REQUEST),
    ("piece FAILED on Superseded to SKIPPED", NO_LATE_PIECE),
];

/// A result code of a table. `of` is an endpoint's path, a method's name, or the name of the table.
pub(crate) fn row(of: &str, row: &ResultCode) -> String {
    format!("result of {of}: {} {}", row.http, row.code)
}

/// A header that an endpoint reads.
pub(crate) fn header(endpoint: &Endpoint, name: &str) -> String {
    let of = if endpoint.path.is_empty() { "a stored file" } else { endpoint.path };
    format!("header of {of}: {name}")
}

/// A parameter of a method, by its name or alias.
pub(crate) fn param(method: &str, name: &str) -> String {
    format!("parameter of {method}: {name}")
}

/// A call of a method with parameters by name or by position.
pub(crate) fn call(method: &str, by: &str) -> String {
    format!("call of {method} by {by}")
}

/// An operation on an upload in a state.
pub(crate) fn permission(operation: Operation, state: UploadState) -> String {
    format!("{operation:?} of an upload in {state}")
}

/// A limit that a request reached.
pub(crate) fn limit(name: &str) -> String {
    format!("limit reached: {name}")
}

/// An option with one of its values. A number in the value may be any number.
pub(crate) fn option(name: &str, value: &str) -> String {
    format!("option {name}={value}")
}

/// Returns the values of an option. A word in capitals stands for a number.
pub(crate) fn option_values(row: &OptionSpec) -> impl Iterator<Item = &'static str> {
    row.values.split('|')
}

/// A transition of a state machine.
pub(crate) fn transition<S: Display, E: Debug>(machine: &str, step: &Transition<S, E>) -> String {
    format!("{machine} {} on {:?} to {}", step.from, step.on, step.to)
}

/// Fails with every item that no case covers, and with every exception that is covered or unknown.
pub(crate) fn assert_complete(covered: &Items) {
    let excepted: Items = EXCEPTIONS.iter().map(|(item, _)| (*item).to_owned()).collect();
    let required = required();
    let missing = required.difference(covered).filter(|item| !excepted.contains(*item));
    let stale = excepted.iter().filter(|item| covered.contains(*item) || !required.contains(*item));
    let missing = missing.map(|item| format!("no case covers: {item}\n"));
    let stale = stale.map(|item| format!("remove from EXCEPTIONS: {item}\n"));
    let failures: String = missing.chain(stale).collect();
    assert!(failures.is_empty(), "incomplete coverage of the tables:\n{failures}");
}

fn required() -> Items {
    let endpoints = ENDPOINTS.iter().flat_map(|endpoint| endpoint_items(endpoint));
    let methods = METHODS.iter().flat_map(|method| method_items(method));
    let envelope = results("the envelope", ENVELOPE_RESULTS);
    let uploads = UPLOAD_TRANSITIONS.iter().map(|step| transition("upload", step));
    let pieces = PIECE_TRANSITIONS.iter().map(|step| transition("piece", step));
    let permissions =
        PERMISSIONS.iter().flat_map(|row| LASTING.map(|state| permission(row.operation, state)));
    let limits = LIMITS.iter().map(|row| limit(row.name));
    let options = OPTION_SPECS.iter().flat_map(option_items);
    let all = endpoints.chain(methods).chain(envelope).chain(uploads).chain(pieces);
    let all = all.chain(permissions).chain(limits).chain(options);
    all.chain([row("OPTIONS", &PREFLIGHT_RESULT)]).collect()
}

fn results(of: &str, results: &[ResultCode]) -> Vec<String> {
    let normal = results.iter().filter(|row| row.availability == Availability::Normal);
    normal.map(|found| row(of, found)).collect()
}

fn endpoint_items(endpoint: &Endpoint) -> Vec<String> {
    let headers = endpoint.headers.iter().map(|rule| header(endpoint, rule.name));
    headers.chain(results(endpoint.path, endpoint.results)).collect()
}

fn method_items(method: &Method) -> Vec<String> {
    let names = method.params.iter().flat_map(|param| [Some(param.name), param.alias]);
    let params = names.flatten().map(|name| param(method.name, name));
    let calls = ["name", "position"].map(|by| call(method.name, by));
    params.chain(calls).chain(results(method.name, method.results)).collect()
}

fn option_items(row: &OptionSpec) -> Vec<String> {
    let values = option_values(row).filter(|value| *value != row.default);
    values.map(|value| option(row.name, value)).collect()
}
