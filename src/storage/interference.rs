//! Changes that another client would make to an upload, a directory or a session. Only faults use
//! this module. Start with [`Interference`].

use crate::protocol::{PieceEvent, UploadEvent};

use super::{Change, Path, SessionId, Storage};

/// A change that another client makes.
///
/// ```
/// use mock_origin::{Interference, MockOrigin, Op};
///
/// let origin = MockOrigin::start();
/// // The upload is aborted just before the client completes it.
/// origin.on(Op::complete()).interfere_before(Interference::AbortUpload);
/// # origin.clear_faults();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "control", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "control", serde(rename_all = "snake_case"))]
#[cfg_attr(all(test, feature = "control"), derive(schemars::JsonSchema))]
pub enum Interference {
    /// The upload is aborted: ABORT.
    AbortUpload,
    /// The upload expires, regardless of its age: EXPIRED.
    ExpireUpload,
    /// The upload is removed: DELETED.
    DeleteUpload,
    /// The directory of the path of the call is removed with all its entries.
    RemoveDirectory,
    /// The token of the call expires.
    ExpireToken,
}

/// The target of an interference.
#[derive(Clone, Copy, Debug, Default)]
pub struct InterferenceTarget<'a> {
    /// An upload.
    pub upload: Option<&'a str>,
    /// A path, with the account in front.
    pub path: Option<&'a str>,
    /// A session.
    pub session: Option<SessionId>,
}

/// Applies an interference to its target; see [`Storage::interfere`].
pub(super) fn interfere(
    storage: &mut Storage,
    change: Change,
    interference: Interference,
    target: InterferenceTarget<'_>,
) -> Result<(), String> {
    match interference {
        Interference::AbortUpload => {
            force(storage, change, target, "be aborted", UploadEvent::Aborted, PieceEvent::Aborted)
        }
        Interference::ExpireUpload => {
            force(storage, change, target, "expire", UploadEvent::Expired, PieceEvent::Aged)
        }
        Interference::DeleteUpload => {
            force(storage, change, target, "be deleted", UploadEvent::Removed, PieceEvent::Removed)
        }
        Interference::RemoveDirectory => remove_parent(storage, change, target),
        Interference::ExpireToken => {
            let ended = target.session.is_some_and(|session| storage.sessions.end(change, session));
            if ended { Ok(()) } else { Err("there was no token to expire".to_owned()) }
        }
    }
}

fn force(
    storage: &mut Storage,
    change: Change,
    target: InterferenceTarget<'_>,
    what: &str,
    event: UploadEvent,
    of_pieces: PieceEvent,
) -> Result<(), String> {
    let id = target.upload.unwrap_or_default();
    let stepped = storage.uploads.change(id, |upload| {
        let stepped = upload.step(change, event);
        if stepped {
            upload.step_pieces(of_pieces, Some(of_pieces));
        }
        (stepped, upload.state)
    });
    match stepped {
        Some((true, _)) => Ok(()),
        Some((false, state)) => Err(format!("an upload in {state} cannot {what} (§4.4)")),
        None => Err("there was no such upload".to_owned()),
    }
}

fn remove_parent(
    storage: &mut Storage,
    change: Change,
    target: InterferenceTarget<'_>,
) -> Result<(), String> {
    let inside = target.path.and_then(|path| Path::inside(path, &storage.account));
    let parent = inside.and_then(|path| path.split_last().map(|(parent, _)| parent));
    let parent = parent.filter(|parent| !parent.is_root());
    let Some(parent) = parent else { return Err("its path lies in no directory".to_owned()) };
    storage.tree.remove_all(&parent, change).map_err(|_| format!("{parent} was gone already"))
}
