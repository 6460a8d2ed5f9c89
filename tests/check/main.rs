//! Proves `mock-origin check`: a correct client passes every scenario, each mistake is found in the scenario that its
//! row names, and stubs and small Python clients yield what they must.
//!
//! The client is `examples/check_client`. This program is that client itself if its first argument is `client`, so that
//! the tests need no other build. Start with [`run::Check`] and with the table in `examples/check_client/client/mistake.rs`.

// The client prints for its user, and so does this program.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

#[path = "../../examples/check_client/client/mod.rs"]
mod client;

use std::process::ExitCode;

/// The first argument by which this program is the client.
const CLIENT: &str = "client";

fn main() -> ExitCode {
    let mut args = std::env::args_os();
    if args.nth(1).is_some_and(|first| first == CLIENT) {
        return client::main(lexopt::Parser::from_args(args));
    }
    ExitCode::SUCCESS
}
