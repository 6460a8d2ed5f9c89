//! A correct upload client in one process per file, and variants that each make one mistake. `mock-origin check` is
//! proved with them.
//!
//! ```text
//! mock-origin check -- check_client --user {user} --password {password} {url} {directory} {name} {file} {piece_size}
//! ```
//!
//! Start with `client::upload`.

// An example prints for its user.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod client;

use std::process::ExitCode;

fn main() -> ExitCode {
    client::main(lexopt::Parser::from_env())
}
