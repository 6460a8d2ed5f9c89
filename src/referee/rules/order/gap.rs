//! `complete.gap`: part numbers run from 1 to the number of pieces.

use crate::journal::RangeList;
use crate::protocol::{ErrorKind, Operation};
use crate::referee::rule::{Basis, Level, Rule};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "complete.gap",
    level: Level::Must,
    sentence: "A client must number the pieces of an upload from 1 without gaps.",
    advice: "Number the pieces 1, 2, 3 and so on, in the order of the file.",
    section: "§4.3",
    basis: Basis::Documented,
    needs_end: false,
    applies: |conduct| conduct.has(Operation::Complete),
    judge: |conduct, violations| {
        for upload in &conduct.uploads {
            let Some(complete) =
                upload.completes.iter().find(|it| it.is_rejected_for(ErrorKind::Gaps))
            else {
                continue;
            };
            let earlier =
                upload.pieces.iter().filter(|(_, tries)| tries[0].index() < complete.index());
            let numbers: Vec<u32> = earlier.map(|(number, _)| *number).collect();
            // If every number was sent, one was rejected, which is the matter of another rule.
            if numbers.iter().zip(1..).all(|(number, expected)| *number == expected) {
                continue;
            }
            violations.add([complete.index()], 1, || {
                let (name, end) = (upload.name(), complete.number());
                let parts = RangeList::from_numbers(numbers);
                format!("{name} was completed ({end}) with the part numbers {parts}")
            });
        }
    },
};

#[cfg(test)]
mod tests {
    use crate::protocol::ErrorKind;
    use crate::referee::example::Example;

    #[test]
    fn consecutive_part_numbers_are_good() {
        let example = Example::default().create().piece(2, b"b").piece(1, b"a").complete();
        example.assert_good("complete.gap");
    }

    #[test]
    fn part_numbers_with_a_gap_are_bad() {
        let example = Example::default().create().piece(1, b"a").piece(3, b"b").complete();
        example.rejected_for(ErrorKind::Gaps).assert_bad(
            "complete.gap",
            "upload of /acme/videos/a.mp4 was completed (#3) with the part numbers 1, 3",
        );
    }

    #[test]
    fn a_gap_that_a_rejected_piece_left_is_another_rule() {
        let example = Example::default().create().piece(1, b"a").rejected(503, -26);
        let example = example.piece(2, b"b").complete().rejected_for(ErrorKind::Gaps);
        example.assert_good("complete.gap");
    }
}
