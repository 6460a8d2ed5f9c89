//! Calls on which a fault can do nothing.

use crate::journal::Call;
use crate::protocol::{Interface, Operation, PING, ResultCode};
use crate::storage::Interference;
use crate::wording::counted;

use super::candidates::is_nameless;
use super::registry::CallContext;
use super::{Choice, ErrorResponse, FaultAction, HeaderMutation, InterimSupport, Stage};

/// Why a strike that needs the call to be done came to nothing.
pub fn refused_by_origin(status: u16, row: Option<&ResultCode>) -> String {
    let row = row.map(|row| format!(" {} {}", row.code, row.phrase)).unwrap_or_default();
    format!("the origin itself refused it: {status}{row}")
}

impl FaultAction {
    /// Whether it can do anything to `call`.
    ///
    /// # Errors
    ///
    /// Why not.
    pub(super) fn can_strike(&self, call: &Call, context: CallContext) -> Result<(), String> {
        let CallContext { at, refused, declared, interim } = context;
        if self.stage() == Stage::Body && at > Stage::Body {
            return Err(
                "what it asks for is in its body, and known when that has been read".to_owned()
            );
        }
        if let (Some(bytes), Some(declared)) = (self.body_bytes(), declared)
            && declared < bytes
        {
            return Err(format!("its body has only {}", counted(declared, "byte")));
        }
        let waits = self.stage() == Stage::Body && self.body_bytes() != Some(0);
        if let Some(status) = refused.filter(|_| waits || self.needs_commit()) {
            return Err(refused_by_origin(status, call.result_code));
        }
        match interim {
            InterimSupport::None if matches!(self, Self::SendInterim(_)) => {
                return Err("HTTP/1.0 has no interim responses".to_owned());
            }
            InterimSupport::None | InterimSupport::Accepted if self.needs_expectation() => {
                return Err("it did not ask for 100 Continue".to_owned());
            }
            _ => {}
        }
        self.can_mean(call)
    }

    /// Whether the operation has what the effect changes.
    fn can_mean(&self, call: &Call) -> Result<(), String> {
        use Operation as Op;
        let is = |operations: &[Op], what: &str| {
            let fits = operations.contains(&call.operation);
            if fits { Ok(()) } else { Err(format!("{} {what}", call.shown_name())) }
        };
        match self {
            Self::Reject(reject) | Self::RejectAfter(_, reject) => can_reject(reject, call),
            Self::Join(_) => is(&[Op::Complete], "begins no join"),
            Self::Listing(_) => is(&[Op::List, Op::ListUploads, Op::ListPieces], "gives no list"),
            Self::Stale => is(
                &[Op::List, Op::ListUploads, Op::ListPieces, Op::Stat, Op::Status, Op::Read],
                "reads nothing that could be stale",
            ),
            Self::Alter(alter) => can_alter(alter, call),
            Self::ReadSlowly(_) => {
                is(&[Op::Piece, Op::PostRaw, Op::PostFile], "has no body that could be read slowly")
            }
            Self::CommitLater(_) => {
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
                let name = call.shown_name();
                let does = !reads.contains(&call.operation) && !is_nameless(call.operation);
                if does { Ok(()) } else { Err(format!("{name} does nothing that could be late")) }
            }
            // What is completed or aborted is not aborted any more (§4.4).
            Self::InterfereAfter(Interference::AbortUpload)
                if matches!(call.operation, Op::Complete | Op::Abort) =>
            {
                Err(format!("{} leaves no upload that could be aborted", call.shown_name()))
            }
            Self::InterfereBefore(interference) | Self::InterfereAfter(interference) => {
                can_befall(*interference, call)
            }
            _ => Ok(()),
        }
    }
}

/// Whether the call has that row, and its response room for all that comes with it.
fn can_reject(reject: &ErrorResponse, call: &Call) -> Result<(), String> {
    let name = call.shown_name();
    match reject.choose(call) {
        None => Err(format!("{name} has no row {}", reject.asked())),
        Some(Choice::ResultCode(_)) if call.is_json_rpc() && !reject.is_bare() => Err(format!(
            "a row of {name} is an error object in a 200, without a reason, headers or a body of its \
             own: ErrorResponse::raw"
        )),
        Some(_) => Ok(()),
    }
}

/// Whether the answer has the header that is changed: these three are known, of others nothing is.
fn can_alter(alter: &HeaderMutation, call: &Call) -> Result<(), String> {
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
    if has { Ok(()) } else { Err(format!("{} answers without {name}", call.shown_name())) }
}

fn can_befall(interference: Interference, call: &Call) -> Result<(), String> {
    use Operation as Op;
    let of_uploads =
        [Op::Create, Op::Piece, Op::Complete, Op::Status, Op::ListPieces, Op::Abort, Op::Restart];
    let of_sessions = [Op::Login, Op::CheckToken, Op::UpdateSession, Op::InitKeyPair, Op::Logout];
    let of_no_path = [Op::Echo, Op::StatusMap, Op::ListUploads];
    let operation = &call.operation;
    let (has, what) = match interference {
        Interference::AbortUpload | Interference::ExpireUpload | Interference::DeleteUpload => {
            (of_uploads.contains(operation), "is about no upload")
        }
        Interference::RemoveDirectory => {
            let has_none = of_sessions.contains(operation)
                || of_no_path.contains(operation)
                || is_nameless(*operation);
            (!has_none, "is about no path")
        }
        Interference::ExpireToken if *operation == Op::Login => (
            false,
            "comes without a token: the one that it gives is ended by a fault on tokens, or by \
             expire_token in the test",
        ),
        Interference::ExpireToken => {
            let has_none =
                *operation == Op::Read || call.name == PING.name || is_nameless(*operation);
            (!has_none, "comes without a token")
        }
    };
    if has { Ok(()) } else { Err(format!("{} {what}", call.shown_name())) }
}
