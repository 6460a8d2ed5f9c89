//! The code on the pages: README.md and docs/. It is compiled and run here, and copied into the pages.
//! Start with `copies`; `UPDATE_GOLDEN=1 cargo test --test integration pages` updates the pages.

#![allow(unreachable_pub)]

mod client;
mod coming_from;
mod copies;
#[cfg(feature = "report")]
mod exports;
mod first_client;
mod index;
mod readme;
mod tutorial;
