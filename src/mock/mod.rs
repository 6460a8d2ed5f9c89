//! The API for tests: starts an origin, adds faults, waits for requests, takes snapshots and verifies
//! the run.
//!
//! Methods lock the shared state for a moment, or wait for a change of it. Each blocking wait has an
//! `_async` variant. This layer opens no socket and parses no request; `server` does. It decides no
//! response; `api` does. Start with [`MockOrigin`] and [`Builder`].

mod builder;
mod explore;
#[cfg(feature = "report")]
mod export_files;
mod exports;
mod failure_report;
pub(crate) mod fault_api;
pub(crate) mod fault_builder;
pub(crate) mod fault_check;
mod fixtures;
mod hold_guard;
mod journal_limit;
mod journal_options;
#[cfg(feature = "control")]
pub(crate) mod journal_reader;
mod mock_origin;
mod options;
mod panic_at_await;
#[cfg(feature = "control")]
mod provision;
mod referee;
#[cfg(feature = "report")]
mod report;
mod reporting;
pub(crate) mod shrink;
mod snapshots;
#[cfg(feature = "tls")]
mod tls;
mod verification;
mod wait;
#[cfg(feature = "control")]
mod watch;
mod within;

pub use builder::Builder;
pub use explore::explore;
pub use fault_builder::{CallFaultBuilder, ConnectionFaultBuilder, FaultHandle, TokenFaultBuilder};
pub use fixtures::{InProgressUpload, User};
pub use hold_guard::HoldGuard;
pub use mock_origin::MockOrigin;

#[cfg(feature = "control")]
pub(crate) use provision::{NamedUpload, ProvisionError};
#[cfg(feature = "control")]
pub(crate) use watch::{Condition, Wanted};
