//! `list.unbounded`: a list is read page by page, to its end.

use std::collections::HashMap;

use crate::protocol::Operation;
use crate::referee::request::Request;
use crate::referee::rule::{Basis, Level, Rule};

/// The number of times that the same page may be read.
const MANY: usize = 20;

pub(in crate::referee) static RULE: Rule = Rule {
    id: "list.unbounded",
    level: Level::Should,
    sentence: "A client should not read the same page of a list again and again.",
    advice: "Pass the cookie of each page to the next request, and stop at a cookie of 0 or null. \
             More than 20 equal requests in a row are found.",
    section: "§7.2",
    basis: Basis::Evidence,
    needs_end: false,
    applies: |conduct| conduct.requests.iter().any(|request| is_list(request.operation())),
    judge: |conduct, violations| {
        let mut pages: HashMap<_, Vec<Request<'_>>> = HashMap::new();
        let lists = conduct.requests.iter().filter(|it| is_list(it.operation()));
        for request in lists {
            if let (Some(digest), true) = (request.exchange.digest, request.is_accepted()) {
                pages.entry(digest).or_default().push(*request);
            }
        }
        let mut pages: Vec<_> = pages.into_values().collect();
        pages.sort_by_key(|requests| requests[0].index());
        for requests in pages {
            let is_unchanged =
                |one: &Request<'_>, next: &Request<'_>| !conduct.has_change_between(*one, *next);
            let Some(run) = requests.chunk_by(is_unchanged).find(|run| run.len() > MANY) else {
                continue;
            };
            violations.add(run.iter().map(|it| it.index()), run.len(), || {
                let (first, last) = (run[0].number(), run[run.len() - 1].number());
                let what = run[0].describe();
                format!(
                    "{what} was sent {} times with the same parameters ({first} to {last}), \
                         although nothing had changed",
                    run.len()
                )
            });
        }
    },
};

fn is_list(operation: Operation) -> bool {
    matches!(operation, Operation::List | Operation::ListUploads | Operation::ListPieces)
}

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    fn lists(count: u32) -> Example {
        let list = |example: Example, _| example.rpc("listMultipartPiece");
        (0..count).fold(Example::default().create(), list)
    }

    #[test]
    fn a_list_that_is_read_after_each_change_is_good() {
        lists(20).piece(1, b"a").rpc("listMultipartPiece").assert_good("list.unbounded");
    }

    #[test]
    fn reading_the_same_page_forever_is_bad() {
        lists(21).assert_bad(
            "list.unbounded",
            "listMultipartPiece of /acme/videos/a.mp4 was sent 21 times with the same parameters \
             (#1 to #21), although nothing had changed",
        );
    }
}
