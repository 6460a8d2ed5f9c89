//! Checks the pages in `docs` that are generated from tables, and the sections that are cited.
//! `UPDATE_GOLDEN=1 cargo test --test integration docs` writes the generated parts.

mod by_example;
#[cfg(feature = "check")]
mod check;
mod cites;
mod clients;
mod examples;
mod protocol;
mod rules;
