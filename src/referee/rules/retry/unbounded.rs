//! `retry.unbounded`: a client gives up at some point.

use crate::referee::request::{Reply, is_change};
use crate::referee::rule::{Basis, Level, Rule};

use super::has_retries;

/// The number of failed tries in a row that are found.
const TOO_MANY: usize = 21;

pub(in crate::referee) static RULE: Rule = Rule {
    id: "retry.unbounded",
    level: Level::Must,
    sentence: "A client must not repeat a failing request more than 20 times.",
    advice: "Limit the number of tries or their total time, then report the last failure.",
    section: "§1.11",
    basis: Basis::Evidence,
    needs_end: false,
    applies: has_retries,
    judge: |conduct, violations| {
        for tries in conduct.tries.iter().filter(|tries| is_change(tries[0].operation())) {
            let has_failed =
                |reply| matches!(reply, Reply::Rejected(_) | Reply::Nothing | Reply::Unclear);
            let runs = tries.split(|it| !has_failed(it.reply()));
            let Some(longest) = runs.max_by_key(|run| run.len()) else { continue };
            if longest.len() >= TOO_MANY {
                let exchanges = longest.iter().map(|it| it.index());
                violations.add(exchanges, longest.len(), || {
                    let (first, last) = (longest[0], longest[longest.len() - 1]);
                    format!(
                        "{} was sent {} times without success ({} to {}); the last {}",
                        first.describe(),
                        longest.len(),
                        first.number(),
                        last.number(),
                        last.replied()
                    )
                });
            }
        }
    },
};

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    fn tries(count: usize) -> Example {
        let more = |example: Example, _| example.create().rejected(503, -26);
        (0..count).fold(Example::default().login(), more)
    }

    #[test]
    fn twenty_tries_are_good() {
        tries(20).create().assert_good("retry.unbounded");
    }

    #[test]
    fn more_than_twenty_failed_tries_are_bad() {
        tries(21).assert_bad(
            "retry.unbounded",
            "POST /multipart/create of /acme/videos/a.mp4 was sent 21 times without success (#1 to \
             #21); the last was rejected with 503, code -26",
        );
    }
}
