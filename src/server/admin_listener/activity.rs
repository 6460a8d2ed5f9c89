//! How long a connection has been idle. Only the client's silence counts: bytes that move in either
//! direction end it, and while the origin works on an answer it does not begin.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is known of a connection's silence.
#[derive(Debug)]
pub(crate) struct Activity(Mutex<State>);

#[derive(Debug)]
struct State {
    /// When the silence began.
    since: Instant,
    /// How many pieces of work are going on.
    working: usize,
}

/// A piece of work on an answer; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Work(Arc<Activity>);

/// A socket that reports the bytes it moves.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    socket: S,
    activity: Arc<Activity>,
}

impl Activity {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { since: Instant::now(), working: 0 })))
    }

    /// Begins a piece of work.
    pub(crate) fn work(self: &Arc<Self>) -> Work {
        self.0.lock().working += 1;
        Work(Arc::clone(self))
    }

    /// How much of `limit` the silence has left at `now`; nothing if it is over.
    pub(crate) fn left(&self, limit: Duration, now: Instant) -> Option<Duration> {
        let state = self.0.lock();
        if state.working > 0 {
            return Some(limit);
        }
        let left = limit.saturating_sub(now.saturating_duration_since(state.since));
        (!left.is_zero()).then_some(left)
    }

    fn moved(&self) {
        self.0.lock().since = Instant::now();
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let mut state = self.0.0.lock();
        state.working -= 1;
        state.since = Instant::now();
    }
}

impl<S> Watched<S> {
    pub(crate) fn new(socket: S, activity: Arc<Activity>) -> Self {
        Self { socket, activity }
    }

    fn written(&self, done: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(done, Poll::Ready(Ok(1..))) {
            self.activity.moved();
        }
        done
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let done = Pin::new(&mut self.socket).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.activity.moved();
        }
        done
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.written(done)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.socket).poll_write_vectored(context, slices);
        self.written(done)
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
        assert_eq!(activity.left(LIMIT, at(29)), Some(Duration::from_secs(1)));
        assert_eq!(activity.left(LIMIT, at(30)), None);
        activity.0.lock().since = at(29);
        assert_eq!(activity.left(LIMIT, at(58)), Some(Duration::from_secs(1)));
    }

    #[test]
    fn work_on_an_answer_is_not_silence() {
        let activity = Activity::new();
        let (one, other) = (activity.work(), activity.work());
        let late = Instant::now() + 10 * LIMIT;
        assert_eq!(activity.left(LIMIT, late), Some(LIMIT));
        drop(one);
        assert_eq!(activity.left(LIMIT, late), Some(LIMIT));
        drop(other);
        assert_eq!(activity.left(LIMIT, late), None);
    }
}
