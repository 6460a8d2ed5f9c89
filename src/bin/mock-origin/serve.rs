//! Serving until somebody says stop.

use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mock_origin::control::Control;
use mock_origin::journal::Exchange;
use mock_origin::report::describe;
use mock_origin::{Builder, MockOrigin};

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
    let origin = Arc::new(describe_origin(serve)?.try_start()?);
    let control = serve.control.map(|address| Control::start(Arc::clone(&origin), address));
    let control = control.transpose().map_err(|error| format!("--control: {error}"))?;
    say_where(&origin, control.as_ref())?;
    let mut seen = 0;
    while !stopped.load(Ordering::Relaxed) {
        let ended = origin.ended_after(seen, TURN);
        seen += ended.len();
        ended.iter().filter(|_| !quiet).for_each(|exchange| say_what_was(exchange));
    }
    drop(control);
    summarise(&origin, quiet);
    Ok(())
}

/// The origin as the command line describes it.
pub(crate) fn describe_origin(serve: &Serve) -> Result<Builder, String> {
    let mut builder = MockOrigin::builder().expose();
    if let Some(account) = &serve.account {
        builder = builder.try_account(account)?;
    }
    if let Some((access_key, secret_key)) = &serve.key_pair {
        builder = builder.key_pair(access_key, secret_key);
    }
    if let Some(seed) = serve.seed {
        builder = builder.seed(seed);
    }
    if let Some(limit) = serve.hold_limit {
        builder = builder.hold_limit(limit);
    }
    for address in &serve.listen {
        builder = builder.listen(&address.to_string());
    }
    for (name, password) in &serve.users {
        builder = builder.try_user(name, password)?;
    }
    for path in &serve.directories {
        builder = builder.directory(path);
    }
    for (name, value) in &serve.switches {
        builder = builder.set(name, value);
    }
    let file = serve.file.as_deref().unwrap_or_default();
    builder.try_faults(serve.faults.clone()).map_err(|why| format!("{file}: {why}"))
}

/// One URL a line, the first one first: scripts read it, so it goes out at once.
fn say_where(origin: &MockOrigin, control: Option<&Control>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for url in origin.urls() {
        writeln!(out, "{url}")?;
    }
    if let Some(control) = control {
        writeln!(out, "control {}", control.url())?;
    }
    out.flush()
}

fn say_what_was(exchange: &Exchange) {
    let (index, connection) = (exchange.index, exchange.connection);
    say(&format!("{index:>5} {connection:>5}  {}", describe(exchange)));
}

fn summarise(origin: &MockOrigin, quiet: bool) {
    let verdict = origin.verdict_at_the_end();
    let journal = origin.journal();
    let open = journal.exchanges().iter().filter(|exchange| !exchange.outcome.is_final());
    open.filter(|_| !quiet).for_each(|exchange| say_what_was(exchange));
    let refused = journal.exchanges().iter().filter(|exchange| exchange.is_refused()).count();
    say(&format!(
        "{} exchanges on {} connections, {refused} refused; {} uploads (seed {})",
        journal.exchanges().len(),
        journal.connections().len(),
        origin.uploads().len(),
        origin.seed(),
    ));
    say_what_chaos_has_done(origin);
    if let Err(verdict) = verdict {
        say(&verdict.to_string());
    }
}

/// As faults that do the same, in the words of `--faults` and of the control endpoint.
fn say_what_chaos_has_done(origin: &MockOrigin) {
    let (chaos, done) = (origin.chaos_in_force(), origin.done_by_chaos());
    if chaos.is_none() && done.is_empty() {
        return;
    }
    let in_force = chaos.map(|chaos| format!(" {}", chaos.to_json())).unwrap_or_default();
    let what = if done.is_empty() { "nothing" } else { "this:" };
    say(&format!("chaos{in_force} has done {what}"));
    for fault in &done {
        say(&format!("    {}", fault.to_json()));
    }
}

/// A line for whoever looks. Scripts close standard error, and the origin goes on.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
