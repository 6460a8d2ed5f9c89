//! `token.storm`: one login serves many requests.

use crate::protocol::Operation;
use crate::referee::rule::{Basis, Level, Rule};

/// The number of tokens from which a client is found.
const MANY: usize = 5;

pub(in crate::referee) static RULE: Rule = Rule {
    id: "token.storm",
    level: Level::Should,
    sentence: "A client should use its token for more than one request.",
    advice: "A token lives for an hour. Log in once and keep the token until it is rejected. Processes \
             that log in for one request each look the same.",
    section: "§2.2",
    basis: Basis::Evidence,
    needs_end: true,
    applies: |conduct| {
        let has_tokens = conduct.has(Operation::Login) && !conduct.tokens.is_empty();
        has_tokens && conduct.is_complete()
    },
    judge: |conduct, violations| {
        let logins: Vec<_> = conduct
            .requests
            .iter()
            .filter(|request| request.is(Operation::Login) && request.is_accepted())
            .collect();
        let is_storm = logins.len() >= MANY
            && conduct.tokens.len() >= MANY
            && conduct.tokens.len() <= logins.len()
            && conduct.tokens.iter().all(|token| token.count == 1 && token.rejected.is_empty());
        if is_storm {
            violations.add(logins.iter().map(|it| it.index()), logins.len(), || {
                format!("{} logins: each token was used for one request", logins.len())
            });
        }
    },
};

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    fn logins(count: u32) -> Example {
        (0..count).fold(Example::default(), |example, at| {
            example.login().create().with("X-Agile-Authorization", &at.to_string())
        })
    }

    #[test]
    fn a_token_for_several_requests_is_good() {
        logins(5).create().assert_good("token.storm");
    }

    #[test]
    fn a_login_for_each_request_is_bad() {
        logins(5).assert_bad("token.storm", "5 logins: each token was used for one request");
    }
}
