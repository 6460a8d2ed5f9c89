//! What the cases together must touch: every row of the protocol's tables.

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};

use mock_origin::internals::protocol::{
    Availability, ENDPOINTS, ENVELOPE_RESULTS, Endpoint, METHODS, Method, PERMISSIONS,
    PIECE_TRANSITIONS, PREFLIGHT_RESULT, ResultCode, Transition, UPLOAD_TRANSITIONS,
};
use mock_origin::options::{LIMITS, OPTION_SPECS, OptionSpec};
use mock_origin::{Operation, UploadState};

/// Things that were touched, or must be, in words.
pub(crate) type Facts = BTreeSet<String>;

/// The states in which a client can find an upload. The others are passed within one call, or
/// come on request of a test only.
const LASTING: [UploadState; 6] = [
    UploadState::New,
    UploadState::Ready,
    UploadState::Success,
    UploadState::Abort,
    UploadState::Failed,
    UploadState::Expired,
];

const ON_REQUEST: &str = "comes only on request of a test (§4.4), and cases do not ask for it";
const LEFT_ALONE: &str =
    "a piece in NEW is one of a READY upload, whose pieces are left alone (§4.4)";
const NO_LATE_PIECE: &str = "no piece is stored once the upload is not open any more (§4.2)";

/// What no case can touch, and why. One that is touched after all must leave this list.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("upload NEW on Expired to EXPIRED", ON_REQUEST),
    ("upload NEW on Removed to DELETED", ON_REQUEST),
    ("upload READY on Expired to EXPIRED", ON_REQUEST),
    ("upload SUCCESS on Removed to DELETED", ON_REQUEST),
    ("upload ABORT on Removed to DELETED", ON_REQUEST),
    ("upload FAILED on Removed to DELETED", ON_REQUEST),
    ("upload FAILED on Expired to EXPIRED", ON_REQUEST),
    ("piece NEW on Broken to ERROR", ON_REQUEST),
    ("piece NEW on Aged to EXPIRED", LEFT_ALONE),
    ("piece ABORT on Superseded to SKIPPED", NO_LATE_PIECE),
    ("piece ABORT on Removed to DELETED", ON_REQUEST),
    ("piece ABORT on Broken to ERROR", ON_REQUEST),
    ("piece SUCCESS on Superseded to SKIPPED", NO_LATE_PIECE),
    ("piece SUCCESS on Removed to DELETED", ON_REQUEST),
    ("piece SUCCESS on Broken to ERROR", ON_REQUEST),
    ("piece FAILED on Broken to ERROR", ON_REQUEST),
    ("piece FAILED on Superseded to SKIPPED", NO_LATE_PIECE),
];

/// An answer of a table; `of` is an endpoint's path, a method's name, or whose the table is.
pub(crate) fn row(of: &str, row: &ResultCode) -> String {
    format!("answer of {of}: {} {}", row.http, row.code)
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

/// A way to pass a method its parameters.
pub(crate) fn called(method: &str, by: &str) -> String {
    format!("call of {method} by {by}")
}

/// An operation on an upload in a state.
pub(crate) fn asked(operation: Operation, state: UploadState) -> String {
    format!("{operation:?} of an upload in {state}")
}

/// A limit that was reached.
pub(crate) fn limit(name: &str) -> String {
    format!("limit reached: {name}")
}

/// A switch that was set to one of its words; where the word holds a figure, to any.
pub(crate) fn switch(name: &str, word: &str) -> String {
    format!("switch {name}={word}")
}

/// The words that a switch takes. Capitals in one stand for a figure.
pub(crate) fn words(row: &OptionSpec) -> impl Iterator<Item = &'static str> {
    row.values.split('|')
}

/// An arrow of a state machine.
pub(crate) fn arrow<S: Display, E: Debug>(machine: &str, arrow: &Transition<S, E>) -> String {
    format!("{machine} {} on {:?} to {}", arrow.from, arrow.on, arrow.to)
}

/// Fails with everything that no case touched, and with every exception that is none.
pub(crate) fn judge(touched: &Facts) {
    let excepted: Facts = EXCEPTIONS.iter().map(|(fact, _)| (*fact).to_owned()).collect();
    let required = required();
    let missing = required.difference(touched).filter(|fact| !excepted.contains(*fact));
    let stale = excepted.iter().filter(|fact| touched.contains(*fact) || !required.contains(*fact));
    let missing = missing.map(|fact| format!("no case has the {fact}\n"));
    let stale = stale.map(|fact| format!("no exception any more: {fact}\n"));
    let wrong: String = missing.chain(stale).collect();
    assert!(wrong.is_empty(), "the cases leave something out:\n{wrong}");
}

fn required() -> Facts {
    let endpoints = ENDPOINTS.iter().flat_map(|endpoint| of_endpoint(endpoint));
    let methods = METHODS.iter().flat_map(|method| of_method(method));
    let envelope = results("the envelope", ENVELOPE_RESULTS);
    let uploads = UPLOAD_TRANSITIONS.iter().map(|step| arrow("upload", step));
    let pieces = PIECE_TRANSITIONS.iter().map(|step| arrow("piece", step));
    let permissions =
        PERMISSIONS.iter().flat_map(|row| LASTING.map(|state| asked(row.operation, state)));
    let limits = LIMITS.iter().map(|row| limit(row.name));
    let options = OPTION_SPECS.iter().flat_map(of_switch);
    let all = endpoints.chain(methods).chain(envelope).chain(uploads).chain(pieces);
    let all = all.chain(permissions).chain(limits).chain(options);
    all.chain([row("OPTIONS", &PREFLIGHT_RESULT)]).collect()
}

fn results(of: &str, results: &[ResultCode]) -> Vec<String> {
    let availability = results.iter().filter(|row| row.availability == Availability::Normal);
    availability.map(|found| row(of, found)).collect()
}

fn of_endpoint(endpoint: &Endpoint) -> Vec<String> {
    let headers = endpoint.headers.iter().map(|rule| header(endpoint, rule.name));
    headers.chain(results(endpoint.path, endpoint.results)).collect()
}

fn of_method(method: &Method) -> Vec<String> {
    let names = method.params.iter().flat_map(|param| [Some(param.name), param.alias]);
    let params = names.flatten().map(|name| param(method.name, name));
    let calls = ["name", "position"].map(|by| called(method.name, by));
    params.chain(calls).chain(results(method.name, method.results)).collect()
}

fn of_switch(row: &OptionSpec) -> Vec<String> {
    let chosen = words(row).filter(|word| *word != row.default);
    chosen.map(|word| switch(row.name, word)).collect()
}
