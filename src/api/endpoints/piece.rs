//! `/multipart/piece` (§4.2).

use std::borrow::Cow;
use std::sync::Arc;

use crate::api::context::RequestContext;
use crate::api::endpoints::complete::record_upload;
use crate::api::response::ResponseBuilder;
use crate::api::{BodyData, BodyEnd, RequestBody};
use crate::blob::Blob;
use crate::journal::{Call, parse_decimal};
use crate::protocol::{ErrorKind, Limit, Limits, Operation, PIECE, essence};
use crate::storage::{Change, NewPiece, Storage, UserId, permitted};

/// A piece whose head was accepted.
#[derive(Clone, Debug)]
pub(in crate::api) struct Piece {
    user: UserId,
    upload: Arc<str>,
    number: u32,
    checksum: Option<String>,
    room: u64,
}

pub(in crate::api) fn open(
    context: &RequestContext<'_>,
    call: &mut Call,
) -> Result<Piece, ErrorKind> {
    let limits = context.storage.limits();
    let part = context.header("X-Agile-Part").and_then(|text| parse_part_number(text, limits));
    // The target is recorded even if the credentials are invalid.
    call.part = part;
    let recorded = record_upload(context, call);
    let principal = context.principal(call)?;
    let (id, upload) = recorded.ok_or(ErrorKind::UnknownUpload)?;
    let upload = permitted(upload, principal.user, Operation::Piece)?;
    let number = part.ok_or(ErrorKind::PartNumber)?;
    if context.text("Content-Type").is_some_and(|given| is_form(&given)) {
        return Err(ErrorKind::FormData);
    }
    upload.check_count(number, limits)?;
    let declared = context.head.framing().declared();
    if let Some(declared) = declared {
        upload.check_size(number, declared, limits)?;
    }
    context.storage.check_quota(declared)?;
    let room = upload.room_for(number, limits);
    Ok(Piece {
        user: principal.user,
        upload: id,
        number,
        checksum: context.text("X-Agile-Checksum").map(Cow::into_owned),
        room,
    })
}

impl Piece {
    /// Returns the maximum size of the piece.
    pub(in crate::api) fn room(&self) -> u64 {
        self.room
    }

    pub(in crate::api) fn commit(
        &self,
        storage: &mut Storage,
        change: Change,
        body: &RequestBody,
    ) -> Result<ResponseBuilder, ErrorKind> {
        match body.end {
            BodyEnd::Complete => {}
            BodyEnd::TooLarge => return Err(too_long(storage.limits(), body.length)),
            BodyEnd::Truncated | BodyEnd::Malformed => return Err(ErrorKind::LengthMismatch),
        }
        let BodyData::Stored(content) = &body.kept else { return Err(ErrorKind::LengthMismatch) };
        let size = content.len();
        storage.store_piece(change, self.user, &self.upload, self.piece(content.clone(), body))?;
        Ok(ResponseBuilder::from_result_code(&PIECE.results[0])
            .with("X-Agile-Checksum", body.digest.to_hex())
            .with_number("X-Agile-Size", size))
    }

    fn piece(&self, content: Blob, body: &RequestBody) -> NewPiece {
        NewPiece {
            number: self.number,
            content,
            digest: body.digest,
            checksum: self.checksum.clone(),
        }
    }
}

fn too_long(limits: &Limits, length: u64) -> ErrorKind {
    let is_piece = length > limits.get(Limit::PieceBytes);
    if is_piece { ErrorKind::PieceTooLarge } else { ErrorKind::UploadTooLarge }
}

/// Parses a part number: ASCII digits, from 1 to the limit. Leading zeroes are ignored.
fn parse_part_number(text: &[u8], limits: &Limits) -> Option<u32> {
    let number = parse_decimal(text)?;
    let is_valid = number >= 1 && number <= limits.get(Limit::PartNumber);
    if is_valid { u32::try_from(number).ok() } else { None }
}

fn is_form(content_type: &str) -> bool {
    essence(content_type).eq_ignore_ascii_case("multipart/form-data")
}
