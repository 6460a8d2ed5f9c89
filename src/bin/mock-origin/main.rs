//! The origin as a program, for clients in other languages.

// A program speaks to whoever runs it.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod args;
mod faults;
mod serve;

use std::process::ExitCode;

use args::Command;

/// The exit code for a command line that makes no sense, or cannot be done here.
const REFUSED: u8 = 2;

fn main() -> ExitCode {
    let done = match args::parse(lexopt::Parser::from_env()) {
        Ok(Command::Help(text)) => {
            print!("{text}");
            Ok(())
        }
        Ok(Command::Serve(serve)) => serve::serve(&serve),
        Err(wrong) => {
            eprintln!("mock-origin: {wrong}");
            return ExitCode::from(REFUSED);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mock-origin: {error}");
            ExitCode::from(REFUSED)
        }
    }
}
