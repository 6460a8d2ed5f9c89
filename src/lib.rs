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
//! # What to look at
//!
//! * [`MockOrigin`] and [`Builder`]: starting one, and asking it what happened.
//! * [`FileSnapshot`], [`UploadSnapshot`], [`PieceSnapshot`], [`DirectorySnapshot`], [`RecordedRequests`]:
//!   assertions. Each `assert_*` panics at the caller's line, and has a `try_*` twin that returns
//!   the [`AssertionFailure`].
//! * [`MockOrigin::on`], [`MockOrigin::on_connection`], [`MockOrigin::on_token`]: what should go wrong, as
//!   sentences that end in what happens. [`Chaos`] and [`explore`] find what nobody thought of.
//! * [`protocol`]: the protocol itself as tables, each row with its section and its [basis](protocol::Provenance).
//!
//! # Rooms
//!
//! The other modules are the rooms of the house, from the protocol's tables up to the server; each
//! knows only those before it: [`protocol`], [`blob`], [`storage`], [`journal`], [`fault`],
//! [`api`], [`report`], [`assertions`], and the server; with the feature `control` also `control`, by which
//! other programs steer an origin. All but the last two do no I/O on sockets, read no clock
//! and need no runtime. Without the feature `server` they can be built into something else.

// Without the server, what is said of it leads nowhere.
#![cfg_attr(not(feature = "server"), allow(rustdoc::broken_intra_doc_links))]

pub mod api;
pub mod assertions;
pub mod blob;
#[cfg(feature = "control")]
pub mod control;
mod error;
pub mod fault;
#[cfg(all(doc, not(doctest)))]
pub mod guide;
pub mod journal;
#[cfg(feature = "server")]
mod mock;
pub mod protocol;
pub mod referee;
pub mod report;
#[cfg(feature = "server")]
mod server;
pub mod storage;
mod wording;

pub use assertions::{
    AssertionFailure, CountRange, DirectorySnapshot, FileSnapshot, PieceSnapshot, RecordedRequest,
    RecordedRequests,
};
pub use assertions::{UploadSnapshot, VerificationError};
pub use error::Error;
pub use fault::{
    Chaos, DeferredCommit, Disconnect, Fault, HeaderMutation, InterimResponse, ListingFault,
    MalformedResponse,
};
pub use fault::{ErrorResponse, Profile, ResponseLoss};
pub use journal::{Op, Outcome};
#[cfg(feature = "server")]
pub use mock::{
    Builder, CallFaultBuilder, ConnectionFaultBuilder, FaultHandle, HoldGuard, MockOrigin,
    TokenFaultBuilder,
};
#[cfg(feature = "server")]
pub use mock::{InProgressUpload, User, explore};
pub use protocol::{
    Cors, Interface, Join, LastCookie, LegacyHeaders, Limit, ListPathItems, Operation,
};
pub use protocol::{Policy, RenameTaken, ResultShape, UploadState};
pub use storage::Interference;
