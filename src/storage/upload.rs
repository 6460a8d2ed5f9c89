//! An upload and its pieces (§4.4). Both change state only through their transition tables. Start
//! with [`Upload`] and [`Piece`].

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::blob::{Blob, Digest};
use crate::protocol::{
    ErrorKind, Limit, Limits, PIECE_TRANSITIONS, PieceEvent, PieceState, Transition,
    UPLOAD_TRANSITIONS, UploadEvent, UploadState,
};

use super::{Actor, CallId, Change, JoinFailure, Path, Records, Timestamp, UserId};

/// A stored piece.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Its part number.
    pub number: u32,
    /// The state.
    pub state: PieceState,
    /// The time at which its body was complete.
    pub stored: Timestamp,
    stored_by: StoredBy,
    /// The bytes, as long as a file may be made of them. The piece stays listed without its bytes.
    content: Option<Blob>,
    size: u64,
    /// The digest of the bytes.
    pub digest: Digest,
}

/// The actor that stored a piece, in 16 bytes: every repeated piece stays in its upload.
#[derive(Clone, Debug)]
enum StoredBy {
    Call { exchange: u64, call: u32 },
    Other(Box<Actor>),
}

impl Piece {
    /// Returns the actor that stored it.
    pub fn stored_by(&self) -> Actor {
        match self.stored_by {
            StoredBy::Call { exchange, call } => Actor::Call(CallId { exchange, call }),
            StoredBy::Other(ref actor) => **actor,
        }
    }

    /// Returns the length in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the bytes, or `None` if no file can be made of them any more.
    pub fn content(&self) -> Option<&Blob> {
        self.content.as_ref()
    }

    /// Applies an event, and returns whether it has a transition.
    pub fn step(&mut self, event: PieceEvent) -> bool {
        let next = Transition::step(PIECE_TRANSITIONS, self.state, event);
        self.state = next.unwrap_or(self.state);
        next.is_some()
    }
}

/// A state that an upload entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StateChange {
    /// The state.
    pub state: UploadState,
    /// The change that led to it.
    pub change: Change,
}

/// An upload in any state, from its creation on.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The multipart identifier: a UUID4 as 32 hexadecimal digits.
    pub id: Arc<str>,
    /// The user who created it. It is hidden from all other users (§2.9).
    pub owner: UserId,
    /// The path of the future file.
    pub path: Path,
    /// The same path as responses show it. Every recorded call shares it.
    pub(crate) absolute_path: Arc<str>,
    /// The content type, declared or derived from the name (§3.9).
    pub content_type: Option<String>,
    /// The modification time: the declared one, else the time of creation (§4.5).
    pub mtime: u64,
    /// The time of creation.
    pub created: Timestamp,
    /// The state.
    pub state: UploadState,
    /// The error number: 404 if the join could not store the file, else 0.
    pub error: u16,
    /// The reason why the join failed, while the state is FAILED.
    pub failure: Option<JoinFailure>,
    /// Every state that it was in, in order, and the changes that led there. Each entry costs a
    /// client a request, so a client that fails and restarts the upload makes it longer.
    pub history: Vec<StateChange>,
    /// The number of status requests after which its join ends, if it waits for any.
    pub(super) polls_left: Option<u64>,
    /// Every stored piece in the order of arrival, including replaced ones.
    pub pieces: Records<Piece>,
    /// The number in `pieces` of the current piece of each part number: the one stored last.
    current: BTreeMap<u32, u64>,
    /// The bytes in the current pieces. It is updated with each piece, so that storing one needs no
    /// sum.
    size: u64,
}

/// A piece whose whole body was received, before it is stored.
#[derive(Clone, Debug)]
pub struct NewPiece {
    /// Its part number.
    pub number: u32,
    /// The received bytes.
    pub content: Blob,
    /// The digest of the received bytes.
    pub digest: Digest,
    /// The checksum that the client declared, as sent.
    pub checksum: Option<String>,
}

/// Checks whether the checksum that a client declared matches the received bytes (§4.2, §5), in any
/// case of its digits. A missing checksum matches.
///
/// # Errors
///
/// [`ErrorKind::Checksum`].
pub(crate) fn check_digest(claim: Option<&str>, found: Digest) -> Result<(), ErrorKind> {
    let differs = claim.is_some_and(|claim| Digest::parse_hex(claim) != Some(found));
    if differs { Err(ErrorKind::Checksum) } else { Ok(()) }
}

impl Upload {
    pub(super) fn new(
        id: Arc<str>,
        owner: UserId,
        (path, account): (Path, &str),
        content_type: Option<String>,
        mtime: Option<u64>,
        created: Change,
    ) -> Self {
        Self {
            id,
            owner,
            absolute_path: path.absolute(account).into(),
            path,
            content_type,
            // 0 means now (§4.1).
            mtime: mtime.filter(|secs| *secs > 0).unwrap_or(created.at.secs()),
            created: created.at,
            state: UploadState::New,
            error: 0,
            failure: None,
            history: vec![StateChange { state: UploadState::New, change: created }],
            polls_left: None,
            pieces: Records::default(),
            current: BTreeMap::new(),
            size: 0,
        }
    }

    /// Returns whether it takes more pieces.
    pub fn is_open(&self) -> bool {
        matches!(self.state, UploadState::New | UploadState::Ready)
    }

    /// Returns whether it is open, or completed and not joined yet.
    pub fn is_active(&self) -> bool {
        self.is_open() || matches!(self.state, UploadState::Complete | UploadState::Join)
    }

    /// Returns whether its pieces may become a file.
    pub fn may_become_file(&self) -> bool {
        let waits =
            matches!(self.state, UploadState::Complete | UploadState::Join | UploadState::Failed);
        waits || self.is_open()
    }

    /// Returns the current pieces, by number.
    pub fn current_pieces(&self) -> impl Iterator<Item = &Piece> {
        self.current.values().filter_map(|at| self.pieces.by_number(*at))
    }

    /// Returns the current piece with that number.
    pub fn piece(&self, number: u32) -> Option<&Piece> {
        self.pieces.by_number(*self.current.get(&number)?)
    }

    /// Returns the stored pieces that a later one with the same number replaced, in order of
    /// arrival.
    pub fn superseded_pieces(&self, number: u32) -> impl Iterator<Item = &Piece> {
        let current = self.current.get(&number).copied().unwrap_or_default();
        let earlier = self.pieces.range(0..current).map(|(_, piece)| piece);
        earlier.filter(move |piece| piece.number == number)
    }

    /// Returns the number of distinct part numbers.
    pub fn numpieces(&self) -> usize {
        self.current.len()
    }

    /// Returns the bytes in the current pieces.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the bytes in pieces that may become a file.
    pub(super) fn pending_bytes(&self) -> u64 {
        if self.may_become_file() { self.size } else { 0 }
    }

    /// Checks whether the part numbers are exactly 1 to n (§4.3).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Gaps`].
    pub fn check_numbers(&self) -> Result<(), ErrorKind> {
        let consecutive =
            self.current.keys().zip(1..).all(|(number, expected)| *number == expected);
        if consecutive { Ok(()) } else { Err(ErrorKind::Gaps) }
    }

    /// Checks whether one more part number fits (§4.2).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyPieces`] for a new number in an upload with the maximum number of
    /// pieces.
    pub fn check_count(&self, number: u32, limits: &Limits) -> Result<(), ErrorKind> {
        let full = self.numpieces() as u64 >= limits.get(Limit::Pieces);
        if full && !self.current.contains_key(&number) {
            Err(ErrorKind::TooManyPieces)
        } else {
            Ok(())
        }
    }

    /// Checks whether a piece of that size fits (§4.2). The piece that it replaces does not count.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PieceTooLarge`] or [`ErrorKind::UploadTooLarge`].
    pub fn check_size(&self, number: u32, size: u64, limits: &Limits) -> Result<(), ErrorKind> {
        if size > limits.get(Limit::PieceBytes) {
            return Err(ErrorKind::PieceTooLarge);
        }
        let total = self.size_beside(number).saturating_add(size);
        if total > limits.get(Limit::UploadBytes) { Err(ErrorKind::UploadTooLarge) } else { Ok(()) }
    }

    /// Returns the maximum size of the piece `number`.
    pub fn room_for(&self, number: u32, limits: &Limits) -> u64 {
        let left = limits.get(Limit::UploadBytes).saturating_sub(self.size_beside(number));
        limits.get(Limit::PieceBytes).min(left)
    }

    fn size_beside(&self, number: u32) -> u64 {
        self.size - self.piece(number).map_or(0, Piece::size)
    }

    /// Applies an event, and returns whether it has a transition. Without one, nothing changes.
    pub(super) fn step(&mut self, change: Change, event: UploadEvent) -> bool {
        let Some(next) = Transition::step(UPLOAD_TRANSITIONS, self.state, event) else {
            return false;
        };
        if next != self.state {
            self.state = next;
            self.history.push(StateChange { state: next, change });
        }
        if !self.may_become_file() {
            // A file that was joined from them has their bytes.
            self.change_pieces(|_, piece| piece.content = None);
        }
        true
    }

    /// Stores a piece, which becomes the current one of its number (§4.2).
    pub(super) fn store(&mut self, change: Change, new: NewPiece) {
        if self.step(change, UploadEvent::PieceStored) {
            let NewPiece { number, content, digest, .. } = new;
            self.size = self.size_beside(number) + content.len();
            let replaced = self.current.insert(number, self.pieces.next_number());
            if let Some(replaced) = replaced.and_then(|at| self.pieces.by_number_mut(at)) {
                replaced.content = None;
            }
            self.pieces.push(Piece {
                number,
                state: PieceState::New,
                stored: change.at,
                stored_by: match change.by {
                    Actor::Call(CallId { exchange, call }) => StoredBy::Call { exchange, call },
                    other => StoredBy::Other(Box::new(other)),
                },
                size: content.len(),
                content: Some(content),
                digest,
            });
        }
    }

    /// Applies `event` to the current pieces and `to_replaced` to the others.
    pub(super) fn step_pieces(&mut self, event: PieceEvent, to_replaced: Option<PieceEvent>) {
        self.change_pieces(|is_current, piece| {
            if let Some(event) = if is_current { Some(event) } else { to_replaced } {
                piece.step(event);
            }
        });
    }

    /// Changes every piece by `change`, which receives whether it is a current one.
    pub(super) fn change_pieces(&mut self, mut change: impl FnMut(bool, &mut Piece)) {
        for at in 0..self.pieces.next_number() {
            if let Some(piece) = self.pieces.by_number_mut(at) {
                change(self.current.get(&piece.number) == Some(&at), piece);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use UploadEvent::{Aborted, Completed, JoinBegun, JoinFailed, Joined, Restarted};

    fn now() -> Change {
        Change::by_test(Timestamp::from_secs(1))
    }

    fn stored(numbers: &[u32]) -> Upload {
        let user = UserId::FIRST;
        let mut upload = Upload::new("id".into(), user, (Path::root(), "acme"), None, None, now());
        for number in numbers {
            let (content, digest) = (Blob::from_bytes("four"), Digest::compute(b"four"));
            upload.store(now(), NewPiece { number: *number, content, digest, checksum: None });
        }
        upload
    }

    fn contents(upload: &Upload) -> usize {
        upload.pieces.iter().filter_map(Piece::content).count()
    }

    #[test]
    fn a_replaced_piece_keeps_its_size_but_not_its_bytes() {
        let upload = stored(&[1, 1, 2, 1]);
        assert_eq!((contents(&upload), upload.size()), (2, 8));
        assert!(upload.pieces.iter().all(|piece| piece.size() == 4));
    }

    #[test]
    fn a_piece_keeps_its_actor() {
        let call = CallId { exchange: 7, call: 2 };
        for by in [Actor::Test, Actor::Call(call), Actor::DeferredCall { call, fault: Some(1) }] {
            let (content, digest) = (Blob::from_bytes("four"), Digest::compute(b"four"));
            let mut upload = stored(&[1]);
            let piece = NewPiece { number: 1, content, digest, checksum: None };
            upload.store(Change { by, ..now() }, piece);
            assert_eq!(upload.piece(1).map(Piece::stored_by), Some(by));
        }
        assert!(size_of::<Piece>() <= 88, "{}", size_of::<Piece>());
    }

    #[test]
    fn an_upload_keeps_its_bytes_while_a_join_is_possible() {
        for (events, kept) in [
            (&[Aborted][..], 0),
            (&[Completed, JoinBegun], 2),
            (&[Completed, JoinBegun, Joined], 0),
            (&[Completed, JoinBegun, JoinFailed], 2),
            (&[Completed, JoinBegun, JoinFailed, Restarted], 2),
        ] {
            let mut upload = stored(&[1, 2]);
            assert!(events.iter().all(|event| upload.step(now(), *event)), "{events:?}");
            assert_eq!(contents(&upload), kept, "{events:?}");
        }
    }
}
