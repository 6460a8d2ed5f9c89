//! Paged listings of directories (§7.2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::api::CallOverride;
use crate::protocol::{ErrorKind, LastCookie, ListPathItems};
use crate::storage::Node;

use super::files::{Members, file_members, owner_and_times};
use super::json::Json;
use super::method_context::{MethodContext, MethodError};
use super::params::Params;

type Entry<'a> = (&'a str, &'a Node);

/// Executes `listDir`: returns the subdirectories of a directory.
pub(super) fn list_dir(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    list(context, true)
}

/// Executes `listFile`: returns the files of a directory.
pub(super) fn list_file(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    list(context, false)
}

/// Returns a page of the subdirectories or of the files. The cookie is the offset of the next entry,
/// and 0 after a short page.
fn list(context: &mut MethodContext<'_>, is_directory: bool) -> Result<Json, MethodError> {
    let size = context.page_size("pageSize")?;
    let cookie = context.args.cookie("cookie")?.unwrap_or(0);
    let start = usize::try_from(cookie).map_err(|_| ErrorKind::Cookie)?;
    let with_stat = context.args.boolean("stat")?.unwrap_or(false);
    let path = context.path()?;
    let (context, tree) = (&*context, context.storage.tree());
    let page = tree.directory(&path)?.entries_of_kind(tree, is_directory, start).take(size);
    let page = collect(page.map(|entry| item(context, entry, with_stat)))?;
    let next = if page.len() < size { 0 } else { start + page.len() };
    Ok(Json::Object(vec![
        ("code", Json::int(0)),
        ("cookie", Json::int(next as u64)),
        ("list", Json::Array(page)),
    ]))
}

/// Collects the items of a page. If digests are needed, the error has those of all items: otherwise
/// the listing would be repeated for each file.
fn collect(
    items: impl Iterator<Item = Result<Json, MethodError>>,
) -> Result<Vec<Json>, MethodError> {
    let (mut page, mut needed) = (Vec::new(), Vec::new());
    for item in items {
        match item {
            Ok(item) => page.push(item),
            Err(MethodError::NeedsDigests(blobs)) => needed.extend(blobs),
            Err(rejected) => return Err(rejected),
        }
    }
    if needed.is_empty() { Ok(page) } else { Err(MethodError::NeedsDigests(needed)) }
}

fn item(
    context: &MethodContext<'_>,
    (name, node): Entry<'_>,
    with_stat: bool,
) -> Result<Json, MethodError> {
    let kind = Json::int(if matches!(node, Node::Directory(_)) { 1 } else { 2 });
    let mut members = vec![("name", Json::text(name)), ("type", kind)];
    if with_stat {
        members.push(("stat", Json::Object(stat(context, node)?)));
    }
    Ok(Json::Object(members))
}

fn stat(context: &MethodContext<'_>, node: &Node) -> Result<Members, MethodError> {
    let file = match node {
        Node::Directory(_) => Vec::new(),
        Node::File(file) => file_members(context, file)?,
    };
    Ok([owner_and_times(node), file].concat())
}

/// Executes `listPath`: returns directories and files, each list with its own page size.
pub(super) fn list_path(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let size = context.page_size("pageSize")?;
    let start = context.args.text_cookie("cookie")?.unwrap_or_default();
    let start = Offsets::read(&start).ok_or(ErrorKind::Cookie)?;
    let with_stat = context.args.boolean("stat")?.unwrap_or(false);
    let path = context.path()?;
    let (context, tree, options) = (&*context, context.storage.tree(), context.storage.options());
    let directory = tree.directory(&path)?;
    let page = |is_directory, start| -> Result<Vec<Json>, MethodError> {
        let page = directory.entries_of_kind(tree, is_directory, start).take(size);
        collect(page.map(|entry| path_item(context, entry, with_stat, options.listpath_items)))
    };
    let (dirs, files) = (page(true, start.dirs)?, page(false, start.files)?);
    let is_last = match options.listpath_last_cookie {
        LastCookie::ShortPage => dirs.len() < size && files.len() < size,
        LastCookie::EmptyPage => dirs.is_empty() && files.is_empty(),
    };
    let next = Offsets { dirs: start.dirs + dirs.len(), files: start.files + files.len() };
    Ok(Json::Object(vec![
        ("code", Json::int(0)),
        ("cookie", if is_last { Json::Null } else { Json::text(next.write()) }),
        ("dirs", Json::Array(dirs)),
        ("files", Json::Array(files)),
    ]))
}

fn path_item(
    context: &MethodContext<'_>,
    (name, node): Entry<'_>,
    with_stat: bool,
    items: ListPathItems,
) -> Result<Json, MethodError> {
    let mut members = vec![("name", Json::text(name))];
    match items {
        _ if !with_stat => {}
        ListPathItems::Flat => members.extend(stat(context, node)?),
        ListPathItems::Nested => members.push(("stat", Json::Object(nested_stat(context, node)?))),
    }
    Ok(Json::Object(members))
}

/// Returns the stat of the older form, which has its own members.
fn nested_stat(context: &MethodContext<'_>, node: &Node) -> Result<Members, MethodError> {
    let stat = node.stat();
    let times = [("ctime", Json::int(stat.ctime.secs())), ("mtime", Json::int(stat.mtime.secs()))];
    let owner = [("uid", Json::int(stat.uid)), ("gid", Json::int(stat.gid))];
    let Node::File(file) = node else {
        let rest = [("hash", Json::Null), ("ctype", Json::int(1))];
        return Ok([times, owner, rest].concat());
    };
    let mut has = file_members(context, file)?;
    let size = has.remove(0);
    let hash = has.first().map_or(Json::Null, |(_, checksum)| checksum.clone());
    let rest = vec![("hash", hash), ("ctype", Json::int(2))];
    Ok([times.to_vec(), vec![size], owner.to_vec(), has, rest].concat())
}

/// The progress of a `listPath`: the numbers of directories and files returned, as two big-endian
/// numbers in base64.
struct Offsets {
    dirs: usize,
    files: usize,
}

impl Offsets {
    fn read(cookie: &str) -> Option<Self> {
        if cookie.is_empty() {
            return Some(Self { dirs: 0, files: 0 });
        }
        let bytes: [u8; 16] = BASE64.decode(cookie).ok()?.try_into().ok()?;
        let (dirs, files) = bytes.split_at(8);
        let number = |half: &[u8]| usize::try_from(u64::from_be_bytes(half.try_into().ok()?)).ok();
        Some(Self { dirs: number(dirs)?, files: number(files)? })
    }

    fn write(&self) -> String {
        let halves = [self.dirs as u64, self.files as u64].map(u64::to_be_bytes);
        BASE64.encode(halves.concat())
    }
}

/// Applies an override to a listing, and records whether the listing differs.
pub(super) fn apply_override(
    result: Json,
    call_override: &CallOverride,
    args: &Params,
    is_done: &mut bool,
) -> Json {
    let Json::Object(mut members) = result else { return result };
    let entries = members.iter_mut().find_map(|(_, value)| match value {
        Json::Array(entries) if !entries.is_empty() => Some(entries),
        _ => None,
    });
    *is_done = match (call_override, entries) {
        (CallOverride::DropEntry, Some(entries)) => {
            entries.remove(0);
            true
        }
        (CallOverride::RepeatEntry, Some(entries)) => {
            entries.insert(0, entries[0].clone());
            true
        }
        (CallOverride::NeverEnd, _) => add_cookie(&mut members, args),
        _ => false,
    };
    Json::Object(members)
}

/// Adds a cookie if there is none, and returns whether the result can have one. The cookie leads to
/// the same page again; on the first page of `listDir` and `listFile` it is 1, because 0 means no
/// cookie.
fn add_cookie(members: &mut Members, args: &Params) -> bool {
    let Some((_, cookie)) = members.iter_mut().find(|(name, _)| *name == "cookie") else {
        return false;
    };
    match cookie {
        Json::Null => {
            let given = args.text_cookie("cookie").ok().flatten().unwrap_or_default();
            let start = Offsets::read(&given).unwrap_or(Offsets { dirs: 0, files: 0 });
            *cookie = Json::text(start.write());
        }
        Json::Int(0) => {
            let given = args.cookie("cookie").ok().flatten().unwrap_or(0);
            *cookie = Json::Int(given.max(1));
        }
        _ => {}
    }
    true
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::api::{BodyData, CommitResult, RequestBody, commit, open};
    use crate::blob::Blob;
    use crate::journal::{Head, Instants};
    use crate::protocol::Options;
    use crate::storage::{
        Change, Path, PathEncoding, Setup, Storage, Timestamp, TokenLifetime, TokenSource, UserId,
        UserRecord,
    };

    #[test]
    fn a_listing_names_every_digest_it_needs_at_once() {
        let now = Timestamp::from_secs(1_000);
        let change = Change::by_test(now);
        for method in ["listFile", "listPath"] {
            let (name, password, root) = ("jane".into(), "secret".to_owned(), Path::root());
            let users = vec![UserRecord { name, password, uid: 1, gid: 1, root: root.clone() }];
            let (account, options) = ("acme".to_owned(), Options::default());
            let mut storage = Storage::new(Setup { account, users, options, seed: 1 }, now);
            for path in ["/a", "/b", "/c"] {
                let path = Path::parse(path.as_bytes(), PathEncoding::Raw, 100).unwrap();
                let joined = Blob::join(["one", "two"].map(Blob::from_bytes));
                storage.plant(change, UserId::FIRST, &path, joined).unwrap();
            }
            let (life, by) = (TokenLifetime::default(), TokenSource::Http);
            let (token, _) = storage.grant(change, UserId::FIRST, root, life, by).unwrap();
            let head = "POST /jsonrpc2 HTTP/1.1\r\nContent-Length: 9\r\nHost: acme\r\n\r\n";
            let instants = Instants { protocol: now, ..Instants::default() };
            let mut request = open(&mut storage, instants, &Head::new(head.as_bytes())).unwrap();
            let call = format!(
                r#"{{"jsonrpc": "2.0", "id": 1, "method": "{method}",
                    "params": {{"token": "{token}", "path": "/", "stat": true}}}}"#
            );
            let body =
                RequestBody { kept: BodyData::Whole(call.into_bytes()), ..RequestBody::nothing() };
            request.classify(&storage, now, &body);
            let first = commit(&mut storage, change, &mut request, &body);
            let CommitResult::NeedsDigests(blobs) = first else { panic!("{method}: {first:?}") };
            assert_eq!(blobs.len(), 3, "{method}");
            for blob in blobs {
                blob.digest().unwrap();
            }
            let second = commit(&mut storage, change, &mut request, &body);
            assert!(matches!(second, CommitResult::Response(_)), "{method}: {second:?}");
        }
    }
}
