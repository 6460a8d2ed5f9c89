//! What the journal records of TLS: the facts of a handshake and why one failed. Start with [`Tls`] and
//! [`TlsFailure`].

use std::fmt;

/// The TLS handshake of a connection, as far as it went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tls {
    /// The host name that the client asked for (SNI). Clients that connect to an IP address send none.
    pub server_name: Option<String>,
    /// The protocols that the client offers (ALPN). The origin speaks only `http/1.1`.
    pub protocols: Vec<String>,
    /// The version of a complete handshake: `TLS 1.2` or `TLS 1.3`.
    pub version: Option<&'static str>,
}

/// Why a TLS handshake failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsFailure {
    /// The client sent a fatal alert with this number (RFC 8446 §6.2).
    Alert(u8),
    /// The client offers other protocols (ALPN), but not `http/1.1`.
    NoCommonProtocol,
    /// The client and the origin have no version, cipher or other parameter in common.
    NoCommonParameters,
    /// The bytes are not a valid handshake.
    Invalid,
    /// The client closed the connection before it received the certificate.
    Closed,
    /// The client closed the connection after it received the certificate. Node rejects a certificate
    /// in this way.
    ClosedAfterCertificate,
    /// The handshake was not complete after 10 s.
    TimedOut,
}

/// The alerts with which a client rejects the origin's certificate, the first of them for one of an
/// unknown authority.
const CERTIFICATE_ALERTS: [u8; 6] = [48, 42, 43, 44, 45, 46];

/// The names of alerts (RFC 8446 §6.2).
const ALERTS: [(u8, &str); 12] = [
    (0, "close_notify"),
    (10, "unexpected_message"),
    (40, "handshake_failure"),
    (42, "bad_certificate"),
    (43, "unsupported_certificate"),
    (44, "certificate_revoked"),
    (45, "certificate_expired"),
    (46, "certificate_unknown"),
    (48, "unknown_ca"),
    (70, "protocol_version"),
    (80, "internal_error"),
    (90, "user_canceled"),
];

impl TlsFailure {
    /// Returns whether the client made an error. A client that closed the connection may have been
    /// stopped.
    pub(crate) fn is_wrong(self) -> bool {
        !matches!(self, Self::Closed | Self::ClosedAfterCertificate)
    }

    /// Returns whether the client does not trust the authority that signed the certificate.
    pub(crate) fn is_unknown_ca(self) -> bool {
        self == Self::Alert(CERTIFICATE_ALERTS[0])
    }

    /// Returns whether the client rejected the certificate.
    pub(crate) fn is_about_certificate(self) -> bool {
        matches!(self, Self::Alert(alert) if CERTIFICATE_ALERTS.contains(&alert))
    }
}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Alert(alert) => {
                let what = if self.is_about_certificate() { "the certificate" } else { "it" };
                write!(f, "the client rejected {what}")?;
                match ALERTS.iter().find(|(known, _)| *known == alert) {
                    Some((_, name)) => write!(f, " with alert {alert} ({name})"),
                    None => write!(f, " with alert {alert}"),
                }
            }
            Self::NoCommonProtocol => f.write_str("the client does not offer http/1.1"),
            Self::NoCommonParameters => f.write_str("no version or cipher in common"),
            Self::Invalid => f.write_str("invalid bytes"),
            Self::Closed => f.write_str("the client closed the connection"),
            Self::ClosedAfterCertificate => {
                f.write_str("the client closed the connection when it had the certificate")
            }
            Self::TimedOut => f.write_str("the client did not complete it within 10 s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_alert() {
        for (alert, text) in [
            (48, "the client rejected the certificate with alert 48 (unknown_ca)"),
            (45, "the client rejected the certificate with alert 45 (certificate_expired)"),
            (70, "the client rejected it with alert 70 (protocol_version)"),
            (200, "the client rejected it with alert 200"),
        ] {
            assert_eq!(TlsFailure::Alert(alert).to_string(), text);
        }
    }
}
