//! `name.unquoted`: names outside US-ASCII are URI-quoted.

use crate::journal::Escaped;
use crate::referee::rule::{Basis, Level, Rule};

use super::{Named, names};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "name.unquoted",
    level: Level::Should,
    sentence: "A client should URI-quote names with characters outside US-ASCII, and all names with \
               X-Agile-Encoding: UTF8.",
    advice: "Send X-Agile-Encoding: UTF8 and quote every byte that is not unreserved: \
             `%C3%BC.mp4`.",
    section: "§3.3",
    basis: Basis::Documented,
    needs_end: false,
    applies: |conduct| names(conduct).next().is_some(),
    judge: |conduct, violations| {
        let wrong: Vec<_> = names(conduct).filter(is_wrong).collect();
        let Some(first) = wrong.first() else { return };
        violations.add(wrong.iter().map(|it| it.request.index()), wrong.len(), || {
            let (what, number) = (first.request.describe(), first.request.number());
            let (header, value) = (first.header, Escaped::new(first.value));
            let encoding = if first.is_quoted { "with" } else { "without" };
            format!("{what} ({number}) has {header}: {value:?} {encoding} X-Agile-Encoding: UTF8")
        });
    },
};

fn is_wrong(name: &Named<'_>) -> bool {
    let is_outside_ascii = !name.value.is_ascii();
    is_outside_ascii || name.is_quoted && name.value.contains(&b' ')
}

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    #[test]
    fn quoted_names_and_ascii_names_are_good() {
        Example::default().create().assert_good("name.unquoted");
        let example = Example::default().create().with("X-Agile-Basename", "a b.mp4");
        example.assert_good("name.unquoted");
        let example = Example::default().create().with("X-Agile-Basename", "%C3%BC.mp4");
        example.with("X-Agile-Encoding", "utf8").assert_good("name.unquoted");
    }

    #[test]
    fn raw_utf_8_is_bad() {
        let example = Example::default().create().with("X-Agile-Basename", "ü.mp4");
        example.assert_bad(
            "name.unquoted",
            "POST /multipart/create of /acme/videos/a.mp4 (#0) has X-Agile-Basename: \"ü.mp4\" \
             without X-Agile-Encoding: UTF8",
        );
    }

    #[test]
    fn a_raw_name_that_is_declared_as_quoted_is_bad() {
        let example = Example::default().create().with("X-Agile-Basename", "a b.mp4");
        example.with("X-Agile-Encoding", "UTF8").assert_bad(
            "name.unquoted",
            "POST /multipart/create of /acme/videos/a.mp4 (#0) has X-Agile-Basename: \"a b.mp4\" \
             with X-Agile-Encoding: UTF8",
        );
    }
}
