//! The TLS handshake of a connection, which comes after a fault at the accept and before the first
//! request. Start with [`shake_hands`].

use std::future::poll_fn;
use std::time::Duration;

use tokio::time::timeout;

use crate::server::connection::lingering_close::LingeringClose;
use crate::server::connection::recorder::ConnectionRecorder;
use crate::server::connection::state::ConnectionEvent;
use crate::server::tls::{HandshakeError, TlsServer};

/// The longest time for a handshake.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Makes the handshake. Returns whether requests can be read; if not, the connection is over.
pub(crate) async fn shake_hands(recorder: &ConnectionRecorder, tls: &TlsServer) -> bool {
    let failure = match timeout(TIMEOUT, attempt(recorder, tls)).await {
        Ok(Ok(())) => return true,
        Ok(Err(error)) => Some(error),
        Err(_) => None,
    };
    if let Some(HandshakeError::Closed) = failure {
        recorder.report(ConnectionEvent::ClientFinished);
    }
    LingeringClose::new().run(&recorder.socket, |_| ()).await;
    let cleanly = matches!(failure, Some(HandshakeError::Closed));
    recorder.report(ConnectionEvent::HyperDone { cleanly });
    false
}

async fn attempt(recorder: &ConnectionRecorder, tls: &TlsServer) -> Result<(), HandshakeError> {
    let socket = &recorder.socket;
    poll_fn(|context| socket.poll_stream(|stream| stream.poll_client_hello(context, |_hello| ())))
        .await?;
    let config = tls.config();
    poll_fn(|context| socket.poll_stream(|stream| stream.poll_handshake(context, &config))).await
}
