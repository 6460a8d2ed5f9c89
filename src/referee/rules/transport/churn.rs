//! `http.churn`: a connection serves many requests.

use crate::referee::rule::{Basis, Level, Rule};

/// The number of connections from which a client is remarked.
const MANY: usize = 20;

pub(in crate::referee) static RULE: Rule = Rule {
    id: "http.churn",
    level: Level::Info,
    sentence: "A client may keep its connections: 20 connections or more carried one request each.",
    advice: "Use one client object for all requests, and read each response to its end.",
    section: "RFC 9112 §9.3",
    basis: Basis::Rfc,
    needs_end: true,
    applies: |conduct| conduct.connections.len() > 1 && conduct.is_complete(),
    judge: |conduct, violations| {
        let single: Vec<_> = conduct
            .connections
            .iter()
            .filter_map(|it| it.first.zip(it.last))
            .filter(|(first, last)| first.is_accepted() && first.index() == last.index())
            .collect();
        if single.len() >= MANY && single.len() == conduct.connections.len() {
            let exchanges = single.iter().map(|(first, _)| first.index());
            violations.add(exchanges, single.len(), || {
                format!("{} connections carried one request each", single.len())
            });
        }
    },
};

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    fn connections(count: u32) -> Example {
        let connect = |example: Example, _| example.reconnect().login();
        (1..count).fold(Example::default().login(), connect)
    }

    #[test]
    fn few_connections_are_good() {
        connections(19).assert_good("http.churn");
    }

    #[test]
    fn a_connection_for_each_request_is_remarked() {
        connections(20).assert_bad("http.churn", "20 connections carried one request each");
    }
}
