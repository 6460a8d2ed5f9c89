//! The socket of one connection, shared by its users in turn.
//!
//! The recording stream reads and writes it, a raw response ends it, and a wait watches it for the
//! client's end. It decides nothing and records nothing. All users run in the task of the
//! connection, so the lock is never contended.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use tokio::net::TcpStream;

#[cfg(feature = "tls")]
type Stream = crate::server::tls::TlsStream;
#[cfg(not(feature = "tls"))]
type Stream = TcpStream;

/// A socket that the connection's recorder owns: it is closed after the journal is up to date.
pub(crate) struct Socket(Mutex<Stream>);

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Socket")
    }
}

impl Socket {
    pub(crate) fn new(stream: TcpStream) -> Self {
        // A small response must not wait until the previous one is acknowledged.
        let _ = stream.set_nodelay(true);
        Self(Mutex::new(layered(stream)))
    }

    /// Calls `poll` with the stream.
    #[cfg(feature = "tls")]
    pub(crate) fn poll_stream<T>(&self, poll: impl FnOnce(&mut Stream) -> Poll<T>) -> Poll<T> {
        poll(&mut self.0.lock())
    }

    pub(crate) fn poll_read(
        &self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.lock()).poll_read(context, buffer)
    }

    pub(crate) fn poll_write(
        &self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0.lock()).poll_write(context, bytes)
    }

    pub(crate) fn poll_write_vectored(
        &self,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0.lock()).poll_write_vectored(context, slices)
    }

    pub(crate) fn is_write_vectored(&self) -> bool {
        self.0.lock().is_write_vectored()
    }

    pub(crate) fn poll_flush(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.lock()).poll_flush(context)
    }

    /// Closes the sending direction; with TLS, after the alert `close_notify` if `notifies`.
    pub(crate) fn poll_shutdown(
        &self,
        context: &mut Context<'_>,
        notifies: bool,
    ) -> Poll<io::Result<()>> {
        let mut stream = self.0.lock();
        if notifies {
            Pin::new(&mut *stream).poll_shutdown(context)
        } else {
            Pin::new(tcp(&mut stream)).poll_shutdown(context)
        }
    }

    /// Makes closing the socket send a reset.
    pub(crate) fn reset_on_close(&self) {
        // If the option cannot be set, the connection is closed normally.
        let _ = tcp(&mut self.0.lock()).set_zero_linger();
    }

    /// Completes when the client has closed its sending direction or the connection was reset.
    /// Reads nothing: bytes that the client sent before stay in the socket.
    pub(crate) async fn closed_by_client(&self) {
        /// Readiness is reported for unread bytes again and again. The end behind them shows only
        /// if it is polled.
        const LOOK_AGAIN: Duration = Duration::from_millis(20);
        loop {
            let readable =
                poll_fn(|context| tcp(&mut self.0.lock()).poll_read_ready(context)).await;
            if readable.is_err() || self.is_closed_by_client() {
                return;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    fn is_closed_by_client(&self) -> bool {
        let mut stream = self.0.lock();
        let ready = pin!(tcp(&mut stream).ready(Interest::READABLE));
        match ready.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(ready) => ready.map_or(true, Ready::is_read_closed),
            Poll::Pending => false,
        }
    }
}

#[cfg(feature = "tls")]
fn layered(stream: TcpStream) -> Stream {
    stream.into()
}

#[cfg(not(feature = "tls"))]
fn layered(stream: TcpStream) -> Stream {
    stream
}

#[cfg(feature = "tls")]
fn tcp(stream: &mut Stream) -> &mut TcpStream {
    &mut stream.tcp
}

#[cfg(not(feature = "tls"))]
fn tcp(stream: &mut Stream) -> &mut TcpStream {
    stream
}
