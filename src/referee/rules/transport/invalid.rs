//! `http.invalid`: a request follows the rules of HTTP that a server can check.

use std::collections::BTreeMap;

use crate::journal::HeadError;
use crate::referee::request::Request;
use crate::referee::rule::{Basis, Level, Rule};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "http.invalid",
    level: Level::Must,
    sentence: "A client must send one valid Host, valid header lines and valid chunks.",
    advice: "Let an HTTP library write heads and chunks.",
    section: "RFC 9112 §3.2",
    basis: Basis::Rfc,
    needs_end: false,
    applies: |conduct| !conduct.requests.is_empty(),
    judge: |conduct, violations| {
        let mut errors: BTreeMap<String, Vec<Request<'_>>> = BTreeMap::new();
        for request in conduct.irregular.iter().copied().filter(|request| is_invalid(*request)) {
            let error = (request.exchange.head_error, request.exchange.chunk_error);
            errors.entry(format!("{error:?}")).or_default().push(request);
        }
        for requests in errors.into_values() {
            violations.add(requests.iter().map(|it| it.index()), requests.len(), || {
                let (first, number) = (requests[0], requests[0].number());
                let error = first.exchange.http_error().unwrap_or_default();
                format!("{} ({number}) is invalid HTTP: {error}", first.describe())
            });
        }
    },
};

/// Returns whether a head or chunks are invalid. Two declared lengths are the matter of another rule.
fn is_invalid(request: Request<'_>) -> bool {
    let head_error = request.exchange.head_error;
    let has_two_lengths = head_error == Some(HeadError::LengthAndCoding);
    head_error.is_some() && !has_two_lengths || request.exchange.chunk_error.is_some()
}

#[cfg(test)]
mod tests {
    use super::HeadError;
    use crate::referee::example::Example;

    #[test]
    fn valid_requests_are_good() {
        Example::default().login().create().assert_good("http.invalid");
    }

    #[test]
    fn a_request_without_a_host_is_bad() {
        let example = Example::default().login().without("Host");
        example
            .having(|exchange| exchange.head_error = Some(HeadError::NoHost))
            .assert_bad("http.invalid", "POST /account/login (#0) is invalid HTTP: it has no Host");
    }
}
