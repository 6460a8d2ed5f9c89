//! One connection, from its acceptance to its end. Start with [`serve`].

pub(crate) mod ending;
#[cfg(feature = "tls")]
pub(crate) mod handshake;
pub(crate) mod lingering_close;
pub(crate) mod outgoing;
pub(crate) mod raw_response;
pub(crate) mod recorder;
pub(crate) mod recording_stream;
pub(crate) mod socket;
pub(crate) mod state;
pub(crate) mod whole_requests;

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;

use crate::fault::{ConnectionAction, Disconnect};
use crate::journal::{Connection, ConnectionEnd};

use crate::server::connection::outgoing::Outgoing;
use crate::server::connection::recorder::ConnectionRecorder;
use crate::server::connection::recording_stream::{HEAD_LIMIT, RecordingStream};
use crate::server::connection::socket::Socket;
use crate::server::connection::state::ConnectionEvent;
use crate::server::connection::whole_requests::Next;
use crate::server::request::handler;
use crate::server::shared::Shared;

/// Records a new connection. The listener calls this at once, because tasks start in any order.
pub(crate) fn accepted(
    stream: TcpStream,
    peer: SocketAddr,
    shared: &Arc<Shared>,
) -> Arc<ConnectionRecorder> {
    let local = stream.local_addr().unwrap_or(peer);
    ConnectionRecorder::new(Arc::clone(shared), Socket::new(stream), |index, opened| Connection {
        index,
        peer,
        local,
        opened,
        closed: None,
        end: ConnectionEnd::Open,
        tls: None,
        unparsed: None,
        is_unused: false,
        drained: 0,
        fault: None,
        fault_injected: None,
    })
}

/// Applies the connection's fault if it ends the connection before any request. Returns whether it
/// did.
async fn apply_connection_fault(recorder: &ConnectionRecorder) -> bool {
    let how = match recorder.fault() {
        Some(ConnectionAction::Reset) => Disconnect::Reset,
        Some(ConnectionAction::Silence) => Disconnect::Stall,
        Some(ConnectionAction::CloseAfter(_) | ConnectionAction::PresentCertificate(_)) | None => {
            return false;
        }
    };
    recorder.report(ConnectionEvent::FaultInjected { ends: true });
    // Boxed: otherwise every connection would reserve memory for this future.
    Box::pin(ending::disconnect(recorder, how, recorder.shared.hold_limit)).await;
    true
}

/// Serves a connection. Errors go to the journal and nowhere else.
pub(crate) async fn serve(recorder: Arc<ConnectionRecorder>) {
    if apply_connection_fault(&recorder).await {
        return;
    }
    #[cfg(feature = "tls")]
    if let Some(tls) = &recorder.shared.tls
        // Boxed: otherwise every connection would reserve memory for this future.
        && !Box::pin(handshake::shake_hands(&recorder, tls, handshake::TIME_LIMIT)).await
    {
        return;
    }
    let mut stream = RecordingStream::new(Arc::clone(&recorder));
    let next = match recorder.fault() {
        // Boxed: otherwise every connection would reserve memory for this future.
        None => Box::pin(whole_requests::serve(&recorder, &mut stream)).await,
        Some(_) => Ok(Next::Hyper),
    };
    let mut is_served = next.is_ok();
    if let Ok(Next::Hyper) = next {
        (stream, is_served) = serve_with_hyper(&recorder, stream).await;
    }
    // hyper returns the connection of an upgrade request open, so that an upgrade handler can use
    // it. There is none, so the connection is shut down here.
    if let Some(raw_response) = recorder.update_outgoing(Outgoing::take_raw_response) {
        let drained = raw_response.drains();
        recorder.report(ConnectionEvent::Drained(if drained { stream.held() } else { 0 }));
        Box::pin(ending::write_raw_response(&recorder, raw_response, recorder.shared.hold_limit))
            .await;
        recorder.report(ConnectionEvent::EndedByFault { drained });
        return;
    }
    let shut = poll_fn(|context| Pin::new(&mut stream).poll_shutdown(context)).await;
    drop(stream);
    recorder.report(ConnectionEvent::ServingEnded { cleanly: is_served && shut.is_ok() });
}

/// Lets hyper serve the requests of a connection. Returns the stream, and whether hyper ended without an
/// error.
async fn serve_with_hyper(
    recorder: &Arc<ConnectionRecorder>,
    stream: RecordingStream,
) -> (RecordingStream, bool) {
    let service = service_fn({
        let recorder = Arc::clone(recorder);
        move |request| handler::serve(Arc::clone(&recorder), request)
    });
    // hyper rejects more than 100 headers with 431. That is its default; any other figure would
    // cost an allocation per request.
    let mut connection = http1::Builder::new()
        .auto_date_header(false)
        .half_close(true)
        .title_case_headers(true)
        .max_header_size(HEAD_LIMIT)
        .max_buf_size(MAX_BUFFER)
        .serve_connection(TokioIo::new(stream), service);
    let served = (&mut connection).await;
    (connection.into_parts().io.into_inner(), served.is_ok())
}

/// Size of hyper's read buffer: the longest head fits, and so do large frames of a body. With larger
/// ones, a small request beside eight large bodies waits longer than half a millisecond.
const MAX_BUFFER: usize = 4 * HEAD_LIMIT;
