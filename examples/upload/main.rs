//! Uploads a file to a mock origin with a small real client, and prints what the origin recorded.
//!
//! ```text
//! cargo run --example upload -- README.md
//! ```
//!
//! Only this file uses the mock. The others are a client that you can copy: it retries transient errors, checks the
//! protocol's code as well as the HTTP status, compares checksums and waits for the join.

// An example prints for its user.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod args;
mod client;
mod compare;
mod error;
mod http;
mod progress;
mod retry;
mod source;
mod upload;

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use mock_origin::MockOrigin;

use args::Args;
use client::Client;

/// The directory of the file on the origin.
const DIRECTORY: &str = "/uploads";

fn main() -> ExitCode {
    let args = match args::parse(lexopt::Parser::from_env()) {
        Ok(Some(args)) => args,
        Ok(None) => {
            print!("{}", args::HELP);
            return ExitCode::SUCCESS;
        }
        Err(error) => return print_error(&error, args::USAGE_ERROR),
    };
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => print_error(&error, 1),
    }
}

/// Uploads the file, downloads it and compares.
fn run(Args { source, parallel }: &Args) -> Result<(), Box<dyn Error>> {
    let origin =
        MockOrigin::builder().account("acme").user("jane", "secret").directory(DIRECTORY).start();

    let client = Client::login(&origin.url(), "jane", "secret", *parallel)?;
    client.create_directory(DIRECTORY)?;
    let bar = progress::bar(source.size());
    let upload = upload::upload(&client, source, DIRECTORY, *parallel, |bytes| bar.inc(bytes))?;
    bar.finish_and_clear();
    let is_equal = compare::is_equal(client.download(&upload.path)?, source.reader()?)?;

    assert!(is_equal, "the download of {} differs from the file", upload.path);
    origin.file(&format!("{DIRECTORY}/{}", source.name())).assert_content_of(source.path());
    origin.upload(&upload.id).assert_completed().assert_pieces(1..=source.count());
    io::stdout().write_all(origin.timeline().as_bytes())?;
    println!("\nuploaded and downloaded {} pieces of {}", source.count(), upload.path);
    origin.finish();
    Ok(())
}

fn print_error(what: &dyn Display, code: u8) -> ExitCode {
    eprintln!("upload: {what}");
    ExitCode::from(code)
}
