//! The methods that change stored entries (§7.2).

use crate::protocol::{ErrorKind, Limit, RenameTaken, is_known, is_well_formed};
use crate::storage::{Path, PathEncoding, Timestamp};

use super::dispatch::{MethodContext, MethodError};
use super::json::Json;

/// Executes `rename` and `renameFile`.
pub(super) fn rename(turn: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let (from, to) = (path_named(turn, "oldpath")?, path_named(turn, "newpath")?);
    turn.record_path(&from);
    let root = turn.principal()?.root;
    let is_no_parent = turn.storage.options().rename_taken == RenameTaken::NoParent;
    let renamed = turn.storage.rename(turn.change, &root, &from, &to);
    renamed.map_err(|cause| match cause {
        ErrorKind::TargetExists if is_no_parent => ErrorKind::TargetExistsAsNoParent,
        other => other,
    })?;
    Ok(Json::int(0))
}

/// Executes `copyFile`.
pub(super) fn copy_file(turn: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let from = path_named(turn, "from")?;
    turn.record_path(&from);
    turn.storage.tree().file(&from)?;
    let to = path_named(turn, "to").map_err(|_| ErrorKind::NoTargetParent)?;
    let user = turn.principal()?.user;
    turn.storage.copy(turn.change, user, &from, &to)?;
    Ok(Json::int(0))
}

/// Executes `setMTime`.
pub(super) fn set_mtime(turn: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let path = turn.path()?;
    turn.storage.tree().get(&path)?;
    let mtime = turn.args.integer("mtime")?.ok_or(ErrorKind::MTime)?;
    let mtime = u64::try_from(mtime).map_err(|_| ErrorKind::MTime)?;
    turn.storage.set_mtime(turn.change, &path, Timestamp::from_secs(mtime))?;
    Ok(Json::int(0))
}

/// Executes `setContentType`, which accepts only listed types (§3.9).
pub(super) fn set_content_type(turn: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let path = turn.path()?;
    turn.storage.tree().get(&path)?;
    let is_listed = |given: &String| is_well_formed(given) && is_known(given);
    let content_type = turn.args.text("content_type")?.filter(is_listed);
    let content_type = content_type.ok_or(ErrorKind::ContentType)?;
    let user = turn.principal()?.user;
    turn.storage.set_content_type(turn.change, user, &path, &content_type)?;
    Ok(Json::int(0))
}

/// Executes `deleteObject`.
pub(super) fn delete_object(turn: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let path = turn.path()?;
    let root = turn.principal()?.root;
    turn.storage.delete_object(turn.change, &root, &path)?;
    Ok(Json::int(0))
}

/// Returns a parameter that is a path, as the caller means it.
fn path_named(turn: &MethodContext<'_>, name: &str) -> Result<Path, ErrorKind> {
    let text = turn.args.text(name)?.ok_or(ErrorKind::EmptyPath)?;
    let max = turn.storage.limits().get(Limit::PathBytes);
    Ok(Path::parse(text.as_bytes(), PathEncoding::Raw, max)?.under(&turn.principal()?.root))
}
