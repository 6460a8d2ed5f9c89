//! All that can be asked for.

use crate::server::MockOrigin;

use super::router::{Refused, Request, Said};
use super::{chaos, faults, steering, story};

/// One thing that can be asked for.
#[derive(Debug)]
#[non_exhaustive]
pub struct Endpoint {
    /// The HTTP method.
    pub method: &'static str,
    /// The path; `ID` in it stands for the number of a fault.
    pub path: &'static str,
    /// The one parameter that its query may have.
    pub query: Option<&'static str>,
    /// What is sent along; nothing where that is empty.
    pub takes: Option<&'static str>,
    /// What is answered.
    pub answers: &'static str,
    /// What it does.
    pub what: &'static str,
    pub(super) serve: Serve,
}

/// How an endpoint is served.
#[derive(Debug)]
pub(super) enum Serve {
    /// It cannot go wrong.
    Tell(fn(&MockOrigin) -> Said),
    /// It depends on what is asked, or on the machine.
    Try(fn(&MockOrigin, &Request<'_>) -> Result<Said, Refused>),
}

use Serve::{Tell, Try};

/// Reads, and changes nothing.
const fn get(
    path: &'static str,
    answers: &'static str,
    what: &'static str,
    serve: Serve,
) -> Endpoint {
    Endpoint { method: "GET", path, query: None, takes: None, answers, what, serve }
}

/// Does something, and needs to be told no more.
const fn act(path: &'static str, what: &'static str, serve: Serve) -> Endpoint {
    Endpoint { method: "POST", path, query: None, takes: None, answers: "{}", what, serve }
}

const fn delete(
    path: &'static str,
    answers: &'static str,
    what: &'static str,
    serve: Serve,
) -> Endpoint {
    Endpoint { method: "DELETE", path, query: None, takes: None, answers, what, serve }
}

/// Does what is sent along.
const fn post(
    path: &'static str,
    takes: &'static str,
    answers: &'static str,
    what: &'static str,
    serve: Serve,
) -> Endpoint {
    Endpoint { method: "POST", path, query: None, takes: Some(takes), answers, what, serve }
}

/// All there is.
pub const ENDPOINTS: &[Endpoint] = &[
    get("/__mock/", r#"{"endpoints": […]}"#, "what there is", Tell(steering::index)),
    get(
        "/__mock/faults",
        r#"{"faults": [{"id", "name", "fault", "place", "matched", "fired", "spared"}]}"#,
        "every fault and its account: how many calls or connections it could have acted on, how \
         many it did act on, and why not on the latest that it was meant for",
        Tell(faults::list),
    ),
    post(
        "/__mock/faults",
        r#"a fault, a list of faults, or {"fault": […]}"#,
        r#"{"ids": [N]}"#,
        "adds faults behind the others: all of them, or none if one makes no sense",
        Try(faults::add),
    ),
    delete(
        "/__mock/faults",
        r#"{"deleted": [N]}"#,
        "takes all faults away, and chaos with them; what they hold they let go",
        Tell(faults::delete_all),
    ),
    delete(
        "/__mock/faults/ID",
        r#"{"deleted": [N]}"#,
        "takes a fault away, so that it is not judged; an answer that it holds is let go, and this \
         is how one is released",
        Try(faults::delete_one),
    ),
    Endpoint {
        query: Some("after"),
        ..get(
            "/__mock/journal",
            r#"{"exchanges": […]}"#,
            "every request and what became of it, or those numbered higher than after=N",
            Try(story::journal),
        )
    },
    get(
        "/__mock/timeline",
        "text",
        "the timeline, a line for each exchange",
        Tell(story::timeline),
    ),
    get(
        "/__mock/verdict",
        r#"{"ok": true} | {"ok": false, "failures": [TEXT]}"#,
        "what speaks against the run so far: requests that found no endpoint, faults that never \
         acted",
        Tell(story::verdict),
    ),
    act(
        "/__mock/reset",
        "forgets what happened, all faults and what was stored, and begins anew",
        Tell(steering::reset),
    ),
    get(
        "/__mock/clock",
        r#"{"now": N}"#,
        "protocol time, in seconds since 1970",
        Tell(steering::clock),
    ),
    post(
        "/__mock/clock",
        r#"{"advance": SECONDS}"#,
        r#"{"now": N}"#,
        "lets protocol time jump ahead",
        Try(steering::advance),
    ),
    act(
        "/__mock/offline",
        "closes every port and every connection of the origin; this listener stays",
        Try(steering::offline),
    ),
    act("/__mock/online", "listens again on the same ports", Try(steering::online)),
    post(
        "/__mock/switches",
        r#"{"NAME": VALUE}"#,
        "{}",
        "sets switches and limits, as --set does: all of them, or none if one makes no sense",
        Try(steering::switches),
    ),
    get(
        "/__mock/chaos",
        r#"{"done": [{"fault", "sentence"}]}"#,
        "what chaos has done, as faults that do the same, and as Rust writes them",
        Tell(chaos::done),
    ),
    post(
        "/__mock/chaos",
        chaos::TAKES,
        "{}",
        "lets things go wrong by chance, wherever no fault acts: of the first at_most attempts of \
         everything that percentage; as Rust does, but for the seed all may be left out",
        Try(chaos::begin),
    ),
];
