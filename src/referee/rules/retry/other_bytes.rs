//! `retry.other_bytes`: a retry sends the same bytes.

use crate::referee::request::Request;
use crate::referee::rule::{Basis, Level, Rule};

use super::{repeated, tries_with_body};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "retry.other_bytes",
    level: Level::Should,
    sentence: "A client should send the same bytes when it repeats a piece or a file.",
    advice: "If the first try was stored although its response was lost, two contents exist for \
             the same part. Check whether the source changed while it was read.",
    section: "§4.2",
    basis: Basis::Assumed,
    needs_end: false,
    applies: |conduct| tries_with_body(conduct).any(|tries| tries.len() > 1),
    judge: |conduct, violations| {
        for tries in tries_with_body(conduct) {
            let changed: Vec<_> =
                repeated(tries).filter(|(one, next)| has_other_bytes(*one, *next)).collect();
            let Some((one, next)) = changed.first() else { continue };
            let exchanges = changed.iter().flat_map(|(one, next)| [one.index(), next.index()]);
            violations.add(exchanges, changed.len(), || {
                let (first, second) = (one.number(), next.number());
                format!("{} ({first}) was sent again ({second}) with other bytes", one.describe())
            });
        }
    },
};

/// Returns whether the bodies differ as far as both were received. A shorter body is the matter of
/// another rule.
fn has_other_bytes(one: Request<'_>, next: Request<'_>) -> bool {
    let lengths = one.intended_length().zip(next.intended_length());
    if lengths.is_some_and(|(before, after)| after < before) {
        return false;
    }
    let differs = match (one.exchange.digest, next.exchange.digest) {
        (Some(before), Some(after)) => before != after,
        _ => false,
    };
    // A body that was not asked for has neither bytes nor a digest of any.
    let were_both_read = one.exchange.received > 0 && next.exchange.received > 0;
    were_both_read && (differs || next.exchange.body_starts_with(one.exchange) == Some(false))
}

#[cfg(test)]
mod tests {
    use crate::blob::Digest;
    use crate::journal::BodyPrefix;
    use crate::referee::example::Example;

    #[test]
    fn a_retry_with_the_same_bytes_is_good() {
        let example = Example::default().create().piece(1, b"abcdef").cut_after(2);
        example.piece(1, b"abcdef").assert_good("retry.other_bytes");
    }

    #[test]
    fn a_retry_that_begins_with_other_bytes_is_bad() {
        let example = Example::default().create().piece(1, b"abcdef").cut_after(2);
        example.piece(1, b"cdefgh").assert_bad(
            "retry.other_bytes",
            "POST /multipart/piece 1 of /acme/videos/a.mp4 (#1) was sent again (#2) with other \
             bytes",
        );
    }

    #[test]
    fn bytes_beyond_the_excerpt_are_compared_by_digests() {
        let (before, after) = ([b'a'; 1000], [[b'a'; 600], [b'b'; 600]].concat());
        let retry = |read_before: usize| {
            let cut = Digest::compute(&before[..read_before]);
            let start = BodyPrefix::new(read_before as u64, Digest::compute(&after[..read_before]));
            let example = Example::default().create().piece(1, &before).cut_after(read_before);
            let example = example.having(|exchange| exchange.partial_digest = Some(cut));
            example.piece(1, &after).having(|exchange| exchange.prefixes.push(start))
        };
        retry(600).assert_good("retry.other_bytes");
        retry(601).assert_bad(
            "retry.other_bytes",
            "POST /multipart/piece 1 of /acme/videos/a.mp4 (#1) was sent again (#2) with other \
             bytes",
        );
    }

    #[test]
    fn another_file_to_the_same_path_is_good() {
        let example = Example::default().raw(b"one").raw(b"two");
        example.assert_good("retry.other_bytes");
    }
}
