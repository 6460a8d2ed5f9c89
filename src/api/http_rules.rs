//! The requirements of HTTP itself, which are checked before a request is routed (§1.9).
//!
//! hyper checks the syntax of a head and the framing of its body. This module decides what hyper leaves to the server:
//! the `Host` header and the transfer codings. It knows nothing of endpoints. Start with [`find_violation`].

use crate::journal::{Head, HeadError};

/// Returns the rule that a head violates and that the server must enforce, and the status of the
/// error response.
pub(super) fn find_violation(head: &Head) -> Option<(u16, HeadError)> {
    let error = match HeadError::find_in_host(head) {
        Some(error) => error,
        None => HeadError::find_in_codings(head)?,
    };
    // hyper has already rejected a list that does not end in `chunked`, because the length of such a
    // body is unknown (RFC 9112 §6.3).
    let status = if matches!(error, HeadError::UnknownCoding(_)) { 501 } else { 400 };
    Some((status, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violation_of(version: &str, headers: &str) -> Option<u16> {
        let head = Head::new(format!("GET / HTTP/{version}\r\n{headers}\r\n").into_bytes());
        find_violation(&head).map(|(status, _)| status)
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
