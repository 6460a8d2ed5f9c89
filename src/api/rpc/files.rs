//! The methods for directories and files (§7.2).

use crate::protocol::{ErrorKind, OCTET_STREAM};
use crate::storage::{File, MissingParents, MkdirOutcome, Node};

use super::dispatch::{MethodContext, MethodError};
use super::json::Json;

/// Executes `makeDir`: the directory must not exist, and its parent must.
pub(super) fn make_dir(turn: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let path = new_directory(turn)?;
    if turn.storage.check_directory(&path, MissingParents::Reject)? == MkdirOutcome::Existed {
        return Err(ErrorKind::IsDirectory.into());
    }
    let user = turn.principal()?.user;
    turn.storage.make_directory(turn.change, user, &path, MissingParents::Reject)?;
    Ok(Json::int(0))
}

/// Executes `makeDir2`: the directory may exist, and missing parents are created.
pub(super) fn make_dir2(turn: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let path = new_directory(turn)?;
    let user = turn.principal()?.user;
    turn.storage.make_directory(turn.change, user, &path, MissingParents::Create)?;
    Ok(Json::int(0))
}

fn new_directory(turn: &mut MethodContext<'_>) -> Result<crate::storage::Path, ErrorKind> {
    if turn.args.text("path")?.is_some_and(|path| path.is_empty()) {
        return Err(ErrorKind::EmptyPath);
    }
    turn.path()
}

/// Executes `deleteDir`.
pub(super) fn delete_dir(turn: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let path = turn.path()?;
    let root = turn.principal()?.root;
    turn.storage.delete_directory(turn.change, &root, &path)?;
    Ok(Json::int(0))
}

/// Executes `deleteFile`.
pub(super) fn delete_file(turn: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let path = turn.path()?;
    turn.storage.delete_file(turn.change, &path)?;
    Ok(Json::int(0))
}

/// Executes `stat`.
pub(super) fn stat(turn: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let wants_detail = turn.args.boolean("detail")?.unwrap_or(false);
    let path = turn.path()?;
    let node = turn.storage.tree().get(&path)?;
    let detail = if wants_detail { detail(turn, node)? } else { Vec::new() };
    Ok(Json::Object([summary(node), detail].concat()))
}

pub(super) type Members = Vec<(&'static str, Json)>;

fn summary(node: &Node) -> Members {
    let stat = node.stat();
    let times = [
        ("code", Json::int(0)),
        ("ctime", Json::int(stat.ctime.secs())),
        ("mtime", Json::int(stat.mtime.secs())),
    ];
    let kind = match node {
        Node::Directory(_) => vec![("type", Json::int(1))],
        Node::File(file) => vec![("type", Json::int(2)), ("size", Json::int(file.content.len()))],
    };
    [times.to_vec(), kind].concat()
}

fn detail(turn: &MethodContext<'_>, node: &Node) -> Result<Members, MethodError> {
    let stat = node.stat();
    let owner = vec![("uid", Json::int(stat.uid)), ("gid", Json::int(stat.gid))];
    let rest = match node {
        Node::Directory(_) => vec![("checksum", Json::text(""))],
        // The summary contains the size.
        Node::File(file) => what_a_file_has(turn, file)?.split_off(1),
    };
    Ok([owner, rest].concat())
}

/// Returns owner and times of an entry, as listings show them.
pub(super) fn owner_and_times(node: &Node) -> Members {
    let stat = node.stat();
    vec![
        ("uid", Json::int(stat.uid)),
        ("gid", Json::int(stat.gid)),
        ("ctime", Json::int(stat.ctime.secs())),
        ("mtime", Json::int(stat.mtime.secs())),
    ]
}

/// Returns size, checksum and type of a file.
pub(super) fn what_a_file_has(
    turn: &MethodContext<'_>,
    file: &File,
) -> Result<Members, MethodError> {
    let content_type = file.content_type.as_deref().unwrap_or(OCTET_STREAM);
    Ok(vec![
        ("size", Json::int(file.content.len())),
        ("checksum", Json::text(turn.checksum(file)?)),
        ("mimetype", Json::text(content_type)),
    ])
}
