//! Numbers with their nouns.

use std::fmt::Display;

/// Returns a number and its noun, in the plural unless the number is 1: `1 call`, `2 calls`, `2 entries`.
pub(crate) fn counted(number: impl Display, noun: &str) -> String {
    let number = number.to_string();
    match (number.as_str(), noun.strip_suffix("ry")) {
        ("1", _) => format!("{number} {noun}"),
        (_, Some(stem)) => format!("{number} {stem}ries"),
        (_, None) => format!("{number} {noun}s"),
    }
}

/// Returns a number as it counts in a row: `first`, `22nd`.
pub(crate) fn ordinal(number: u64) -> String {
    // 11, 12 and 13 have names of their own, and do not end like 1, 2 and 3.
    let ends_like = if (11..=13).contains(&(number % 100)) { 0 } else { number % 10 };
    match (number, ends_like) {
        (1, _) => "first".to_owned(),
        (2, _) => "second".to_owned(),
        (3, _) => "third".to_owned(),
        (_, 1) => format!("{number}st"),
        (_, 2) => format!("{number}nd"),
        (_, 3) => format!("{number}rd"),
        _ => format!("{number}th"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_noun_is_plural_unless_there_is_one() {
        assert_eq!(
            [0, 1, 2, 11].map(|number| counted(number, "call")),
            ["0 calls", "1 call", "2 calls", "11 calls"]
        );
    }

    #[test]
    fn a_noun_in_ry_has_its_own_plural() {
        assert_eq!([1, 2].map(|number| counted(number, "entry")), ["1 entry", "2 entries"]);
    }

    #[test]
    fn ordinals_end_as_they_are_spoken() {
        let spoken = [1, 3, 4, 11, 21, 112, 122].map(ordinal);
        assert_eq!(spoken, ["first", "third", "4th", "11th", "21st", "112th", "122nd"]);
    }
}
