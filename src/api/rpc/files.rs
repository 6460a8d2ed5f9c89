//! The methods for directories and files (§7.2).

use crate::protocol::{ErrorKind, OCTET_STREAM};
use crate::storage::{File, MissingParents, MkdirOutcome, Node};

use super::json::Json;
use super::method_context::{MethodContext, MethodError};

/// Executes `makeDir`: the directory must not exist, and its parent must.
pub(super) fn make_dir(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let path = new_directory(context)?;
    if context.storage.check_directory(&path, MissingParents::Reject)? == MkdirOutcome::Existed {
        return Err(ErrorKind::IsDirectory.into());
    }
    let user = context.principal()?.user;
    context.storage.make_directory(context.change, user, &path, MissingParents::Reject)?;
    Ok(Json::int(0))
}

/// Executes `makeDir2`: the directory may exist, and missing parents are created.
pub(super) fn make_dir2(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let path = new_directory(context)?;
    let user = context.principal()?.user;
    context.storage.make_directory(context.change, user, &path, MissingParents::Create)?;
    Ok(Json::int(0))
}

fn new_directory(context: &mut MethodContext<'_>) -> Result<crate::storage::Path, ErrorKind> {
    if context.args.text("path")?.is_some_and(|path| path.is_empty()) {
        return Err(ErrorKind::EmptyPath);
    }
    context.path()
}

/// Executes `deleteDir`.
pub(super) fn delete_dir(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let path = context.path()?;
    let root = context.principal()?.root;
    context.storage.delete_directory(context.change, &root, &path)?;
    Ok(Json::int(0))
}

/// Executes `deleteFile`.
pub(super) fn delete_file(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let path = context.path()?;
    context.storage.delete_file(context.change, &path)?;
    Ok(Json::int(0))
}

/// Executes `stat`.
pub(super) fn stat(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let wants_detail = context.args.boolean("detail")?.unwrap_or(false);
    let path = context.path()?;
    let node = context.storage.tree().get(&path)?;
    let detail = if wants_detail { detail(context, node)? } else { Vec::new() };
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

fn detail(context: &MethodContext<'_>, node: &Node) -> Result<Members, MethodError> {
    let stat = node.stat();
    let owner = vec![("uid", Json::int(stat.uid)), ("gid", Json::int(stat.gid))];
    let rest = match node {
        Node::Directory(_) => vec![("checksum", Json::text(""))],
        // The summary contains the size.
        Node::File(file) => file_members(context, file)?.split_off(1),
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
pub(super) fn file_members(
    context: &MethodContext<'_>,
    file: &File,
) -> Result<Members, MethodError> {
    let content_type = file.content_type.as_deref().unwrap_or(OCTET_STREAM);
    Ok(vec![
        ("size", Json::int(file.content.len())),
        ("checksum", Json::text(context.checksum(file)?)),
        ("mimetype", Json::text(content_type)),
    ])
}
