//! A TCP stream that can become a TLS stream. Before the handshake, bytes pass through. Start with
//! [`TlsStream::poll_client_hello`].

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustls::server::{Accepted, AcceptedAlert, Acceptor, ClientHello};
use rustls::{ProtocolVersion, ServerConfig, ServerConnection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A TCP stream, with or without TLS.
pub(crate) struct TlsStream {
    pub(crate) tcp: TcpStream,
    session: Session,
}

enum Session {
    /// No handshake has begun, or it has failed.
    Plain,
    /// The `ClientHello` is being read.
    Reading(Box<Acceptor>),
    /// The `ClientHello` was read.
    Accepted(Box<Accepted>),
    /// The handshake is being made or is complete.
    Made(Box<ServerConnection>),
}

/// Why a handshake failed.
#[derive(Debug)]
pub(crate) enum HandshakeError {
    /// The client closed the connection.
    Closed,
    /// The connection broke.
    Broken,
    /// The client sent an alert, or bytes that are not a valid handshake.
    Invalid(rustls::Error),
}

impl From<TcpStream> for TlsStream {
    fn from(tcp: TcpStream) -> Self {
        Self { tcp, session: Session::Plain }
    }
}

impl TlsStream {
    /// Returns the first byte that the client sends, which stays in the socket, or `None` if it closes
    /// the connection.
    pub(crate) fn poll_first_byte(
        &self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Option<u8>>> {
        let mut byte = [0];
        let mut buffer = ReadBuf::new(&mut byte);
        ready!(self.tcp.poll_peek(context, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().first().copied()))
    }

    /// Reads the `ClientHello`, and calls `seen` with it.
    pub(crate) fn poll_client_hello(
        &mut self,
        context: &mut Context<'_>,
        seen: impl FnOnce(ClientHello<'_>),
    ) -> Poll<Result<(), HandshakeError>> {
        if let Session::Plain = self.session {
            self.session = Session::Reading(Box::default());
        }
        while let Session::Reading(acceptor) = &mut self.session {
            let count = acceptor.read_tls(&mut NonBlocking(&mut self.tcp, context));
            if ready!(poll_of(count)).map_err(|_| HandshakeError::Broken)? == 0 {
                return Poll::Ready(Err(HandshakeError::Closed));
            }
            match acceptor.accept() {
                Ok(Some(accepted)) => {
                    seen(accepted.client_hello());
                    self.session = Session::Accepted(Box::new(accepted));
                    break;
                }
                Ok(None) => {}
                Err((error, alert)) => return Poll::Ready(Err(self.fail(context, error, alert))),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Chooses the response to the `ClientHello`. It is always ready.
    pub(crate) fn poll_accept(
        &mut self,
        context: &mut Context<'_>,
        config: &Arc<ServerConfig>,
    ) -> Poll<Result<(), HandshakeError>> {
        let Session::Accepted(accepted) = std::mem::replace(&mut self.session, Session::Plain)
        else {
            return Poll::Ready(Err(HandshakeError::Closed));
        };
        Poll::Ready(match accepted.into_connection(Arc::clone(config)) {
            Ok(session) => {
                self.session = Session::Made(Box::new(session));
                Ok(())
            }
            Err((error, alert)) => Err(self.fail(context, error, alert)),
        })
    }

    /// Completes the handshake. Returns the negotiated version.
    pub(crate) fn poll_handshake(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<ProtocolVersion>, HandshakeError>> {
        let Session::Made(session) = &mut self.session else {
            return Poll::Ready(Err(HandshakeError::Closed));
        };
        let io = &mut NonBlocking(&mut self.tcp, context);
        let error = loop {
            ready!(poll_flush(session, io)).map_err(|_| HandshakeError::Broken)?;
            if !session.is_handshaking() {
                return Poll::Ready(Ok(session.protocol_version()));
            }
            match ready!(poll_receive(session, io)) {
                Ok(0) => return Poll::Ready(Err(HandshakeError::Closed)),
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        self.session = Session::Plain;
        Poll::Ready(Err(error.downcast().map_or(HandshakeError::Broken, HandshakeError::Invalid)))
    }

    /// Sends an alert. One write is enough for so few bytes, unless the client is gone.
    fn fail(
        &mut self,
        context: &mut Context<'_>,
        error: rustls::Error,
        mut alert: AcceptedAlert,
    ) -> HandshakeError {
        let _ = alert.write_all(&mut NonBlocking(&mut self.tcp, context));
        self.session = Session::Plain;
        HandshakeError::Invalid(error)
    }

    /// Returns the session if it is complete, and the socket.
    fn split(&mut self) -> (Option<&mut ServerConnection>, &mut TcpStream) {
        let session = match &mut self.session {
            Session::Made(session) if !session.is_handshaking() => Some(&mut **session),
            _ => None,
        };
        (session, &mut self.tcp)
    }
}

impl AsyncRead for TlsStream {
    /// Reads plaintext. A client that closes without `close_notify` ends the input too: HTTP frames its
    /// messages itself, and many clients close in this way.
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (session, tcp) = self.get_mut().split();
        let Some(session) = session else { return Pin::new(tcp).poll_read(context, buffer) };
        loop {
            match session.reader().read(buffer.initialize_unfilled()) {
                Ok(count) => {
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Poll::Ready(Ok(()));
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
            ready!(poll_receive(session, &mut NonBlocking(tcp, context)))?;
        }
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    /// Encrypts no more before the socket has taken what was encrypted earlier, so that few bytes are
    /// counted as written that the socket does not have.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let (session, tcp) = self.get_mut().split();
        let Some(session) = session else {
            return Pin::new(tcp).poll_write_vectored(context, slices);
        };
        let io = &mut NonBlocking(tcp, context);
        ready!(poll_flush(session, io))?;
        let count = session.writer().write_vectored(slices)?;
        if let Poll::Ready(Err(error)) = poll_flush(session, io) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (session, tcp) = self.get_mut().split();
        session.map_or(Poll::Ready(Ok(())), |it| poll_flush(it, &mut NonBlocking(tcp, context)))
    }

    /// Sends `close_notify`, then closes the sending direction of the socket.
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (session, tcp) = self.get_mut().split();
        if let Some(session) = session {
            session.send_close_notify();
            ready!(poll_flush(session, &mut NonBlocking(tcp, context)))?;
        }
        Pin::new(tcp).poll_shutdown(context)
    }
}

/// Writes what is encrypted to the socket.
fn poll_flush(
    session: &mut ServerConnection,
    io: &mut NonBlocking<'_, '_>,
) -> Poll<io::Result<()>> {
    while session.wants_write() {
        if ready!(poll_of(session.write_tls(io)))? == 0 {
            return Poll::Ready(Err(ErrorKind::WriteZero.into()));
        }
    }
    Poll::Ready(Ok(()))
}

/// Reads from the socket and decrypts. Returns the number of encrypted bytes, or an error that contains
/// a [`rustls::Error`] if they are invalid.
fn poll_receive(
    session: &mut ServerConnection,
    io: &mut NonBlocking<'_, '_>,
) -> Poll<io::Result<usize>> {
    let count = ready!(poll_of(session.read_tls(io)))?;
    let processed = session.process_new_packets();
    // An alert, or the response to a key update. A later flush writes the rest.
    let _ = poll_flush(session, io);
    processed.map_err(|invalid| io::Error::new(ErrorKind::InvalidData, invalid))?;
    Poll::Ready(Ok(count))
}

/// An async stream as a non-blocking one, which rustls expects.
struct NonBlocking<'a, 'b>(&'a mut TcpStream, &'a mut Context<'b>);

impl Read for NonBlocking<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(buffer);
        result_of(Pin::new(&mut *self.0).poll_read(self.1, &mut buffer))?;
        Ok(buffer.filled().len())
    }
}

impl Write for NonBlocking<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        result_of(Pin::new(&mut *self.0).poll_write(self.1, bytes))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        result_of(Pin::new(&mut *self.0).poll_write_vectored(self.1, slices))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn result_of<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(ErrorKind::WouldBlock.into()),
    }
}

fn poll_of<T>(result: io::Result<T>) -> Poll<io::Result<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Poll::Pending,
        result => Poll::Ready(result),
    }
}
