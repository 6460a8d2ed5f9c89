//! Reads what a process writes, and keeps the end of it. Start with [`Capture`].

use std::io::{ErrorKind, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Output;

/// The number of bytes that are kept.
const KEPT: usize = 64 * 1024;

/// A pipe that is read by a thread of its own, so that a client that writes much never waits.
pub(super) struct Capture(Arc<Shared>);

#[derive(Default)]
struct Shared {
    tail: Mutex<Tail>,
    has_ended: Condvar,
}

/// The end of the output so far.
#[derive(Default)]
struct Tail {
    /// At least the last [`KEPT`] bytes, at most twice as many.
    bytes: Vec<u8>,
    total: u64,
    has_ended: bool,
}

impl Capture {
    /// Starts to read a pipe.
    pub(super) fn start(mut pipe: impl Read + Send + 'static) -> Self {
        let shared = Arc::new(Shared::default());
        let writer = Arc::clone(&shared);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 16 * 1024];
            loop {
                match pipe.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(count) => writer.tail().add(&buffer[..count]),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => break,
                }
            }
            writer.tail().has_ended = true;
            writer.has_ended.notify_all();
        });
        Self(shared)
    }

    /// Returns the output, once the pipe has ended or `grace` has passed. A process that keeps the pipe open keeps
    /// the thread as well.
    pub(super) fn finish(self, grace: Duration) -> Output {
        let is_open = |tail: &mut Tail| !tail.has_ended;
        let waited = self.0.has_ended.wait_timeout_while(self.0.tail(), grace, is_open);
        waited.unwrap_or_else(PoisonError::into_inner).0.to_output()
    }
}

impl Shared {
    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tail {
    fn add(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() > 2 * KEPT {
            self.bytes.drain(..self.bytes.len() - KEPT);
        }
    }

    fn to_output(&self) -> Output {
        let mut kept = &self.bytes[self.bytes.len().saturating_sub(KEPT)..];
        if self.total > KEPT as u64 {
            // The first character may have lost its first bytes.
            let is_rest = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
            kept = &kept[kept.iter().take(3).take_while(|byte| is_rest(byte)).count()..];
        }
        Output { tail: String::from_utf8_lossy(kept).into_owned(), bytes: self.total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture(bytes: Vec<u8>) -> Output {
        Capture::start(std::io::Cursor::new(bytes)).finish(Duration::from_secs(60))
    }

    #[test]
    fn short_output_is_kept_whole() {
        assert_eq!(capture(Vec::new()), Output::default());
        let output = capture(b"\x80first\nlast\n".to_vec());
        assert_eq!(output, Output { tail: "\u{fffd}first\nlast\n".to_owned(), bytes: 12 });
    }

    #[test]
    fn long_output_is_counted_and_its_end_kept() {
        let bytes = ["a".repeat(10_000_000), "é".repeat(KEPT)].concat().into_bytes();
        let output = capture(bytes.clone());
        assert_eq!(output.bytes, bytes.len() as u64);
        assert_eq!(output.tail, "é".repeat(KEPT / 2));
        let odd = capture([&bytes[..], b"!"].concat()).tail;
        assert_eq!(odd, format!("{}!", "é".repeat(KEPT / 2 - 1)));
    }

    #[test]
    fn a_pipe_that_stays_open_does_not_block() {
        struct Open(std::sync::mpsc::Receiver<()>);
        impl Read for Open {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Ok(usize::from(self.0.recv().is_ok()))
            }
        }
        let (holder, pipe) = std::sync::mpsc::channel();
        let output = Capture::start(Open(pipe)).finish(Duration::from_millis(10));
        assert_eq!(output, Output::default());
        drop(holder);
    }
}
