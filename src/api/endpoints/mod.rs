//! The HTTP endpoints, a file each (§2, §4–§6).
//!
//! Each has an `open`, which reads and judges the head in the order of §1.14, and a type whose
//! `commit` does what was asked.

pub(super) mod complete;
pub(super) mod create;
pub(super) mod directory;
pub(super) mod file;
pub(super) mod login;
pub(super) mod piece;
mod post;
pub(super) mod raw;
