//! Requests that only wrong clients send, on connections of their own.

use std::io::Write as _;
use std::time::{Duration, Instant};

use super::http::Connection;
use super::message::encode;
use super::session::Session;

/// The longest wait for the end of such a connection.
const PATIENCE: Duration = Duration::from_secs(2);

/// Violates HTTP before the upload begins.
pub(super) fn send_before(session: &Session, mistake: &str, user: &str, password: &str) {
    let login = [("X-Agile-Username", user), ("X-Agile-Password", password)];
    let host = session.wire.host();
    let bytes = match mistake {
        "http.no_http" => b"\x16\x03\x01\x02\0\x01\0".to_vec(),
        "http.invalid" => b"POST /account/login HTTP/1.1\r\nContent-Length: 0\r\n\r\n".to_vec(),
        "http.leftover" => {
            [&*encode(host, "/account/login", login.into_iter(), b""), b"{\"more\": 1}"].concat()
        }
        "http.smuggle" => {
            let chunked = login.into_iter().chain([("Transfer-Encoding", "chunked")]);
            encode(host, "/account/login", chunked, b"0\r\n\r\n")
        }
        "http.expect_ignored" => {
            let expect = [("X-Agile-Part", "1"), ("Expect", "100-continue")];
            encode(host, "/multipart/piece", expect.into_iter(), b"an unwanted body")
        }
        _ => return,
    };
    send(session, &bytes);
}

/// Sends piece 1 without its last byte.
pub(super) fn short_piece(session: &Session, id: &str, piece: &[u8]) {
    let token = session.token.as_deref().unwrap_or_default();
    let headers =
        [("X-Agile-Authorization", token), ("X-Agile-Multipart", id), ("X-Agile-Part", "1")];
    let whole = encode(session.wire.host(), "/multipart/piece", headers.into_iter(), piece);
    send(session, &whole[..whole.len() - 1]);
}

/// Sends bytes and reads until the origin closes the connection.
fn send(session: &Session, bytes: &[u8]) {
    let Ok(mut connection) = session.wire.connect() else { return };
    let _ = connection.socket().write_all(bytes);
    let _ = connection.finish_writing();
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if is_closed(&mut connection) {
            return;
        }
    }
}

fn is_closed(connection: &mut Connection) -> bool {
    let is_timeout = |error: &std::io::Error| {
        matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
    };
    !matches!(connection.read_to_end(), Err(error) if is_timeout(&error))
}
