//! The shell: it moves bytes and keeps the record. It decides nothing.
//!
//! A connection is served by hyper behind a [`tap`], which keeps every head as it came. Each request
//! is walked by [`exchange`]: open, body, commit, answer, each under the lock of [`shared`], which is
//! never held while anything waits.

mod accept;
mod builder;
mod connection;
mod dialect;
mod epoch;
mod exchange;
mod explore;
mod faults;
mod given;
mod held;
mod holds;
mod inject;
mod intake;
#[cfg(feature = "cli")]
mod journal_reader;
mod late;
mod line;
mod lingering_close;
mod mock_origin;
mod on;
mod outgoing;
mod ports;
#[cfg(feature = "cli")]
mod provision;
mod respond;
mod runtime;
mod script;
mod shared;
#[cfg(feature = "cli")]
mod side;
mod sink;
mod sink_worker;
mod socket;
mod state_guard;
mod tap;
mod waiting;
#[cfg(feature = "cli")]
mod watch;

pub use accept::StartError;
pub use builder::Builder;
pub use explore::explore;
pub use given::{InProgressUpload, User};
pub use held::HoldGuard;
pub use mock_origin::MockOrigin;
pub use on::{CallFaultBuilder, ConnectionFaultBuilder, FaultHandle, TokenFaultBuilder};
#[cfg(feature = "cli")]
pub(crate) use provision::{NamedUpload, ProvisionError};
#[cfg(feature = "cli")]
pub(crate) use side::{Admin, AdminListener, Answered, Ask, AskBody, Chunks, Reply, ReplyBody};
#[cfg(feature = "cli")]
pub(crate) use watch::{Condition, Wanted};
