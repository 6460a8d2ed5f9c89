//! The TLS handshake of a connection, which comes after a fault at the accept and before the first
//! request. It records what the client offers and why a handshake failed. Start with
//! [`shake_hands`].

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::ProtocolVersion;
use rustls::server::ClientHello;
use tokio::io::ReadBuf;
use tokio::time::{Instant, timeout_at};

use crate::fault::ConnectionAction;
use crate::journal::{Tls, TlsFailure, UnparsedKind, is_request_prefix};

use crate::server::connection::lingering_close::LingeringClose;
use crate::server::connection::recorder::ConnectionRecorder;
use crate::server::connection::recording_stream::HEAD_LIMIT;
use crate::server::connection::state::{ConnectionEvent, UnparsedBytes};
use crate::server::tls::{HandshakeError, TlsServer, TlsStream};

/// The longest time for a handshake. [`TlsFailure::TimedOut`] names it too.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The first byte of a TLS connection.
const HANDSHAKE_RECORD: u8 = 22;

/// The end of a head.
const HEAD_END: &[u8] = b"\r\n\r\n";

/// The response to plain HTTP on a TLS port.
const USE_HTTPS: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    Content-Type: text/plain\r\n\
    Content-Length: 51\r\n\
    Connection: close\r\n\
    \r\n\
    This port uses TLS: the URL must begin with https.\n";

/// Makes the handshake. Returns whether requests can be read; if not, the connection is over.
pub(crate) async fn shake_hands(
    recorder: &ConnectionRecorder,
    tls: &TlsServer,
    limit: Duration,
) -> bool {
    let deadline = Instant::now() + limit;
    let first = poll_stream(recorder, |stream, context| stream.poll_first_byte(context));
    let (kind, bytes) = match timeout_at(deadline, first).await {
        Ok(Ok(Some(HANDSHAKE_RECORD))) => {
            let failure = match timeout_at(deadline, attempt(recorder, tls)).await {
                Ok(Ok(())) => return true,
                Ok(Err(failure)) => failure,
                Err(_) => TlsFailure::TimedOut,
            };
            (UnparsedKind::TlsHandshake(failure), Vec::new())
        }
        Ok(Ok(Some(_))) => {
            let mut bytes = Vec::new();
            // If the rest does not arrive, the bytes so far are classified.
            let _ = timeout_at(deadline, read_plain_head(recorder, &mut bytes)).await;
            let is_http = is_request_prefix(&bytes);
            let invalid = UnparsedKind::TlsHandshake(TlsFailure::Invalid);
            (if is_http { UnparsedKind::HttpOnTlsPort } else { invalid }, bytes)
        }
        nothing => {
            if let Ok(Ok(None)) = nothing {
                recorder.report(ConnectionEvent::ClientFinished);
            }
            recorder
                .report(ConnectionEvent::ServingEnded { cleanly: !matches!(nothing, Ok(Err(_))) });
            return false;
        }
    };
    let status = bytes.windows(HEAD_END.len()).any(|window| window == HEAD_END).then_some(400);
    let status = status.filter(|_| kind == UnparsedKind::HttpOnTlsPort);
    let (bytes, behind, is_new) = (bytes.into(), None, true);
    let failed = UnparsedBytes { kind, bytes, behind, status, is_new };
    recorder.report(ConnectionEvent::HandshakeFailed(Box::new(failed)));
    if status.is_some() {
        // One write is enough for so few bytes, unless the client is gone.
        let _ = poll_fn(|context| recorder.poll_write(context, USE_HTTPS)).await;
    }
    let drained = |bytes: &[u8]| {
        recorder.report(ConnectionEvent::Drained(bytes.len() as u64));
    };
    LingeringClose::new().run(&recorder.socket, drained).await;
    false
}

/// Calls `poll` with the stream until it is ready.
async fn poll_stream<T>(
    recorder: &ConnectionRecorder,
    mut poll: impl FnMut(&mut TlsStream, &mut Context<'_>) -> Poll<T>,
) -> T {
    poll_fn(|context| recorder.socket.poll_stream(|stream| poll(stream, context))).await
}

async fn attempt(recorder: &ConnectionRecorder, tls: &TlsServer) -> Result<(), TlsFailure> {
    let mut facts = Tls::default();
    poll_stream(recorder, |stream, context| {
        stream.poll_client_hello(context, |hello| facts = offered(&hello))
    })
    .await
    .map_err(|error| failure_of(&error))?;
    recorder.record_tls(facts.clone());
    let invalid = match recorder.fault() {
        Some(ConnectionAction::PresentCertificate(certificate)) => Some(certificate),
        _ => None,
    };
    let config = tls.config(invalid);
    poll_stream(recorder, |stream, context| stream.poll_accept(context, config))
        .await
        .map_err(|error| failure_of(&error))?;
    if invalid.is_some() {
        // Before the client can see the certificate.
        recorder.report(ConnectionEvent::FaultInjected { ends: false });
    }
    let version = poll_stream(recorder, TlsStream::poll_handshake).await;
    let version = version.map_err(|error| match failure_of(&error) {
        TlsFailure::Closed => TlsFailure::ClosedAfterCertificate,
        other => other,
    })?;
    facts.version = version.map(version_name);
    recorder.record_tls(facts);
    Ok(())
}

/// Returns what the client offers.
fn offered(hello: &ClientHello<'_>) -> Tls {
    let protocols = hello.alpn().into_iter().flatten();
    Tls {
        server_name: hello.server_name().map(str::to_owned),
        protocols: protocols.map(|it| String::from_utf8_lossy(it).into_owned()).collect(),
        version: None,
    }
}

fn version_name(version: ProtocolVersion) -> &'static str {
    if version == ProtocolVersion::TLSv1_2 { "TLS 1.2" } else { "TLS 1.3" }
}

fn failure_of(error: &HandshakeError) -> TlsFailure {
    match error {
        HandshakeError::Closed | HandshakeError::Broken => TlsFailure::Closed,
        HandshakeError::Invalid(rustls::Error::AlertReceived(alert)) => {
            TlsFailure::Alert((*alert).into())
        }
        HandshakeError::Invalid(rustls::Error::NoApplicationProtocol) => {
            TlsFailure::NoCommonProtocol
        }
        HandshakeError::Invalid(rustls::Error::PeerIncompatible(_)) => {
            TlsFailure::NoCommonParameters
        }
        HandshakeError::Invalid(_) => TlsFailure::Invalid,
    }
}

/// Reads plain bytes until a head is complete, or until they cannot be a request.
async fn read_plain_head(recorder: &ConnectionRecorder, bytes: &mut Vec<u8>) {
    let mut buffer = [0; 4 * 1024];
    while bytes.len() < HEAD_LIMIT
        && is_request_prefix(bytes)
        && !bytes.windows(HEAD_END.len()).any(|window| window == HEAD_END)
    {
        let mut buffer = ReadBuf::new(&mut buffer);
        let read = poll_fn(|context| recorder.socket.poll_read(context, &mut buffer)).await;
        if read.is_err() || buffer.filled().is_empty() {
            return;
        }
        bytes.extend_from_slice(buffer.filled());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;
    use std::thread;

    use tokio::net::TcpListener;

    use super::*;
    use crate::journal::ConnectionEnd;
    use crate::server::connection::accepted;
    use crate::server::shared::Shared;

    #[tokio::test]
    async fn a_handshake_ends_at_its_limit() {
        const LIMIT: Duration = Duration::from_millis(20);
        let shared = Shared::empty(Some(TlsServer::new(&[], &[]).unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        for (sent, end, unparsed) in [
            (&b""[..], ConnectionEnd::ByOrigin, None),
            (b"\x16\x03", ConnectionEnd::TlsFailed, Some(TlsFailure::TimedOut)),
        ] {
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            client.write_all(sent).unwrap();
            let (socket, peer) = listener.accept().await.unwrap();
            let recorder = accepted(socket, peer, &shared);
            let tls = shared.tls.as_ref().unwrap();
            let reading = thread::spawn(move || client.read_to_end(&mut Vec::new()));
            assert!(!shake_hands(&recorder, tls, LIMIT).await);
            let index = recorder.index;
            drop(recorder);
            assert_eq!(reading.join().unwrap().unwrap(), 0);
            let record = shared.lock().journal.connection(index).unwrap().clone();
            assert_eq!(record.end, end);
            let kind = record.unparsed.as_ref().map(|unparsed| unparsed.kind);
            assert_eq!(kind, unparsed.map(UnparsedKind::TlsHandshake));
        }
    }
}
