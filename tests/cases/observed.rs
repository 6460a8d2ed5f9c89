//! What an exchange touched of the protocol's tables.

use std::collections::VecDeque;
use std::fmt::{Debug, Display};

use mock_origin::internals::api::Response;
use mock_origin::internals::protocol::{
    EGRESS, ENVELOPE_RESULTS, ErrorKind, PERMISSIONS, PIECE_TRANSITIONS, PieceState, ResultCode,
    Transition, UPLOAD_TRANSITIONS, endpoint_at, method_named, permit,
};
use mock_origin::internals::storage::{Piece, Storage, Upload};
use mock_origin::journal::Call;
use mock_origin::options::{LIMITS, Limit, OPTION_SPECS};
use mock_origin::{Interface, Operation, UploadState};
use serde_json::Value;

use crate::coverage::{self, Facts};
use crate::given::Given;
use crate::request::Sent;

/// The refusal that shows that a limit was reached.
const REACHED: [(Limit, ErrorKind); LIMITS.len()] = [
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

/// Rows, headers, parameters and limits.
pub(crate) fn facts(given: &Given, sent: &Sent, answer: &Response) -> Facts {
    let mut facts: Facts = answer.calls.iter().filter_map(row).collect();
    facts.extend(headers(sent, answer));
    facts.extend(parameters(sent, answer).unwrap_or_default());
    facts.extend(limits(given, answer));
    facts.extend(given.options.iter().filter_map(|(name, value)| switch(name, value)));
    facts
}

fn switch(name: &str, value: &str) -> Option<String> {
    let row = OPTION_SPECS.iter().find(|row| row.name == name)?;
    let is_it = |word: &&str| match word.find(char::is_uppercase) {
        None => *word == value,
        Some(figure) => value.strip_prefix(&word[..figure]).is_some_and(is_figure),
    };
    coverage::words(row).find(is_it).map(|word| coverage::switch(name, word))
}

fn is_figure(text: &str) -> bool {
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

fn headers(sent: &Sent, answer: &Response) -> Vec<String> {
    let endpoint = endpoint_at(&sent.path()).unwrap_or(&EGRESS);
    if matches!(answer.head.status, 404 | 405) || sent.head().method() == b"OPTIONS" {
        return Vec::new();
    }
    let came = endpoint.headers.iter().filter(|rule| sent.head().header(rule.name).is_some());
    came.map(|rule| coverage::header(endpoint, rule.name)).collect()
}

/// How the methods that succeeded were given their parameters, and which.
fn parameters(sent: &Sent, answer: &Response) -> Option<Vec<String>> {
    endpoint_at(&sent.path()).filter(|endpoint| endpoint.interface == Interface::JsonRpc)?;
    let body: Value = serde_json::from_slice(sent.body()).ok()?;
    let requests = body.as_array().cloned().unwrap_or_else(|| vec![body]);
    let succeeded = |call: &Call| call.result_code.is_some_and(ResultCode::is_success);
    let calls = requests.iter().zip(&answer.calls).filter(|(_, call)| succeeded(call));
    Some(calls.filter_map(|(request, _)| of_request(request)).flatten().collect())
}

fn of_request(request: &Value) -> Option<Vec<String>> {
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
    Some(params.chain([coverage::called(method.name, by)]).collect())
}

fn limits(given: &Given, answer: &Response) -> Vec<String> {
    let results: Vec<_> = answer.calls.iter().filter_map(|call| call.result_code).collect();
    let shows = |cause| results.iter().any(|row| row.causes.contains(&cause));
    let is_set = |limit| given.limits.iter().any(|(set, _)| *set == limit);
    let reached = REACHED.iter().filter(|(limit, cause)| is_set(*limit) && shows(*cause));
    reached.map(|(limit, _)| coverage::limit(LIMITS[*limit as usize].name)).collect()
}

/// Operations on uploads that were judged by the state that the upload was in.
pub(crate) fn permissions(before: &Storage, answer: &Response) -> Facts {
    answer.calls.iter().filter_map(|call| permission(before, call)).collect()
}

fn permission(before: &Storage, call: &Call) -> Option<String> {
    let judged = PERMISSIONS.iter().find(|row| row.operation == call.operation)?;
    let state = before.uploads().get(call.upload.as_deref()?)?.state;
    let row = call.result_code?;
    let as_judged = match permit(judged.operation, state) {
        Ok(()) => row.is_success(),
        Err(cause) => row.causes.contains(&cause),
    };
    as_judged.then(|| coverage::asked(judged.operation, state))
}

/// The arrows that uploads and pieces went along.
pub(crate) fn steps(before: &Storage, after: &Storage) -> Facts {
    let uploads = after.uploads().iter();
    uploads.flat_map(|upload| of_upload(before.uploads().get(&upload.id), upload)).collect()
}

fn of_upload(before: Option<&Upload>, after: &Upload) -> Facts {
    let from = before.map_or(UploadState::New, |upload| upload.state);
    let mut facts = path("upload", UPLOAD_TRANSITIONS, from, after.state);
    let old = before.map_or(&[][..], |upload| &upload.pieces);
    if from == UploadState::Ready && old.len() < after.pieces.len() {
        let stays = UPLOAD_TRANSITIONS.iter().find(|arrow| arrow.from == from && arrow.to == from);
        facts.extend(stays.map(|arrow| coverage::arrow("upload", arrow)));
    }
    let state = |piece: &Piece| piece.state;
    let olds = old.iter().map(state).chain(std::iter::repeat(PieceState::New));
    for (from, piece) in olds.zip(&after.pieces) {
        facts.extend(path("piece", PIECE_TRANSITIONS, from, piece.state));
    }
    facts
}

/// The arrows of the shortest way from one state to another.
fn path<S: Copy + PartialEq + Display, E: Debug>(
    machine: &str,
    arrows: &'static [Transition<S, E>],
    from: S,
    to: S,
) -> Facts {
    let mut ways = VecDeque::from([(from, Facts::new())]);
    while let Some((at, way)) = ways.pop_front() {
        if at == to || way.len() > arrows.len() {
            return way;
        }
        for arrow in arrows.iter().filter(|arrow| arrow.from == at && arrow.to != at) {
            let mut longer = way.clone();
            longer.insert(coverage::arrow(machine, arrow));
            ways.push_back((arrow.to, longer));
        }
    }
    Facts::new()
}
