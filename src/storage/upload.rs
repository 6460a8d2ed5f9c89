//! One upload and its pieces (§4.4). Both change state only by a step of their tables.

use std::collections::BTreeMap;

use crate::blob::{Blob, Digest};
use crate::protocol::{
    ErrorKind, Limit, Limits, PIECE_TRANSITIONS, PieceEvent, PieceState, Transition,
    UPLOAD_TRANSITIONS, UploadEvent, UploadState,
};

use super::{Actor, Change, JoinFailure, Path, Timestamp, UserId};

/// A piece that was stored.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Its part number.
    pub number: u32,
    /// Where it stands.
    pub state: PieceState,
    /// When its body was complete.
    pub stored: Timestamp,
    /// Who stored it.
    pub stored_by: Actor,
    /// What is in it, as long as a file may be made of it. It stays listed when its bytes are gone.
    content: Option<Blob>,
    size: u64,
    /// The digest of what is in it.
    pub digest: Digest,
}

impl Piece {
    /// Its length in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// What is in it; nothing if no file can be made of it any more.
    pub fn content(&self) -> Option<&Blob> {
        self.content.as_ref()
    }

    /// Takes a step, if there is one.
    pub fn step(&mut self, event: PieceEvent) -> bool {
        let next = Transition::step(PIECE_TRANSITIONS, self.state, event);
        self.state = next.unwrap_or(self.state);
        next.is_some()
    }
}

/// A state that an upload came into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateChange {
    /// The state.
    pub state: UploadState,
    /// When, and by whom.
    pub change: Change,
}

/// An upload, from its creation on. It stays listed in every state.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The multipart identifier: a UUID4 as 32 hexadecimal digits.
    pub id: String,
    /// Who created it; to anyone else it does not exist (§2.9).
    pub owner: UserId,
    /// Where the file will be.
    pub path: Path,
    /// The content type, as given or derived from the name (§3.9).
    pub content_type: Option<String>,
    /// The modification time: as passed, else the time of creation (§4.5).
    pub mtime: u64,
    /// When it was created.
    pub created: Timestamp,
    /// Where it stands.
    pub state: UploadState,
    /// Why it failed: 404 where the join found no place for the file, else 0.
    pub error: u16,
    /// Why its join failed, while it is in FAILED.
    pub failure: Option<JoinFailure>,
    /// Every state it was in, in order, and who brought it there. A client that fails and restarts
    /// an upload adds to it; each entry costs a request.
    pub history: Vec<StateChange>,
    /// How many more looks at its status its join waits for, if it waits for any.
    pub(super) polls_left: Option<u64>,
    /// Every stored piece in order of arrival, replaced ones too.
    pub pieces: Vec<Piece>,
    /// The place in `pieces` of the piece that counts for each number: the one stored last.
    current: BTreeMap<u32, usize>,
    /// Bytes in the pieces that count: counted along, so that the thousandth piece is no sum.
    size: u64,
}

/// A piece whose body has come whole, and which is about to be stored.
#[derive(Clone, Debug)]
pub struct NewPiece {
    /// Its part number.
    pub number: u32,
    /// What came.
    pub content: Blob,
    /// The digest of what came.
    pub digest: Digest,
    /// The checksum that the client said it has, as sent.
    pub checksum: Option<String>,
}

/// Whether the checksum that a client claims is that of what came (§4.2, §5); the case does not
/// count, and no claim is never wrong.
///
/// # Errors
///
/// [`ErrorKind::Checksum`].
pub fn check_digest(claim: Option<&str>, found: Digest) -> Result<(), ErrorKind> {
    let differs = claim.is_some_and(|claim| Digest::parse_hex(claim) != Some(found));
    if differs { Err(ErrorKind::Checksum) } else { Ok(()) }
}

impl Upload {
    pub(super) fn new(
        id: String,
        owner: UserId,
        path: Path,
        content_type: Option<String>,
        mtime: Option<u64>,
        created: Change,
    ) -> Self {
        Self {
            id,
            owner,
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
            pieces: Vec::new(),
            current: BTreeMap::new(),
            size: 0,
        }
    }

    /// Whether it still takes pieces.
    pub fn is_open(&self) -> bool {
        matches!(self.state, UploadState::New | UploadState::Ready)
    }

    /// Whether its pieces may yet become a file.
    pub fn may_become_a_file(&self) -> bool {
        let waits =
            matches!(self.state, UploadState::Complete | UploadState::Join | UploadState::Failed);
        waits || self.is_open()
    }

    /// The pieces that count, by number.
    pub fn current(&self) -> impl ExactSizeIterator<Item = &Piece> {
        self.current.values().map(|at| &self.pieces[*at])
    }

    /// The piece that counts for `number`.
    pub fn piece(&self, number: u32) -> Option<&Piece> {
        self.current.get(&number).map(|at| &self.pieces[*at])
    }

    /// Returns the stored pieces that another one of the same number replaced, in order of arrival.
    pub fn superseded(&self, number: u32) -> impl Iterator<Item = &Piece> {
        let current = self.current.get(&number).copied().unwrap_or_default();
        self.pieces[..current].iter().filter(move |piece| piece.number == number)
    }

    /// How many distinct part numbers it has.
    pub fn numpieces(&self) -> usize {
        self.current.len()
    }

    /// Bytes in the pieces that count.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes in pieces that may become a file.
    pub(super) fn waiting(&self) -> u64 {
        if self.may_become_a_file() { self.size } else { 0 }
    }

    /// Whether the part numbers are exactly 1…n (§4.3).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Gaps`].
    pub fn check_numbers(&self) -> Result<(), ErrorKind> {
        let consecutive =
            self.current.keys().zip(1..).all(|(number, expected)| *number == expected);
        if consecutive { Ok(()) } else { Err(ErrorKind::Gaps) }
    }

    /// Whether one more number fits (§4.2).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyPieces`] for a new number when there are as many as there may be.
    pub fn check_count(&self, number: u32, limits: &Limits) -> Result<(), ErrorKind> {
        let full = self.numpieces() as u64 >= limits.of(Limit::Pieces);
        if full && !self.current.contains_key(&number) {
            Err(ErrorKind::TooManyPieces)
        } else {
            Ok(())
        }
    }

    /// Whether a piece of that size fits (§4.2); what it replaces does not count.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PieceTooLarge`] or [`ErrorKind::UploadTooLarge`].
    pub fn check_size(&self, number: u32, size: u64, limits: &Limits) -> Result<(), ErrorKind> {
        if size > limits.of(Limit::PieceBytes) {
            return Err(ErrorKind::PieceTooLarge);
        }
        let total = self.size_beside(number).saturating_add(size);
        if total > limits.of(Limit::UploadBytes) { Err(ErrorKind::UploadTooLarge) } else { Ok(()) }
    }

    /// The most bytes that piece `number` could have.
    pub fn room_for(&self, number: u32, limits: &Limits) -> u64 {
        let left = limits.of(Limit::UploadBytes).saturating_sub(self.size_beside(number));
        limits.of(Limit::PieceBytes).min(left)
    }

    fn size_beside(&self, number: u32) -> u64 {
        self.size - self.piece(number).map_or(0, Piece::size)
    }

    /// Takes a step, if there is one. An illegal event changes nothing.
    pub(super) fn step(&mut self, change: Change, event: UploadEvent) -> bool {
        let Some(next) = Transition::step(UPLOAD_TRANSITIONS, self.state, event) else {
            return false;
        };
        if next != self.state {
            self.state = next;
            self.history.push(StateChange { state: next, change });
        }
        if !self.may_become_a_file() {
            // A file that was made of them has their bytes.
            self.pieces.iter_mut().for_each(|piece| piece.content = None);
        }
        true
    }

    /// Stores a piece: the one stored last counts for its number (§4.2).
    pub(super) fn store(&mut self, change: Change, new: NewPiece) {
        if self.step(change, UploadEvent::PieceStored) {
            let NewPiece { number, content, digest, .. } = new;
            self.size = self.size_beside(number) + content.len();
            if let Some(replaced) = self.current.insert(number, self.pieces.len()) {
                self.pieces[replaced].content = None;
            }
            self.pieces.push(Piece {
                number,
                state: PieceState::New,
                stored: change.at,
                stored_by: change.by,
                size: content.len(),
                content: Some(content),
                digest,
            });
        }
    }

    /// Sends `event` to the pieces that count and `to_replaced` to the others.
    pub(super) fn step_pieces(&mut self, event: PieceEvent, to_replaced: Option<PieceEvent>) {
        for (at, piece) in self.pieces.iter_mut().enumerate() {
            let counts = self.current.get(&piece.number) == Some(&at);
            if let Some(event) = if counts { Some(event) } else { to_replaced } {
                piece.step(event);
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
        let mut upload = Upload::new("id".to_owned(), user, Path::root(), None, None, now());
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
    fn a_replaced_piece_keeps_its_size_and_not_its_bytes() {
        let upload = stored(&[1, 1, 2, 1]);
        assert_eq!((contents(&upload), upload.size()), (2, 8));
        assert!(upload.pieces.iter().all(|piece| piece.size() == 4));
    }

    #[test]
    fn an_upload_keeps_bytes_while_a_file_may_be_made_of_them() {
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
