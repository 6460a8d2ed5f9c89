//! `poll.hot`: a client that polls pauses.

use std::time::Duration;

use crate::referee::request::Request;
use crate::referee::rule::{Basis, Level, Rule};

use super::polls;

/// The number of polls without a pause that are found.
const MANY: usize = 20;

/// A shorter wait does not count as a pause.
const PAUSE: Duration = Duration::from_millis(50);

pub(in crate::referee) static RULE: Rule = Rule {
    id: "poll.hot",
    level: Level::Should,
    sentence: "A client should pause between requests for the status of an upload.",
    advice: "Wait a second or more between two polls. Twenty polls without a pause of 50 ms are \
             found.",
    section: "§4.4",
    basis: Basis::Assumed,
    needs_end: false,
    applies: |conduct| conduct.uploads.iter().any(|upload| polls(upload).nth(1).is_some()),
    judge: |conduct, violations| {
        for upload in &conduct.uploads {
            let polls: Vec<Request<'_>> = polls(upload).collect();
            let is_hot = |one: &Request<'_>, next: &Request<'_>| {
                one.longest_wait_until(*next).is_some_and(|wait| wait < PAUSE)
            };
            let Some(run) = polls.chunk_by(is_hot).find(|run| run.len() >= MANY) else { continue };
            violations.add(run.iter().map(|it| it.index()), run.len(), || {
                let (first, last) = (run[0].number(), run[run.len() - 1].number());
                let (name, count) = (upload.name(), run.len());
                format!(
                    "{name}: {count} status requests ({first} to {last}) without a pause of \
                         50 ms"
                )
            });
        }
    },
};

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    fn polls(count: u32, pause: u64) -> Example {
        let poll = |example: Example, _| example.wait(pause).rpc("getMultipartStatus");
        (0..count).fold(Example::default().create(), poll)
    }

    #[test]
    fn polls_with_pauses_are_good() {
        polls(30, 60).assert_good("poll.hot");
        polls(19, 0).assert_good("poll.hot");
    }

    #[test]
    fn polls_without_pauses_are_bad() {
        polls(20, 0).assert_bad(
            "poll.hot",
            "upload of /acme/videos/a.mp4: 20 status requests (#1 to #20) without a pause of 50 ms",
        );
    }
}
