//! The HTTP endpoints, one file each (§2, §4–§6).
//!
//! Each has a function `open`, which reads and checks the head in the order of §1.14, and a type
//! whose `commit` executes the request.

pub(super) mod complete;
pub(super) mod create;
pub(super) mod directory;
pub(super) mod file;
pub(super) mod login;
pub(super) mod piece;
mod post;
pub(super) mod raw;
mod recursive;
