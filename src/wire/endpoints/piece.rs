//! `/multipart/piece` (§4.2).

use crate::content::Content;
use crate::journal::Call;
use crate::origin::{Change, NewPiece, Origin, UserId};
use crate::spec::{Cause, Limit, Limits, Operation, PIECE, essence};
use crate::wire::answer::Draft;
use crate::wire::ask::{Ask, digits};
use crate::wire::{BodyEnd, Kept, Received};

/// A piece whose head has been accepted.
#[derive(Clone, Debug)]
pub(in crate::wire) struct Piece {
    user: UserId,
    upload: String,
    number: u32,
    checksum: Option<String>,
    room: u64,
}

pub(in crate::wire) fn open(ask: &Ask<'_>, call: &mut Call) -> Result<Piece, Cause> {
    let limits = ask.origin.limits();
    let part = ask.header("X-Agile-Part").and_then(|text| part_number(text, limits));
    // What is meant is noted, whoever it is that means it.
    (call.part, call.upload) = (part, ask.text("X-Agile-Multipart"));
    let caller = ask.caller(call)?;
    let id = call.upload.clone().ok_or(Cause::UnknownUpload)?;
    super::complete::note_upload(ask, call, caller.user, &id);
    let upload = ask.origin.upload_for(caller.user, &id, Operation::Piece)?;
    let number = part.ok_or(Cause::PartNumber)?;
    if ask.text("Content-Type").is_some_and(|given| is_form(&given)) {
        return Err(Cause::FormData);
    }
    upload.check_count(number, limits)?;
    let declared = ask.head.framing().declared();
    if let Some(declared) = declared {
        upload.check_size(number, declared, limits)?;
    }
    ask.origin.check_quota(declared)?;
    let room = upload.room_for(number, limits);
    Ok(Piece {
        user: caller.user,
        upload: id,
        number,
        checksum: ask.text("X-Agile-Checksum"),
        room,
    })
}

impl Piece {
    /// The most bytes that it may have.
    pub(in crate::wire) fn room(&self) -> u64 {
        self.room
    }

    pub(in crate::wire) fn commit(
        &self,
        origin: &mut Origin,
        change: Change,
        body: &Received,
    ) -> Result<Draft, Cause> {
        match body.end {
            BodyEnd::Whole => {}
            BodyEnd::TooLong => return Err(too_long(origin.limits(), body.length)),
            BodyEnd::Short | BodyEnd::Garbled => return Err(Cause::LengthMismatch),
        }
        let Kept::Stored(content) = &body.kept else { return Err(Cause::LengthMismatch) };
        let size = content.len();
        origin.store_piece(change, self.user, &self.upload, self.piece(content.clone(), body))?;
        Ok(Draft::coded(&PIECE.rows[0])
            .with("X-Agile-Checksum", body.digest.to_string().into_bytes())
            .with("X-Agile-Size", size.to_string().into_bytes()))
    }

    fn piece(&self, content: Content, body: &Received) -> NewPiece {
        NewPiece {
            number: self.number,
            content,
            digest: body.digest,
            checksum: self.checksum.clone(),
        }
    }
}

fn too_long(limits: &Limits, length: u64) -> Cause {
    let is_piece = length > limits.of(Limit::PieceBytes);
    if is_piece { Cause::PieceTooLarge } else { Cause::UploadTooLarge }
}

/// A part number: ASCII digits, from 1 to the limit; leading zeroes do not matter.
fn part_number(text: &[u8], limits: &Limits) -> Option<u32> {
    let number: u32 = digits(text)?.parse().ok()?;
    (1..=limits.of(Limit::PartNumber)).contains(&u64::from(number)).then_some(number)
}

fn is_form(content_type: &str) -> bool {
    essence(content_type).eq_ignore_ascii_case("multipart/form-data")
}
