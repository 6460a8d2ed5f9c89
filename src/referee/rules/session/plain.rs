//! `secret.plain`: a password is readable on a network without TLS.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::protocol::{Interface, Operation};
use crate::referee::request::Request;
use crate::referee::rule::{Basis, Level, Rule};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "secret.plain",
    level: Level::Should,
    sentence: "A client should not send a password over plain HTTP to another machine.",
    advice: "Use an https:// URL for every name that is not this machine.",
    section: "RFC 9110 §17.16.1",
    basis: Basis::Rfc,
    needs_end: false,
    applies: |conduct| conduct.requests.iter().any(|request| has_password(*request)),
    judge: |conduct, violations| {
        let connections = conduct.connections.iter().map(|it| it.connection);
        let encrypted: BTreeSet<u64> =
            connections.filter(|it| it.tls.is_some()).map(|it| it.index).collect();
        let is_plain = |it: Request<'_>| !encrypted.contains(&it.exchange.connection);
        let plain = conduct
            .requests
            .iter()
            .filter(|it| has_password(**it) && is_remote(**it) && is_plain(**it));
        let plain: Vec<_> = plain.collect();
        let Some(first) = plain.first() else { return };
        violations.add(plain.iter().map(|it| it.index()), plain.len(), || {
            let (what, number) = (first.describe(), first.number());
            format!("{what} ({number}) sent a password over plain HTTP to {}", host(**first))
        });
    },
};

fn has_password(request: Request<'_>) -> bool {
    request.is(Operation::Login)
        && (request.interface() == Interface::JsonRpc
            || request.header("X-Agile-Password").is_some())
}

/// Returns the host of a request without its port and without a user.
fn host(request: Request<'_>) -> String {
    let host = String::from_utf8_lossy(request.header("Host").unwrap_or_default()).into_owned();
    let host = host.rsplit('@').next().unwrap_or_default();
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default().to_owned(),
        None => host.split(':').next().unwrap_or_default().to_owned(),
    }
}

/// Returns whether a request names another machine. A name without a dot may be this machine in a
/// test.
fn is_remote(request: Request<'_>) -> bool {
    let host = host(request);
    if let Ok(address) = host.parse::<IpAddr>() {
        return !address.is_loopback() && !address.is_unspecified();
    }
    let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    let reserved = ["localhost", "test"];
    labels.len() > 1 && labels.last().is_some_and(|last| !reserved.contains(last))
}

#[cfg(test)]
mod tests {
    use crate::journal::Tls;
    use crate::referee::example::Example;

    #[test]
    fn names_of_this_machine_are_good() {
        for host in ["localhost:80", "127.0.0.1:8080", "[::1]:80", "origin"] {
            Example::default().login().with("Host", host).assert_good("secret.plain");
        }
    }

    #[test]
    fn tls_is_good() {
        let example = Example::default().login().with("Host", "acme.upload.example.com");
        let example = example.connection_having(|connection| connection.tls = Some(Tls::default()));
        example.assert_good("secret.plain");
    }

    #[test]
    fn a_password_to_another_machine_is_bad() {
        let example = Example::default().login().with("Host", "acme.upload.example.com:8080");
        example.assert_bad(
            "secret.plain",
            "POST /account/login (#0) sent a password over plain HTTP to acme.upload.example.com",
        );
    }
}
