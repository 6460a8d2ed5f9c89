//! One connection, from its acceptance to its end.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;

use crate::fault::{ConnectionEffect, Cut};
use crate::journal::{Connection, ConnectionEnd};

use super::line::Line;
use super::shared::Shared;
use super::socket::Socket;
use super::tap::{HEAD_LIMIT, Tap};
use super::{exchange, script};

/// Notes a connection down. Whoever accepts does it at once: tasks begin in any order.
pub(super) fn accepted(stream: TcpStream, peer: SocketAddr, shared: &Arc<Shared>) -> Arc<Line> {
    let local = stream.local_addr().unwrap_or(peer);
    Line::new(Arc::clone(shared), Socket::new(stream), |index, opened| Connection {
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
async fn is_lost(line: &Line) -> bool {
    let cut = match line.fault() {
        Some(ConnectionEffect::Reset) => Cut::Reset,
        Some(ConnectionEffect::Silence) => Cut::Stall,
        Some(ConnectionEffect::CloseAfter(_)) | None => return false,
    };
    line.fault_fires();
    // Boxed, as every connection would carry the room for it otherwise.
    Box::pin(script::end(line, cut, line.shared.hold_limit)).await;
    true
}

/// Serves a connection. What goes wrong on it goes to the journal, and nowhere else.
pub(super) async fn serve(line: Arc<Line>) {
    if is_lost(&line).await {
        return;
    }
    let service = service_fn({
        let line = Arc::clone(&line);
        move |request| exchange::serve(Arc::clone(&line), request)
    });
    let tap = TokioIo::new(Tap::new(Arc::clone(&line)));
    // More than 100 headers are refused, by hyper, with 431: that is its own figure, and any other
    // would cost an allocation with every request.
    let mut connection = http1::Builder::new()
        .auto_date_header(false)
        .half_close(true)
        .title_case_headers(true)
        .max_header_size(HEAD_LIMIT)
        .max_buf_size(MAX_BUFFER)
        .serve_connection(tap, service);
    let served = (&mut connection).await;
    // hyper lets go of a connection on which an upgrade was asked for as it is, expecting somebody
    // to take it over. Nobody does, so that it must be shut down here.
    let mut tap = connection.into_parts().io.into_inner();
    if let Some(script) = line.take_script() {
        let reads_on = script.reads_on();
        line.drained(if reads_on { tap.held() } else { 0 });
        Box::pin(script.play(&line, line.shared.hold_limit)).await;
        return line.ended_by_fault(reads_on);
    }
    let shut = poll_fn(|context| Pin::new(&mut tap).poll_shutdown(context)).await;
    drop(tap);
    line.ended(served.is_ok() && shut.is_ok());
}

/// hyper's read buffer: room for the longest head, and for large frames of a body.
const MAX_BUFFER: usize = 6 * HEAD_LIMIT;
