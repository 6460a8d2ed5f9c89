//! Uploads a file to a mock origin with a small real client, and asks the origin what it saw.
//!
//! ```text
//! cargo run --example upload -- README.md
//! ```
//!
//! This file is the test, and the only one that knows of the mock. The others are a client of the
//! protocol, to be copied from: one that repeats what may pass, believes the protocol's code and
//! not only the HTTP status, compares checksums, and waits for the join.

// An example speaks to whoever runs it.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod args;
mod client;
mod compare;
mod error;
mod http;
mod patience;
mod progress;
mod source;
mod upload;

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use mock_origin::MockOrigin;

use args::Args;
use client::Client;

/// Where the file goes on the origin.
const DIRECTORY: &str = "/uploads";

fn main() -> ExitCode {
    let args = match args::parse(lexopt::Parser::from_env()) {
        Ok(Some(args)) => args,
        Ok(None) => {
            print!("{}", args::HELP);
            return ExitCode::SUCCESS;
        }
        Err(wrong) => return complain(&wrong, args::WRONG_USAGE),
    };
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error, 1),
    }
}

/// There and back again.
fn run(Args { source, parallel }: &Args) -> Result<(), Box<dyn Error>> {
    let origin =
        MockOrigin::builder().account("acme").user("jane", "secret").directory(DIRECTORY).start();

    let client = Client::login(&origin.url(), "jane", "secret", *parallel)?;
    client.make_directory(DIRECTORY)?;
    let bar = progress::bar(source.size());
    let upload = upload::upload(&client, source, DIRECTORY, *parallel, |bytes| bar.inc(bytes))?;
    bar.finish_and_clear();
    let came_back = compare::same(client.download(&upload.path)?, source.reader()?)?;

    assert!(came_back, "{} did not come back as it was", upload.path);
    origin.file(&format!("{DIRECTORY}/{}", source.name())).assert_content_of(source.path());
    origin.upload(&upload.id).assert_completed().assert_pieces(1..=source.count());
    io::stdout().write_all(origin.timeline().as_bytes())?;
    println!("\n{} pieces of {} came back as they were", source.count(), upload.path);
    origin.finish();
    Ok(())
}

fn complain(what: &dyn Display, code: u8) -> ExitCode {
    eprintln!("upload: {what}");
    ExitCode::from(code)
}
