//! Bytes that a fault writes instead of hyper's response, and how the connection ends after them.
//! Start with [`RawResponse::play`].

use std::future::poll_fn;
use std::io;
use std::time::Duration;

use crate::api::{Body, Response};
use crate::blob::Chunks;
use crate::fault::{Disconnect, MalformedResponse};
use crate::journal::{Outcome, ResponseHead};

use crate::server::connection::lingering_close::LingeringClose;
use crate::server::connection::state::ConnectionRecorder;

/// Bytes to write, and the end of the connection after them.
#[derive(Debug)]
pub(crate) struct RawResponse {
    head: Vec<u8>,
    body: Option<Body>,
    /// The total number of bytes to write.
    room: u64,
    cut: Disconnect,
}

impl RawResponse {
    /// Writes nothing and ends the connection.
    pub(crate) fn empty(cut: Disconnect) -> Self {
        Self { head: Vec::new(), body: None, room: 0, cut }
    }

    /// Writes the first `room` bytes of a response.
    pub(crate) fn truncated(response: Response, version: &str, room: u64, cut: Disconnect) -> Self {
        Self { head: response.head.to_bytes(version), body: Some(response.body), room, cut }
    }

    /// Writes a complete response and closes the connection, because the head does not announce
    /// the length of the body.
    pub(crate) fn until_close(response: Response, version: &str) -> Self {
        Self::truncated(response, version, u64::MAX, Disconnect::Close)
    }

    /// Writes a response that is invalid HTTP, or whose head does not fit its body.
    pub(crate) fn malformed(
        response: Response,
        version: &str,
        malformed: &MalformedResponse,
    ) -> Self {
        let (head, body) = (ResponseHead::clone(&response.head), response.body);
        let whole =
            |head: Vec<u8>, body| Self { head, body, room: u64::MAX, cut: Disconnect::Close };
        match malformed {
            MalformedResponse::StatusLine => {
                let bytes = head.to_bytes(version);
                let rest = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                // Chromium accepts a status line if "HTTP" is among its first bytes.
                let recorder = [b"200 OK ", version.as_bytes(), b"\r\n"].concat();
                whole([&recorder, &bytes[rest..]].concat(), Some(body))
            }
            MalformedResponse::Chunk => {
                let head = with(without(head, "Content-Length"), "Transfer-Encoding", "chunked");
                whole([&head.to_bytes(version)[..], b"zz\r\n"].concat(), None)
            }
            MalformedResponse::ContentLength(length) => {
                let head =
                    with(without(head, "Content-Length"), "Content-Length", &length.to_string());
                whole(head.to_bytes(version), Some(body))
            }
            MalformedResponse::Truncate(bytes) => {
                let head = head.to_bytes(version);
                Self { room: (head.len() as u64).saturating_add(*bytes), ..whole(head, Some(body)) }
            }
            MalformedResponse::Garbage(bytes) => whole(bytes.clone(), None),
        }
    }

    /// Returns whether bytes that the client still sends are read and discarded.
    pub(crate) fn drains(&self) -> bool {
        matches!(self.cut, Disconnect::Close | Disconnect::HalfClose)
    }

    /// Writes the bytes, closes the exchange in the journal and ends the connection, in this
    /// order: a client that has seen the end finds it in the journal.
    pub(crate) async fn play(self, recorder: &ConnectionRecorder, limit: Duration) {
        let cut = self.cut;
        let written = self.write(recorder).await;
        recorder.close(if written.is_ok() { Outcome::CutByFault } else { Outcome::ClientGone });
        end(recorder, cut, limit).await;
    }

    async fn write(self, recorder: &ConnectionRecorder) -> io::Result<()> {
        let mut room = self.room;
        write(recorder, &self.head, &mut room).await?;
        match self.body {
            Some(Body::Bytes(bytes)) => write(recorder, &bytes, &mut room).await,
            Some(Body::Blob(content, range)) => {
                let mut chunks: Chunks = content.chunks(range);
                while let Some(chunk) = chunks.next().filter(|_| room > 0) {
                    write(recorder, &chunk?, &mut room).await?;
                }
                Ok(())
            }
            Some(Body::HeadOnly(_)) | None => Ok(()),
        }
    }
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

/// Ends a connection as `cut` says. Waits for the client no longer than `limit`.
pub(crate) async fn end(recorder: &ConnectionRecorder, cut: Disconnect, limit: Duration) {
    let closing = match cut {
        Disconnect::Reset => return recorder.socket.reset_on_close(),
        Disconnect::Stall => {
            // The connection is closed in either case.
            let _ = recorder.wait_for(tokio::time::sleep(limit)).await;
            return;
        }
        Disconnect::HalfClose => LingeringClose::with_limits(limit, limit),
        Disconnect::Close => LingeringClose::new(),
    };
    closing.run(&recorder.socket, |bytes| recorder.record_drained(bytes.len() as u64)).await;
}

fn without(mut head: ResponseHead, name: &str) -> ResponseHead {
    head.headers.retain(|(given, _)| !given.eq_ignore_ascii_case(name));
    head
}

fn with(mut head: ResponseHead, name: &'static str, value: &str) -> ResponseHead {
    head.headers.push((name.into(), value.to_owned().into_bytes().into()));
    head
}
