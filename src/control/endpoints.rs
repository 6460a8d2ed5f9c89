//! The table of control endpoints. Start with [`ENDPOINTS`].

use serde_json::{Value, json};

use crate::fault::config::Syntax;
use crate::mock::MockOrigin;

use super::dto::{Advance, ExpireTokens, NewUpload, OptionValues};
use super::handlers::{chaos, control, faults, inspect, storage, tokens, wait};
use super::message::{ApiError, Request, Response};
use super::query::Parameter;

/// A control endpoint.
#[derive(Debug)]
#[non_exhaustive]
pub struct Endpoint {
    /// The HTTP method.
    pub method: &'static str,
    /// The path. `ID` is the id of a fault or the identifier of an upload.
    pub path: &'static str,
    /// The query parameters.
    pub query: &'static [Parameter],
    /// The form of the request body; `None` if it has no body.
    pub takes: Option<&'static str>,
    /// The form of the response.
    pub answers: &'static str,
    /// What it does.
    pub what: &'static str,
    pub(super) serve: Serve,
}

/// How an endpoint is served.
#[derive(Debug)]
pub(super) enum Serve {
    /// A handler that needs no input and cannot fail.
    Tell(fn(&MockOrigin) -> Response),
    /// A handler that reads the request or may fail.
    Try(fn(&MockOrigin, &Request<'_>) -> Result<Response, ApiError>),
}

use Serve::{Tell, Try};

/// Returns an endpoint that only reads.
const fn get(
    path: &'static str,
    answers: &'static str,
    what: &'static str,
    serve: Serve,
) -> Endpoint {
    Endpoint { method: "GET", path, query: &[], takes: None, answers, what, serve }
}

/// Returns an endpoint that acts without a body.
const fn act(path: &'static str, what: &'static str, serve: Serve) -> Endpoint {
    Endpoint { method: "POST", path, query: &[], takes: None, answers: "{}", what, serve }
}

const fn delete(
    path: &'static str,
    answers: &'static str,
    what: &'static str,
    serve: Serve,
) -> Endpoint {
    Endpoint { method: "DELETE", path, query: &[], takes: None, answers, what, serve }
}

/// Returns an endpoint with a JSON body.
const fn post(
    path: &'static str,
    takes: &'static str,
    answers: &'static str,
    what: &'static str,
    serve: Serve,
) -> Endpoint {
    Endpoint { method: "POST", path, query: &[], takes: Some(takes), answers, what, serve }
}

/// Returns an endpoint that stores the bytes of the body.
const fn put(
    path: &'static str,
    query: &'static [Parameter],
    answers: &'static str,
    what: &'static str,
    serve: Serve,
) -> Endpoint {
    Endpoint { method: "PUT", path, query, takes: Some("bytes"), answers, what, serve }
}

const UPLOAD: &str = r#"{"id", "path", "user", "state", "error", "content_type", "created", "size", "pieces": [{"part", "size", "digest", "state"}]}"#;

/// All control endpoints.
pub const ENDPOINTS: &[Endpoint] = &[
    get("/__mock/", r#"{"endpoints": […]}"#, "what there is", Tell(index)),
    get(
        "/__mock/faults",
        r#"{"faults": [{"id", "name", "fault", "definition", "location", "matched", "fired", "skip_reason"}]}"#,
        "every fault and its account: how many calls or connections it could have acted on (for \
         tokens: calls with one), how many calls, connections or tokens it did act on, and why not on the latest that it was meant for",
        Tell(faults::list),
    ),
    post(
        "/__mock/faults",
        faults::TAKES,
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
        "takes a fault away, so that it is not judged; what it holds it lets go",
        Try(faults::delete_one),
    ),
    Endpoint {
        answers: r#"{"released": [N]}"#,
        ..act(
            "/__mock/faults/ID/release",
            "lets go what a fault with hold holds, and what it would hold after that; its account \
             stays",
            Try(faults::release),
        )
    },
    Endpoint {
        query: inspect::PAGE,
        ..get(
            "/__mock/journal",
            r#"{"exchanges": […]}"#,
            "every request that has come by now and what became of it; with after only those \
             numbered higher, with limit at most that number of them. It is written as it is read, so that \
             its length is not announced if it is long",
            Try(inspect::journal),
        )
    },
    get(
        "/__mock/connections",
        r#"{"connections": [{"index", "opened", "closed", "unparsed": {"kind", "text", "excerpt", "behind", "status", "at"}, "fault"}]}"#,
        "the connections on which something happened that no exchange tells of: bytes from which no \
         request could be read, or a fault",
        Tell(inspect::connections),
    ),
    get(
        "/__mock/timeline",
        "text",
        "the timeline, a line for each exchange",
        Tell(inspect::timeline),
    ),
    get(
        "/__mock/verdict",
        r#"{"ok": true} | {"ok": false, "failures": [TEXT], "omitted": N}"#,
        "what speaks against the run so far: bytes that are no request, requests that found no \
         endpoint, faults that never acted or held an answer beyond the hold limit",
        Tell(inspect::verify),
    ),
    Endpoint {
        query: wait::PARAMETERS,
        ..get(
            "/__mock/wait",
            r#"{"met": true|false, "count": N}"#,
            "answers when count exchanges (1 if it does not say) are as the parameters say, or when the \
             timeout is over (30 seconds if it does not say). An exchange counts if one of its calls \
             is selected by op, method, part, interface, path, user and upload as faults select them, \
             with the code, and it has the status and the outcome; after leaves out earlier ones. With \
             quiet alone it answers {\"met\"} when no exchange has been open and nothing has changed \
             for that many seconds",
            Try(wait::wait),
        )
    },
    Endpoint {
        query: storage::READ,
        ..get(
            "/__mock/files",
            r#"{"files": [{"path", "size", "digest", "content_type", "mtime"}]}"#,
            "every stored file, whether clients see it yet or not; with path, the bytes of that one",
            Try(storage::files),
        )
    },
    put(
        "/__mock/files",
        storage::PUT,
        r#"{"path", "size", "digest"}"#,
        "stores a file of any size, with the directories that it needs, in place of the one that is \
         there; it belongs to the user, or to the first one",
        Try(storage::put_file),
    ),
    get(
        "/__mock/uploads",
        r#"{"uploads": [UPLOAD]}"#,
        "every upload in every state",
        Tell(storage::uploads),
    ),
    post(
        "/__mock/uploads",
        NewUpload::SYNTAX,
        r#"{"id": ID}"#,
        "begins an upload, with the directories that it needs, for tests of clients that resume; it \
         belongs to the user, or to the first one",
        Try(storage::begin_upload),
    ),
    get(
        "/__mock/uploads/ID",
        UPLOAD,
        "the upload with that multipart identifier",
        Try(storage::upload),
    ),
    put(
        "/__mock/uploads/ID/pieces",
        storage::PIECE,
        r#"{"part", "size", "digest"}"#,
        "stores a piece of an open upload, as if its owner had sent it",
        Try(storage::put_piece),
    ),
    post(
        "/__mock/tokens/expire",
        ExpireTokens::SYNTAX,
        r#"{"expired": N}"#,
        "lets a token expire, or all tokens that a user has by now",
        Try(tokens::expire),
    ),
    act(
        "/__mock/reset",
        "forgets what happened, all faults and what was stored, and begins anew; what is under way \
         ends outside the journal, the clock goes back, and an origin that is offline stays so",
        Tell(control::reset),
    ),
    get(
        "/__mock/clock",
        r#"{"now": SECONDS}"#,
        "protocol time since 1970, with a fraction",
        Tell(control::clock),
    ),
    post(
        "/__mock/clock",
        Advance::SYNTAX,
        r#"{"now": SECONDS}"#,
        "lets protocol time jump ahead; what is told of it stops at the end of the year 9999",
        Try(control::advance),
    ),
    act(
        "/__mock/offline",
        "closes every port and every connection of the origin; this listener stays",
        Try(control::offline),
    ),
    act("/__mock/online", "listens again on the same ports", Try(control::online)),
    get(
        "/__mock/options",
        r#"{"NAME": VALUE}"#,
        "every switch and every limit with its value",
        Tell(control::switch_values),
    ),
    post(
        "/__mock/options",
        OptionValues::SYNTAX,
        "{}",
        "sets switches and limits, as --set does: all of them, or none if one makes no sense",
        Try(control::options),
    ),
    get(
        "/__mock/chaos",
        r#"{"chaos": {"seed", "profile", "max_per_operation", "percent"} | null, "injected": [{"fault", "rust"}]}"#,
        "the chaos in force, and what chaos has done, as faults that do the same, and as Rust \
         writes them",
        Tell(chaos::done),
    ),
    post(
        "/__mock/chaos",
        chaos::TAKES,
        "{}",
        "lets things go wrong by chance, wherever no fault acts: of the first max_per_operation attempts of \
         all that percentage. Only the seed is needed; without the others it is the profile \
         all, 2 attempts and 33 percent. It replaces the earlier chaos",
        Try(chaos::begin),
    ),
    delete("/__mock/chaos", "{}", "ends chaos alone; what it has done stays", Tell(chaos::end)),
];

fn index(_: &MockOrigin) -> Response {
    let endpoints: Vec<_> = ENDPOINTS.iter().map(describe).collect();
    Response::Json(json!({ "endpoints": endpoints }))
}

/// Returns an endpoint as the index shows it.
fn describe(endpoint: &Endpoint) -> Value {
    let Endpoint { method, path, query, takes, answers, what, .. } = endpoint;
    let parameters: Vec<_> = query.iter().map(|parameter| parameter.name).collect();
    json!({
        "method": method, "path": path, "query": parameters, "takes": takes, "answers": answers,
        "meaning": what,
    })
}
