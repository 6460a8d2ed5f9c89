//! `piece.number`: part numbers are plain digits from 1.

use crate::journal::Escaped;
use crate::protocol::{ErrorKind, Operation};
use crate::referee::rule::{Basis, Level, Rule};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "piece.number",
    level: Level::Must,
    sentence: "A client must send X-Agile-Part with every piece: digits, from 1 to 2147483647.",
    advice: "Count from 1, not from 0, and write the number without a sign.",
    section: "§4.2",
    basis: Basis::Documented,
    needs_end: false,
    applies: |conduct| conduct.has(Operation::Piece),
    judge: |conduct, violations| {
        let wrong = conduct.failures.iter().filter(|request| {
            request.is(Operation::Piece) && request.is_rejected_for(ErrorKind::PartNumber)
        });
        let wrong: Vec<_> = wrong.collect();
        let Some(first) = wrong.first() else { return };
        violations.add(wrong.iter().map(|it| it.index()), wrong.len(), || {
            let sent = match first.header("X-Agile-Part") {
                Some(part) => format!("the part number {:?}", Escaped::new(part)),
                None => "no part number".to_owned(),
            };
            format!("{} ({}) has {sent}", first.describe(), first.number())
        });
    },
};

#[cfg(test)]
mod tests {
    use crate::protocol::ErrorKind;
    use crate::referee::example::Example;

    #[test]
    fn numbers_from_1_are_good() {
        Example::default().create().piece(1, b"a").assert_good("piece.number");
    }

    #[test]
    fn counting_from_0_is_bad() {
        let example = Example::default().create().piece(0, b"a").call(|call| call.part = None);
        example.rejected_for(ErrorKind::PartNumber).assert_bad(
            "piece.number",
            "POST /multipart/piece of /acme/videos/a.mp4 (#1) has the part number \"0\"",
        );
    }
}
