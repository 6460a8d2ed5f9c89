//! Lookups, changes, and what they cost in deep trees.

#![allow(clippy::unwrap_used)]
use std::cell::Cell;

use super::*;

thread_local! {
    /// Names that were looked up in directories on this thread.
    pub(super) static LOOKUPS: Cell<usize> = const { Cell::new(0) };
}

fn stat(at: u64) -> Stat {
    let now = Timestamp::from_secs(at);
    Stat { uid: 1, gid: 1, ctime: now, mtime: now }
}

fn file(text: &'static str) -> Node {
    Node::File(File {
        stat: stat(1),
        content: Content::from_bytes(text),
        content_type: None,
        visible: None,
    })
}

fn path(text: &str) -> Path {
    Path::parse(text.as_bytes(), crate::origin::Spelling::Plain, 1 << 20).unwrap()
}

fn planted() -> Tree {
    let mut tree = Tree::new(stat(0));
    tree.put(&path("/d"), Node::directory(stat(1)), Timestamp::from_secs(1)).unwrap();
    tree.put(&path("/d/f"), file("x"), Timestamp::from_secs(2)).unwrap();
    tree
}

#[test]
fn a_lookup_says_what_is_missing() {
    let tree = planted();
    for (at, cause) in [
        ("/x", Cause::NotFound),
        ("/d/x", Cause::NotFound),
        ("/x/y", Cause::NoParent),
        ("/d/f/x", Cause::FileInPath),
        ("/d/f/x/y", Cause::FileInPath),
    ] {
        assert_eq!(tree.get(&path(at)).err(), Some(cause), "{at}");
    }
}

#[test]
fn a_change_in_a_directory_is_its_mtime() {
    let mut tree = planted();
    assert_eq!(tree.directory(&path("/d")).unwrap().stat.mtime.secs(), 2);
    tree.remove(&path("/d/f"), Timestamp::from_secs(3)).unwrap();
    assert_eq!(tree.directory(&path("/d")).unwrap().stat.mtime.secs(), 3);
}

#[test]
fn what_is_refused_changes_nothing() {
    let mut tree = planted();
    let before = format!("{tree:?}");
    let now = Timestamp::from_secs(9);
    assert_eq!(tree.remove(&path("/d"), now), Err(Cause::NotEmpty));
    assert_eq!(tree.remove(&path("/"), now), Err(Cause::IsRoot));
    assert_eq!(tree.put(&path("/d/f/x"), file("y"), now), Err(Cause::FileInPath));
    assert_eq!(tree.put(&path("/x/y"), file("y"), now), Err(Cause::NoParent));
    assert_eq!(tree.put(&path("/d"), file("y"), now), Err(Cause::IsDirectory));
    assert_eq!(format!("{tree:?}"), before);
}

/// As deep as a root, a subdirectory and a path of 4096 bytes each can lead.
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
fn making_a_deep_directory_looks_up_each_name_once() {
    let (mut tree, now) = (Tree::new(stat(0)), Timestamp::default());
    let mut make = |parents| tree.make_directory(&deep(), parents, stat(0), now);
    assert_eq!(make(Parents::Required), Err(Cause::NoParent));
    let cost = lookups_of(|| assert_eq!(make(Parents::Made), Ok(Making::Made)));
    assert!(cost <= DEPTH, "{cost} lookups of {DEPTH} names that are missing");
    let cost = lookups_of(|| assert_eq!(make(Parents::Made), Ok(Making::Existed)));
    assert!(cost <= DEPTH, "{cost} lookups of {DEPTH} names that exist");
}

#[test]
fn deep_trees_need_no_stack() {
    let work = || {
        let (mut tree, now) = (Tree::new(stat(0)), Timestamp::default());
        tree.make_directory(&deep(), Parents::Made, stat(0), now).unwrap();
        tree.put(&deep().child("f"), file("four"), now).unwrap();
        drop(tree.clone());
        assert_eq!(tree.bytes(), 4);
        let cost = lookups_of(|| tree.remove_all(&path("/d"), now).unwrap());
        assert!(cost <= 2, "{cost} lookups to remove a tree by its first name");
        assert_eq!((tree.bytes(), tree.free.len()), (0, DEPTH + 1));
    };
    let thread = std::thread::Builder::new().stack_size(128 * 1024).spawn(work).unwrap();
    thread.join().unwrap();
}

#[test]
fn bytes_follow_every_change() {
    let (mut tree, now) = (planted(), Timestamp::default());
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
