//! Ends a connection as a fault requires, perhaps after bytes of its own. Start with
//! [`write_raw_response`] and [`disconnect`].

use std::future::poll_fn;
use std::io;
use std::time::Duration;

use crate::api::Body;
use crate::fault::Disconnect;
use crate::journal::Outcome;

use crate::server::connection::lingering_close::LingeringClose;
use crate::server::connection::raw_response::RawResponse;
use crate::server::connection::recorder::ConnectionRecorder;
use crate::server::connection::state::ConnectionEvent;

/// Writes the bytes, closes the exchange in the journal and ends the connection, in this order: a
/// client that has seen the end finds it in the journal.
pub(crate) async fn write_raw_response(
    recorder: &ConnectionRecorder,
    raw_response: RawResponse,
    limit: Duration,
) {
    let how = raw_response.disconnect;
    let written = write_parts(recorder, raw_response).await;
    recorder.close(if written.is_ok() { Outcome::CutByFault } else { Outcome::ClientGone });
    disconnect(recorder, how, limit).await;
}

async fn write_parts(recorder: &ConnectionRecorder, raw_response: RawResponse) -> io::Result<()> {
    let RawResponse { head, body, mut room, .. } = raw_response;
    write(recorder, &head, &mut room).await?;
    match body {
        Some(Body::Bytes(bytes)) => write(recorder, &bytes, &mut room).await?,
        Some(Body::Blob(content, range)) => {
            let mut chunks = content.chunks(range);
            while let Some(chunk) = chunks.next().filter(|_| room > 0) {
                write(recorder, &chunk?, &mut room).await?;
            }
        }
        Some(Body::HeadOnly(_)) | None => {}
    }
    poll_fn(|context| recorder.socket.poll_flush(context)).await
}

async fn write(recorder: &ConnectionRecorder, bytes: &[u8], room: &mut u64) -> io::Result<()> {
    let fitting = usize::try_from(*room).map_or(bytes.len(), |room| room.min(bytes.len()));
    let mut rest = &bytes[..fitting];
    while !rest.is_empty() {
        let count = poll_fn(|context| recorder.poll_write(context, rest)).await?;
        rest = &rest[count..];
    }
    *room -= fitting as u64;
    Ok(())
}

/// Ends a connection as `how` says. Waits for the client no longer than `limit`.
pub(crate) async fn disconnect(recorder: &ConnectionRecorder, how: Disconnect, limit: Duration) {
    let closing = match how {
        Disconnect::Reset => return recorder.socket.reset_on_close(),
        Disconnect::Stall => {
            // The connection is closed in either case.
            let _ = recorder.wait_for(tokio::time::sleep(limit)).await;
            return;
        }
        Disconnect::HalfClose => LingeringClose::with_limits(limit, limit),
        Disconnect::Close => LingeringClose::new(),
        Disconnect::CloseWithoutNotify => LingeringClose::without_notify(),
    };
    closing
        .run(&recorder.socket, |bytes| {
            recorder.report(ConnectionEvent::Drained(bytes.len() as u64));
        })
        .await;
}
