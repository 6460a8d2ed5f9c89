//! A client of TLS origins. Start with [`TlsClient`] and [`trusting`].

use std::io::{self, ErrorKind, Read as _};
use std::net::TcpStream;
use std::sync::Arc;

use mock_origin::MockOrigin;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};

use crate::support::http::{Connection, TIMEOUT};
use crate::support::{Response, request};

/// One TLS connection to an origin.
pub(super) struct TlsClient(Connection<StreamOwned<ClientConnection, TcpStream>>);

/// How a TLS connection ended.
#[derive(Debug, PartialEq)]
pub(super) enum End {
    /// The origin sent `close_notify`.
    CloseNotify,
    /// The connection was closed without `close_notify`.
    Closed,
    /// The connection was reset.
    Reset,
}

/// Returns the configuration of a client that trusts only these certificates.
pub(super) fn trusting(pem: &str) -> ClientConfig {
    trusting_with(pem, rustls::DEFAULT_VERSIONS)
}

/// Returns the configuration of a client that trusts only these certificates and speaks only these
/// versions of TLS.
pub(super) fn trusting_with(
    pem: &str,
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

impl TlsClient {
    /// Connects to the first listener of an origin and trusts its authority.
    pub(super) fn new(origin: &MockOrigin) -> Self {
        Self::connect(origin, "localhost", trusting(origin.ca_pem())).unwrap()
    }

    /// Connects and makes the handshake. The error contains a [`rustls::Error`] if it fails.
    pub(super) fn connect(
        origin: &MockOrigin,
        name: &str,
        config: ClientConfig,
    ) -> io::Result<Self> {
        let name = name.to_owned().try_into().unwrap();
        let mut session = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut socket = TcpStream::connect(origin.addr())?;
        socket.set_read_timeout(Some(TIMEOUT))?;
        socket.set_write_timeout(Some(TIMEOUT))?;
        while session.is_handshaking() {
            session.complete_io(&mut socket)?;
        }
        Ok(Self(Connection::new(StreamOwned::new(session, socket))))
    }

    /// Writes bytes as they are.
    pub(super) fn write(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.write(bytes).unwrap();
        self
    }

    /// Reads one response.
    pub(super) fn read(&mut self) -> Response {
        let head = self.0.read_head("GET").unwrap();
        let body = self.0.read_body(head.length).unwrap();
        Response::new(head, body)
    }

    /// Sends a request and reads the response.
    pub(super) fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        self.write(&request(method, target, headers, body)).read()
    }

    /// Reads until the connection ends.
    pub(super) fn read_to_end(mut self) -> (Vec<u8>, End) {
        let mut received = self.0.take_unread();
        let end = match self.0.socket_mut().read_to_end(&mut received) {
            Ok(_) => End::CloseNotify,
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => End::Closed,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => End::Reset,
            Err(error) => panic!("the connection did not end: {error}"),
        };
        (received, end)
    }

    /// Returns the TLS session.
    pub(super) fn session(&self) -> &ClientConnection {
        &self.0.socket().conn
    }
}
