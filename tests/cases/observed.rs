//! Finds the rows of the protocol's tables that an exchange covered.

use std::collections::VecDeque;
use std::fmt::{Debug, Display};

use mock_origin::internals::api::Response;
use mock_origin::internals::protocol::{
    EGRESS, ENVELOPE_RESULTS, ErrorKind, PERMISSIONS, PIECE_TRANSITIONS, PieceState, ResultCode,
    Transition, UPLOAD_TRANSITIONS, endpoint_at, method_named, permit,
};
use mock_origin::internals::storage::{Storage, Upload};
use mock_origin::journal::Call;
use mock_origin::options::{LIMITS, Limit, OPTION_SPECS};
use mock_origin::{Interface, Operation, UploadState};
use serde_json::Value;

use crate::coverage::{self, Items};
use crate::given::Given;
use crate::request::RenderedRequest;

/// The error that shows that a limit was reached.
const LIMIT_ERRORS: [(Limit, ErrorKind); LIMITS.len()] = [
    (Limit::OpenUploads, ErrorKind::TooManyUploads),
    (Limit::Pieces, ErrorKind::TooManyPieces),
    (Limit::PartNumber, ErrorKind::PartNumber),
    (Limit::PieceBytes, ErrorKind::PieceTooLarge),
    (Limit::UploadBytes, ErrorKind::UploadTooLarge),
    (Limit::PathBytes, ErrorKind::PathTooLong),
    (Limit::PageSize, ErrorKind::PageSize),
    (Limit::BatchSize, ErrorKind::Batch),
    (Limit::JsonRpcBytes, ErrorKind::NotARequest),
    (Limit::CollectAfter, ErrorKind::WrongState),
    (Limit::AuthenticateExpiry, ErrorKind::Expiry),
    (Limit::MediaVaultExpiry, ErrorKind::Expiry),
];

/// Returns the covered result codes, headers, parameters, limits and options.
pub(crate) fn covered(given: &Given, request: &RenderedRequest, response: &Response) -> Items {
    let mut covered: Items = response.calls.iter().filter_map(row).collect();
    covered.extend(headers(request, response));
    covered.extend(parameters(request, response).unwrap_or_default());
    covered.extend(limits(given, response));
    covered.extend(given.options.iter().filter_map(|(name, value)| option(name, value)));
    covered
}

fn option(name: &str, value: &str) -> Option<String> {
    let row = OPTION_SPECS.iter().find(|row| row.name == name)?;
    let matches = |allowed: &&str| match allowed.find(char::is_uppercase) {
        None => *allowed == value,
        Some(start) => value.strip_prefix(&allowed[..start]).is_some_and(is_number),
    };
    coverage::option_values(row).find(matches).map(|value| coverage::option(name, value))
}

fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok()
}

fn row(call: &Call) -> Option<String> {
    let row = call.result_code?;
    let of = match call.operation {
        _ if ENVELOPE_RESULTS.contains(row) => "the envelope",
        Operation::Preflight => "OPTIONS",
        _ => &call.name,
    };
    Some(coverage::row(of, row))
}

fn headers(request: &RenderedRequest, response: &Response) -> Vec<String> {
    let endpoint = endpoint_at(&request.path()).unwrap_or(&EGRESS);
    if matches!(response.head.status, 404 | 405) || request.head().method() == b"OPTIONS" {
        return Vec::new();
    }
    let came = endpoint.headers.iter().filter(|rule| request.head().header(rule.name).is_some());
    came.map(|rule| coverage::header(endpoint, rule.name)).collect()
}

/// Returns the calls and parameters of the methods that succeeded.
fn parameters(request: &RenderedRequest, response: &Response) -> Option<Vec<String>> {
    endpoint_at(&request.path()).filter(|endpoint| endpoint.interface == Interface::JsonRpc)?;
    let body: Value = serde_json::from_slice(request.body()).ok()?;
    let requests = body.as_array().cloned().unwrap_or_else(|| vec![body]);
    let succeeded = |call: &Call| call.result_code.is_some_and(ResultCode::is_success);
    let calls = requests.iter().zip(&response.calls).filter(|(_, call)| succeeded(call));
    Some(calls.filter_map(|(request, _)| request_items(request)).flatten().collect())
}

fn request_items(request: &Value) -> Option<Vec<String>> {
    let method = method_named(request["method"].as_str()?)?;
    let (by, names): (_, Vec<&str>) = match &request["params"] {
        Value::Object(given) => ("name", given.keys().map(String::as_str).collect()),
        given => {
            let count = given.as_array().map_or(0, Vec::len);
            let is_short = count <= method.short_form.len();
            let long = method.params.iter().map(|param| param.name);
            let names = if is_short { method.short_form.to_vec() } else { long.collect() };
            ("position", names.into_iter().take(count).collect())
        }
    };
    let params = names.iter().map(|name| coverage::param(method.name, name));
    Some(params.chain([coverage::call(method.name, by)]).collect())
}

fn limits(given: &Given, response: &Response) -> Vec<String> {
    let results: Vec<_> = response.calls.iter().filter_map(|call| call.result_code).collect();
    let shows = |cause| results.iter().any(|row| row.causes.contains(&cause));
    let is_set = |limit| given.limits.iter().any(|(set, _)| *set == limit);
    let reached = LIMIT_ERRORS.iter().filter(|(limit, cause)| is_set(*limit) && shows(*cause));
    reached.map(|(limit, _)| coverage::limit(LIMITS[*limit as usize].name)).collect()
}

/// Returns the operations whose result followed from the state of the upload.
pub(crate) fn permissions(before: &Storage, response: &Response) -> Items {
    response.calls.iter().filter_map(|call| permission(before, call)).collect()
}

fn permission(before: &Storage, call: &Call) -> Option<String> {
    let rule = PERMISSIONS.iter().find(|row| row.operation == call.operation)?;
    let state = before.uploads().get(call.upload.as_deref()?)?.state;
    let row = call.result_code?;
    let follows_rule = match permit(rule.operation, state) {
        Ok(()) => row.is_success(),
        Err(cause) => row.causes.contains(&cause),
    };
    follows_rule.then(|| coverage::permission(rule.operation, state))
}

/// Returns the transitions of uploads and pieces.
pub(crate) fn transitions(before: &Storage, after: &Storage) -> Items {
    let uploads = after.uploads().iter();
    uploads
        .flat_map(|upload| {
            upload_transitions(before.uploads().get(&upload.id).map(AsRef::as_ref), upload)
        })
        .collect()
}

fn upload_transitions(before: Option<&Upload>, after: &Upload) -> Items {
    let from = before.map_or(UploadState::New, |upload| upload.state);
    let mut covered = shortest_path("upload", UPLOAD_TRANSITIONS, from, after.state);
    let old = before.into_iter().flat_map(|upload| &upload.pieces);
    let old: Vec<_> = old.map(|piece| piece.state).collect();
    if from == UploadState::Ready && old.len() < after.pieces.len() {
        let stays = UPLOAD_TRANSITIONS.iter().find(|step| step.from == from && step.to == from);
        covered.extend(stays.map(|step| coverage::transition("upload", step)));
    }
    let olds = old.into_iter().chain(std::iter::repeat(PieceState::New));
    for (from, piece) in olds.zip(&after.pieces) {
        covered.extend(shortest_path("piece", PIECE_TRANSITIONS, from, piece.state));
    }
    covered
}

/// Returns the transitions of the shortest path from one state to another.
fn shortest_path<S: Copy + PartialEq + Display, E: Debug>(
    machine: &str,
    transitions: &'static [Transition<S, E>],
    from: S,
    to: S,
) -> Items {
    let mut paths = VecDeque::from([(from, Items::new())]);
    while let Some((at, path)) = paths.pop_front() {
        if at == to || path.len() > transitions.len() {
            return path;
        }
        for step in transitions.iter().filter(|step| step.from == at && step.to != at) {
            let mut longer = path.clone();
            longer.insert(coverage::transition(machine, step));
            paths.push_back((step.to, longer));
        }
    }
    Items::new()
}
