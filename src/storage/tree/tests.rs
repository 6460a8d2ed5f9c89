//! Lookups, changes, and their cost in deep trees.

#![allow(clippy::unwrap_used)]
use std::cell::Cell;

use super::*;

thread_local! {
    /// The number of names that were looked up on this thread.
    pub(super) static LOOKUPS: Cell<usize> = const { Cell::new(0) };
}

fn stat(at: u64) -> Stat {
    let now = Timestamp::from_secs(at);
    Stat { uid: 1, gid: 1, ctime: now, mtime: now }
}

fn at(secs: u64) -> Change {
    Change::by_test(Timestamp::from_secs(secs))
}

fn file(text: &'static str) -> Node {
    Node::File(File {
        stat: stat(1),
        content: Blob::from_bytes(text),
        content_type: None,
        visible: None,
        history: Box::new(FileHistory::posted(at(1))),
    })
}

fn path(text: &str) -> Path {
    Path::parse(text.as_bytes(), crate::storage::PathEncoding::Raw, 1 << 20).unwrap()
}

fn planted() -> Tree {
    let mut tree = Tree::new(stat(0));
    tree.put(&path("/d"), Node::directory(stat(1), at(1)), at(1)).unwrap();
    tree.put(&path("/d/f"), file("x"), at(2)).unwrap();
    tree
}

#[test]
fn a_lookup_error_names_the_missing_part() {
    let tree = planted();
    for (text, cause) in [
        ("/x", ErrorKind::NotFound),
        ("/d/x", ErrorKind::NotFound),
        ("/x/y", ErrorKind::NoParent),
        ("/d/f/x", ErrorKind::FileInPath),
        ("/d/f/x/y", ErrorKind::FileInPath),
    ] {
        assert_eq!(tree.get(&path(text)).err(), Some(cause), "{text}");
    }
}

#[test]
fn a_change_of_an_entry_sets_the_mtime_of_its_directory() {
    let mut tree = planted();
    assert_eq!(tree.directory(&path("/d")).unwrap().stat.mtime.secs(), 2);
    tree.remove(&path("/d/f"), at(3)).unwrap();
    assert_eq!(tree.directory(&path("/d")).unwrap().stat.mtime.secs(), 3);
}

#[test]
fn a_rejected_change_changes_nothing() {
    let mut tree = planted();
    let before = format!("{tree:?}");
    let now = at(9);
    assert_eq!(tree.remove(&path("/d"), now), Err(ErrorKind::NotEmpty));
    assert_eq!(tree.remove(&path("/"), now), Err(ErrorKind::IsRoot));
    assert_eq!(tree.put(&path("/d/f/x"), file("y"), now), Err(ErrorKind::FileInPath));
    assert_eq!(tree.put(&path("/x/y"), file("y"), now), Err(ErrorKind::NoParent));
    assert_eq!(tree.put(&path("/d"), file("y"), now), Err(ErrorKind::IsDirectory));
    assert_eq!(format!("{tree:?}"), before);
}

/// Returns a path as deep as a root, a subdirectory and a path of 4096 bytes each allow.
const DEPTH: usize = 6_144;

fn deep() -> Path {
    path(&"/d".repeat(DEPTH))
}

fn lookups_of(work: impl FnOnce()) -> usize {
    let before = LOOKUPS.get();
    work();
    LOOKUPS.get() - before
}

#[test]
fn creating_a_deep_directory_looks_up_each_name_once() {
    let (mut tree, now) = (Tree::new(stat(0)), at(0));
    let mut make = |parents| tree.make_directory(&deep(), parents, stat(0), now);
    assert_eq!(make(MissingParents::Reject), Err(ErrorKind::NoParent));
    let cost = lookups_of(|| assert_eq!(make(MissingParents::Create), Ok(MkdirOutcome::Made)));
    assert!(cost <= DEPTH, "{cost} lookups of {DEPTH} names that are missing");
    let cost = lookups_of(|| assert_eq!(make(MissingParents::Create), Ok(MkdirOutcome::Existed)));
    assert!(cost <= DEPTH, "{cost} lookups of {DEPTH} names that exist");
}

#[test]
fn deep_trees_do_not_overflow_the_stack() {
    let work = || {
        let (mut tree, now) = (Tree::new(stat(0)), at(0));
        tree.make_directory(&deep(), MissingParents::Create, stat(0), now).unwrap();
        tree.put(&deep().child("f"), file("four"), now).unwrap();
        drop(tree.clone());
        assert_eq!(tree.bytes(), 4);
        let cost = lookups_of(|| tree.remove_all(&path("/d"), now).unwrap());
        assert!(cost <= 2, "{cost} lookups to remove a tree by its first name");
        assert_eq!((tree.bytes(), tree.nodes.len()), (0, 1));
    };
    let thread = std::thread::Builder::new().stack_size(128 * 1024).spawn(work).unwrap();
    thread.join().unwrap();
}

#[test]
fn the_byte_count_follows_every_change() {
    let (mut tree, now) = (planted(), at(0));
    tree.put(&path("/d/g"), file("four"), now).unwrap();
    assert_eq!(tree.bytes(), 5);
    tree.put(&path("/d/g"), file("two"), now).unwrap();
    tree.rename(&path("/d/g"), &path("/g"), now).unwrap();
    assert_eq!(tree.bytes(), 4);
    tree.remove(&path("/g"), now).unwrap();
    assert_eq!(tree.bytes(), 1);
    tree.remove_all(&path("/d"), now).unwrap();
    assert_eq!(tree.bytes(), 0);
}

#[test]
fn a_removed_path_remembers_who_removed_it_last() {
    let mut tree = planted();
    tree.rename(&path("/d/f"), &path("/f"), at(3)).unwrap();
    let kind = RemovalKind::RenamedTo(path("/f"));
    let renamed = Removal { path: path("/d/f"), change: at(3), kind, was_directory: false };
    assert_eq!(tree.removal(&path("/d/f")), Some(&renamed));
    assert_eq!(tree.removals_from(&path("/d")).collect::<Vec<_>>(), [&renamed]);
    assert_eq!(tree.file(&path("/f")).unwrap().history.renamed.as_ref().unwrap().1, at(3));
    tree.put(&path("/d/f"), file("y"), at(4)).unwrap();
    tree.remove_all(&path("/d"), at(5)).unwrap();
    let kind = RemovalKind::DeletedWithContents;
    let removed = Removal { path: path("/d"), change: at(5), kind, was_directory: true };
    for text in ["/d", "/d/f", "/d/x/y"] {
        assert_eq!(tree.removal(&path(text)), Some(&removed), "{text}");
    }
    assert_eq!(tree.removal(&path("/dd")), None);
    assert_eq!(tree.removals_from(&Path::root()).collect::<Vec<_>>(), [&removed]);
}

#[test]
fn a_rejected_removal_is_not_remembered() {
    let mut tree = planted();
    assert_eq!(tree.remove(&path("/d"), at(9)), Err(ErrorKind::NotEmpty));
    assert_eq!(tree.rename(&path("/d"), &path("/e"), at(9)), Err(ErrorKind::NotEmpty));
    assert_eq!(tree.removal(&path("/d")), None);
}

#[test]
fn a_replaced_file_keeps_the_change_that_stored_it() {
    let mut tree = planted();
    let mut new = file("y");
    if let Node::File(file) = &mut new {
        *file.history = FileHistory::posted(at(9));
    }
    tree.put(&path("/d/f"), new, at(9)).unwrap();
    assert_eq!(tree.file(&path("/d/f")).unwrap().history.replaced, Some(at(1)));
}

#[test]
fn the_obstacle_is_the_first_entry_in_the_way() {
    let mut tree = planted();
    let found = |tree: &Tree, text: &str| tree.obstacle(&path(text));
    assert_eq!(found(&tree, "/d/g"), None);
    assert_eq!(found(&tree, "/d/f"), None);
    assert_eq!(found(&tree, "/d"), Some(Obstacle::Directory { created: at(1) }));
    let file = Obstacle::File { path: path("/d/f"), stored: at(1) };
    assert_eq!(found(&tree, "/d/f/x/y"), Some(file));
    tree.remove_all(&path("/d"), at(7)).unwrap();
    let removal = tree.removal(&path("/d")).cloned();
    assert!(removal.is_some());
    let missing = Obstacle::MissingDirectory { path: path("/d"), removal };
    assert_eq!(found(&tree, "/d/f"), Some(missing));
}
