//! `rate.ignored`: a client that is too fast slows down.

use crate::referee::rule::{Basis, Level, Rule};
use crate::referee::rules::retry::hot_run;

pub(in crate::referee) static RULE: Rule = Rule {
    id: "rate.ignored",
    level: Level::Should,
    sentence: "A client should pause after a response with status 429.",
    advice: "Wait for Retry-After, else for a second, before the next request. Six tries without a \
             pause of 100 ms are found.",
    section: "§1.11",
    basis: Basis::Documented,
    needs_end: false,
    applies: |conduct| {
        let is_it = |status| status == 429;
        conduct
            .requests
            .iter()
            .any(|it| it.rejection().is_some_and(|rejection| is_it(rejection.status)))
    },
    judge: |conduct, violations| {
        for tries in &conduct.tries {
            let Some(run) = hot_run(tries, |rejection| rejection.status == 429) else { continue };
            violations.add(run.iter().map(|it| it.index()), run.len(), || {
                format!(
                    "{} was sent {} times ({} to {}), each less than 100 ms after a 429",
                    run[0].describe(),
                    run.len(),
                    run[0].number(),
                    run[run.len() - 1].number()
                )
            });
        }
    },
};

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    fn tries(pause: u64) -> Example {
        let more = |example: Example, _| example.wait(pause).create().rejected(429, -26);
        (0..6).fold(Example::default(), more)
    }

    #[test]
    fn pauses_after_429_are_good() {
        tries(200).assert_good("rate.ignored");
    }

    #[test]
    fn repeating_at_once_after_429_is_bad() {
        tries(0).assert_bad(
            "rate.ignored",
            "POST /multipart/create of /acme/videos/a.mp4 was sent 6 times (#0 to #5), each less \
             than 100 ms after a 429",
        );
    }
}
