//! An in-process origin for tests of Origin Storage ("Agile") upload clients.
//!
//! [`MockOrigin`] listens on a free port of 127.0.0.1, speaks the upload protocol, records every
//! request, and gives assertions that explain what went wrong. No async runtime is needed, and it
//! works inside one too.
//!
//! ```
//! use mock_origin::MockOrigin;
//!
//! let origin = MockOrigin::builder()
//!     .account("acme")
//!     .user("jane", "secret")
//!     .directory("/videos")
//!     .start();
//!
//! // Point the client under test at `origin.url()` and let it upload, then:
//! origin.file("/videos/movie.mp4").assert_absent();
//! origin.directory("/videos").assert_exists();
//! origin.requests().assert_count(0);
//! origin.finish();
//! ```
//!
//! [`guide`] has the pages of `docs/`: a [tutorial](guide::tutorial), a recipe for each
//! [fault](guide::faults), and the calls of [other mocks](guide::coming_from).
//!
//! # Where to start
//!
//! | To … | see |
//! |---|---|
//! | start an origin | [`MockOrigin`], [`Builder`], [`User`], [`InProgressUpload`] |
//! | change what it accepts | the methods of [`Builder`] and their values in [`options`] |
//! | check what the client did | [`FileSnapshot`], [`UploadSnapshot`], [`PieceSnapshot`], [`DirectorySnapshot`], [`RecordedRequests`] |
//! | read the record itself | [`MockOrigin::timeline`], [`journal`] |
//! | export a run | [`MockOrigin::transcript`]; `MockOrigin::write_html`, `write_har` and `write_trace` (feature `report`) |
//! | let a request fail | [`MockOrigin::on`] and [`Op`]; the methods of [`CallFaultBuilder`] are the faults |
//! | let connections or tokens fail | [`MockOrigin::on_connection`], [`MockOrigin::on_token`] |
//! | let random requests fail | [`Chaos`], [`explore`] |
//! | read faults from text | `Fault::from_json` (feature `control`), [`MockOrigin::add_fault`] |
//! | serve HTTPS | `Builder::tls` (feature `tls`) |
//! | control an origin from another program | `control::Control` (feature `control`) |
//!
//! Each `assert_*` panics at the caller's line and has a `try_*` variant that returns the
//! [`AssertionFailure`]. [`MockOrigin::finish`] panics with the text of a [`VerificationError`] if
//! verification fails, and so does dropping an origin without `finish`. Other fallible calls return an
//! [`Error`]. Each method that waits has an `_async` variant.
//!
//! # Features
//!
//! * `server` (default): the origin itself.
//! * `report`: the HTML report of a run, the HAR file and the trace ([`guide::report`], [`guide::exports`]).
//! * `control`: the control endpoint, through which other programs control an origin over HTTP.
//! * `check`: the conformance suite for upload clients.
//! * `tls`: HTTPS, with a certificate authority for each origin ([`guide::tls`]).
//! * `cli`: the program `mock-origin`.

// The build without the server only proves that the core needs neither hyper nor tokio.
#![cfg_attr(not(feature = "server"), allow(dead_code, unused_imports))]
#![cfg_attr(not(feature = "server"), allow(rustdoc::broken_intra_doc_links))]

mod api;
mod assertions;
mod blob;
#[cfg(feature = "check")]
pub mod check;
#[cfg(feature = "control")]
pub mod control;
mod error;
mod fault;
#[cfg(all(doc, not(doctest)))]
pub mod guide;
#[doc(hidden)]
pub mod internals;
pub mod journal;
#[cfg(feature = "server")]
mod mock;
pub mod options;
mod protocol;
pub mod referee;
pub mod report;
#[cfg(feature = "server")]
mod server;
mod storage;
mod wording;

pub use assertions::{
    AssertionFailure, CountRange, RecordedRequest, RecordedRequests, VerificationError,
};
pub use assertions::{DirectorySnapshot, FileSnapshot, PieceSnapshot, UploadSnapshot};
pub use error::Error;
pub use fault::{Chaos, Fault, FaultRecord, Profile, SourceLocation};
pub use fault::{
    DeferredCommit, Disconnect, ErrorResponse, HeaderMutation, InterimResponse, InvalidCertificate,
    ListingFault, MalformedResponse, ResponseLoss,
};
pub use journal::exchange::Outcome;
pub use journal::selector::Op;
#[cfg(feature = "server")]
pub use mock::{
    Builder, CallFaultBuilder, ConnectionFaultBuilder, FaultHandle, HoldGuard, MockOrigin,
    TokenFaultBuilder,
};
#[cfg(feature = "server")]
pub use mock::{InProgressUpload, User, explore};
pub use protocol::{Interface, Operation, UploadState};
pub use storage::Interference;
