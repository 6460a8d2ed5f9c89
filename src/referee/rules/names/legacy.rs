//! `header.legacy`: headers have had other names.

use std::collections::BTreeMap;

use crate::journal::Escaped;
use crate::referee::head_facts::HeadMark;
use crate::referee::request::Request;
use crate::referee::rule::{Basis, Level, Rule};

/// Old names in lower case, and their successors.
const LEGACY: [(&str, &str); 3] = [
    ("x-content-type", "X-Agile-Content-Type"),
    ("x-content-detect", "X-Agile-Content-Detect"),
    ("x-llnw-", "X-Agile-"),
];

pub(in crate::referee) static RULE: Rule = Rule {
    id: "header.legacy",
    level: Level::Info,
    sentence: "A client may use the current names of headers.",
    advice: "X-LLNW-* is X-Agile-* now, and X-Content-Type is X-Agile-Content-Type. The origin \
             reads old names only as an option, or not on all endpoints.",
    section: "§5.1",
    basis: Basis::Documented,
    needs_end: false,
    applies: |conduct| !conduct.requests.is_empty(),
    judge: |conduct, violations| {
        let mut found: BTreeMap<&str, Vec<(Request<'_>, String)>> = BTreeMap::new();
        for request in conduct.marked(HeadMark::Legacy) {
            for (name, _) in request.exchange.head.headers() {
                let name = name.to_ascii_lowercase();
                let old = LEGACY.iter().find(|(old, _)| {
                    name == old.as_bytes() || old.ends_with('-') && name.starts_with(old.as_bytes())
                });
                if let Some((_, current)) = old {
                    let name = Escaped::new(&name).to_string();
                    found.entry(current).or_default().push((*request, name));
                }
            }
        }
        for (current, requests) in found {
            violations.add(requests.iter().map(|(it, _)| it.index()), requests.len(), || {
                let (first, name) = &requests[0];
                let (what, number) = (first.describe(), first.number());
                let star = if current.ends_with('-') { "*" } else { "" };
                format!("{what} ({number}) has the header {name}, which is {current}{star} now")
            });
        }
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Head;
    use crate::referee::example::Example;
    use crate::referee::head_facts::HeadFacts;

    #[test]
    fn every_old_name_is_marked() {
        for (old, _) in LEGACY {
            let head = Head::new(format!("GET / HTTP/1.1\r\n{old}: a\r\n\r\n"));
            assert!(HeadFacts::new(&head).marks[HeadMark::Legacy as usize], "{old}");
        }
    }

    #[test]
    fn current_names_are_good() {
        Example::default().create().assert_good("header.legacy");
    }

    #[test]
    fn an_old_name_is_remarked() {
        Example::default().create().with("X-LLNW-Authorization", "t").assert_bad(
            "header.legacy",
            "POST /multipart/create of /acme/videos/a.mp4 (#0) has the header \
             x-llnw-authorization, which is X-Agile-* now",
        );
    }
}
