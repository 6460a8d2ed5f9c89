//! The code on the pages: README.md and docs/. It is compiled and run here, and copied into the pages.
//! Start with `copies`; `UPDATE_GOLDEN=1 cargo test --test pages` updates the pages.

#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, unreachable_pub)]

mod client;
mod coming_from;
mod copies;
mod first_client;
#[path = "../support/golden.rs"]
#[allow(dead_code)]
mod golden;
mod index;
mod readme;
mod tutorial;
