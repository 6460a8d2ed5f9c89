//! The methods for multipart uploads (§7.3).

use crate::api::content_type::check;
use crate::protocol::{ErrorKind, PieceState, ResultShape, UploadState};
use crate::storage::{NewUpload, Piece, Storage, Upload, UserId};

use super::json::Json;
use super::method_context::{MethodContext, MethodError};

/// Executes `createMultipart`.
pub(super) fn create(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let path = context.path()?;
    let content_type = context.args.text("content_type")?;
    content_type.as_deref().map(|given| check(context.storage, given)).transpose()?;
    let mtime = context
        .args
        .integer("mtime")?
        .map(u64::try_from)
        .transpose()
        .map_err(|_| ErrorKind::MTime)?;
    let (directory, name) = path.split_last().ok_or(ErrorKind::IsDirectory)?;
    let new = NewUpload { directory, name: Some(name.to_owned()), content_type, mtime };
    let user = context.principal()?.user;
    let id = context.storage.create(context.change, user, new)?.id.clone();
    context.call.upload = Some(id.clone());
    Ok(Json::Object(vec![("code", Json::int(0)), ("mpid", Json::text(&*id))]))
}

/// Executes `getMultipartStatus`.
pub(super) fn status(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let (user, id) = resolve_upload(context)?;
    find_upload(context, user, &id)?;
    context.storage.record_status_poll(context.change, &id);
    let upload = find_upload(context, user, &id)?;
    let mut status = vec![
        ("path", Json::text(upload.path.absolute(context.storage.account()))),
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
pub(super) fn status_map(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let names: Vec<_> = match context.args.text("name")?.as_deref() {
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
pub(super) fn list_uploads(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let size = context.page_size("pagesize")?;
    let start = offset(context)?;
    let principal = context.principal()?;
    let own = context.storage.uploads().iter().filter(|upload| upload.owner == principal.user);
    let page: Vec<_> =
        own.skip(start).take(size).map(|upload| upload_json(context.storage, upload)).collect();
    let next = if page.is_empty() { 0 } else { start + page.len() };
    Ok(Json::Object(vec![
        ("code", Json::int(0)),
        ("cookie", Json::int(next as u64)),
        ("multipart", Json::Array(page)),
    ]))
}

fn upload_json(storage: &Storage, upload: &Upload) -> Json {
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
        ("mpid", Json::text(&*upload.id)),
    ]);
    Json::Object(members)
}

/// Executes `listMultipartPiece`. The cookie is the offset after the page, and 0 after a short
/// page.
pub(super) fn list_pieces(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let size = context.page_size("pagesize")?;
    let start = offset(context)?;
    let (user, id) = resolve_upload(context)?;
    let upload = find_upload(context, user, &id)?;
    let page = upload.pieces.range(start as u64..u64::MAX).take(size);
    let page: Vec<_> = page.map(|(_, piece)| piece_json(piece)).collect();
    let next = if page.len() < size { 0 } else { start + page.len() };
    Ok(Json::Object(vec![
        ("code", Json::int(0)),
        ("cookie", Json::int(next as u64)),
        ("pieces", Json::Array(page)),
    ]))
}

fn piece_json(piece: &Piece) -> Json {
    Json::Object(vec![
        ("number", Json::int(piece.number)),
        ("size", Json::int(piece.size())),
        ("state", Json::int(piece.state.number())),
        ("error", Json::int(0)),
    ])
}

/// Returns the offset of a page.
fn offset(context: &MethodContext<'_>) -> Result<usize, ErrorKind> {
    let cookie = context.args.cookie("cookie")?.unwrap_or(0);
    usize::try_from(cookie).map_err(|_| ErrorKind::Cookie)
}

/// Executes `completeMultipart`.
pub(super) fn complete(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let (user, id) = resolve_upload(context)?;
    let parts = context.storage.complete(context.change, user, &id, context.join)?;
    Ok(Json::Object(vec![("code", Json::int(0)), ("numpieces", Json::int(parts as u64))]))
}

/// Executes `abortMultipart`.
pub(super) fn abort(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let (user, id) = resolve_upload(context)?;
    context.storage.abort(context.change, user, &id)?;
    Ok(success(context))
}

/// Executes `restartMultipart`.
pub(super) fn restart(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let (user, id) = resolve_upload(context)?;
    context.storage.restart(context.change, user, &id)?;
    Ok(success(context))
}

/// Returns a success without a value, which the two official clients read in different forms (§10).
fn success(context: &MethodContext<'_>) -> Json {
    match context.storage.options().result_shape {
        ResultShape::Bare => Json::int(0),
        ResultShape::Object => Json::Object(vec![("code", Json::int(0))]),
    }
}

/// Returns the caller and the identifier of the upload. Both are recorded, and the path too if the
/// upload belongs to the caller.
fn resolve_upload(context: &mut MethodContext<'_>) -> Result<(UserId, String), ErrorKind> {
    let user = context.principal()?.user;
    let id = context.args.text("mpid")?.ok_or(ErrorKind::UnknownUpload)?;
    context.call.upload = Some(id.as_str().into());
    if let Ok(path) = find_upload(context, user, &id).map(|upload| upload.path.clone()) {
        context.record_path(&path);
    }
    Ok((user, id))
}

/// Returns an upload of the caller (§2.9).
fn find_upload<'t>(
    context: &'t MethodContext<'_>,
    user: UserId,
    id: &str,
) -> Result<&'t Upload, ErrorKind> {
    context
        .storage
        .uploads()
        .get(id)
        .map(AsRef::as_ref)
        .filter(|upload: &&Upload| upload.owner == user)
        .ok_or(ErrorKind::UnknownUpload)
}
