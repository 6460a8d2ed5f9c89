//! The head of a piece, which the benchmarks of different packages share. Start with [`piece_head`].

use std::fmt::Display;

/// Returns the head of a request that sends a piece of `size` bytes. `agent` is the program that sends
/// it.
pub(crate) fn piece_head(
    agent: &str,
    (token, id): (&str, &str),
    number: impl Display,
    size: impl Display,
) -> String {
    format!(
        "POST /multipart/piece HTTP/1.1\r\n\
         Host: 127.0.0.1\r\n\
         User-Agent: {agent}\r\n\
         X-Agile-Authorization: {token}\r\n\
         X-Agile-Multipart: {id}\r\n\
         X-Agile-Part: {number}\r\n\
         Content-Type: application/octet-stream\r\n\
         Content-Length: {size}\r\n\r\n"
    )
}
