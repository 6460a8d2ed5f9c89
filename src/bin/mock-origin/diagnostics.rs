//! Prints lines to standard error without blocking: a bounded queue holds them, and a thread writes
//! them. If standard error is not read in time, lines are dropped and counted. A slow reader neither
//! delays the origin nor keeps the program from ending. Start with [`Diagnostics::print`].

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The largest number of queued lines.
const QUEUE_LINES: usize = 1024;

/// A queue of lines and the thread that writes them.
pub(crate) struct Diagnostics(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    lines: VecDeque<String>,
    /// The number of lines dropped since the last queued line.
    dropped: u64,
    /// No more lines will come.
    is_closed: bool,
    /// All lines are written.
    is_written: bool,
}

impl Diagnostics {
    /// Starts the thread that writes to `output`.
    pub(crate) fn start(output: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let queued = Arc::clone(&shared);
        let thread = thread::Builder::new().name("diagnostics".to_owned());
        thread.spawn(move || queued.write_to(output))?;
        Ok(Self(shared))
    }

    /// Queues a line, or drops it if the queue is full.
    pub(crate) fn print(&self, line: String) {
        let mut queue = self.0.lock();
        if queue.lines.len() < QUEUE_LINES {
            queue.push(line);
            self.0.changed.notify_all();
        } else {
            queue.dropped += 1;
        }
    }

    /// Queues the last lines, which are never dropped, and waits until all lines are written, at most
    /// for `limit`.
    pub(crate) fn finish(self, last: Vec<String>, limit: Duration) {
        let deadline = Instant::now() + limit;
        let mut queue = self.0.lock();
        for line in last {
            queue.push(line);
        }
        queue.record_dropped();
        queue.is_closed = true;
        self.0.changed.notify_all();
        while !queue.is_written {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else { return };
            let waited = self.0.changed.wait_timeout(queue, left);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Queue {
    fn push(&mut self, line: String) {
        self.record_dropped();
        self.lines.push_back(line);
    }

    /// Queues a line that says how many lines are missing.
    fn record_dropped(&mut self) {
        let dropped = std::mem::take(&mut self.dropped);
        if dropped > 0 {
            let lines = if dropped == 1 { "line was" } else { "lines were" };
            let why = "standard error was not read in time";
            self.lines.push_back(format!("mock-origin: {dropped} {lines} dropped here: {why}"));
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes line by line until the queue is closed and empty. The lock is never held while writing.
    fn write_to(&self, mut output: impl Write) {
        while let Some(line) = self.next() {
            // A script may close standard error. The origin continues.
            let _ = output.write_all(format!("{line}\n").as_bytes());
        }
        self.lock().is_written = true;
        self.changed.notify_all();
    }

    fn next(&self) -> Option<String> {
        let is_waiting = |queue: &mut Queue| queue.lines.is_empty() && !queue.is_closed;
        let queue = self.changed.wait_while(self.lock(), is_waiting);
        queue.unwrap_or_else(PoisonError::into_inner).lines.pop_front()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// An output that takes a line only when the test lets it, and hands over what it took.
    struct Gate {
        allowed: Receiver<()>,
        taken: Sender<String>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.allowed.recv().map_err(io::Error::other)?;
            let _ = self.taken.send(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gated() -> (Diagnostics, Sender<()>, Receiver<String>) {
        let ((allow, allowed), (taken, lines)) = (channel(), channel());
        (Diagnostics::start(Gate { allowed, taken }).unwrap(), allow, lines)
    }

    #[test]
    fn lines_are_written_in_order_and_finish_waits_for_them() {
        let (diagnostics, allow, lines) = gated();
        (0..4).for_each(|_| allow.send(()).unwrap());
        diagnostics.print("a".to_owned());
        diagnostics.print("b".to_owned());
        diagnostics.finish(vec!["c".to_owned(), "d".to_owned()], Duration::from_secs(60));
        assert_eq!(lines.try_iter().collect::<String>(), "a\nb\nc\nd\n");
    }

    #[test]
    fn an_unread_output_blocks_neither_printing_nor_finishing() {
        let (diagnostics, allow, lines) = gated();
        (0..10 * QUEUE_LINES).for_each(|line| diagnostics.print(line.to_string()));
        diagnostics.finish(vec!["summary".to_owned()], Duration::from_millis(1));
        drop(allow);
        assert_eq!(lines.iter().count(), 0);
    }

    #[test]
    fn dropped_lines_are_counted_in_their_place() {
        let (diagnostics, allow, lines) = gated();
        // One may be in the writer's hand already.
        (0..QUEUE_LINES + 8).for_each(|line| diagnostics.print(line.to_string()));
        (0..2 * QUEUE_LINES).for_each(|_| allow.send(()).unwrap());
        diagnostics.finish(vec!["summary".to_owned()], Duration::from_secs(60));
        let lines: Vec<_> = lines.try_iter().collect();
        let written = lines.len() - 2;
        assert!((QUEUE_LINES..QUEUE_LINES + 2).contains(&written), "{written}");
        let dropped = QUEUE_LINES + 8 - written;
        let said = format!(
            "mock-origin: {dropped} lines were dropped here: standard error was not read in time\n"
        );
        assert_eq!(lines[written..], [said, "summary\n".to_owned()]);
    }
}
