//! Causes: why an upload, a file or a directory is in its state.
//!
//! Causes are read from records and never inferred from a state. Where no record names an actor,
//! the text states only what is there. Start with [`of_upload`] and [`of_file`].

use std::sync::Arc;

use crate::journal::{BodyEnd, Exchange, Op, Outcome};
use crate::protocol::UploadState;
use crate::storage::{
    Actor, ByteSource, CallId, Change, File, JoinFailure, Obstacle, Path, Piece, Removal, Upload,
};
use crate::wording::counted;

use super::reason::{Reason, Words};
use super::request::RecordedRequest;
use super::requests::RecordedRequests;
use super::state_view::{pieces_in_words, with_pieces};

/// Returns why an upload is in its state and not in `wanted`; `requests` are those about it.
pub(super) fn of_upload(
    words: Words<'_>,
    upload: &Upload,
    requests: &RecordedRequests,
    wanted: UploadState,
) -> Option<Reason> {
    let by = upload.history.last()?.change.by;
    let step = Step::to(wanted);
    let rejected = || match &step {
        Some(step) if step.op == Op::abort() => of_abort(words, step, upload, requests),
        Some(step) => rejection(words, step, requests),
        None => None,
    };
    let reason = match upload.state {
        UploadState::New | UploadState::Ready => return open_upload(words, upload, requests, step),
        UploadState::Failed => failed_join(words, upload),
        UploadState::Complete | UploadState::Join => {
            words.did(by, "completed it").and(Reason::plain("its join has not ended yet (§4.4)"))
        }
        UploadState::Success => words.did(by, "completed it"),
        UploadState::Abort => words.did(by, "aborted it"),
        UploadState::Expired if matches!(by, Actor::Collector { .. }) => Reason::plain(
            "it exceeded the maximum age of an upload when the clock was advanced (§4.4)",
        ),
        UploadState::Expired => words.did(by, "made it expire"),
        UploadState::Deleted => words.did(by, "deleted it"),
        _ => return None,
    };
    Reason::join([reason].into_iter().chain(rejected()))
}

/// The request that brings an upload into a state.
struct Step {
    op: Op,
    doing: &'static str,
    to_do: &'static str,
    done: &'static str,
    section: &'static str,
}

impl Step {
    /// Returns the step that leads to `state`, if a client request can.
    fn to(state: UploadState) -> Option<Self> {
        match state {
            UploadState::New | UploadState::Ready | UploadState::Expired | UploadState::Deleted => {
                None
            }
            UploadState::Abort => Some(Self {
                op: Op::abort(),
                doing: "aborting",
                to_do: "abort",
                done: "aborted",
                section: "§7.3",
            }),
            _ => Some(Self {
                op: Op::complete(),
                doing: "completing",
                to_do: "complete",
                done: "completed",
                section: "§4.3",
            }),
        }
    }
}

/// Returns why an upload that has ended otherwise was not aborted.
fn of_abort(
    words: Words<'_>,
    step: &Step,
    upload: &Upload,
    requests: &RecordedRequests,
) -> Option<Reason> {
    let asked = requests.clone().op(&step.op);
    match asked.last() {
        None => Some(never_asked(step, upload, requests)),
        Some(last) if last.exchange().committed.is_none() => {
            let rejected = rejection(words, step, requests);
            Some(rejected.unwrap_or_else(|| not_carried_out(words, step, last)))
        }
        Some(_) => None,
    }
}

/// Returns that no request for a step could be read. The first bytes of a body that was cut show
/// whether it was meant to abort the upload.
fn never_asked(step: &Step, upload: &Upload, requests: &RecordedRequests) -> Reason {
    let section = step.section;
    if step.op != Op::abort() {
        return Reason::plain(format!("it was never {} ({section})", step.done));
    }
    let is_lost = |exchange: &&Arc<Exchange>| {
        let names =
            |word: &str| exchange.excerpt.windows(word.len()).any(|part| part == word.as_bytes());
        let is_cut = exchange.body_end == Some(BodyEnd::Truncated);
        is_cut && names("abortMultipart") && names(&upload.id)
    };
    match requests.all().iter().rev().find(is_lost) {
        Some(lost) => {
            let (index, received) = (lost.index, counted(lost.received, "byte"));
            let text = format!("its abort was lost (#{index}): the body ended after {received}");
            Reason::new(text, [index])
        }
        None if !requests.is_whole() => Reason::plain("no abortMultipart is in the journal"),
        None => Reason::plain(format!("no abortMultipart came ({section})")),
    }
}

/// Returns why an upload is still in progress.
fn open_upload(
    words: Words<'_>,
    upload: &Upload,
    requests: &RecordedRequests,
    step: Option<Step>,
) -> Option<Reason> {
    let entry = upload.history.last()?;
    let Some(step) = step else {
        return Some(words.did(entry.change.by, &format!("set its state to {}", entry.state)));
    };
    if let Some(rejection) = rejection(words, &step, requests) {
        return Some(rejection);
    }
    let was_ended = upload.history.iter().any(|entry| entry.state == UploadState::Failed);
    let asked = requests.clone().op(&step.op);
    match asked.iter().next_back() {
        Some(request) if request.exchange().committed.is_none() => {
            Some(not_carried_out(words, &step, request))
        }
        Some(_) if was_ended => {
            let reopened = words.did(entry.change.by, "opened it again");
            let since = format!("it has not been {} since ({})", step.done, step.section);
            Some(reopened.and(Reason::plain(since)))
        }
        _ => Some(never_asked(&step, upload, requests)),
    }
}

/// Returns the latest request for a step, if it was rejected with a result code.
fn rejection(words: Words<'_>, step: &Step, requests: &RecordedRequests) -> Option<Reason> {
    let asked = requests.clone().op(&step.op);
    let request = asked.iter().next_back()?;
    let row = request.call().result_code.filter(|row| !row.is_success())?;
    let faults = names_of_faults(request);
    let text = format!(
        "{} it was rejected: {} {} ({}){faults}",
        step.doing, row.code, row.phrase, row.section
    );
    let index = request.exchange().index;
    let rejected = Reason::new(text, [index]);
    Some(match words.ended_token(request.call()) {
        Some(ended) => rejected.and(ended),
        None => rejected,
    })
}

/// Returns that a request asked for a step that was not carried out.
fn not_carried_out(words: Words<'_>, step: &Step, request: &RecordedRequest) -> Reason {
    let exchange = request.exchange();
    let call = u32::try_from(request.call_index()).unwrap_or(u32::MAX);
    let by = Actor::Call(CallId { exchange: exchange.index, call });
    let response = request
        .status()
        .map_or_else(|| "no response".to_owned(), |status| format!("status {status}"));
    let faults = names_of_faults(request);
    if step.op == Op::abort() && exchange.outcome.is_final() && !exchange.is_deferred {
        let has_response = exchange.outcome == Outcome::Responded;
        let lost = if has_response { "rejected" } else { "lost" };
        let lost = format!("its abort was {lost} (#{}): ", exchange.index);
        let what = format!("was not carried out: {response}{faults}");
        return words.did(by, &what).within(&lost, "");
    }
    let what = format!(
        "asked to {} it, but the request was not carried out: {response}{faults}",
        step.to_do
    );
    words.did(by, &what)
}

fn names_of_faults(request: &RecordedRequest) -> String {
    let faults = request.exchange().faults.iter();
    faults.fold(String::new(), |text, fault| text + ", fault: " + &fault.name)
}

fn failed_join(words: Words<'_>, upload: &Upload) -> Reason {
    match &upload.failure {
        Some(JoinFailure::Requested(Actor::Test)) => {
            Reason::plain("its join failed because the option `join` is `fail` (§10)")
        }
        Some(JoinFailure::Requested(by)) => words.did(*by, "made its join fail"),
        Some(JoinFailure::NoPlace(obstacle)) => {
            of_obstacle(words, obstacle).within("its join failed: ", " (§4.4)")
        }
        None => Reason::plain("its join failed (§4.4)"),
    }
}

/// Returns what prevents a file at a path.
pub(super) fn of_obstacle(words: Words<'_>, obstacle: &Obstacle) -> Reason {
    match obstacle {
        Obstacle::MissingDirectory { path, removal } => {
            let missing = format!("directory {} does not exist", words.absolute(path));
            match removal {
                Some(removal) => words.removal(removal, path).within(&(missing + ": "), ""),
                None => Reason::plain(missing),
            }
        }
        Obstacle::File { path, stored } => {
            words.did(stored.by, &format!("stored a file at {}", words.absolute(path)))
        }
        Obstacle::Directory { created } => {
            words.did(created.by, "created a directory at this path")
        }
    }
}

/// The records that explain a missing file.
pub(super) struct MissingFile<'a> {
    pub(super) path: &'a Path,
    pub(super) removal: Option<&'a Removal>,
    pub(super) obstacle: Option<&'a Obstacle>,
    /// The latest upload to the path, and the requests about it.
    pub(super) upload: Option<(&'a Upload, &'a RecordedRequests)>,
    /// Whether records of older removals were dropped.
    pub(super) has_forgotten: bool,
}

impl MissingFile<'_> {
    /// Returns why there is no file.
    pub(super) fn reason(&self, words: Words<'_>) -> Option<Reason> {
        // An upload cannot replace a directory with a file.
        if let Some(obstacle @ Obstacle::Directory { .. }) = self.obstacle {
            return Some(of_obstacle(words, obstacle));
        }
        let took_file = |removal: &&Removal| !removal.was_directory || removal.path != *self.path;
        let removal = self.removal.filter(took_file);
        let removed = removal.map(|removal| words.removal(removal, self.path));
        let upload = self.upload.and_then(|(upload, requests)| {
            self.of_latest_upload(words, upload, requests, removed.is_some())
        });
        let is_explained = removed.is_some() || self.upload.is_some();
        let obstacle = self.obstacle.filter(|_| !is_explained);
        let obstacle = obstacle.map(|obstacle| of_obstacle(words, obstacle));
        let never = "no upload to that path was created (§4.1)";
        let never = (!is_explained).then(|| Reason::plain(never));
        Reason::join([removed, upload, never, obstacle].into_iter().flatten())
    }

    fn of_latest_upload(
        &self,
        words: Words<'_>,
        upload: &Upload,
        requests: &RecordedRequests,
        is_removed: bool,
    ) -> Option<Reason> {
        let pieces: Vec<u32> = upload.current_pieces().map(|piece| piece.number).collect();
        let state = format!("its upload is {} {}", upload.state, with_pieces(&pieces));
        if upload.state != UploadState::Success {
            let why = of_upload(words, upload, requests, UploadState::Success);
            return Some(match why {
                Some(why) => why.within(&(state + ": "), ""),
                None => Reason::plain(state),
            });
        }
        let forgotten =
            "the record of the removal was dropped, because there were too many removals";
        (self.has_forgotten && !is_removed)
            .then(|| Reason::plain(state).and(Reason::plain(forgotten)))
    }
}

/// Returns how a file was stored at its path.
pub(super) fn of_file(words: Words<'_>, file: &File) -> Reason {
    let history = &file.history;
    let replaced = history.replaced.map(|old| {
        let by = words.actor(old.by);
        Reason::new(format!(", replacing the file that {by} had stored"), old.by.exchange())
    });
    let what = match (&history.copied_from, &history.bytes) {
        (Some(from), _) => format!("stored it as a copy of {}", words.absolute(from)),
        (None, ByteSource::Pieces { pieces, .. }) => {
            let pieces: Vec<u32> = pieces.iter().map(|piece| piece.number).collect();
            format!("joined it from {}", pieces_in_words(&pieces))
        }
        _ => "stored it".to_owned(),
    };
    let stored = words.did(history.stored.by, &what);
    let stored = match replaced {
        Some(replaced) => {
            let exchanges = [stored.exchanges(), replaced.exchanges()].concat();
            Reason::new(stored.text().to_owned() + replaced.text(), exchanges)
        }
        None => stored,
    };
    let renamed = history.renamed.as_deref().map(|(from, change)| {
        words.did(change.by, &format!("renamed it from {}", words.absolute(from)))
    });
    match renamed {
        Some(renamed) => renamed.and(stored),
        None => stored,
    }
}

/// Returns whether a file was replaced, renamed or copied after its upload.
pub(super) fn is_changed_since(file: &File) -> bool {
    let history = &file.history;
    history.replaced.is_some() || history.renamed.is_some() || history.copied_from.is_some()
}

/// Returns who changed an upload or stored its pieces.
pub(super) fn actors_of_upload(upload: &Upload) -> impl Iterator<Item = Actor> {
    let obstacle = match &upload.failure {
        Some(JoinFailure::NoPlace(obstacle)) => actor_of_obstacle(obstacle),
        Some(JoinFailure::Requested(by)) => Some(*by),
        None => None,
    };
    let states = upload.history.iter().map(|entry| entry.change.by);
    states.chain(upload.pieces.iter().map(Piece::stored_by)).chain(obstacle)
}

/// Returns who changed a file.
pub(super) fn actors_of_file(file: &File) -> impl Iterator<Item = Actor> {
    let history = &file.history;
    let renamed = history.renamed.as_deref().map(|(_, change)| *change);
    let changes = [history.replaced, renamed, history.content_type_set, history.mtime_set];
    changes.into_iter().flatten().chain([history.stored]).map(|change| change.by)
}

/// Returns who created an obstacle, if that is known.
pub(super) fn actor_of_obstacle(obstacle: &Obstacle) -> Option<Actor> {
    match obstacle {
        Obstacle::MissingDirectory { removal, .. } => {
            removal.as_ref().map(|removal| removal.change.by)
        }
        Obstacle::File { stored: change, .. } | Obstacle::Directory { created: change } => {
            Some(change.by)
        }
    }
}

/// Returns who set the content type or the modification time of a file: the last explicit change,
/// else the creation of its upload, else the request that stored it.
pub(super) fn of_attribute(
    words: Words<'_>,
    file: &File,
    maker: Option<&Upload>,
    set: Option<Change>,
) -> Reason {
    let begun = maker.and_then(|upload| upload.history.first());
    match (set, begun) {
        (Some(set), _) => words.did(set.by, "set it"),
        (None, Some(begun)) if file.history.copied_from.is_none() => {
            words.did(begun.change.by, "created its upload, which sets this value (§4.1)")
        }
        _ => of_file(words, file),
    }
}

/// Where a byte of a file came from.
pub(super) struct ByteOrigin {
    pub(super) reason: Reason,
    /// The exchange to look at, and the offset in its body.
    pub(super) sent: Option<(u64, u64)>,
}

/// Returns where the byte at `offset` of a file came from, if that was a piece. `maker` is the
/// upload that the file's bytes came from.
pub(super) fn of_byte(
    words: Words<'_>,
    file: &File,
    maker: Option<&Upload>,
    offset: u64,
) -> Option<ByteOrigin> {
    let ranges = file.history.byte_ranges(file.content.len());
    let at = ranges.iter().position(|source| source.range.contains(&offset))?;
    let (source, number) = (&ranges[at], ranges[at].part?);
    let within = offset - source.range.start;
    let by = words.actor(source.stored_by);
    let text = format!("byte {offset} is byte {within} of piece {number}, which {by} stored");
    let stored = Reason::new(text, source.exchange());
    let earlier = maker.into_iter().flat_map(|maker| maker.superseded_pieces(number));
    let replaced = replaced_piece(words, earlier, source.stored_by);
    // The piece after an empty one starts where the empty one's bytes were expected.
    let empty = ranges[..at].last().filter(|before| within == 0 && before.range.is_empty());
    let empty = empty.map(|empty| {
        let number = empty.part.unwrap_or_default();
        words.did(empty.stored_by, &format!("stored piece {number} before it, which is empty"))
    });
    let reason = [replaced, empty].into_iter().flatten().fold(stored, Reason::and);
    Some(ByteOrigin { reason, sent: source.exchange().map(|index| (index, within)) })
}

/// Returns how a piece came to be stored; `earlier` are the pieces that had its number before.
pub(super) fn of_piece<'a>(
    words: Words<'_>,
    piece: &Piece,
    earlier: impl IntoIterator<Item = &'a Piece>,
) -> Reason {
    let stored = words.did(piece.stored_by(), "stored it");
    match replaced_piece(words, earlier, piece.stored_by()) {
        Some(replaced) => stored.and(replaced),
        None => stored,
    }
}

/// Returns the piece that the one by `stored_by` replaced. Of two simultaneous attempts, the one whose body ends
/// last counts.
fn replaced_piece<'a>(
    words: Words<'_>,
    earlier: impl IntoIterator<Item = &'a Piece>,
    stored_by: Actor,
) -> Option<Reason> {
    let old = earlier.into_iter().last()?;
    let (old_by, by) = (old.stored_by().exchange(), stored_by.exchange());
    let order = if by < old_by { ", although its request started first" } else { "" };
    let text = format!(
        "it replaced the piece that {} had stored{order}: the last stored piece counts (§4.2)",
        words.actor(old.stored_by())
    );
    Some(Reason::new(text, old_by))
}
