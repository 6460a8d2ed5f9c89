//! How long a connection has been idle. Only the client's silence counts: bytes in either
//! direction restart the time, and it does not run while the origin prepares a response. Start
//! with [`Activity`].

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The idle time of one connection.
#[derive(Debug)]
pub(crate) struct Activity(Mutex<State>);

#[derive(Debug)]
struct State {
    /// When the silence began.
    since: Instant,
    /// The number of [`BusyGuard`] guards that are alive.
    working: usize,
}

/// A guard: the connection counts as busy until it is dropped.
#[derive(Debug)]
pub(crate) struct BusyGuard(Arc<Activity>);

/// A socket that reports the bytes it moves.
#[derive(Debug)]
pub(crate) struct WatchedSocket<S> {
    socket: S,
    activity: Arc<Activity>,
}

impl Activity {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { since: Instant::now(), working: 0 })))
    }

    /// Marks the connection as busy until the guard is dropped.
    pub(crate) fn begin_work(self: &Arc<Self>) -> BusyGuard {
        self.0.lock().working += 1;
        BusyGuard(Arc::clone(self))
    }

    /// Returns how much of `limit` is left at `now`; `None` if the client was silent for too long.
    pub(crate) fn time_left(&self, limit: Duration, now: Instant) -> Option<Duration> {
        let state = self.0.lock();
        if state.working > 0 {
            return Some(limit);
        }
        let left = limit.saturating_sub(now.saturating_duration_since(state.since));
        (!left.is_zero()).then_some(left)
    }

    fn record_traffic(&self) {
        self.0.lock().since = Instant::now();
    }
}

impl Drop for BusyGuard {
    fn drop(&mut self) {
        let mut state = self.0.0.lock();
        state.working -= 1;
        state.since = Instant::now();
    }
}

impl<S> WatchedSocket<S> {
    pub(crate) fn new(socket: S, activity: Arc<Activity>) -> Self {
        Self { socket, activity }
    }

    fn record_write(&self, done: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(done, Poll::Ready(Ok(1..))) {
            self.activity.record_traffic();
        }
        done
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WatchedSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let done = Pin::new(&mut self.socket).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.activity.record_traffic();
        }
        done
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WatchedSocket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.record_write(done)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.socket).poll_write_vectored(context, slices);
        self.record_write(done)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    #[test]
    fn only_silence_counts_towards_the_limit() {
        let activity = Activity::new();
        let start = activity.0.lock().since;
        let at = |secs| start + Duration::from_secs(secs);
        assert_eq!(activity.time_left(LIMIT, at(29)), Some(Duration::from_secs(1)));
        assert_eq!(activity.time_left(LIMIT, at(30)), None);
        activity.0.lock().since = at(29);
        assert_eq!(activity.time_left(LIMIT, at(58)), Some(Duration::from_secs(1)));
    }

    #[test]
    fn work_on_a_response_is_not_silence() {
        let activity = Activity::new();
        let (one, other) = (activity.begin_work(), activity.begin_work());
        let late = Instant::now() + 10 * LIMIT;
        assert_eq!(activity.time_left(LIMIT, late), Some(LIMIT));
        drop(one);
        assert_eq!(activity.time_left(LIMIT, late), Some(LIMIT));
        drop(other);
        assert_eq!(activity.time_left(LIMIT, late), None);
    }
}
