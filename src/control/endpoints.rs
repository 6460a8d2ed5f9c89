//! The table of control endpoints. Start with [`ENDPOINTS`].

use serde_json::{Value, json};

use crate::fault::config::Syntax;
use crate::mock::MockOrigin;

use super::dto::requests::{Advance, ExpireTokens, NewNote, NewUpload, OptionValues};
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
    pub returns: &'static str,
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
    returns: &'static str,
    what: &'static str,
    serve: Serve,
) -> Endpoint {
    Endpoint { method: "GET", path, query: &[], takes: None, returns, what, serve }
}

/// Returns an endpoint that acts without a body.
const fn act(path: &'static str, what: &'static str, serve: Serve) -> Endpoint {
    Endpoint { method: "POST", path, query: &[], takes: None, returns: "{}", what, serve }
}

const fn delete(
    path: &'static str,
    returns: &'static str,
    what: &'static str,
    serve: Serve,
) -> Endpoint {
    Endpoint { method: "DELETE", path, query: &[], takes: None, returns, what, serve }
}

/// Returns an endpoint with a JSON body.
const fn post(
    path: &'static str,
    takes: &'static str,
    returns: &'static str,
    what: &'static str,
    serve: Serve,
) -> Endpoint {
    Endpoint { method: "POST", path, query: &[], takes: Some(takes), returns, what, serve }
}

/// Returns an endpoint that stores the bytes of the body.
const fn put(
    path: &'static str,
    query: &'static [Parameter],
    returns: &'static str,
    what: &'static str,
    serve: Serve,
) -> Endpoint {
    Endpoint { method: "PUT", path, query, takes: Some("bytes"), returns, what, serve }
}

const UPLOAD: &str = r#"{"id", "path", "user", "state", "error", "content_type", "created", "size", "pieces": [{"part", "size", "digest", "state"}]}"#;

/// All control endpoints.
pub const ENDPOINTS: &[Endpoint] = &[
    get("/__mock/", r#"{"endpoints": […]}"#, "lists the endpoints", Tell(index)),
    get(
        "/__mock/faults",
        r#"{"faults": [{"id", "name", "fault", "definition", "location", "matched", "fired", "skip_reason"}]}"#,
        "lists every fault: `matched` counts the calls or connections that it selects (for \
         tokens: the calls with one), `fired` the calls, connections or tokens that it was \
         injected into, and `skip_reason` says why the latest selected one was skipped",
        Tell(faults::list),
    ),
    post(
        "/__mock/faults",
        faults::TAKES,
        r#"{"ids": [N]}"#,
        "adds faults after the others: all of them, or none if one is invalid",
        Try(faults::add),
    ),
    delete(
        "/__mock/faults",
        r#"{"deleted": [N]}"#,
        "removes all faults and chaos; held responses are sent",
        Tell(faults::delete_all),
    ),
    delete(
        "/__mock/faults/ID",
        r#"{"deleted": [N]}"#,
        "removes a fault, so that verification ignores it; held responses are sent",
        Try(faults::delete_one),
    ),
    Endpoint {
        returns: r#"{"released": [N]}"#,
        ..act(
            "/__mock/faults/ID/release",
            "sends the responses that a fault with hold holds; it holds no others after that. \
             The fault stays in the list",
            Try(faults::release),
        )
    },
    Endpoint {
        query: inspect::PAGE,
        ..get(
            "/__mock/journal",
            r#"{"dropped": N, "cleared": N, "exchanges": […]}"#,
            "lists every request so far and its outcome: with `after`, those with a higher \
             number; with `limit`, at most that many. `dropped` counts the older exchanges that \
             the journal limit removed, `cleared` those that were cleared, or dropped before \
             that. A long response is streamed without a Content-Length",
            Try(inspect::journal),
        )
    },
    delete(
        "/__mock/journal",
        r#"{"cleared": N}"#,
        "removes the records of all requests, connections and marks that are over, so that \
         counts begin anew; what is stored stays, and so do faults, tokens and requests in \
         progress",
        Tell(inspect::clear),
    ),
    get(
        "/__mock/connections",
        r#"{"connections": [{"index", "opened", "closed", "tls": {"server_name", "protocols", "version"}, "unparsed": {"kind", "text", "excerpt", "behind", "status", "at"}, "fault"}]}"#,
        "lists the connections with an event that belongs to no exchange: bytes that are not a \
         request, or a fault",
        Tell(inspect::connections),
    ),
    get(
        "/__mock/marks",
        r#"{"marks": [{"index", "event", "text", "fault", "next_exchange", "at"}]}"#,
        "lists the events that belong to no exchange: offline and online, steps of the clock, \
         resets, faults, chaos, clients and notes. `next_exchange` is the number of the next \
         exchange",
        Tell(inspect::marks),
    ),
    post(
        "/__mock/marks",
        NewNote::SYNTAX,
        "{}",
        "adds a note, which the timeline shows between the exchanges",
        Try(inspect::add_note),
    ),
    get(
        "/__mock/timeline",
        "text",
        "returns the timeline, with one line per exchange",
        Tell(inspect::timeline),
    ),
    get(
        "/__mock/report",
        "HTML",
        "returns a page that shows the run so far: verdict, findings, a picture of all tries, uploads and \
         exchanges. It needs no network and no script",
        Tell(inspect::report),
    ),
    get(
        "/__mock/transcript",
        "text",
        "the requests as a text that is the same in every run with the same seed and client",
        Tell(inspect::transcript),
    ),
    get(
        "/__mock/har",
        "HAR 1.2",
        "the exchanges as a HAR file, without bodies. It is written as it is read",
        Tell(inspect::har),
    ),
    get(
        "/__mock/trace",
        "Trace Event JSON",
        "the exchanges as a trace for Perfetto. It is written as it is read",
        Tell(inspect::trace),
    ),
    get(
        "/__mock/verdict",
        r#"{"ok": true} | {"ok": false, "failures": [TEXT], "omitted": N}"#,
        "verifies the run so far. Failures are, for example, bytes that are not a request, \
         requests to unknown endpoints, faults that were never injected, responses held beyond \
         the hold limit, findings from the level of the referee on, and allowed rules that were not \
         violated",
        Tell(inspect::verify),
    ),
    get(
        "/__mock/findings",
        r#"{"findings": [{"rule", "level", "sentence", "section", "text", "count", "exchanges", "advice", "certain", "allowed"}], "not_applicable": [RULE], "omitted": N}"#,
        "judges the clients by the rules of the referee, worst first. If a finding is not \
         `certain`, a later request may satisfy its rule. `allowed` is the reason to allow it, or \
         null. `exchanges` are at most 8 of the numbers. A rule that is not applicable has not \
         passed",
        Tell(inspect::findings),
    ),
    Endpoint {
        query: wait::PARAMETERS,
        ..get(
            "/__mock/wait",
            r#"{"met": true|false, "count": N}"#,
            "waits until `count` exchanges match (default: 1), or until the timeout has expired (default: \
             30 seconds). An exchange matches if it has the status and the outcome, and one of its calls \
             has the result code and is selected by op, method, part, interface, path, user and upload, as \
             in faults; `after` excludes earlier exchanges. With `quiet` alone, waits until no exchange \
             has been open and nothing has changed for that many seconds, and returns only `met`",
            Try(wait::wait),
        )
    },
    Endpoint {
        query: storage::READ,
        ..get(
            "/__mock/files",
            r#"{"files": [{"path", "size", "digest", "content_type", "mtime"}]}"#,
            "lists every stored file, including those that clients cannot see yet; with `path`, \
             returns the bytes of that file",
            Try(storage::files),
        )
    },
    put(
        "/__mock/files",
        storage::PUT,
        r#"{"path", "size", "digest"}"#,
        "stores a file of any size, creates missing directories, and replaces an existing file. \
         The owner is `user`; default: the first user",
        Try(storage::put_file),
    ),
    get(
        "/__mock/uploads",
        r#"{"uploads": [UPLOAD]}"#,
        "lists every upload in every state",
        Tell(storage::uploads),
    ),
    post(
        "/__mock/uploads",
        NewUpload::SYNTAX,
        r#"{"id": ID}"#,
        "starts an upload and creates missing directories, for tests of clients that resume. The \
         owner is `user`; default: the first user",
        Try(storage::begin_upload),
    ),
    get(
        "/__mock/uploads/ID",
        UPLOAD,
        "returns the upload with that multipart identifier",
        Try(storage::upload),
    ),
    put(
        "/__mock/uploads/ID/pieces",
        storage::PIECE,
        r#"{"part", "size", "digest"}"#,
        "stores a piece of an open upload, as if the owner had sent it",
        Try(storage::put_piece),
    ),
    post(
        "/__mock/tokens/expire",
        ExpireTokens::SYNTAX,
        r#"{"expired": N}"#,
        "expires a token, or all current tokens of a user",
        Try(tokens::expire),
    ),
    act(
        "/__mock/reset",
        "removes the journal, all faults and all stored data, and resets the clock. Requests in \
         progress end without a record. An origin that is offline stays offline",
        Tell(control::reset),
    ),
    get(
        "/__mock/clock",
        r#"{"now": SECONDS}"#,
        "returns the protocol time: seconds since 1970, with a fraction",
        Tell(control::clock),
    ),
    post(
        "/__mock/clock",
        Advance::SYNTAX,
        r#"{"now": SECONDS}"#,
        "advances protocol time; reported times stop at the end of the year 9999",
        Try(control::advance),
    ),
    act(
        "/__mock/offline",
        "closes every port and every connection of the origin, except the control endpoint",
        Try(control::offline),
    ),
    act("/__mock/online", "listens again on the same ports", Try(control::online)),
    get(
        "/__mock/options",
        r#"{"NAME": VALUE}"#,
        "lists every option and every limit with its value",
        Tell(control::switch_values),
    ),
    post(
        "/__mock/options",
        OptionValues::SYNTAX,
        "{}",
        "sets options and limits as --set does: all of them, or none if one is invalid",
        Try(control::options),
    ),
    get(
        "/__mock/chaos",
        r#"{"chaos": {"seed", "profile", "max_per_operation", "percent"} | null, "injected": [{"fault", "rust"}]}"#,
        "returns the active chaos and every injection of chaos: as a fault that does the same, \
         and as a Rust expression",
        Tell(chaos::done),
    ),
    post(
        "/__mock/chaos",
        chaos::TAKES,
        "{}",
        "starts chaos, which injects random faults where no other fault applies: into `percent` \
         of the first `max_per_operation` attempts. Defaults: profile all, 2 attempts, 33 \
         percent. It replaces earlier chaos",
        Try(chaos::begin),
    ),
    delete("/__mock/chaos", "{}", "ends chaos; its injections stay in the list", Tell(chaos::end)),
];

fn index(_: &MockOrigin) -> Response {
    let endpoints: Vec<_> = ENDPOINTS.iter().map(describe).collect();
    Response::Json(json!({ "endpoints": endpoints }))
}

/// Returns an endpoint as the index shows it.
fn describe(endpoint: &Endpoint) -> Value {
    let Endpoint { method, path, query, takes, returns, what, .. } = endpoint;
    let parameters: Vec<_> = query.iter().map(|parameter| parameter.name).collect();
    json!({
        "method": method, "path": path, "query": parameters, "takes": takes, "returns": returns,
        "meaning": what,
    })
}
