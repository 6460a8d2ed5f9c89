//! `rate.ignored`: a client that is too fast slows down.

use crate::referee::rule::{Basis, Level, Rule};
use crate::referee::rules::retry::judge_hot_run;

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
        let mut rejections = conduct.failures.iter().filter_map(|request| request.rejection());
        rejections.any(|rejection| rejection.status == 429)
    },
    judge: |conduct, violations| {
        for tries in &conduct.tries {
            judge_hot_run(tries, violations, |rejection| rejection.status == 429, "a 429");
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
