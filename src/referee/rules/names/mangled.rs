//! `name.mangled`: a name is quoted once, and declared as quoted.

use crate::journal::Escaped;
use crate::referee::rule::{Basis, Level, Rule};

use super::{Named, has_escape, names};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "name.mangled",
    level: Level::Should,
    sentence: "A client should quote a name once, and only with X-Agile-Encoding: UTF8.",
    advice: "Without the header, `a%20b.mp4` is stored with the percent sign in its name; with it, \
             `a%2520b.mp4` is.",
    section: "§3.3",
    basis: Basis::Evidence,
    needs_end: false,
    applies: |conduct| names(conduct).next().is_some(),
    judge: |conduct, violations| {
        let wrong: Vec<_> = names(conduct).filter(is_wrong).collect();
        let Some(first) = wrong.first() else { return };
        violations.add(wrong.iter().map(|it| it.request.index()), wrong.len(), || {
            let (what, number) = (first.request.describe(), first.request.number());
            let (header, value) = (first.header, Escaped::new(first.value));
            let how =
                if first.is_quoted { "quoted twice" } else { "without X-Agile-Encoding: UTF8" };
            format!("{what} ({number}) has {header}: {value:?}, {how}")
        });
    },
};

fn is_wrong(name: &Named<'_>) -> bool {
    if !name.is_quoted {
        return has_escape(name.value);
    }
    // A quoted percent sign before two hexadecimal digits is an escape that was quoted again.
    name.value
        .windows(5)
        .any(|it| it.starts_with(b"%25") && it[3..].iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    #[test]
    fn names_that_are_quoted_once_are_good() {
        let example = Example::default().create().with("X-Agile-Basename", "100%25.mp4");
        example.with("X-Agile-Encoding", "UTF8").assert_good("name.mangled");
        let example = Example::default().create().with("X-Agile-Basename", "100%.mp4");
        example.assert_good("name.mangled");
    }

    #[test]
    fn a_quoted_name_without_the_encoding_is_bad() {
        let example = Example::default().create().with("X-Agile-Basename", "a%20b.mp4");
        example.assert_bad(
            "name.mangled",
            "POST /multipart/create of /acme/videos/a.mp4 (#0) has X-Agile-Basename: \
             \"a%20b.mp4\", without X-Agile-Encoding: UTF8",
        );
    }

    #[test]
    fn a_name_that_is_quoted_twice_is_bad() {
        let example = Example::default().create().with("X-Agile-Basename", "a%2520b.mp4");
        example.with("X-Agile-Encoding", "UTF8").assert_bad(
            "name.mangled",
            "POST /multipart/create of /acme/videos/a.mp4 (#0) has X-Agile-Basename: \
             \"a%2520b.mp4\", quoted twice",
        );
    }
}
