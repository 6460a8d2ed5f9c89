//! `type.unknown`: a content type that the origin does not list has no effect.

use crate::journal::Escaped;
use crate::protocol::{OCTET_STREAM, essence, is_known, is_well_formed};
use crate::referee::head_facts::HeadMark;
use crate::referee::request::Request;
use crate::referee::rule::{Basis, Level, Rule};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "type.unknown",
    level: Level::Info,
    sentence: "A client may omit a content type that the origin does not list.",
    advice: "The type is then derived from the extension of the name. The page of the protocol \
             lists the known types.",
    section: "§3.9",
    basis: Basis::Documented,
    needs_end: false,
    applies: |conduct| {
        conduct.marked(HeadMark::ContentType).iter().any(|request| content_type(*request).is_some())
    },
    judge: |conduct, violations| {
        let unknown: Vec<_> = conduct
            .marked(HeadMark::ContentType)
            .iter()
            .filter_map(|request| Some((request, content_type(*request)?)))
            .filter(|(_, given)| is_unknown(given))
            .collect();
        let Some((first, given)) = unknown.first() else { return };
        violations.add(unknown.iter().map(|(it, _)| it.index()), unknown.len(), || {
            let (what, number, given) = (first.describe(), first.number(), Escaped::new(given));
            format!("{what} ({number}) has the content type {given:?}, which is not listed")
        });
    },
};

fn content_type(request: Request<'_>) -> Option<&str> {
    std::str::from_utf8(request.header("X-Agile-Content-Type")?).ok()
}

fn is_unknown(given: &str) -> bool {
    is_well_formed(given) && !is_known(given) && !essence(given).eq_ignore_ascii_case(OCTET_STREAM)
}

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    #[test]
    fn listed_types_are_good() {
        for given in ["video/mp4", "application/octet-stream"] {
            let example = Example::default().create().with("X-Agile-Content-Type", given);
            example.assert_good("type.unknown");
        }
    }

    #[test]
    fn an_unlisted_type_is_remarked() {
        Example::default().create().with("X-Agile-Content-Type", "x/y").assert_bad(
            "type.unknown",
            "POST /multipart/create of /acme/videos/a.mp4 (#0) has the content type \"x/y\", which \
             is not listed",
        );
    }
}
