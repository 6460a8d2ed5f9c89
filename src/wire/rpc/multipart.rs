//! The methods about multipart uploads (§7.3).

use crate::origin::{NewUpload, Piece, Upload, UserId};
use crate::spec::{Cause, Limit};
use crate::wire::endpoints::create::is_content_type;

use super::json::Json;
use super::method::{Stop, Turn};

/// `createMultipart`.
pub(super) fn create(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let path = turn.path()?;
    let content_type = turn.args.text("content_type")?;
    if content_type.as_deref().is_some_and(|given| !is_content_type(given)) {
        return Err(Cause::ContentType.into());
    }
    let mtime =
        turn.args.integer("mtime")?.map(u64::try_from).transpose().map_err(|_| Cause::MTime)?;
    let (directory, name) = path.split_last().ok_or(Cause::IsDirectory)?;
    let new = NewUpload { directory, name: Some(name.to_owned()), content_type, mtime };
    let user = turn.caller()?.user;
    let id = turn.origin.create(turn.now, user, new)?.id.clone();
    turn.call.upload = Some(id.clone());
    Ok(Json::Object(vec![("code", Json::int(0)), ("mpid", Json::text(id))]))
}

/// `getMultipartStatus`.
pub(super) fn status(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let (user, id) = named(turn)?;
    let upload = known(turn, user, &id)?;
    let mut status = vec![
        ("path", Json::text(upload.path.absolute(turn.origin.account()))),
        ("code", Json::int(0)),
    ];
    if let Some(content_type) = &upload.content_type {
        status.push(("content_type", Json::text(content_type)));
    }
    status.extend([
        ("numpieces", Json::int(upload.numpieces() as u64)),
        ("created", Json::int(upload.created.secs())),
        ("state", Json::int(upload.state.number())),
        ("mtime", Json::int(upload.mtime)),
        ("error", Json::int(upload.error)),
    ]);
    Ok(Json::Object(status))
}

/// `listMultipartPiece`. The cookie is the offset behind the page, and 0 behind a short one.
pub(super) fn list_pieces(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let size = page_size(turn)?;
    let cookie = turn.args.cookie("cookie")?.unwrap_or(0);
    let start = usize::try_from(cookie).map_err(|_| Cause::Cookie)?;
    let (user, id) = named(turn)?;
    let upload = known(turn, user, &id)?;
    let page: Vec<_> = upload.pieces.iter().skip(start).take(size).map(listed).collect();
    let next = if page.len() < size { 0 } else { start + page.len() };
    Ok(Json::Object(vec![
        ("code", Json::int(0)),
        ("cookie", Json::int(next as u64)),
        ("pieces", Json::Array(page)),
    ]))
}

fn listed(piece: &Piece) -> Json {
    Json::Object(vec![
        ("number", Json::int(piece.number)),
        ("size", Json::int(piece.size())),
        ("state", Json::int(piece.state.number())),
        ("error", Json::int(0)),
    ])
}

fn page_size(turn: &Turn<'_>) -> Result<usize, Cause> {
    let size = turn.args.integer("pagesize")?.unwrap_or(100);
    let max = i128::from(turn.origin.limits().of(Limit::PageSize));
    let size = Some(size).filter(|size| (1..=max).contains(size));
    size.and_then(|size| usize::try_from(size).ok()).ok_or(Cause::PageSize)
}

/// `completeMultipart`.
pub(super) fn complete(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let (user, id) = named(turn)?;
    let parts = turn.origin.complete(turn.now, user, &id)?;
    Ok(Json::Object(vec![("code", Json::int(0)), ("numpieces", Json::int(parts as u64))]))
}

/// `abortMultipart`.
pub(super) fn abort(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let (user, id) = named(turn)?;
    turn.origin.abort(turn.now, user, &id)?;
    Ok(Json::int(0))
}

/// The caller, and the upload that is meant; both are noted, and the path if it is the caller's to
/// know.
fn named(turn: &mut Turn<'_>) -> Result<(UserId, String), Cause> {
    let user = turn.caller()?.user;
    let id = turn.args.text("mpid")?.ok_or(Cause::UnknownUpload)?;
    turn.call.upload = Some(id.clone());
    if let Ok(path) = known(turn, user, &id).map(|upload| upload.path.clone()) {
        turn.note_path(&path);
    }
    Ok((user, id))
}

/// An upload, if it is the caller's (§2.9).
fn known<'t>(turn: &'t Turn<'_>, user: UserId, id: &str) -> Result<&'t Upload, Cause> {
    turn.origin.uploads().get(id).filter(|upload| upload.owner == user).ok_or(Cause::UnknownUpload)
}
