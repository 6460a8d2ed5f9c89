//! Bytes that a fault writes instead of hyper's response, and how the connection ends after them. It
//! writes nothing: [`ending`](crate::server::connection::ending) does. Start with [`RawResponse`].

use crate::api::{Body, Response};
use crate::fault::{Disconnect, MalformedResponse};
use crate::journal::ResponseHead;

/// Bytes to write, and the end of the connection after them.
#[derive(Debug)]
pub(crate) struct RawResponse {
    pub(crate) head: Vec<u8>,
    pub(crate) body: Option<Body>,
    /// The total number of bytes to write.
    pub(crate) room: u64,
    pub(crate) disconnect: Disconnect,
}

impl RawResponse {
    /// Writes nothing and ends the connection.
    pub(crate) fn empty(disconnect: Disconnect) -> Self {
        Self { head: Vec::new(), body: None, room: 0, disconnect }
    }

    /// Writes the first `room` bytes of a response.
    pub(crate) fn truncated(
        response: Response,
        version: &str,
        room: u64,
        disconnect: Disconnect,
    ) -> Self {
        Self { head: response.head.to_bytes(version), body: Some(response.body), room, disconnect }
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
        let whole = |head: Vec<u8>, body| Self {
            head,
            body,
            room: u64::MAX,
            disconnect: Disconnect::Close,
        };
        match malformed {
            MalformedResponse::StatusLine => {
                let bytes = head.to_bytes(version);
                let rest = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                // Chromium accepts a status line if "HTTP" is among its first bytes.
                let status_line = [b"200 OK ", version.as_bytes(), b"\r\n"].concat();
                whole([&status_line, &bytes[rest..]].concat(), Some(body))
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
        !matches!(self.disconnect, Disconnect::Reset | Disconnect::Stall)
    }
}

fn without(mut head: ResponseHead, name: &str) -> ResponseHead {
    head.edit(|headers| headers.retain(|(given, _)| !given.eq_ignore_ascii_case(name)));
    head
}

fn with(mut head: ResponseHead, name: &str, value: &str) -> ResponseHead {
    head.edit(|headers| headers.push((name.to_owned(), value.to_owned().into_bytes())));
    head
}
