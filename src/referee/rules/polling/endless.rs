//! `poll.endless`: a settled upload does not change any more.

use crate::referee::rule::{Basis, Level, Rule};

use super::polls;

/// The number of polls after the end that are found.
const MANY: usize = 5;

pub(in crate::referee) static RULE: Rule = Rule {
    id: "poll.endless",
    level: Level::Should,
    sentence: "A client should stop polling when an upload has succeeded or failed.",
    advice: "Stop at SUCCESS, FAILED, ABORT, DELETED, ERROR and EXPIRED: none of them passes by \
             itself. Five polls after the end are found.",
    section: "§4.4",
    basis: Basis::Documented,
    needs_end: true,
    applies: |conduct| conduct.uploads.iter().any(|upload| polls(upload).next().is_some()),
    judge: |conduct, violations| {
        for upload in &conduct.uploads {
            let Some(settled) = upload.facts.and_then(|facts| facts.settled) else { continue };
            let late: Vec<_> = polls(upload)
                .filter(|poll| poll.is_accepted() && poll.exchange.opened.protocol >= settled)
                .collect();
            if late.len() >= MANY {
                violations.add(late.iter().map(|it| it.index()), late.len(), || {
                    let (name, count) = (upload.name(), late.len());
                    let first = late[0].number();
                    format!("{name}: {count} status requests since it has ended, from {first} on")
                });
            }
        }
    },
};

#[cfg(test)]
mod tests {
    use crate::referee::evidence::UploadFacts;
    use crate::referee::example::Example;
    use crate::storage::Timestamp;

    fn polls(count: u32) -> Example {
        let poll = |example: Example, _| example.wait(1_000).rpc("getMultipartStatus");
        let facts =
            UploadFacts { settled: Some(Timestamp::from_secs(1_001)), ..UploadFacts::default() };
        (0..count).fold(Example::default().create(), poll).leaving(facts)
    }

    #[test]
    fn a_few_polls_after_the_end_are_good() {
        polls(4).assert_good("poll.endless");
    }

    #[test]
    fn polling_on_after_the_end_is_bad() {
        polls(6).assert_bad(
            "poll.endless",
            "upload of /acme/videos/a.mp4: 6 status requests since it has ended, from #1 on",
        );
    }
}
