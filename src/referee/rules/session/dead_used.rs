//! `token.dead_used`: a rejected token stays rejected.

use std::collections::HashMap;

use crate::referee::request::Request;
use crate::referee::rule::{Basis, Level, Rule};
use crate::referee::try_key::TryKey;

pub(in crate::referee) static RULE: Rule = Rule {
    id: "token.dead_used",
    level: Level::Must,
    sentence: "A client must not repeat a request with the token that was rejected with -10001.",
    advice: "Log in again after 401 or 403 with -10001, and repeat the request with the new token.",
    section: "§2.3",
    basis: Basis::Documented,
    needs_end: false,
    applies: |conduct| conduct.tokens.iter().flat_map(|it| &it.rejected).any(|it| is_rejected(*it)),
    judge: |conduct, violations| {
        for token in &conduct.tokens {
            let mut rejected: HashMap<TryKey<'_>, Request<'_>> = HashMap::new();
            let mut repeated = Vec::new();
            for request in token.rejected.iter().copied().filter(|request| is_rejected(*request)) {
                let key = TryKey::new(request.exchange, request.call);
                let before = *rejected.entry(key).or_insert(request);
                if before.ended_before(request) {
                    repeated.push((before, request));
                }
            }
            let Some((before, again)) = repeated.first() else { continue };
            let exchanges = repeated.iter().flat_map(|(one, next)| [one.index(), next.index()]);
            violations.add(exchanges, repeated.len(), || {
                let (one, next) = (before.number(), again.number());
                let what = before.describe();
                format!(
                    "{what} ({one}) {}, and was sent again with the same token ({next})",
                    before.replied()
                )
            });
        }
    },
};

/// Returns whether the token of a request was rejected.
fn is_rejected(request: Request<'_>) -> bool {
    let is_it = |status| matches!(status, 401 | 403);
    request.rejection().is_some_and(|it| it.code == Some(-10001) && is_it(it.status))
}

#[cfg(test)]
mod tests {
    use crate::protocol::ErrorKind;
    use crate::referee::example::Example;

    fn rejected() -> Example {
        Example::default().create().rejected_for(ErrorKind::BadCredentials)
    }

    #[test]
    fn a_client_that_logs_in_again_is_good() {
        let example = rejected().login().create().with("X-Agile-Authorization", "another");
        example.assert_good("token.dead_used");
    }

    #[test]
    fn a_token_that_works_again_is_good() {
        let example = rejected().create();
        example.assert_good("token.dead_used");
    }

    #[test]
    fn parallel_requests_with_a_token_that_died_are_good() {
        let example = rejected().meanwhile().piece(1, b"a");
        example.rejected_for(ErrorKind::BadCredentials).assert_good("token.dead_used");
    }

    #[test]
    fn repeating_a_request_with_the_rejected_token_is_bad() {
        rejected().create().rejected_for(ErrorKind::BadCredentials).assert_bad(
            "token.dead_used",
            "POST /multipart/create of /acme/videos/a.mp4 (#0) was rejected with 403, code \
             -10001, and was sent again with the same token (#1)",
        );
    }
}
