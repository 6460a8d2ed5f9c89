//! The client: it uploads one file and exits with 0 only if it knows that the file is stored.
//!
//! The mistakes are in the places where real clients make them, and nowhere else. Start with [`upload::run`] for the
//! order of the requests and with [`session::Session::call`] for retries.

#[path = "../../../tests/support/http.rs"]
mod http;

mod args;
mod message;
pub(crate) mod mistake;
mod session;
mod source;
mod state;
mod stop;
mod upload;
mod whole;
mod wire;
mod wrong_requests;

use std::process::ExitCode;

use args::Parsed;
use session::Failure;

/// The exit status for what the client does not support.
const NOT_SUPPORTED: u8 = 89;

/// Parses a command line and runs the client.
pub(crate) fn main(line: lexopt::Parser) -> ExitCode {
    let args = match args::parse(line) {
        Ok(Parsed::Run(args)) => args,
        Ok(Parsed::Help) => {
            print!("{}", args::HELP);
            return ExitCode::SUCCESS;
        }
        Ok(Parsed::List) => {
            for row in mistake::MISTAKES {
                println!("{:<26} {:<26} {:<26} {}", row.id, row.scenario, row.rule(), row.what);
            }
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("check_client: {error}");
            return ExitCode::from(2);
        }
    };
    let Some(host) = args.url.strip_prefix("http://") else {
        eprintln!("check_client: {}: only http:// is supported", args.url);
        return ExitCode::from(NOT_SUPPORTED);
    };
    if let Err(error) = stop::listen() {
        eprintln!("check_client: cannot handle signals: {error}");
        return ExitCode::FAILURE;
    }
    match upload::run(&args, host.trim_end_matches('/')) {
        Ok(()) if args.mistake.is_some_and(|row| row.id == "alarm.always_one") => ExitCode::FAILURE,
        Ok(()) => {
            println!("stored {}/{}", args.directory.trim_end_matches('/'), args.name);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("check_client: not stored: {failure}");
            let is_lie = match args.mistake.map(|row| row.id) {
                Some("lie.always_zero") => true,
                Some("lie.after_retries") => matches!(failure, Failure::NoSuccess(_)),
                _ => false,
            };
            if is_lie { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
    }
}
