//! What is written in place of an answer, byte by byte, and how the connection ends behind it.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::net::TcpStream;

use crate::content::Chunks;
use crate::fault::{Cut, Garble};
use crate::journal::{AnswerHead, Outcome};
use crate::wire::{Answer, Body};

use super::line::Line;

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
                whole([version.as_bytes(), b" OK 200\r\n", &bytes[rest..]].concat(), Some(body))
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
    pub(super) async fn play(self, socket: &mut TcpStream, line: &Line, limit: Duration) {
        let cut = self.cut;
        let written = self.write(socket, line).await;
        line.close(if written.is_ok() { Outcome::CutByFault } else { Outcome::ClientGone });
        end(socket, line, cut, limit).await;
    }

    async fn write(self, socket: &mut TcpStream, line: &Line) -> io::Result<()> {
        let mut room = self.room;
        write(socket, line, &self.head, &mut room).await?;
        match self.body {
            Some(Body::Bytes(bytes)) => write(socket, line, &bytes, &mut room).await,
            Some(Body::Content(content, range)) => {
                let mut chunks: Chunks = content.chunks(range);
                while let Some(chunk) = chunks.next().filter(|_| room > 0) {
                    write(socket, line, &chunk?, &mut room).await?;
                }
                Ok(())
            }
            Some(Body::HeadOnly(_)) | None => Ok(()),
        }
    }
}

async fn write(socket: &TcpStream, line: &Line, bytes: &[u8], room: &mut u64) -> io::Result<()> {
    let fitting = usize::try_from(*room).map_or(bytes.len(), |room| room.min(bytes.len()));
    let mut rest = &bytes[..fitting];
    while !rest.is_empty() {
        socket.writable().await?;
        match socket.try_write(rest) {
            Ok(count) => {
                line.wrote(rest, count);
                rest = &rest[count..];
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    *room -= fitting as u64;
    Ok(())
}

/// Ends a connection that way; what waits for the client does so no longer than `limit`.
pub(super) async fn end(socket: &mut TcpStream, line: &Line, cut: Cut, limit: Duration) {
    match cut {
        Cut::Reset => {
            // Where that cannot be set the connection is closed, which is the next best.
            let _ = socket.set_zero_linger();
        }
        Cut::HalfClose => {
            let _ = shut(socket).await;
            let _ = tokio::time::timeout(limit, drain(socket, line)).await;
        }
        Cut::Stall => tokio::time::sleep(limit).await,
        // Closing on unread data would be a reset.
        _ => {
            const PATIENCE: Duration = Duration::from_secs(1);
            let _ = shut(socket).await;
            let _ = tokio::time::timeout(PATIENCE, drain(socket, line)).await;
        }
    }
}

async fn shut(socket: &mut TcpStream) -> io::Result<()> {
    poll_fn(|context| Pin::new(&mut *socket).poll_shutdown(context)).await
}

/// Reads and throws away until the client has nothing more to say.
async fn drain(socket: &TcpStream, line: &Line) {
    // Not in the future, which every connection has.
    let mut scrap = vec![0; 8 * 1024];
    while socket.readable().await.is_ok() {
        match socket.try_read(&mut scrap) {
            Ok(0) => break,
            Ok(count) => line.drained(count as u64),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
}

fn without(mut head: AnswerHead, name: &str) -> AnswerHead {
    head.headers.retain(|(given, _)| !given.eq_ignore_ascii_case(name));
    head
}

fn with(mut head: AnswerHead, name: &'static str, value: &str) -> AnswerHead {
    head.headers.push((name.into(), value.to_owned().into_bytes().into()));
    head
}
