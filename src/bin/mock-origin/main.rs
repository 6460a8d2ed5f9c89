//! The origin as a program, for clients in other languages.

// A program speaks to whoever runs it.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod args;
mod diagnostics;
mod faults;
mod serve;
mod stop;

use std::process::ExitCode;

use args::{Command, Flag};

/// The exit code of `--strict` for a run with failures.
const FAILED: u8 = 1;

/// The exit code for a command line that makes no sense, or cannot be done here.
const REFUSED: u8 = 2;

fn main() -> ExitCode {
    let serve = match args::parse(lexopt::Parser::from_env()) {
        Ok(Command::Help(text)) => {
            print!("{text}");
            return ExitCode::SUCCESS;
        }
        Ok(Command::Serve(serve)) => serve,
        Err(wrong) => {
            eprintln!("mock-origin: {wrong}");
            return ExitCode::from(REFUSED);
        }
    };
    match serve::serve(&serve) {
        Ok(false) if serve.has(Flag::Strict) => ExitCode::from(FAILED),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mock-origin: {error}");
            ExitCode::from(REFUSED)
        }
    }
}
