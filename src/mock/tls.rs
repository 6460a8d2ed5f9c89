//! TLS of an origin (feature `tls`): the steps of the builder and the certificate for clients. Start with
//! [`Builder::tls`].

use std::net::SocketAddr;

use crate::error::Error;
use crate::mock::builder::Builder;
use crate::mock::mock_origin::MockOrigin;
use crate::server::tls::{TlsServer, check_name};

impl Builder {
    /// Serves HTTPS on every listener, and no plain HTTP. The certificate is valid for `localhost`,
    /// 127.0.0.1, `::1`, the addresses of the listeners and the names of [`Builder::tls_name`]. It and
    /// its certificate authority are made when the origin starts. [`MockOrigin::ca_pem`] is what the
    /// client must trust.
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::builder().tls().start();
    /// assert!(origin.url().starts_with("https://127.0.0.1:"));
    /// ```
    pub fn tls(mut self) -> Self {
        self.tls.get_or_insert_default();
        self
    }

    /// Adds a name to the certificate: a DNS name, `*.example.com` for all names of one domain, or an IP
    /// address. Turns on [`Builder::tls`]. Several calls add several names. The client must resolve the
    /// name to the address of the origin, for example with `curl --resolve`.
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::builder().tls_name("upload.example.com").start();
    /// ```
    ///
    /// # Panics
    ///
    /// If it is neither a DNS name nor an IP address.
    #[track_caller]
    pub fn tls_name(self, name: &str) -> Self {
        self.apply(".tls_name(\"upload.example.com\")", |builder| {
            check_name(name)?;
            builder.tls.get_or_insert_default().push(name.to_owned());
            Ok(())
        })
    }

    /// Makes the certificates if the origin uses TLS.
    pub(super) fn make_certificates(
        &self,
        listeners: &[SocketAddr],
    ) -> Result<Option<TlsServer>, Error> {
        self.tls.as_ref().map(|names| TlsServer::new(names, listeners)).transpose()
    }
}

impl MockOrigin {
    /// Returns the certificate of the origin's certificate authority as PEM. A client that trusts it
    /// accepts the certificate of the origin. Each origin has its own authority.
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::builder().tls().start();
    /// assert!(origin.ca_pem().starts_with("-----BEGIN CERTIFICATE-----"));
    /// ```
    ///
    /// # Panics
    ///
    /// If the origin does not use TLS.
    #[cfg(feature = "tls")]
    #[track_caller]
    pub fn ca_pem(&self) -> &str {
        match &self.shared.tls {
            Some(tls) => tls.ca_pem(),
            None => panic!("the origin does not use TLS: MockOrigin::builder().tls().start()"),
        }
    }
}
