//! The requirements of HTTP itself, which are checked before a request is routed (§1.9).
//!
//! hyper checks the syntax of a head and the framing of its body. This module checks what hyper leaves to the server:
//! the `Host` header and the transfer codings. It knows nothing of endpoints. Start with [`violation`].

use crate::journal::Head;

/// Returns the status of the error response if the head violates a rule that the server must
/// enforce.
pub(super) fn find_violation(head: &Head) -> Option<u16> {
    if !has_valid_host(head) {
        return Some(400);
    }
    coding_violation(head)
}

/// Returns whether the head has one valid `Host` header. HTTP/1.0 may leave it out (RFC 9112 §3.2).
fn has_valid_host(head: &Head) -> bool {
    let mut hosts = head.headers_named("Host");
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.iter().all(|byte| is_host_byte(*byte)),
        (None, _) => head.version() == "HTTP/1.0",
        (Some(_), Some(_)) => false,
    }
}

/// Returns whether the byte may stand in `uri-host [ ":" port ]` (RFC 3986 §3.2.2).
fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(&byte)
}

/// Returns 501 for a coding other than `chunked`, and 400 if `chunked` is applied twice (RFC 9112 §6.1, §7.1).
///
/// hyper has already rejected a list that does not end in `chunked`, because the length of such a
/// body is unknown (RFC 9112 §6.3).
fn coding_violation(head: &Head) -> Option<u16> {
    let lists = head.headers_named("Transfer-Encoding");
    let codings = lists.flat_map(|list| list.split(|byte| *byte == b','));
    let mut codings = codings.map(<[u8]>::trim_ascii).filter(|coding| !coding.is_empty());
    let is_chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
    let first = codings.next()?;
    match codings.next() {
        None => None,
        Some(second) if is_chunked(first) && is_chunked(second) => Some(400),
        Some(_) => Some(501),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violation_of(version: &str, headers: &str) -> Option<u16> {
        find_violation(&Head::new(format!("GET / HTTP/{version}\r\n{headers}\r\n").into_bytes()))
    }

    #[test]
    fn http_1_1_requires_exactly_one_valid_host() {
        for good in ["Host: a\r\n", "host:\r\n", "Host: [::1]:80\r\n", "HOST: a%2fb:8080\r\n"] {
            assert_eq!(violation_of("1.1", good), None, "{good}");
        }
        for bad in ["", "X-Host: a\r\n", "Host: a\r\nhost: a\r\n", "Host: a b\r\n", "Host: a/b\r\n"]
        {
            assert_eq!(violation_of("1.1", bad), Some(400), "{bad}");
        }
    }

    #[test]
    fn http_1_0_may_leave_out_the_host() {
        assert_eq!(violation_of("1.0", ""), None);
        assert_eq!(violation_of("1.0", "Host: a\r\n"), None);
        assert_eq!(violation_of("1.0", "Host: a\r\nHost: b\r\n"), Some(400));
    }

    #[test]
    fn only_chunked_alone_is_a_known_transfer_coding() {
        for (codings, status) in [
            ("chunked", None),
            ("Chunked", None),
            (" , chunked", None),
            ("gzip, chunked", Some(501)),
            ("identity, chunked", Some(501)),
            ("chunked, chunked", Some(400)),
            ("gzip\r\ntransfer-encoding: chunked", Some(501)),
        ] {
            let headers = format!("Host: a\r\nTransfer-Encoding: {codings}\r\n");
            assert_eq!(violation_of("1.1", &headers), status, "{codings}");
        }
    }
}
