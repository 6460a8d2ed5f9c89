//! `retry.early`: `Retry-After` says when the next try may succeed.

use std::time::Duration;

use crate::referee::request::Request;
use crate::referee::rule::{Basis, Level, Rule};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "retry.early",
    level: Level::Should,
    sentence: "A client should wait as long as Retry-After asks before it sends a request again.",
    advice: "Wait at least that many seconds after the response has arrived.",
    section: "RFC 9110 §10.2.3",
    basis: Basis::Rfc,
    needs_end: false,
    applies: |conduct| conduct.failures.iter().any(|request| asked_wait(*request).is_some()),
    judge: |conduct, violations| {
        for tries in &conduct.tries {
            let early: Vec<_> = tries.windows(2).filter_map(|pair| too_early(pair)).collect();
            let Some((first, asked, waited)) = early.first().copied() else { continue };
            let exchanges = early.iter().flat_map(|(pair, ..)| pair.iter().map(|it| it.index()));
            violations.add(exchanges, early.len(), || {
                format!(
                    "{} ({}) was rejected with Retry-After: {}, and sent again ({}) at most {} ms \
                     later",
                    first[0].describe(),
                    first[0].number(),
                    asked.as_secs(),
                    first[1].number(),
                    waited.as_millis()
                )
            });
        }
    },
};

/// Returns the seconds of `Retry-After` in a rejection. A date is not judged, because it counts on
/// the clock of the client.
fn asked_wait(request: Request<'_>) -> Option<Duration> {
    request.rejection()?;
    let value = std::str::from_utf8(request.response_header("Retry-After")?).ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

/// Returns two tries, the wait that was asked for and the longest that can have been made, if that
/// was too short.
fn too_early<'c, 'a>(pair: &'c [Request<'a>]) -> Option<(&'c [Request<'a>], Duration, Duration)> {
    let asked = asked_wait(pair[0])?;
    let waited = pair[0].longest_wait_until(pair[1])?;
    (waited < asked).then_some((pair, asked, waited))
}

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    fn asked_to_wait() -> Example {
        Example::default().create().piece(1, b"a").rejected(429, -26).reply("Retry-After", "2")
    }

    #[test]
    fn waiting_as_long_as_asked_is_good() {
        asked_to_wait().wait(2_000).piece(1, b"a").assert_good("retry.early");
    }

    #[test]
    fn sending_again_before_retry_after_is_bad() {
        asked_to_wait().wait(1_900).piece(1, b"a").assert_bad(
            "retry.early",
            "POST /multipart/piece 1 of /acme/videos/a.mp4 (#1) was rejected with Retry-After: 2, \
             and sent again (#2) at most 1907 ms later",
        );
    }

    #[test]
    fn without_retry_after_the_rule_is_not_applicable() {
        let example = Example::default().create().piece(1, b"a").rejected(429, -26);
        example.piece(1, b"a").assert_not_applicable("retry.early");
    }
}
