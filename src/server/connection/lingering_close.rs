//! Closes a connection on which the client may still be sending.
//!
//! Closing a socket that has unread bytes resets the connection, and a reset destroys a response
//! that the client has not read yet. So only the sending direction is closed, and incoming bytes
//! are read and discarded, however many there are (§1.9). Start with [`LingeringClose::poll`].

use std::future::{Future, poll_fn};
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::ReadBuf;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::server::connection::socket::Socket;

/// The connection is closed when the client has sent nothing for this long.
const SILENCE: Duration = Duration::from_secs(2);

/// The connection is closed after this long even if the client still sends.
const TOTAL: Duration = Duration::from_secs(30);

/// The close of one connection, in progress.
pub(crate) struct LingeringClose {
    silence: Duration,
    /// When it ends even if the client still sends.
    end: Instant,
    /// Ends the client's silence. A client that has closed its direction needs no timer.
    timer: Option<Pin<Box<Sleep>>>,
    is_shut_down: bool,
    sends_notify: bool,
}

impl LingeringClose {
    pub(crate) fn new() -> Self {
        Self::with_limits(SILENCE, TOTAL)
    }

    pub(crate) fn with_limits(silence: Duration, total: Duration) -> Self {
        Self {
            silence,
            end: Instant::now() + total,
            timer: None,
            is_shut_down: false,
            sends_notify: true,
        }
    }

    /// Returns the close of a connection that does not send the TLS alert `close_notify`.
    pub(crate) fn without_notify() -> Self {
        Self { sends_notify: false, ..Self::new() }
    }

    /// Closes the sending direction, then reads until the client has closed its direction or a
    /// limit is reached. Calls `discarded` with the bytes of each read.
    pub(crate) fn poll(
        &mut self,
        socket: &Socket,
        context: &mut Context<'_>,
        mut discarded: impl FnMut(&[u8]),
    ) -> Poll<io::Result<()>> {
        let mut scrap = [MaybeUninit::uninit(); 16 * 1024];
        // With TLS, it waits until the client has read what was written before.
        if !self.is_shut_down
            && let Poll::Ready(done) = socket.poll_shutdown(context, self.sends_notify)
        {
            done?;
            self.is_shut_down = true;
        }
        loop {
            let mut buffer = ReadBuf::uninit(&mut scrap);
            match socket.poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    discarded(buffer.filled());
                    self.timer = None;
                    if Instant::now() >= self.end {
                        return Poll::Ready(Ok(()));
                    }
                }
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => {
                    let silence_ends = || (Instant::now() + self.silence).min(self.end);
                    let timer =
                        self.timer.get_or_insert_with(|| Box::pin(sleep_until(silence_ends())));
                    return timer.as_mut().poll(context).map(Ok);
                }
            }
        }
    }

    /// Runs [`poll`](Self::poll) until it is ready.
    pub(crate) async fn run(mut self, socket: &Socket, mut discarded: impl FnMut(&[u8])) {
        // The connection is over even if closing it failed.
        let _ = poll_fn(|context| self.poll(socket, context, &mut discarded)).await;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;
    use std::net::TcpStream;
    use std::thread;

    use tokio::net::TcpListener;

    use super::*;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(60);

    async fn pair() -> (Socket, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (Socket::new(listener.accept().await.unwrap().0), client)
    }

    async fn discarded(close: LingeringClose, socket: &Socket) -> usize {
        let mut sum = 0;
        close.run(socket, |bytes| sum += bytes.len()).await;
        sum
    }

    #[tokio::test]
    async fn a_silent_client_ends_it() {
        let (socket, mut client) = pair().await;
        client.write_all(&[0; 10]).unwrap();
        let close = LingeringClose::with_limits(SHORT, LONG);
        assert_eq!(discarded(close, &socket).await, 10);
    }

    #[tokio::test]
    async fn a_client_that_never_stops_is_cut_off() {
        let (socket, mut client) = pair().await;
        client.write_all(&[0; 1000]).unwrap();
        let writing = thread::spawn(move || while client.write_all(&[0; 1000]).is_ok() {});
        let close = LingeringClose::with_limits(LONG, SHORT);
        assert!(discarded(close, &socket).await > 0);
        drop(socket);
        writing.join().unwrap();
    }

    #[tokio::test]
    async fn a_client_that_closes_ends_it_at_once() {
        const SENT: usize = 3_000_000;
        let (socket, mut client) = pair().await;
        let writing = thread::spawn(move || client.write_all(&vec![0; SENT]));
        let close = LingeringClose::with_limits(LONG, LONG);
        assert_eq!(discarded(close, &socket).await, SENT);
        writing.join().unwrap().unwrap();
    }
}
