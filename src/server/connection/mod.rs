//! One connection, from its acceptance to its end.

pub(crate) mod lingering_close;
pub(crate) mod outgoing;
pub(crate) mod raw_response;
pub(crate) mod recording_stream;
pub(crate) mod socket;
pub(crate) mod state;

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

use crate::server::connection::recording_stream::{HEAD_LIMIT, RecordingStream};
use crate::server::connection::socket::Socket;
use crate::server::connection::state::ConnectionRecorder;
use crate::server::request::handler;
use crate::server::state::Shared;

/// Notes a connection down. Whoever accepts does it at once: tasks begin in any order.
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
        unparsed: None,
        drained: 0,
        fault: None,
        struck: None,
    })
}

/// Does to a connection what a fault wants, if that is all that ever happens to it.
async fn is_lost(recorder: &ConnectionRecorder) -> bool {
    let cut = match recorder.fault() {
        Some(ConnectionAction::Reset) => Disconnect::Reset,
        Some(ConnectionAction::Silence) => Disconnect::Stall,
        Some(ConnectionAction::CloseAfter(_)) | None => return false,
    };
    recorder.fault_fires();
    // Boxed, as every connection would carry the room for it otherwise.
    Box::pin(raw_response::end(recorder, cut, recorder.shared.hold_limit)).await;
    true
}

/// Serves a connection. What goes wrong on it goes to the journal, and nowhere else.
pub(crate) async fn serve(recorder: Arc<ConnectionRecorder>) {
    if is_lost(&recorder).await {
        return;
    }
    let service = service_fn({
        let recorder = Arc::clone(&recorder);
        move |request| handler::serve(Arc::clone(&recorder), request)
    });
    let stream = TokioIo::new(RecordingStream::new(Arc::clone(&recorder)));
    // More than 100 headers are refused, by hyper, with 431: that is its own figure, and any other
    // would cost an allocation with every request.
    let mut connection = http1::Builder::new()
        .auto_date_header(false)
        .half_close(true)
        .title_case_headers(true)
        .max_header_size(HEAD_LIMIT)
        .max_buf_size(MAX_BUFFER)
        .serve_connection(stream, service);
    let served = (&mut connection).await;
    // hyper lets go of a connection on which an upgrade was asked for as it is, expecting somebody
    // to take it over. Nobody does, so that it must be shut down here.
    let mut stream = connection.into_parts().io.into_inner();
    if let Some(raw_response) = recorder.take_script() {
        let reads_on = raw_response.reads_on();
        recorder.drained(if reads_on { stream.held() } else { 0 });
        Box::pin(raw_response.play(&recorder, recorder.shared.hold_limit)).await;
        return recorder.ended_by_fault(reads_on);
    }
    let shut = poll_fn(|context| Pin::new(&mut stream).poll_shutdown(context)).await;
    drop(stream);
    recorder.ended(served.is_ok() && shut.is_ok());
}

/// hyper's read buffer: room for the longest head, and for large frames of a body.
const MAX_BUFFER: usize = 6 * HEAD_LIMIT;
