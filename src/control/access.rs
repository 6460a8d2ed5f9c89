//! Decides which requests may control an origin. Start with [`Access::admit`].

use std::hash::{BuildHasher, RandomState};
use std::hint::black_box;
use std::net::IpAddr;

use crate::server::admin_listener::AdminRequest;

use super::message::ApiError;

/// The shortest valid token.
const TOKEN_BYTES: usize = 16;

/// Who may control the origin.
pub(super) enum Access {
    /// Programs on this machine.
    Local,
    /// Clients with the token.
    Token(String),
}

impl Access {
    /// Rejects requests that a page in a browser may have sent. They have an `Origin`, or a `Host` that a
    /// foreign name server points at this machine.
    pub(super) fn admit(&self, request: &AdminRequest) -> Result<(), ApiError> {
        if request.has_origin {
            let why = "invalid header Origin; pages in a browser cannot control an origin";
            return Err(ApiError::new(403, why));
        }
        match self {
            Self::Local => admit_local(request),
            Self::Token(token) => admit_with(token, request),
        }
    }
}

fn admit_local(request: &AdminRequest) -> Result<(), ApiError> {
    match request.hosts.iter().find(|host| !is_local(host)) {
        Some(host) => {
            let why = format!("invalid Host {host:?}; expected localhost or a loopback address");
            Err(ApiError::new(403, why))
        }
        None if request.hosts.is_empty() => {
            Err(ApiError::new(403, "missing header Host; expected localhost"))
        }
        None => Ok(()),
    }
}

/// Returns whether the host of `name` or `name:port` is this machine.
fn is_local(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').unwrap_or(("", "")),
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
        return false;
    }
    let is_loopback = |ip: IpAddr| ip.is_loopback() && ip.is_ipv6() == host.starts_with('[');
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(is_loopback)
}

fn admit_with(token: &str, request: &AdminRequest) -> Result<(), ApiError> {
    let given = match request.authorization.as_slice() {
        [one] => one.as_slice(),
        [] => {
            return Err(ApiError::new(401, "missing header Authorization; expected Bearer TOKEN"));
        }
        _ => return Err(ApiError::new(401, "duplicate header Authorization")),
    };
    let (scheme, given) = given.split_at_checked("Bearer ".len()).unwrap_or_default();
    let is_it = scheme.eq_ignore_ascii_case(b"Bearer ") && is_equal(given, token.as_bytes());
    let why = "invalid header Authorization; expected Bearer and the token";
    if is_it { Ok(()) } else { Err(ApiError::new(401, why)) }
}

/// Compares two values in a time that depends on their lengths only.
fn is_equal(one: &[u8], other: &[u8]) -> bool {
    let differing = one.iter().zip(other).fold(0, |bits, (a, b)| black_box(bits | (a ^ b)));
    one.len() == other.len() && differing == 0
}

/// Checks that a token can be sent in a header and is hard to guess.
pub(super) fn check_token(token: &str) -> Result<(), String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.len() >= TOKEN_BYTES && token.bytes().all(is_plain) {
        return Ok(());
    }
    Err(format!("invalid token; expected at least {TOKEN_BYTES} letters, digits and -._~+/="))
}

/// Returns a token that is hard to guess: the standard library's hash keys are random.
pub(super) fn random_token() -> String {
    let random = RandomState::new();
    format!("{:016x}{:016x}", random.hash_one(0), random.hash_one(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_equal_bytes_are_equal() {
        for (one, other, equal) in [
            ("", "", true),
            ("abc", "abc", true),
            ("abc", "abd", false),
            ("abc", "ab", false),
            ("", "a", false),
        ] {
            assert_eq!(is_equal(one.as_bytes(), other.as_bytes()), equal, "{one} {other}");
        }
    }

    #[test]
    fn random_tokens_are_valid_and_differ() {
        let (one, other) = (random_token(), random_token());
        assert_ne!(one, other);
        assert_eq!((check_token(&one), check_token(&other)), (Ok(()), Ok(())));
    }

    #[test]
    fn a_token_that_is_short_or_cannot_be_sent_is_rejected() {
        for token in
            ["", "123456789012345", "1234567890 123456", "1234567890\n123456", "é23456789012345678"]
        {
            assert!(check_token(token).is_err(), "{token:?}");
        }
    }
}
