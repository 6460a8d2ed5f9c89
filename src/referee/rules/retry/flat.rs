//! `retry.flat`: pauses between tries grow.

use crate::referee::request::{Rejection, is_change};
use crate::referee::rule::{Basis, Level, Rule};

use super::{has_retries, judge_hot_run};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "retry.flat",
    level: Level::Should,
    sentence: "A client should pause between the tries of a request that a server error rejects.",
    advice: "Double the pause after each failure, from 100 ms or more. Six tries without a pause \
             of 100 ms are found.",
    section: "§1.12",
    basis: Basis::Evidence,
    needs_end: false,
    applies: has_retries,
    judge: |conduct, violations| {
        for tries in conduct.tries.iter().filter(|tries| is_change(tries[0].operation())) {
            let is_it = |rejection: Rejection| rejection.is_transient() && rejection.status != 429;
            judge_hot_run(tries, violations, is_it, "a server error");
        }
    },
};

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    fn tries(count: u32, pause: impl Fn(u32) -> u64) -> Example {
        let more = |example: Example, at| example.wait(pause(at)).create().rejected(503, -26);
        (0..count).fold(Example::default(), more)
    }

    #[test]
    fn every_try_without_a_pause_is_counted() {
        tries(25, |_| 1).assert_bad(
            "retry.flat",
            "POST /multipart/create of /acme/videos/a.mp4 was sent 25 times (#0 to #24), each less \
             than 100 ms after a server error",
        );
    }

    #[test]
    fn growing_pauses_are_good() {
        tries(6, |at| 100 << at).create().assert_good("retry.flat");
    }

    #[test]
    fn few_tries_without_a_pause_are_good() {
        tries(5, |_| 0).create().assert_good("retry.flat");
    }

    #[test]
    fn many_tries_without_a_pause_are_bad() {
        tries(6, |_| 50).assert_bad(
            "retry.flat",
            "POST /multipart/create of /acme/videos/a.mp4 was sent 6 times (#0 to #5), each less \
             than 100 ms after a server error",
        );
    }
}
