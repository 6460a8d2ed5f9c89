//! `poll.none`: a completed upload becomes a file later.

use std::collections::HashMap;

use crate::protocol::{ErrorKind, Operation};
use crate::referee::request::Request;
use crate::referee::rule::{Basis, Level, Rule};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "poll.none",
    level: Level::Should,
    sentence: "A client should ask for the status of a completed upload before it uses the file.",
    advice: "Poll getMultipartStatus until the state is SUCCESS. The file exists on SUCCESS and not \
             before.",
    section: "§4.4",
    basis: Basis::Documented,
    needs_end: false,
    applies: |conduct| conduct.has(Operation::Complete),
    judge: |conduct, violations| {
        let has_failed = |it: &Request<'_>| it.is_rejected_for(ErrorKind::NotFound);
        if !conduct.failures.iter().any(has_failed) {
            return;
        }
        let mut completed: HashMap<&str, Request<'_>> = HashMap::new();
        for request in conduct.requests.iter().copied() {
            if completed.is_empty() && !request.is(Operation::Complete) {
                continue;
            }
            let Some(path) = request.call.path.as_deref() else { continue };
            match request.operation() {
                Operation::Complete if request.is_accepted() => {
                    completed.insert(path, request);
                }
                Operation::Rename
                | Operation::SetMTime
                | Operation::SetContentType
                | Operation::Copy => {
                    let complete = completed.remove(path).filter(|it| it.ended_before(request));
                    let Some(complete) = complete else { continue };
                    if request.is_rejected_for(ErrorKind::NotFound) {
                        violations.add([complete.index(), request.index()], 1, || {
                            let (what, number) = (request.describe(), request.number());
                            let end = complete.number();
                            format!(
                                "{what} ({number}) came before the file, whose upload was \
                                     completed ({end}) and not asked for since"
                            )
                        });
                    }
                }
                _ => {
                    completed.remove(path);
                }
            }
        }
    },
};

#[cfg(test)]
mod tests {
    use crate::protocol::ErrorKind;
    use crate::referee::example::Example;

    fn completed() -> Example {
        Example::default().create().piece(1, b"a").complete()
    }

    #[test]
    fn a_client_that_polls_is_good() {
        let example = completed().rpc("getMultipartStatus").rpc("setMTime");
        example.rejected_for(ErrorKind::NotFound).assert_good("poll.none");
        completed().read().rejected(404, 0).read().assert_good("poll.none");
    }

    #[test]
    fn using_the_file_at_once_is_bad() {
        let example = completed().rpc("setMTime").rejected_for(ErrorKind::NotFound);
        example.assert_bad(
            "poll.none",
            "setMTime of /acme/videos/a.mp4 (#3) came before the file, whose upload was completed \
             (#2) and not asked for since",
        );
    }
}
