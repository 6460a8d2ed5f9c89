//! The certificate authority of one origin and the certificates that it signs. Start with
//! [`TlsServer`].
//!
//! Everything is made when the origin starts and is kept in memory only.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto;
use rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};
use rustls::server::NoServerSessionStorage;

use crate::error::Error;
use crate::fault::InvalidCertificate;

/// The names of this machine, which every valid certificate has.
const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The name in a certificate for another name. It never exists (RFC 6761).
const OTHER_NAME: &str = "other.invalid";

/// The days before now from which a certificate is valid, and those after now until which it is valid.
type Validity = (i32, i32);

/// From a day ago, because the clock of another machine may be behind, for a year: some clients accept
/// no more than 398 days.
const VALID: Validity = (-1, 365);

const EXPIRED: Validity = (-30, -1);

/// What an origin needs to accept TLS connections.
pub(crate) struct TlsServer {
    ca_pem: String,
    config: Arc<ServerConfig>,
    expired: Arc<ServerConfig>,
    other_name: Arc<ServerConfig>,
    unknown_authority: Arc<ServerConfig>,
}

impl TlsServer {
    /// Makes a certificate authority, and a certificate for this machine, for `names` (DNS names and
    /// IP addresses), and for the addresses of the listeners.
    ///
    /// # Errors
    ///
    /// If a key or a certificate cannot be made.
    pub(crate) fn new(names: &[String], listeners: &[SocketAddr]) -> Result<Self, Error> {
        let local = LOCAL_NAMES.into_iter().map(str::to_owned);
        let listeners = listeners.iter().map(SocketAddr::ip).filter(|ip| !ip.is_unspecified());
        let listeners = listeners.map(|ip| ip.to_string());
        let all: BTreeSet<_> = local.chain(names.iter().cloned()).chain(listeners).collect();
        Self::make(all.into_iter().collect()).map_err(|source| {
            Error::io("the origin cannot make its certificates".to_owned(), source)
        })
    }

    fn make(names: Vec<String>) -> io::Result<Self> {
        let (ca, unknown) = (authority()?, authority()?);
        Ok(Self {
            config: config(names.clone(), &ca, VALID)?,
            expired: config(names.clone(), &ca, EXPIRED)?,
            other_name: config(vec![OTHER_NAME.to_owned()], &ca, VALID)?,
            unknown_authority: config(names, &unknown, VALID)?,
            ca_pem: ca.pem(),
        })
    }

    /// Returns the certificate of the authority as PEM.
    pub(crate) fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Returns the configuration with the valid certificate, or with an invalid one.
    pub(crate) fn config(&self, invalid: Option<InvalidCertificate>) -> &Arc<ServerConfig> {
        match invalid {
            None => &self.config,
            Some(InvalidCertificate::Expired) => &self.expired,
            Some(InvalidCertificate::OtherName) => &self.other_name,
            Some(InvalidCertificate::UnknownAuthority) => &self.unknown_authority,
        }
    }
}

impl fmt::Debug for TlsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsServer")
    }
}

/// Checks a name for a certificate: a DNS name, `*.` before a DNS name, or an IP address.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let plain = name.strip_prefix("*.").filter(|rest| rest.contains('.')).unwrap_or(name);
    match ServerName::try_from(plain) {
        Ok(_) => Ok(()),
        Err(_) => Err(format!(
            "invalid TLS name {name:?}: expected a DNS name, such as \"upload.example.com\" or \
             \"*.example.com\", or an IP address"
        )),
    }
}

fn authority() -> io::Result<CertifiedIssuer<'static, KeyPair>> {
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let mut params = CertificateParams::default();
    // Some clients confuse authorities of one name.
    let id = params.key_identifier(&key);
    let id = u32::from_be_bytes([id[0], id[1], id[2], id[3]]);
    params.distinguished_name = common_name(&format!("mock-origin CA {id:08x}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(&mut params, VALID);
    CertifiedIssuer::self_signed(params, key).map_err(io::Error::other)
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn set_validity(params: &mut CertificateParams, (from, until): Validity) {
    let elapsed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = rcgen::date_time_ymd(1970, 1, 1) + elapsed;
    let day = |day: i32| match DAY * day.unsigned_abs() {
        distance if day < 0 => now - distance,
        distance => now + distance,
    };
    (params.not_before, params.not_after) = (day(from), day(until));
}

/// Returns the configuration with a new certificate for `names`, signed by `ca`.
fn config(
    names: Vec<String>,
    ca: &CertifiedIssuer<'_, KeyPair>,
    validity: Validity,
) -> io::Result<Arc<ServerConfig>> {
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
    params.distinguished_name = common_name("mock-origin");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Python 3.13 rejects a certificate without it.
    params.use_authority_key_identifier_extension = true;
    set_validity(&mut params, validity);
    let certificate = params.signed_by(&key, ca).map_err(io::Error::other)?;
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    // The provider is named, because a default one would be state of the whole process.
    let mut config =
        ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // A resumed session sends no certificate, so every connection makes a full handshake.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_dns_name_or_an_address() {
        for name in ["localhost", "upload.example.com", "*.example.com", "10.0.0.1", "fe80::1"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["", "*", "*.com", "a b", "https://a.example.com", "a:80", "[::1]", "ä.com"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
