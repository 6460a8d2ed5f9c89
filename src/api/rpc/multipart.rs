//! The methods for multipart uploads (§7.3).

use crate::api::content_type::check;
use crate::protocol::{ErrorKind, PieceState, ResultShape, UploadState};
use crate::storage::{NewUpload, Piece, Storage, Upload, UserId};

use super::dispatch::{MethodContext, MethodError};
use super::json::Json;

/// Executes `createMultipart`.
pub(super) fn create(turn: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let path = turn.path()?;
    let content_type = turn.args.text("content_type")?;
    content_type.as_deref().map(|given| check(turn.storage, given)).transpose()?;
    let mtime =
        turn.args.integer("mtime")?.map(u64::try_from).transpose().map_err(|_| ErrorKind::MTime)?;
    let (directory, name) = path.split_last().ok_or(ErrorKind::IsDirectory)?;
    let new = NewUpload { directory, name: Some(name.to_owned()), content_type, mtime };
    let user = turn.principal()?.user;
    let id = turn.storage.create(turn.change, user, new)?.id.clone();
    turn.call.upload = Some(id.clone());
    Ok(Json::Object(vec![("code", Json::int(0)), ("mpid", Json::text(id))]))
}

/// Executes `getMultipartStatus`.
pub(super) fn status(turn: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let (user, id) = named(turn)?;
    known(turn, user, &id)?;
    turn.storage.record_status_poll(turn.change, &id);
    let upload = known(turn, user, &id)?;
    let mut status = vec![
        ("path", Json::text(upload.path.absolute(turn.storage.account()))),
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

/// Executes `getMultipartStatusMap`: returns the names of the state numbers.
pub(super) fn status_map(turn: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let names: Vec<_> = match turn.args.text("name")?.as_deref() {
        None | Some("upload") => {
            UploadState::ALL.iter().map(|state| (state.number(), state.name())).collect()
        }
        Some("piece") => {
            PieceState::ALL.iter().map(|state| (state.number(), state.name())).collect()
        }
        Some(_) => return Err(ErrorKind::MapName.into()),
    };
    let map = names.into_iter().map(|(number, name)| (number.to_string(), Json::text(name)));
    Ok(Json::Object(vec![("code", Json::int(0)), ("map", Json::Map(map.collect()))]))
}

/// Executes `listMultipart`. The cookie is the offset after the page, and 0 only for an empty page.
pub(super) fn list_uploads(turn: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let size = turn.page_size("pagesize")?;
    let start = offset(turn)?;
    let principal = turn.principal()?;
    let own = turn.storage.uploads().iter().filter(|upload| upload.owner == principal.user);
    let page: Vec<_> =
        own.skip(start).take(size).map(|upload| listed_upload(turn.storage, upload)).collect();
    let next = if page.is_empty() { 0 } else { start + page.len() };
    Ok(Json::Object(vec![
        ("code", Json::int(0)),
        ("cookie", Json::int(next as u64)),
        ("multipart", Json::Array(page)),
    ]))
}

fn listed_upload(storage: &Storage, upload: &Upload) -> Json {
    let owner = storage.sessions().user(upload.owner);
    let mut members = vec![
        ("uid", Json::int(owner.uid)),
        ("gid", Json::int(owner.gid)),
        ("path", Json::text(upload.path.absolute(storage.account()))),
    ];
    members.extend(upload.content_type.as_ref().map(|given| ("content_type", Json::text(given))));
    members.extend([
        ("state", Json::int(upload.state.number())),
        ("mtime", Json::int(upload.mtime)),
        ("error", Json::int(upload.error)),
        ("mpid", Json::text(&upload.id)),
    ]);
    Json::Object(members)
}

/// Executes `listMultipartPiece`. The cookie is the offset after the page, and 0 after a short
/// page.
pub(super) fn list_pieces(turn: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let size = turn.page_size("pagesize")?;
    let start = offset(turn)?;
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

/// Returns the offset of a page.
fn offset(turn: &MethodContext<'_>) -> Result<usize, ErrorKind> {
    let cookie = turn.args.cookie("cookie")?.unwrap_or(0);
    usize::try_from(cookie).map_err(|_| ErrorKind::Cookie)
}

/// Executes `completeMultipart`.
pub(super) fn complete(turn: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let (user, id) = named(turn)?;
    let parts = turn.storage.complete(turn.change, user, &id, turn.join)?;
    Ok(Json::Object(vec![("code", Json::int(0)), ("numpieces", Json::int(parts as u64))]))
}

/// Executes `abortMultipart`.
pub(super) fn abort(turn: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let (user, id) = named(turn)?;
    turn.storage.abort(turn.change, user, &id)?;
    Ok(done(turn))
}

/// Executes `restartMultipart`.
pub(super) fn restart(turn: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let (user, id) = named(turn)?;
    turn.storage.restart(turn.change, user, &id)?;
    Ok(done(turn))
}

/// Returns a success without a value, which the two official clients read in different forms (§10).
fn done(turn: &MethodContext<'_>) -> Json {
    match turn.storage.options().result_shape {
        ResultShape::Bare => Json::int(0),
        ResultShape::Object => Json::Object(vec![("code", Json::int(0))]),
    }
}

/// Returns the caller and the identifier of the upload. Both are recorded, and the path too if the
/// upload belongs to the caller.
fn named(turn: &mut MethodContext<'_>) -> Result<(UserId, String), ErrorKind> {
    let user = turn.principal()?.user;
    let id = turn.args.text("mpid")?.ok_or(ErrorKind::UnknownUpload)?;
    turn.call.upload = Some(id.clone());
    if let Ok(path) = known(turn, user, &id).map(|upload| upload.path.clone()) {
        turn.record_path(&path);
    }
    Ok((user, id))
}

/// Returns an upload of the caller (§2.9).
fn known<'t>(turn: &'t MethodContext<'_>, user: UserId, id: &str) -> Result<&'t Upload, ErrorKind> {
    turn.storage
        .uploads()
        .get(id)
        .filter(|upload| upload.owner == user)
        .ok_or(ErrorKind::UnknownUpload)
}
