//! The servers that are measured, behind one interface. Start with [`Server::start`].

use std::any::Any;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::ops::DerefMut;
use std::str::FromStr;

use mock_origin::{Builder, InProgressUpload, MockOrigin};

use crate::bare::{Bare, Manner};

/// A server to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Hyper,
    HyperTwoWorkers,
    HyperCounting,
    MockOrigin,
    Httptest,
    Httpmock,
    Wiremock,
    Mockito,
}

impl Kind {
    /// In the order of the report. Ratios are to the first.
    pub(crate) const ALL: [Self; 8] = [
        Self::Hyper,
        Self::HyperTwoWorkers,
        Self::HyperCounting,
        Self::MockOrigin,
        Self::Httptest,
        Self::Httpmock,
        Self::Wiremock,
        Self::Mockito,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hyper => "hyper",
            Self::HyperTwoWorkers => "hyper-two-workers",
            Self::HyperCounting => "hyper-counting",
            Self::MockOrigin => "mock-origin",
            Self::Httptest => "httptest",
            Self::Httpmock => "httpmock",
            Self::Wiremock => "wiremock",
            Self::Mockito => "mockito",
        }
    }

    /// Returns whether it keeps whole bodies in memory, so that a large body takes long.
    pub(crate) fn buffers_bodies(self) -> bool {
        matches!(self, Self::Httptest | Self::Httpmock | Self::Wiremock | Self::Mockito)
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| format!("unknown server {name}"))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Headers of every response of every server. The bare servers and the origin add the size and the
/// checksum of the body; the mock servers send [`SIZE_AND_CHECKSUM`].
pub(crate) const HEADERS: [(&str, &str); 6] = [
    ("server", "Apache"),
    ("access-control-allow-origin", "*"),
    ("access-control-allow-headers", "X-Agile-Authorization, X-Content-Type"),
    ("access-control-allow-methods", "OPTIONS"),
    ("content-type", "text/json;charset=utf-8"),
    ("x-agile-status", "0"),
];

const SIZE_AND_CHECKSUM: [(&str, &str); 2] = [
    ("x-agile-size", "256"),
    ("x-agile-checksum", "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"),
];

fn mock_headers() -> impl Iterator<Item = (&'static str, &'static str)> {
    HEADERS.into_iter().chain(SIZE_AND_CHECKSUM)
}

/// A server that is listening. Dropping it stops it.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// Token and id of each open upload. Servers without uploads have made-up ones of the same length.
    pub(crate) uploads: Vec<(String, String)>,
    _running: Box<dyn Any>,
}

impl Server {
    /// Starts a server that answers every request with status 200.
    pub(crate) fn start(kind: Kind, uploads: usize) -> io::Result<Self> {
        if kind == Kind::MockOrigin {
            return Ok(Self::origin(uploads));
        }
        let (address, running): (SocketAddr, Box<dyn Any>) = match kind {
            Kind::Hyper => bare(Manner { two_workers: false, hashes: true })?,
            Kind::HyperTwoWorkers => bare(Manner { two_workers: true, hashes: true })?,
            Kind::HyperCounting => bare(Manner { two_workers: false, hashes: false })?,
            Kind::Httptest => httptest(),
            Kind::Httpmock => httpmock(),
            Kind::Wiremock => wiremock(),
            Kind::Mockito => mockito(mockito::Server::new()),
            Kind::MockOrigin => unreachable!("handled above"),
        };
        let made_up = ("0".repeat(36), "0".repeat(32));
        Ok(Self { address, uploads: vec![made_up; uploads], _running: running })
    }

    /// Starts one of more servers than mockito's pool has.
    pub(crate) fn start_one_of_many(kind: Kind) -> io::Result<Self> {
        if kind != Kind::Mockito {
            return Self::start(kind, 0);
        }
        let (address, running) =
            mockito(Box::new(mockito::Server::new_with_opts(Default::default())));
        Ok(Self { address, uploads: Vec::new(), _running: running })
    }

    fn origin(uploads: usize) -> Self {
        let origin = (0..uploads)
            .map(|index| InProgressUpload::new(&format!("/videos/{index}.mp4")))
            .fold(MockOrigin::builder(), Builder::upload)
            .start();
        let token = |id: &str| (origin.issue_token("jane"), id.to_owned());
        let uploads = if uploads == 0 { Vec::new() } else { origin.uploads() };
        let uploads = uploads.iter().map(|upload| token(upload.id())).collect();
        Self { address: origin.addr(), uploads, _running: Box::new(origin) }
    }
}

fn bare(manner: Manner) -> io::Result<(SocketAddr, Box<dyn Any>)> {
    let bare = Bare::start(manner)?;
    Ok((bare.address, Box::new(bare)))
}

fn httptest() -> (SocketAddr, Box<dyn Any>) {
    use httptest::{Expectation, Server, matchers::any, responders::status_code};
    let server = Server::run();
    let response = mock_headers()
        .fold(status_code(200), |response, (name, value)| response.insert_header(name, value));
    server.expect(Expectation::matching(any()).times(..).respond_with(response));
    (server.addr(), Box::new(server))
}

fn httpmock() -> (SocketAddr, Box<dyn Any>) {
    let server = httpmock::MockServer::start();
    server.mock(|when, then| {
        when.any_request();
        mock_headers().fold(then.status(200), |then, (name, value)| then.header(name, value));
    });
    (*server.address(), Box::new(server))
}

fn wiremock() -> (SocketAddr, Box<dyn Any>) {
    use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};
    let response = mock_headers().fold(ResponseTemplate::new(200), |response, (name, value)| {
        response.insert_header(name, value)
    });
    let server = futures_executor::block_on(async {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(response).mount(&server).await;
        server
    });
    (*server.address(), Box::new(server))
}

fn mockito(
    mut server: impl DerefMut<Target = mockito::Server> + 'static,
) -> (SocketAddr, Box<dyn Any>) {
    for method in ["POST", "OPTIONS"] {
        let mock = server.mock(method, mockito::Matcher::Any).with_status(200);
        mock_headers().fold(mock, |mock, (name, value)| mock.with_header(name, value)).create();
    }
    (server.socket_address(), Box::new(server))
}
