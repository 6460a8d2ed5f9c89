//! A deterministic origin, and clients that send the same request in several ways.

#![allow(unreachable_pub)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use mock_origin::internals::protocol::{Availability, Endpoint, ResultCode, STANDARD_HEADERS};
use mock_origin::journal::{Exchange, Journal};
use mock_origin::referee::Level;
use mock_origin::{Builder, InProgressUpload, MockOrigin, Operation, Outcome};

use crate::support::payload::{chunk, chunked};
use crate::support::record::{closed_exchange, wait_for};
use crate::support::{self, Client, Ended};

/// The length of the bodies that are sent.
pub const LENGTH: usize = 1000;

/// How a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// On a new connection, with `Content-Length`.
    Length,
    /// On a new connection, in chunks.
    Chunked,
    /// As the second request of a connection.
    Reused,
    /// As the second request of a connection, in chunks.
    ReusedChunked,
}

/// Every way.
pub const WAYS: [Way; 4] = [Way::Length, Way::Chunked, Way::Reused, Way::ReusedChunked];

impl Way {
    /// Returns whether another request precedes it.
    pub fn is_reused(self) -> bool {
        matches!(self, Self::Reused | Self::ReusedChunked)
    }

    fn is_chunked(self) -> bool {
        matches!(self, Self::Chunked | Self::ReusedChunked)
    }
}

/// A request, independent of the way in which it is sent.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: &'static str,
    pub target: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// Returns the request as bytes.
    pub fn bytes(&self, way: Way) -> Vec<u8> {
        let mut headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (*name, &**value)).collect();
        if !way.is_chunked() {
            return support::request(self.method, &self.target, &headers, &self.body);
        }
        headers.push(("Transfer-Encoding", "chunked"));
        let head = support::request(self.method, &self.target, &headers, b"");
        [head, chunked(&self.body, 300)].concat()
    }
}

/// What a client received for a request, and the record of the exchange.
#[derive(Debug)]
pub struct Seen {
    pub bytes: Vec<u8>,
    pub ended: Ended,
    pub exchange: Arc<Exchange>,
}

/// An origin with an open upload to `/videos/a.mp4` and a stopped clock.
pub struct Scene {
    pub origin: MockOrigin,
    pub token: String,
    pub id: String,
}

impl Scene {
    pub fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub fn with(change: impl FnOnce(Builder) -> Builder) -> Self {
        let builder = MockOrigin::builder()
            .seed(7)
            .clock_at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000))
            .clock_stopped()
            .referee(Level::Off)
            .directory("/videos")
            .upload(InProgressUpload::new("/videos/a.mp4").piece(1, "one"));
        let origin = change(builder).start();
        let token = origin.issue_token("jane");
        let id = origin.uploads()[0].id().to_owned();
        Self { origin, token, id }
    }

    pub fn client(&self) -> Client {
        Client::new(&self.origin)
    }

    /// Returns a piece of a thousand bytes.
    pub fn piece(&self, number: u32) -> Request {
        let headers = vec![
            ("X-Agile-Authorization", self.token.clone()),
            ("X-Agile-Multipart", self.id.clone()),
            ("X-Agile-Part", number.to_string()),
        ];
        let body = vec![b'x'; LENGTH];
        Request { method: "POST", target: "/multipart/piece".to_owned(), headers, body }
    }

    /// Returns the completion of the upload.
    pub fn complete(&self) -> Request {
        let headers = vec![
            ("X-Agile-Authorization", self.token.clone()),
            ("X-Agile-Multipart", self.id.clone()),
        ];
        let target = "/multipart/complete".to_owned();
        Request { method: "POST", target, headers, body: Vec::new() }
    }

    /// Returns the creation of an upload to `/videos/{name}`.
    pub fn create(&self, name: &str) -> Request {
        let headers = self.location(name);
        Request {
            method: "POST",
            target: "/multipart/create".to_owned(),
            headers,
            body: Vec::new(),
        }
    }

    /// Returns a file for `/post/raw`.
    pub fn raw(&self, name: &str) -> Request {
        let (headers, body) = (self.location(name), vec![b'r'; LENGTH]);
        Request { method: "POST", target: "/post/raw".to_owned(), headers, body }
    }

    /// Returns a file for `/post/file`.
    pub fn form(&self, name: &str) -> Request {
        let headers = vec![
            ("X-Agile-Authorization", self.token.clone()),
            ("Content-Type", "multipart/form-data; boundary=b".to_owned()),
        ];
        let field = |name: &str, value: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let file = format!(
            "--b\r\nContent-Disposition: form-data; name=\"uploadFile\"; filename=\"{name}\"\r\n\r\n{}\r\n--b--\r\n",
            "f".repeat(LENGTH)
        );
        let body = [field("directory", "/videos"), field("basename", name), file].concat();
        let target = "/post/file".to_owned();
        Request { method: "POST", target, headers, body: body.into_bytes() }
    }

    /// Returns the creation of the directory `/new`.
    pub fn directory(&self) -> Request {
        let headers = vec![
            ("X-Agile-Authorization", self.token.clone()),
            ("X-Agile-Directory", "/new".to_owned()),
        ];
        Request { method: "POST", target: "/post/directory".to_owned(), headers, body: Vec::new() }
    }

    /// Returns a JSON-RPC request.
    pub fn rpc(&self, method: &str, params: &str) -> Request {
        let params = params.replace("TOKEN", &self.token).replace("MPID", &self.id);
        let body = format!(
            "{{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"{method}\", \"params\": {params}}}"
        );
        self.rpc_body(&body)
    }

    /// Returns a JSON-RPC request with any body.
    pub fn rpc_body(&self, body: &str) -> Request {
        let body = body.replace("TOKEN", &self.token).into_bytes();
        Request { method: "POST", target: "/jsonrpc2".to_owned(), headers: Vec::new(), body }
    }

    fn location(&self, name: &str) -> Vec<(&'static str, String)> {
        vec![
            ("X-Agile-Authorization", self.token.clone()),
            ("X-Agile-Directory", "/videos".to_owned()),
            ("X-Agile-Basename", name.to_owned()),
        ]
    }

    /// Sends a request on a new connection, and reads at least `count` bytes or until the end.
    pub fn play(&self, request: &Request, way: Way, count: usize) -> Seen {
        self.play_on(&mut self.client(), request, way, count)
    }

    /// Does the same on an open connection.
    pub fn play_on(&self, client: &mut Client, request: &Request, way: Way, count: usize) -> Seen {
        if way.is_reused() {
            assert_works(client);
        }
        let before = on_connection(&self.origin.journal(), client.address()).len();
        let (bytes, ended) = client.write(request.bytes(way)).receive(count);
        let exchange = wait_for(&self.origin, |journal| {
            let exchange = on_connection(journal, client.address()).get(before)?.clone();
            exchange.outcome.is_final().then_some(exchange)
        });
        Seen { bytes, ended, exchange }
    }

    /// Returns the response to the request without a fault.
    pub fn plainly(request: impl Fn(&Self) -> Request, change: fn(Builder) -> Builder) -> Vec<u8> {
        let scene = Self::with(change);
        let mut client = scene.client();
        let response = client.write(request(&scene).bytes(Way::Length)).read();
        assert_eq!(response.status, 200, "{response:?}");
        let record = closed_exchange(&scene.origin, 0);
        assert_eq!(client.receive(0), (Vec::new(), Ended::StillOpen));
        let count = usize::try_from(record.written).unwrap();
        // Now the length is known, so that the raw bytes can be read.
        let scene = Self::with(change);
        let (bytes, ended) =
            scene.client().write(request(&scene).bytes(Way::Length)).receive(count);
        assert_eq!((bytes.len(), ended), (count, Ended::StillOpen));
        bytes
    }
}

/// Returns the exchanges of the latest connection from this address. Earlier connections may belong to
/// another program that used the port before.
fn on_connection(journal: &Journal, client: SocketAddr) -> Vec<Arc<Exchange>> {
    let mut latest_first = journal.connections().iter().rev();
    let Some(connection) = latest_first.find(|known| known.peer == client) else {
        return Vec::new();
    };
    let exchanges = journal.exchanges().iter();
    exchanges.filter(|exchange| exchange.connection == connection.index).cloned().collect()
}

/// Asserts that the origin still responds on a connection.
pub fn assert_works(client: &mut Client) {
    let response = client.send("OPTIONS", "/multipart/piece", &[], b"");
    assert_eq!(response.status, 200, "{response:?}");
}

/// Returns the download of a stored file.
pub fn read(path: &str) -> Request {
    let (target, headers) = (format!("/acme{path}"), Vec::new());
    Request { method: "GET", target, headers, body: Vec::new() }
}

/// The values of the record that a fault determines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    pub received: u64,
    pub written: u64,
    pub outcome: Outcome,
    /// Whether the call was committed.
    pub committed: bool,
    /// The recorded status.
    pub status: Option<u16>,
    /// The number of injected faults.
    pub faults: usize,
}

impl Figures {
    pub fn of(exchange: &Exchange) -> Self {
        Self {
            received: exchange.received,
            written: exchange.written,
            outcome: exchange.outcome,
            committed: exchange.committed.is_some(),
            status: exchange.status(),
            faults: exchange.faults.len(),
        }
    }
}

/// Returns a response head; `first` is the status line without the version.
pub fn head(first: &str, own: &[(&str, &str)]) -> Vec<u8> {
    let date = [("Date", "Sun, 09 Sep 2001 01:46:40 GMT")];
    let headers = date.iter().chain(&STANDARD_HEADERS).chain(own);
    let lines: Vec<_> = headers.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("HTTP/1.1 {first}\r\n{}\r\n", lines.concat()).into_bytes()
}

/// Returns the rejection with this status. Prefers a result code of the endpoint that only faults
/// cause, then any of its result codes, then a proxy's response.
pub fn rejection(endpoint: &Endpoint, status: u16) -> Vec<u8> {
    let results = || endpoint.results.iter().filter(|row| row.http == status);
    let row =
        results().find(|row| row.availability == Availability::FaultOnly).or(results().next());
    match row {
        Some(row) if endpoint.operation == Operation::MakeDirectory => {
            let message = format!("{{\"message\": \"{}\", \"code\": {}}}", row.phrase, row.code);
            rejection_with(row, &message)
        }
        Some(row) => rejection_with(row, ""),
        None => rejection_by_proxy(status),
    }
}

/// Returns the rejection with a result code.
pub fn rejection_with(row: &ResultCode, message: &str) -> Vec<u8> {
    let own = [
        ("X-Agile-Status", &*row.code.to_string()),
        ("Content-Type", "text/json;charset=utf-8"),
        ("Connection", "close"),
        ("Content-Length", &*message.len().to_string()),
    ];
    [head(&format!("{} {}", row.http, row.phrase), &own), message.as_bytes().to_vec()].concat()
}

/// Returns the rejection of a proxy.
pub fn rejection_by_proxy(status: u16) -> Vec<u8> {
    let first = match status {
        500 => "500 Internal Server Error",
        502 => "502 Bad Gateway",
        _ => "503 Service Unavailable",
    };
    head(first, &[("Connection", "close"), ("Content-Length", "0")])
}

/// Returns a chunked body without the last chunk.
pub fn open_chunks(bytes: &[u8]) -> Vec<u8> {
    bytes.chunks(300).flat_map(chunk).collect()
}
