//! What is written in place of an answer, byte by byte, and how the connection ends behind it.

use std::future::poll_fn;
use std::io;
use std::time::Duration;

use crate::content::Chunks;
use crate::fault::{Cut, Garble};
use crate::journal::{AnswerHead, Outcome};
use crate::wire::{Answer, Body};

use super::line::Line;
use super::lingering_close::LingeringClose;

/// Bytes to be written, and the end of the connection.
#[derive(Debug)]
pub(super) struct Script {
    head: Vec<u8>,
    body: Option<Body>,
    /// How many bytes are written in all.
    room: u64,
    cut: Cut,
}

impl Script {
    /// Nothing but the end.
    pub(super) fn nothing(cut: Cut) -> Self {
        Self { head: Vec::new(), body: None, room: 0, cut }
    }

    /// The first `room` bytes of an answer.
    pub(super) fn begun(answer: Answer, version: &str, room: u64, cut: Cut) -> Self {
        Self { head: answer.head.to_bytes(version), body: Some(answer.body), room, cut }
    }

    /// An answer behind which the connection is closed, as its head does not say where it ends.
    pub(super) fn whole(answer: Answer, version: &str) -> Self {
        Self::begun(answer, version, u64::MAX, Cut::Close)
    }

    /// An answer that is no HTTP, or not the one that it says it is.
    pub(super) fn garbled(answer: Answer, version: &str, garble: &Garble) -> Self {
        let (head, body) = (AnswerHead::clone(&answer.head), answer.body);
        let whole = |head: Vec<u8>, body| Self { head, body, room: u64::MAX, cut: Cut::Close };
        match garble {
            Garble::StatusLine => {
                let bytes = head.to_bytes(version);
                let rest = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                // Chromium finds a status line wherever "HTTP" is among the first bytes.
                let line = [b"200 OK ", version.as_bytes(), b"\r\n"].concat();
                whole([&line, &bytes[rest..]].concat(), Some(body))
            }
            Garble::Chunk => {
                let head = with(without(head, "Content-Length"), "Transfer-Encoding", "chunked");
                whole([&head.to_bytes(version)[..], b"zz\r\n"].concat(), None)
            }
            Garble::ContentLength(length) => {
                let head =
                    with(without(head, "Content-Length"), "Content-Length", &length.to_string());
                whole(head.to_bytes(version), Some(body))
            }
            Garble::Truncate(bytes) => {
                let head = head.to_bytes(version);
                Self { room: (head.len() as u64).saturating_add(*bytes), ..whole(head, Some(body)) }
            }
            Garble::Garbage(bytes) => whole(bytes.clone(), None),
        }
    }

    /// Whether what the client still sends is read and thrown away.
    pub(super) fn reads_on(&self) -> bool {
        matches!(self.cut, Cut::Close | Cut::HalfClose)
    }

    /// Writes what is to be written, closes the record, and ends the connection: in this order, so
    /// that whoever has seen the end finds it in the record.
    pub(super) async fn play(self, line: &Line, limit: Duration) {
        let cut = self.cut;
        let written = self.write(line).await;
        line.close(if written.is_ok() { Outcome::CutByFault } else { Outcome::ClientGone });
        end(line, cut, limit).await;
    }

    async fn write(self, line: &Line) -> io::Result<()> {
        let mut room = self.room;
        write(line, &self.head, &mut room).await?;
        match self.body {
            Some(Body::Bytes(bytes)) => write(line, &bytes, &mut room).await,
            Some(Body::Content(content, range)) => {
                let mut chunks: Chunks = content.chunks(range);
                while let Some(chunk) = chunks.next().filter(|_| room > 0) {
                    write(line, &chunk?, &mut room).await?;
                }
                Ok(())
            }
            Some(Body::HeadOnly(_)) | None => Ok(()),
        }
    }
}

async fn write(line: &Line, bytes: &[u8], room: &mut u64) -> io::Result<()> {
    let fitting = usize::try_from(*room).map_or(bytes.len(), |room| room.min(bytes.len()));
    let mut rest = &bytes[..fitting];
    while !rest.is_empty() {
        let count = poll_fn(|context| line.poll_write(context, rest)).await?;
        rest = &rest[count..];
    }
    *room -= fitting as u64;
    Ok(())
}

/// Ends a connection that way; what waits for the client does so no longer than `limit`.
pub(super) async fn end(line: &Line, cut: Cut, limit: Duration) {
    let closing = match cut {
        Cut::Reset => return line.socket.reset_on_close(),
        Cut::Stall => {
            // However that ends, the connection is closed then.
            let _ = line.wait_for(tokio::time::sleep(limit)).await;
            return;
        }
        Cut::HalfClose => LingeringClose::with_limits(limit, limit),
        Cut::Close => LingeringClose::new(),
    };
    closing.run(&line.socket, |bytes| line.drained(bytes.len() as u64)).await;
}

fn without(mut head: AnswerHead, name: &str) -> AnswerHead {
    head.headers.retain(|(given, _)| !given.eq_ignore_ascii_case(name));
    head
}

fn with(mut head: AnswerHead, name: &'static str, value: &str) -> AnswerHead {
    head.headers.push((name.into(), value.to_owned().into_bytes().into()));
    head
}
