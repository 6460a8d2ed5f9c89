//! The methods that change what is stored (§7.2).

use crate::origin::{Path, Spelling, Timestamp};
use crate::spec::{Cause, Limit, RenameTaken, is_known, is_well_formed};

use super::json::Json;
use super::method::{Stop, Turn};

/// `rename` and `renameFile`.
pub(super) fn rename(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let (from, to) = (path_named(turn, "oldpath")?, path_named(turn, "newpath")?);
    turn.note_path(&from);
    let root = turn.caller()?.root;
    let is_no_parent = turn.origin.switches().rename_taken == RenameTaken::NoParent;
    let renamed = turn.origin.rename(turn.change, &root, &from, &to);
    renamed.map_err(|cause| match cause {
        Cause::TargetExists if is_no_parent => Cause::TargetExistsAsNoParent,
        other => other,
    })?;
    Ok(Json::int(0))
}

/// `copyFile`.
pub(super) fn copy_file(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let from = path_named(turn, "from")?;
    turn.note_path(&from);
    turn.origin.tree().file(&from)?;
    let to = path_named(turn, "to").map_err(|_| Cause::NoTargetParent)?;
    let user = turn.caller()?.user;
    turn.origin.copy(turn.change, user, &from, &to)?;
    Ok(Json::int(0))
}

/// `setMTime`.
pub(super) fn set_mtime(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let path = turn.path()?;
    turn.origin.tree().get(&path)?;
    let mtime = turn.args.integer("mtime")?.ok_or(Cause::MTime)?;
    let mtime = u64::try_from(mtime).map_err(|_| Cause::MTime)?;
    turn.origin.set_mtime(turn.change, &path, Timestamp::from_secs(mtime))?;
    Ok(Json::int(0))
}

/// `setContentType`, which takes only types that are listed (§3.9).
pub(super) fn set_content_type(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let path = turn.path()?;
    turn.origin.tree().get(&path)?;
    let is_listed = |given: &String| is_well_formed(given) && is_known(given);
    let content_type = turn.args.text("content_type")?.filter(is_listed);
    let content_type = content_type.ok_or(Cause::ContentType)?;
    let user = turn.caller()?.user;
    turn.origin.set_content_type(turn.change, user, &path, &content_type)?;
    Ok(Json::int(0))
}

/// `deleteObject`.
pub(super) fn delete_object(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let path = turn.path()?;
    let root = turn.caller()?.root;
    turn.origin.delete_object(turn.change, &root, &path)?;
    Ok(Json::int(0))
}

/// A parameter that is a path, as the caller means it.
fn path_named(turn: &Turn<'_>, name: &str) -> Result<Path, Cause> {
    let text = turn.args.text(name)?.ok_or(Cause::EmptyPath)?;
    let max = turn.origin.limits().of(Limit::PathBytes);
    Ok(Path::parse(text.as_bytes(), Spelling::Plain, max)?.under(&turn.caller()?.root))
}
