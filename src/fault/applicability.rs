//! Applicability: the calls to which an action cannot apply, and the reason.

use crate::journal::Call;
use crate::protocol::{Interface, Operation, PING, ResultCode};
use crate::storage::Interference;
use crate::wording::counted;

use super::call_context::CallContext;
use super::candidates::is_nameless;
use super::{Choice, ErrorResponse, FaultAction, HeaderMutation, InterimSupport, Stage};

/// Returns the skip reason of an action that needs the operation to be carried out.
pub(crate) fn rejected_by_origin(status: u16, row: Option<&ResultCode>) -> String {
    let row = row.map(|row| format!(" {} {}", row.code, row.phrase)).unwrap_or_default();
    format!("the origin rejected the request: {status}{row}")
}

/// Checks whether `action` can apply to `call`.
///
/// # Errors
///
/// Returns the reason why it cannot.
pub(super) fn check_applicable(
    action: &FaultAction,
    call: &Call,
    context: CallContext,
) -> Result<(), String> {
    let CallContext { at, rejected, declared, interim } = context;
    if action.stage() == Stage::Body && at > Stage::Body {
        return Err("the operation is known only after the body has been read".to_owned());
    }
    if let (Some(bytes), Some(declared)) = (action.body_bytes(), declared)
        && declared < bytes
    {
        return Err(format!("the body has only {}", counted(declared, "byte")));
    }
    let waits = action.stage() == Stage::Body && action.body_bytes() != Some(0);
    if let Some(status) = rejected.filter(|_| waits || action.needs_commit()) {
        return Err(rejected_by_origin(status, call.result_code));
    }
    match interim {
        InterimSupport::None if matches!(action, FaultAction::SendInterim(_)) => {
            return Err("HTTP/1.0 has no interim responses".to_owned());
        }
        InterimSupport::None | InterimSupport::Accepted if action.needs_expectation() => {
            return Err("the client did not expect 100 Continue".to_owned());
        }
        _ => {}
    }
    check_operation(action, call)
}

/// Checks whether the operation has what the action changes.
fn check_operation(action: &FaultAction, call: &Call) -> Result<(), String> {
    use Operation as Op;
    let is = |operations: &[Op], what: &str| {
        let fits = operations.contains(&call.operation);
        if fits { Ok(()) } else { Err(format!("{} {what}", call.display_name())) }
    };
    match action {
        FaultAction::Reject(reject) | FaultAction::RejectAfter(_, reject) => {
            check_reject(reject, call)
        }
        FaultAction::Join(_) => is(&[Op::Complete], "starts no join"),
        FaultAction::Listing(_) => {
            is(&[Op::List, Op::ListUploads, Op::ListPieces], "returns no list")
        }
        FaultAction::Stale => is(
            &[Op::List, Op::ListUploads, Op::ListPieces, Op::Stat, Op::Status, Op::Read],
            "reads nothing that can be stale",
        ),
        FaultAction::Alter(alter) => check_alter(alter, call),
        FaultAction::ReadSlowly(_) => {
            is(&[Op::Piece, Op::PostRaw, Op::PostFile], "has no body to read slowly")
        }
        FaultAction::CommitLater(_) => {
            let reads = [
                Op::Read,
                Op::Stat,
                Op::List,
                Op::ListUploads,
                Op::ListPieces,
                Op::StatusMap,
                Op::CheckToken,
                Op::Echo,
            ];
            let name = call.display_name();
            let does = !reads.contains(&call.operation) && !is_nameless(call.operation);
            if does { Ok(()) } else { Err(format!("{name} changes nothing that can be deferred")) }
        }
        // A completed or aborted upload cannot be aborted (§4.4).
        FaultAction::InterfereAfter(Interference::AbortUpload)
            if matches!(call.operation, Op::Complete | Op::Abort) =>
        {
            Err(format!("{} leaves no upload to abort", call.display_name()))
        }
        FaultAction::InterfereBefore(interference) | FaultAction::InterfereAfter(interference) => {
            check_interference(*interference, call)
        }
        _ => Ok(()),
    }
}

/// Checks that the call has the result code, and that its response can carry the rest.
fn check_reject(reject: &ErrorResponse, call: &Call) -> Result<(), String> {
    let name = call.display_name();
    match reject.choose(call) {
        None => Err(format!("{name} has no result code {}", reject.selection())),
        Some(Choice::ResultCode(_)) if call.is_json_rpc() && !reject.is_bare() => Err(format!(
            "a result code of {name} is an error object with status 200, which cannot have a reason, \
             headers or a body; use ErrorResponse::raw"
        )),
        Some(_) => Ok(()),
    }
}

/// Checks that the response has the changed header. Only three headers are known here.
fn check_alter(alter: &HeaderMutation, call: &Call) -> Result<(), String> {
    use Operation as Op;
    let name = match alter {
        HeaderMutation::WrongChecksum | HeaderMutation::UpperCaseChecksum => "X-Agile-Checksum",
        HeaderMutation::WrongSize => "X-Agile-Size",
        HeaderMutation::Code(_) => "X-Agile-Status",
        HeaderMutation::Without(name) | HeaderMutation::Twice(name) => name,
        HeaderMutation::With(..) => return Ok(()),
    };
    let stored = matches!(call.operation, Op::Piece | Op::PostRaw | Op::PostFile);
    let has = match name.to_ascii_lowercase().as_str() {
        "x-agile-checksum" => stored || call.operation == Op::Read,
        "x-agile-size" => stored,
        "x-agile-status" => call.interface == Interface::Http && !is_nameless(call.operation),
        _ => true,
    };
    if has { Ok(()) } else { Err(format!("the response to {} has no {name}", call.display_name())) }
}

fn check_interference(interference: Interference, call: &Call) -> Result<(), String> {
    use Operation as Op;
    let of_uploads =
        [Op::Create, Op::Piece, Op::Complete, Op::Status, Op::ListPieces, Op::Abort, Op::Restart];
    let of_sessions = [Op::Login, Op::CheckToken, Op::UpdateSession, Op::InitKeyPair, Op::Logout];
    let of_no_path = [Op::Echo, Op::StatusMap, Op::ListUploads];
    let operation = &call.operation;
    let (has, what) = match interference {
        Interference::AbortUpload | Interference::ExpireUpload | Interference::DeleteUpload => {
            (of_uploads.contains(operation), "has no upload")
        }
        Interference::RemoveDirectory => {
            let has_none = of_sessions.contains(operation)
                || of_no_path.contains(operation)
                || is_nameless(*operation);
            (!has_none, "has no path")
        }
        Interference::ExpireToken if *operation == Op::Login => (
            false,
            "has no token; to expire the token that it returns, use a fault on tokens, or expire_token \
             in the test",
        ),
        Interference::ExpireToken => {
            let has_none =
                *operation == Op::Read || call.name == PING.name || is_nameless(*operation);
            (!has_none, "has no token")
        }
    };
    if has { Ok(()) } else { Err(format!("{} {what}", call.display_name())) }
}
