//! The methods about directories and files (§7.2).

use crate::origin::{File, Making, Node, Parents};
use crate::spec::{Cause, OCTET_STREAM};

use super::json::Json;
use super::method::{Stop, Turn};

/// `makeDir`: the directory must be new, and its parent must be there.
pub(super) fn make_dir(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let path = new_directory(turn)?;
    if turn.origin.check_directory(&path, Parents::Required)? == Making::Existed {
        return Err(Cause::IsDirectory.into());
    }
    let user = turn.caller()?.user;
    turn.origin.make_directory(turn.change, user, &path, Parents::Required)?;
    Ok(Json::int(0))
}

/// `makeDir2`: the directory may be there, and parents are made.
pub(super) fn make_dir2(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let path = new_directory(turn)?;
    let user = turn.caller()?.user;
    turn.origin.make_directory(turn.change, user, &path, Parents::Made)?;
    Ok(Json::int(0))
}

fn new_directory(turn: &mut Turn<'_>) -> Result<crate::origin::Path, Cause> {
    if turn.args.text("path")?.is_some_and(|path| path.is_empty()) {
        return Err(Cause::EmptyPath);
    }
    turn.path()
}

/// `deleteDir`.
pub(super) fn delete_dir(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let path = turn.path()?;
    let root = turn.caller()?.root;
    turn.origin.delete_directory(turn.change, &root, &path)?;
    Ok(Json::int(0))
}

/// `deleteFile`.
pub(super) fn delete_file(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let path = turn.path()?;
    turn.origin.delete_file(turn.change, &path)?;
    Ok(Json::int(0))
}

/// `stat`.
pub(super) fn stat(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let wants_detail = turn.args.boolean("detail")?.unwrap_or(false);
    let path = turn.path()?;
    let node = turn.origin.tree().get(&path)?;
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

fn detail(turn: &Turn<'_>, node: &Node) -> Result<Members, Stop> {
    let stat = node.stat();
    let owner = vec![("uid", Json::int(stat.uid)), ("gid", Json::int(stat.gid))];
    let rest = match node {
        Node::Directory(_) => vec![("checksum", Json::text(""))],
        // The size stands in the summary.
        Node::File(file) => what_a_file_has(turn, file)?.split_off(1),
    };
    Ok([owner, rest].concat())
}

/// Owner and times of an entry, as lists show them.
pub(super) fn owner_and_times(node: &Node) -> Members {
    let stat = node.stat();
    vec![
        ("uid", Json::int(stat.uid)),
        ("gid", Json::int(stat.gid)),
        ("ctime", Json::int(stat.ctime.secs())),
        ("mtime", Json::int(stat.mtime.secs())),
    ]
}

/// Size, checksum and type of a file.
pub(super) fn what_a_file_has(turn: &Turn<'_>, file: &File) -> Result<Members, Stop> {
    let content_type = file.content_type.as_deref().unwrap_or(OCTET_STREAM);
    Ok(vec![
        ("size", Json::int(file.content.len())),
        ("checksum", Json::text(turn.checksum(file)?)),
        ("mimetype", Json::text(content_type)),
    ])
}
