//! Serves requests that arrive whole, without hyper.
//!
//! Most requests are small: one read brings head and body, and the head has no header that hyper must
//! interpret. The first request that differs is left to hyper, with the rest of the connection, and so is a
//! request to which a fault may apply. This module decides no response. Start with [`serve`].

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use tokio::io::{AsyncWrite as _, ReadBuf};

use crate::api::{Body, Response};
use crate::journal::Outcome;

use crate::server::connection::recorder::{ConnectionRecorder, Interrupted};
use crate::server::connection::recording_stream::RecordingStream;
use crate::server::connection::state::ConnectionEvent;
use crate::server::request::disposition::Disposition;
use crate::server::request::handler::serve_whole;

/// The longest request that is served here, with its head.
const BUFFER_BYTES: usize = 8 * 1024;

/// What happens to the connection next.
pub(crate) enum Next {
    /// hyper serves the next request.
    Hyper,
    /// It is closed.
    Close,
}

/// Serves requests until one is left to hyper or the connection is to be closed.
///
/// # Errors
///
/// Returns why a response could not be written.
pub(crate) async fn serve(
    recorder: &Arc<ConnectionRecorder>,
    stream: &mut RecordingStream,
) -> io::Result<Next> {
    // Not zeroed, so that the connection takes only the memory that its requests fill.
    let mut buffer = Box::new_uninit_slice(BUFFER_BYTES);
    let mut buffer = ReadBuf::uninit(&mut buffer);
    let mut start = 0;
    loop {
        if start == buffer.filled().len() {
            start = 0;
            buffer.clear();
            poll_fn(|context| stream.poll_request(context, &mut buffer)).await;
            if buffer.filled().is_empty() {
                return Ok(Next::Close);
            }
        }
        let bytes = &buffer.filled()[start..];
        let Some((head, length)) = stream.frame_whole(bytes) else { return Ok(Next::Hyper) };
        let (body, rest) = bytes[head..].split_at(length);
        let Some((disposition, is_read)) = serve_whole(recorder, body).await else {
            stream.hand_over(bytes, head);
            return Ok(Next::Hyper);
        };
        let closes = match disposition {
            Disposition::Response(response, outcome) => {
                respond(recorder, stream, *response, outcome).await?
            }
            Disposition::RawResponse(raw_response) => {
                recorder.update_outgoing(|outgoing| outgoing.set_raw_response(raw_response));
                true
            }
            Disposition::ClientGone => return Err(Interrupted::ClientGone.into()),
        };
        if is_read || !closes {
            stream.pass_body(body);
        }
        if closes {
            stream.hand_over(if is_read { rest } else { &bytes[head..] }, 0);
            return Ok(Next::Close);
        }
        start += head + length;
    }
}

/// Writes a response. Returns whether the connection is closed after it.
async fn respond(
    recorder: &ConnectionRecorder,
    stream: &mut RecordingStream,
    response: Response,
    outcome: Outcome,
) -> io::Result<bool> {
    let closes = response.closes()
        || response.connection_options().any(|option| option.eq_ignore_ascii_case(b"close"));
    let ready = || recorder.report(ConnectionEvent::ResponseReady { outcome, closes });
    stream.begin_response(&response.head);
    match response.body {
        Body::Blob(content, range) if !range.is_empty() => {
            let mut left = range.end - range.start;
            for chunk in content.chunks(range) {
                let chunk = chunk.inspect_err(|error| recorder.record_unreadable_file(error))?;
                left -= chunk.len() as u64;
                if left == 0 {
                    // Before the client can have all of it, and look at the journal.
                    recorder.report(ConnectionEvent::FilePassed);
                    ready();
                }
                write(stream, &chunk).await?;
            }
        }
        body => {
            ready();
            let bytes = if let Body::Bytes(bytes) = body { bytes } else { Vec::new() };
            write(stream, &bytes).await?;
        }
    }
    poll_fn(|context| Pin::new(&mut *stream).poll_flush(context)).await?;
    Ok(closes)
}

/// Writes the response head, unless it was written, and these bytes.
async fn write(stream: &mut RecordingStream, mut bytes: &[u8]) -> io::Result<()> {
    loop {
        let count = poll_fn(|context| Pin::new(&mut *stream).poll_write(context, bytes)).await?;
        bytes = &bytes[count..];
        if bytes.is_empty() {
            return Ok(());
        }
    }
}
