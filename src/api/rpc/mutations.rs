//! The methods that change stored entries (§7.2).

use crate::protocol::{ErrorKind, Limit, RenameTaken, is_known, is_well_formed};
use crate::storage::{Path, PathEncoding, Timestamp};

use super::json::Json;
use super::method_context::{MethodContext, MethodError};

/// Executes `rename` and `renameFile`.
pub(super) fn rename(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let (from, to) = (path_param(context, "oldpath")?, path_param(context, "newpath")?);
    context.record_path(&from);
    let root = context.principal()?.root;
    let is_no_parent = context.storage.options().rename_taken == RenameTaken::NoParent;
    let renamed = context.storage.rename(context.change, &root, &from, &to);
    renamed.map_err(|cause| match cause {
        ErrorKind::TargetExists if is_no_parent => ErrorKind::TargetExistsAsNoParent,
        other => other,
    })?;
    Ok(Json::int(0))
}

/// Executes `copyFile`.
pub(super) fn copy_file(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let from = path_param(context, "from")?;
    context.record_path(&from);
    context.storage.tree().file(&from)?;
    let to = path_param(context, "to").map_err(|_| ErrorKind::NoTargetParent)?;
    let user = context.principal()?.user;
    context.storage.copy(context.change, user, &from, &to)?;
    Ok(Json::int(0))
}

/// Executes `setMTime`.
pub(super) fn set_mtime(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let path = context.path()?;
    context.storage.tree().get(&path)?;
    let mtime = context.args.integer("mtime")?.ok_or(ErrorKind::MTime)?;
    let mtime = u64::try_from(mtime).map_err(|_| ErrorKind::MTime)?;
    context.storage.set_mtime(context.change, &path, Timestamp::from_secs(mtime))?;
    Ok(Json::int(0))
}

/// Executes `setContentType`, which accepts only listed types (§3.9).
pub(super) fn set_content_type(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let path = context.path()?;
    context.storage.tree().get(&path)?;
    let is_listed = |given: &String| is_well_formed(given) && is_known(given);
    let content_type = context.args.text("content_type")?.filter(is_listed);
    let content_type = content_type.ok_or(ErrorKind::ContentType)?;
    let user = context.principal()?.user;
    context.storage.set_content_type(context.change, user, &path, &content_type)?;
    Ok(Json::int(0))
}

/// Executes `deleteObject`.
pub(super) fn delete_object(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let path = context.path()?;
    let root = context.principal()?.root;
    context.storage.delete_object(context.change, &root, &path)?;
    Ok(Json::int(0))
}

/// Returns a parameter that is a path, as the caller means it.
fn path_param(context: &MethodContext<'_>, name: &str) -> Result<Path, ErrorKind> {
    let text = context.args.text(name)?.ok_or(ErrorKind::EmptyPath)?;
    let max = context.storage.limits().get(Limit::PathBytes);
    Ok(Path::parse(text.as_bytes(), PathEncoding::Raw, max)?.under(&context.principal()?.root))
}
