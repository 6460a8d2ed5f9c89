//! Proves `mock-origin check`: a correct client passes every scenario, each mistake is found in the scenario that its
//! row names, and small clients with bad habits and stubs yield what they must.
//!
//! The client is `examples/check_client`. This program is that client itself if its first argument is `client`, so that
//! the tests need no other build. Start with [`catalogue`] and with the table in `examples/check_client/client/mistake.rs`.

// The client prints for its user.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

#[path = "../../examples/check_client/client/mod.rs"]
mod client;

mod binary;
mod catalogue;
mod habits;
mod matrix;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

/// The first argument by which this program is the client.
const CLIENT: &str = "client";

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    match args.next() {
        Some(first) if first == CLIENT => {
            return client::main(lexopt::Parser::from_args(args));
        }
        Some(first) if first == "matrix" => {
            matrix::print();
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let trials =
        [catalogue::trials(), habits::trials(), binary::trials()].into_iter().flatten().collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Returns a test that fails with the text that `test` returns.
fn trial(name: impl Into<String>, test: impl Fn() -> Result<(), String> + Send + 'static) -> Trial {
    Trial::test(name, move || test().map_err(Failed::from))
}

/// Returns the command line of the client, for any flavour or mistake.
fn client_command(options: &[&str]) -> Vec<String> {
    let program = std::env::current_exe().unwrap().display().to_string();
    let fixed = [&*program, CLIENT, "--user", "{user}", "--password", "{password}"];
    let target = ["{url}", "{directory}", "{name}", "{file}", "{piece_size}"];
    [&fixed, options, &target].concat().into_iter().map(str::to_owned).collect()
}
