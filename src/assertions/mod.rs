//! Queries of the recorded requests, assertions on snapshots, and the verification of a whole run.
//!
//! A snapshot is a copy: it does not change after it was taken. Start with [`RecordedRequests`],
//! [`UploadSnapshot`] and [`verify()`].

mod assertion_macro;
mod attempts;
mod causes;
mod connections;
mod count_range;
mod directory;
mod failure;
mod file;
mod near_miss;
mod piece;
mod reason;
mod request;
mod requests;
mod state_view;
mod upload;
mod verify;

pub use count_range::CountRange;
pub use directory::DirectorySnapshot;
pub use failure::AssertionFailure;
pub use file::FileSnapshot;
pub use piece::PieceSnapshot;
pub use request::RecordedRequest;
pub use requests::RecordedRequests;
pub(crate) use state_view::StateView;
pub(crate) use state_view::check_path;
pub use upload::UploadSnapshot;
pub use verify::VerificationError;
pub(crate) use verify::verify;
