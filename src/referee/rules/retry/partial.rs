//! `retry.partial`: a retry sends the whole body again.

use crate::referee::head_facts::HeadMark;
use crate::referee::request::Request;
use crate::referee::rule::{Basis, Level, Rule};

use super::{repeated, tries_with_body};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "retry.partial",
    level: Level::Must,
    sentence: "A client must send the whole body again when it repeats a piece or a file.",
    advice: "Read the body from its start again for each try; a stream that was read once is \
             empty. The protocol has no way to continue a body: Content-Range has no effect.",
    section: "§4.2",
    basis: Basis::Evidence,
    needs_end: false,
    applies: |conduct| {
        let has_ranges = !conduct.marked(HeadMark::ContentRange).is_empty();
        tries_with_body(conduct).any(|tries| tries.len() > 1 || has_ranges && has_range(tries[0]))
    },
    judge: |conduct, violations| {
        let has_ranges = !conduct.marked(HeadMark::ContentRange).is_empty();
        for tries in tries_with_body(conduct) {
            let ranges: Vec<_> = tries.iter().filter(|it| has_ranges && has_range(**it)).collect();
            if let Some(first) = ranges.first() {
                violations.add(ranges.iter().map(|it| it.index()), ranges.len(), || {
                    let (what, number) = (first.describe(), first.number());
                    format!("{what} ({number}) was sent with Content-Range, which has no effect")
                });
                continue;
            }
            let shorter: Vec<_> =
                repeated(tries).filter_map(|(one, next)| shortened(one, next)).collect();
            let Some((one, next, before, after)) = shorter.first() else { continue };
            let exchanges = shorter.iter().flat_map(|(one, next, ..)| [one.index(), next.index()]);
            violations.add(exchanges, shorter.len(), || {
                format!(
                    "{} ({}) was sent again ({}) with {after} instead of {before} bytes",
                    one.describe(),
                    one.number(),
                    next.number()
                )
            });
        }
    },
};

fn has_range(request: Request<'_>) -> bool {
    request.header("Content-Range").is_some()
}

/// Returns two tries and the lengths of their bodies, if the second is shorter than the first was
/// meant to be.
fn shortened<'a>(
    one: Request<'a>,
    next: Request<'a>,
) -> Option<(Request<'a>, Request<'a>, u64, u64)> {
    let before = one.intended_length().unwrap_or(one.exchange.received);
    let after = next.intended_length()?;
    (after < before).then_some((one, next, before, after))
}

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    fn cut() -> Example {
        Example::default().create().piece(1, b"abcdef").cut_after(2)
    }

    #[test]
    fn a_retry_with_the_whole_body_is_good() {
        cut().piece(1, b"abcdef").assert_good("retry.partial");
    }

    #[test]
    fn a_shorter_piece_that_replaces_an_acknowledged_one_is_good() {
        let example = Example::default().create().piece(1, b"abcdef").piece(1, b"abc");
        example.assert_good("retry.partial");
    }

    #[test]
    fn a_shorter_file_of_another_user_is_not_a_retry() {
        let example = Example::default().raw(b"abcdef").rejected(503, -26);
        let example = example.raw(b"abc").call(|call| call.user = Some("bob".into()));
        example.assert_not_applicable("retry.partial");
    }

    #[test]
    fn a_retry_with_the_rest_of_the_body_is_bad() {
        cut().piece(1, b"cdef").assert_bad(
            "retry.partial",
            "POST /multipart/piece 1 of /acme/videos/a.mp4 (#1) was sent again (#2) with 4 instead \
             of 6 bytes",
        );
    }

    #[test]
    fn a_content_range_is_bad() {
        cut().piece(1, b"cdef").with("Content-Range", "bytes 2-5/6").assert_bad(
            "retry.partial",
            "POST /multipart/piece 1 of /acme/videos/a.mp4 (#2) was sent with Content-Range, which \
             has no effect",
        );
    }
}
