//! The command line program: an origin for clients in other languages, and a judge of upload clients.

// A program prints to its user.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod args;
mod check;
mod colour;
mod command_line;
mod diagnostics;
mod explain;
mod finding_log;
mod log;
mod serve;
mod stop;
mod usage;

use std::process::ExitCode;

use args::Command;

/// The exit code of `--strict` and `--fail-on` for a run with failures.
const FAILED: u8 = 1;

/// The exit code for an invalid command line, or for an error of the environment.
const USAGE_ERROR: u8 = 2;

fn main() -> ExitCode {
    let serve = match args::parse(lexopt::Parser::from_env()) {
        Ok(Command::Help(text)) => {
            return match check::print_text(&text) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("mock-origin: {error}");
                    ExitCode::from(USAGE_ERROR)
                }
            };
        }
        Ok(Command::Serve(serve)) => serve,
        Ok(Command::Check(suite)) => return ExitCode::from(check::check(&suite).code()),
        Err(wrong) => {
            eprintln!("mock-origin: {wrong}");
            return ExitCode::from(USAGE_ERROR);
        }
    };
    match serve::serve(&serve) {
        Ok(true) => ExitCode::from(FAILED),
        Ok(false) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mock-origin: {error:#}");
            ExitCode::from(USAGE_ERROR)
        }
    }
}
