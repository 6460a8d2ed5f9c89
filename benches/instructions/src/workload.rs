//! The workloads. Start with [`WORKLOADS`].

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

use mock_origin::{InProgressUpload, MockOrigin};

use crate::piece_head::piece_head;

/// A kind of request, sent again and again over one connection.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    /// Operations of a measurement.
    pub(crate) operations: usize,
    /// Returns the request of one operation, for a token and an upload.
    request: fn(usize, &str, &str) -> String,
    /// What the response must contain.
    expected: &'static str,
}

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload { name: "piece", operations: 1000, request: piece, expected: "X-Agile-Size: 256" },
    Workload { name: "stat", operations: 1000, request: stat, expected: "\"code\": 0" },
    Workload { name: "listing", operations: 50, request: listing, expected: "file-0999" },
];

const FILES: usize = 1000;

fn piece(at: usize, token: &str, upload: &str) -> String {
    piece_head("instructions/1.0", (token, upload), at + 1, 256) + &"x".repeat(256)
}

fn stat(at: usize, token: &str, _: &str) -> String {
    rpc("stat", &format!("\"token\": \"{token}\", \"path\": \"/files/file-{at:04}\""))
}

fn listing(_: usize, token: &str, _: &str) -> String {
    rpc("listFile", &format!("\"token\": \"{token}\", \"path\": \"/files\", \"pageSize\": {FILES}"))
}

fn rpc(method: &str, params: &str) -> String {
    let body = format!(
        "{{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"{method}\", \"params\": {{{params}}}}}"
    );
    format!(
        "POST /jsonrpc2 HTTP/1.1\r\n\
         Host: 127.0.0.1\r\n\
         User-Agent: instructions/1.0\r\n\
         Content-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

impl Workload {
    /// Starts an origin and sends the requests. The origin is not verified at the end.
    pub(crate) fn run(&self, operations: usize) -> io::Result<()> {
        let builder = MockOrigin::builder()
            .seed(1)
            .verify_on_drop(false)
            .upload(InProgressUpload::new("/videos/a.mp4"));
        let builder = (0..FILES)
            .fold(builder, |builder, at| builder.file(&format!("/files/file-{at:04}"), "content"));
        let origin = builder.start();
        let token = origin.issue_token("jane");
        let upload = origin.upload("/videos/a.mp4").id().to_owned();
        let mut socket = TcpStream::connect(origin.addr())?;
        socket.set_nodelay(true)?;
        let mut response = Vec::with_capacity(1 << 20);
        // All of them, so that preparing them is not counted as a part of the operations.
        let requests: Vec<_> =
            (0..self.operations).map(|at| (self.request)(at, &token, &upload)).collect();
        // The first request is sent once more before the others: what only the first of its kind
        // needs is not counted either.
        for request in requests.iter().take(1).chain(requests.iter().take(operations)) {
            socket.write_all(request.as_bytes())?;
            read_response(&mut socket, &mut response)?;
        }
        let found = String::from_utf8_lossy(&response);
        let is_expected = found.contains(self.expected);
        is_expected.then_some(()).ok_or_else(|| io::Error::other(format!("unexpected: {found}")))
    }
}

/// Reads a response with a `Content-Length` to its end.
fn read_response(socket: &mut TcpStream, response: &mut Vec<u8>) -> io::Result<()> {
    response.clear();
    let mut needed = usize::MAX;
    while response.len() < needed {
        let filled = response.len();
        response.resize(filled + 16 * 1024, 0);
        let count = socket.read(&mut response[filled..])?;
        response.truncate(filled + count);
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if needed == usize::MAX
            && let Some(end) = response.windows(4).position(|window| window == b"\r\n\r\n")
        {
            let head = String::from_utf8_lossy(&response[..end]);
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            needed = end + 4 + length.and_then(|length| length.parse().ok()).unwrap_or(0);
        }
    }
    Ok(())
}
