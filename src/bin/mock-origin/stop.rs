//! Detects the end of the program: a signal and, on request, the end of standard input or of the
//! parent process. Start with [`Stop`].

use std::io;
#[cfg(unix)]
use std::os::unix::process::parent_id;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mock_origin::check::ExitStatus;

/// Detects whether the program must stop.
pub(crate) struct Stop {
    is_requested: Arc<AtomicBool>,
    parent: Option<u32>,
}

impl Stop {
    /// Watches for SIGINT, SIGTERM and SIGHUP.
    pub(crate) fn on_signals() -> io::Result<Self> {
        let is_requested = Arc::new(AtomicBool::new(false));
        let requested = Arc::clone(&is_requested);
        ctrlc::set_handler(move || requested.store(true, Ordering::Relaxed))
            .map_err(io::Error::other)?;
        Ok(Self { is_requested, parent: None })
    }

    /// Watches for the end of standard input too. Its data is discarded.
    pub(crate) fn or_end_of_stdin(self) -> io::Result<Self> {
        let requested = Arc::clone(&self.is_requested);
        thread::Builder::new().name("stdin".to_owned()).spawn(move || {
            // An input that cannot be read counts as ended.
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            requested.store(true, Ordering::Relaxed);
        })?;
        Ok(self)
    }

    /// Watches for the end of the parent process too: an orphan gets another parent.
    pub(crate) fn or_end_of_parent(self) -> Self {
        Self { parent: Some(parent_id()), ..self }
    }

    /// Returns whether one of these events has happened.
    pub(crate) fn is_requested(&self) -> bool {
        let is_orphan = self.parent.is_some_and(|parent| parent != parent_id());
        is_orphan || self.is_requested.load(Ordering::Relaxed)
    }
}

/// How long the program may take to kill clients and remove folders after a signal.
const CLEANUP: Duration = Duration::from_secs(5);

/// Returns a flag that becomes true on SIGINT, SIGTERM or SIGHUP. A signal that comes [`CLEANUP`] later ends the
/// program at once. An earlier one may be a copy of the first: `timeout` sends its signal to the program and to its
/// process group.
pub(crate) fn interrupt_flag() -> io::Result<Arc<AtomicBool>> {
    let is_requested = Arc::new(AtomicBool::new(false));
    let requested = Arc::clone(&is_requested);
    let mut first = None;
    let handler = move || {
        requested.store(true, Ordering::Relaxed);
        if first.get_or_insert_with(Instant::now).elapsed() >= CLEANUP {
            process::exit(ExitStatus::Interrupted.code().into());
        }
    };
    ctrlc::set_handler(handler).map_err(io::Error::other)?;
    Ok(is_requested)
}

/// Only Unix gives an orphan another parent.
#[cfg(not(unix))]
fn parent_id() -> u32 {
    0
}
