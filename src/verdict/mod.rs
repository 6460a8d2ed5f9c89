//! Judging what happened: assertions on snapshots, and the verdict over the whole.
//!
//! Everything here looks at copies. A snapshot does not change any more, however long it is held.

mod causes;
mod connections;
mod directory;
mod evidence;
mod failure;
mod file;
mod judge;
mod piece;
mod reason;
mod requests;
mod twins;
mod upload;

pub use directory::DirectorySnapshot;
pub use evidence::Evidence;
pub use failure::Failure;
pub use file::FileSnapshot;
pub use judge::{Verdict, judge};
pub use piece::PieceSnapshot;
pub use requests::Count;
pub use upload::UploadSnapshot;
