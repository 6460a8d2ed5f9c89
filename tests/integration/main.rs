//! The tests of the library with its default features, in one binary, because linking costs more than
//! running them.
//!
//! Each module is one question; see "Tests" in ARCHITECTURE.md. [`support`] has the client that writes
//! any bytes, and the golden files.

#![cfg(feature = "server")]
#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod assertions;
mod async_waits;
mod bad_clients;
mod bounds;
mod builder;
mod causes;
mod chaos;
mod docs;
mod exports;
mod facts;
mod faults;
mod hostile;
#[cfg(feature = "report")]
mod html_report;
mod journal;
mod journal_limit;
mod lifecycle;
mod pages;
mod paths;
mod recipes;
mod referee;
mod streaming;
mod tidy;
mod timeline;
#[cfg(feature = "tls")]
mod tls;
mod unparsed;
mod upload_assertions;
mod verify_on_drop;
#[cfg(not(feature = "report"))]
mod without_report;
