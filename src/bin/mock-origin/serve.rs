//! Serving until somebody says stop.

use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mock_origin::MockOrigin;
use mock_origin::report::describe;

use crate::args::Serve;

/// How soon a signal is seen.
const TURN: Duration = Duration::from_millis(100);

/// Serves until SIGINT or SIGTERM, and tells what happens.
pub(crate) fn serve(serve: &Serve) -> Result<(), Box<dyn Error>> {
    let quiet = serve.quiet;
    let stopped = Arc::new(AtomicBool::new(false));
    ctrlc::set_handler({
        let stopped = Arc::clone(&stopped);
        move || stopped.store(true, Ordering::Relaxed)
    })?;
    let origin = start(serve)?;
    say_where(&origin)?;
    let mut seen = 0;
    while !stopped.load(Ordering::Relaxed) {
        let ended = origin.ended_after(seen, TURN);
        seen += ended.len();
        for exchange in ended.iter().filter(|_| !quiet) {
            let (index, connection) = (exchange.index, exchange.connection);
            eprintln!("{index:>5} {connection:>5}  {}", describe(exchange));
        }
    }
    summarise(&origin);
    Ok(())
}

fn start(serve: &Serve) -> Result<MockOrigin, Box<dyn Error>> {
    let mut builder = MockOrigin::builder().expose();
    if let Some(account) = &serve.account {
        builder = builder.account(account);
    }
    if let Some((access_key, secret_key)) = &serve.key_pair {
        builder = builder.key_pair(access_key, secret_key);
    }
    if let Some(seed) = serve.seed {
        builder = builder.seed(seed);
    }
    for address in &serve.listen {
        builder = builder.listen(&address.to_string());
    }
    for (name, password) in &serve.users {
        builder = builder.user(name, password);
    }
    for path in &serve.directories {
        builder = builder.directory(path);
    }
    for (name, value) in &serve.switches {
        builder = builder.set(name, value);
    }
    Ok(builder.try_start()?)
}

/// One URL a line, the first one first: scripts read it, so it goes out at once.
fn say_where(origin: &MockOrigin) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for url in origin.urls() {
        writeln!(out, "{url}")?;
    }
    out.flush()
}

fn summarise(origin: &MockOrigin) {
    let journal = origin.journal();
    let refused =
        origin.requests().filter("refused", |request| request.status() >= Some(400)).len();
    eprintln!(
        "{} exchanges on {} connections, {refused} refused; {} uploads (seed {})",
        journal.exchanges().len(),
        journal.connections().len(),
        origin.uploads().len(),
        origin.seed(),
    );
    if let Err(verdict) = origin.verdict() {
        eprintln!("{verdict}");
    }
}
