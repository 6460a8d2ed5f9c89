//! The prose that is made of tables is what the tables say. `UPDATE_GOLDEN=1 cargo test --test docs`
//! writes `docs/protocol.md` and `docs/faults-in-files.md` anew.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::PathBuf;

use mock_origin::Fault;
use mock_origin::fault::{ACTIONS, SELECTORS, Subject};
use mock_origin::protocol::{
    Availability, CONTENT_TYPES, ENDPOINTS, ENVELOPE_RESULTS, Endpoint, LIMITS, METHODS, Method,
    OPTION_SPECS, PERMISSIONS, PIECE_TRANSITIONS, Param, Provenance, ResultCode,
    UPLOAD_TRANSITIONS,
};

#[test]
fn the_protocol_page_is_what_the_tables_say() {
    assert_written("docs/protocol.md", &page());
}

#[test]
fn the_page_of_faults_is_what_the_tables_say() {
    assert_written("docs/faults-in-files.md", &page_of_faults());
}

#[test]
fn the_two_examples_of_faults_are_the_same() {
    let toml: serde_json::Value = toml::from_str(FAULTS_IN_TOML).unwrap();
    let faults = Fault::list_from_json(&toml.to_string()).unwrap();
    assert_eq!(Fault::list_from_json(FAULTS_IN_JSON).unwrap(), faults);
    let on = |on: &str| FAULTS_IN_TOML.contains(&format!("on = \"{on}\""));
    assert!(on("connections") && on("tokens") && faults.len() > 4);
}

#[track_caller]
fn assert_written(name: &str, made: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(made == written, "{name} is not what the tables say");
}

fn page() -> String {
    let mut page = "\
# The protocol, as this origin speaks it

This page is made from the tables in `src/protocol` and checked by a test; the tables are what the origin
goes by. The basis of a fact is **D**ocumented, **O**bserved or **A**ssumed. Rows *on request* are
never answered by a healthy origin.

"
    .to_owned();
    page += "## HTTP endpoints\n\n";
    ENDPOINTS
        .iter()
        .filter(|endpoint| !endpoint.results.is_empty())
        .for_each(|one| endpoint(&mut page, one));
    page +=
        "## JSON-RPC\n\nPOST to `/jsonrpc` (1.0 and 2.0) or `/jsonrpc2` (2.0, and batches).\n\n";
    page += "### Error objects of every method\n\n";
    results(&mut page, ENVELOPE_RESULTS);
    for one in METHODS {
        method(&mut page, one);
    }
    states(&mut page);
    limits_and_switches(&mut page);
    content_types(&mut page);
    page
}

fn endpoint(page: &mut String, endpoint: &Endpoint) {
    let methods: Vec<_> = endpoint.methods.iter().map(|method| method.name()).collect();
    writeln!(
        page,
        "### `{}` ({})\n\nTakes {}.\n",
        endpoint.path,
        endpoint.section,
        methods.join(", ")
    )
    .unwrap();
    writeln!(page, "| Header | | Basis |\n|---|---|---|").unwrap();
    for header in endpoint.headers {
        let needed = if header.required { "required" } else { "optional" };
        writeln!(page, "| `{}` | {needed} | {} |", header.name, provenance(header.provenance))
            .unwrap();
    }
    page.push('\n');
    if !endpoint.results.is_empty() {
        results(page, endpoint.results);
    }
}

fn results(page: &mut String, results: &[ResultCode]) {
    writeln!(page, "| HTTP | Code | Meaning | | Cite | Basis |\n|---|---|---|---|---|---|")
        .unwrap();
    for row in results {
        let made = if row.availability == Availability::FaultOnly { "on request" } else { "" };
        let code = row.code.to_string().replace('-', "−");
        let (http, phrase, section) = (row.http, row.phrase, row.section);
        writeln!(
            page,
            "| {http} | {code} | {phrase} | {made} | {section} | {} |",
            provenance(row.provenance)
        )
        .unwrap();
    }
    page.push('\n');
}

fn method(page: &mut String, method: &Method) {
    let params: Vec<_> = method.params.iter().map(param).collect();
    let (name, section) = (method.name, method.section);
    writeln!(
        page,
        "### `{name}({})` ({section}, {})\n",
        params.join(", "),
        provenance(method.provenance)
    )
    .unwrap();
    results(page, method.results);
}

fn param(param: &Param) -> String {
    let alias = param.alias.map(|alias| format!("|{alias}")).unwrap_or_default();
    format!("{}{alias}{}", param.name, if param.required { "" } else { "?" })
}

fn states(page: &mut String) {
    page.push_str("## States (§4.4)\n\n| Upload | on | becomes | Basis |\n|---|---|---|---|\n");
    for arrow in UPLOAD_TRANSITIONS {
        let provenance = provenance(arrow.provenance);
        writeln!(page, "| {} | {:?} | {} | {provenance} |", arrow.from, arrow.on, arrow.to)
            .unwrap();
    }
    page.push_str("\n| Piece | on | becomes | Basis |\n|---|---|---|---|\n");
    for arrow in PIECE_TRANSITIONS {
        let provenance = provenance(arrow.provenance);
        writeln!(page, "| {} | {:?} | {} | {provenance} |", arrow.from, arrow.on, arrow.to)
            .unwrap();
    }
    page.push_str("\n| Operation | NEW | READY | ABORT | FAILED | others | Basis |\n|---|---|---|---|---|---|---|\n");
    for row in PERMISSIONS {
        let answers = [row.new, row.ready, row.abort, row.failed, row.other];
        let answers: Vec<_> = answers
            .iter()
            .map(|cause| cause.map_or("yes".to_owned(), |cause| format!("{cause:?}")))
            .collect();
        writeln!(
            page,
            "| {:?} | {} | {} |",
            row.operation,
            answers.join(" | "),
            provenance(row.provenance)
        )
        .unwrap();
    }
    page.push('\n');
}

fn limits_and_switches(page: &mut String) {
    page.push_str("## Limits\n\n| Name | Figure | Cite | Basis |\n|---|---|---|---|\n");
    for row in &LIMITS {
        writeln!(
            page,
            "| `{}` | {} | {} | {} |",
            row.name,
            row.default,
            row.section,
            provenance(row.provenance)
        )
        .unwrap();
    }
    page.push_str(
        "\n## Switches (§10)\n\n| Name | Values | Default | What it changes |\n|---|---|---|---|\n",
    );
    for row in OPTION_SPECS {
        let values = row.values.replace('|', "\\|");
        writeln!(page, "| `{}` | {values} | {} | {} |", row.name, row.default, row.what).unwrap();
    }
    page.push('\n');
}

fn content_types(page: &mut String) {
    page.push_str("## Content types (§3.8)\n\n| Type | Extensions |\n|---|---|\n");
    for row in CONTENT_TYPES {
        writeln!(page, "| {} | {} |", row.name, row.extensions.join(" ")).unwrap();
    }
}

fn provenance(provenance: &[Provenance]) -> String {
    let letter = |provenance: &Provenance| match provenance {
        Provenance::Documented => "D",
        Provenance::Observed => "O",
        Provenance::Assumed => "A",
    };
    provenance.iter().map(letter).collect::<Vec<_>>().join(", ")
}

const FAULTS_IN_TOML: &str = r#"# The second attempt of pieces 2 to 4 is refused, and the client is asked for patience.
[[fault]]
op = "piece"
part = "2..=4"
attempt = 2
reject = { status = 429, retry_after = 2 }

# Connections break in the middle of large bodies, three times.
[[fault]]
op = "raw"
path = "/videos/**"
times = 3
cut_after = { bytes = 100_000, how = "reset" }

# An upload is completed, and its client never learns.
[[fault]]
name = "the lost ack"
op = "complete"
commit_then = "close"

# A piece that was given up arrives late.
[[fault]]
op = "piece"
part = 1
commit_later = { seconds = 2.5, then = "stall" }

[[fault]]
method = "stat"
always = true
delay = 0.2

[[fault]]
on = "connections"
nth = 2
close_after = 3

[[fault]]
on = "tokens"
user = "jane"
expire_after_requests = 10
"#;

const FAULTS_IN_JSON: &str = r#"[
  { "op": "piece", "part": "2..=4", "attempt": 2, "reject": { "status": 429, "retry_after": 2 } },
  { "op": "raw", "path": "/videos/**", "times": 3, "cut_after": { "bytes": 100000, "how": "reset" } },
  { "name": "the lost ack", "op": "complete", "commit_then": "close" },
  { "op": "piece", "part": 1, "commit_later": { "seconds": 2.5, "then": "stall" } },
  { "method": "stat", "always": true, "delay": 0.2 },
  { "on": "connections", "nth": 2, "close_after": 3 },
  { "on": "tokens", "user": "jane", "expire_after_requests": 10 }
]
"#;

fn page_of_faults() -> String {
    let mut page = format!(
        "\
# Faults in files

This page is made from the tables in `src/fault/words` and checked by a test. A fault says when it
acts and what it does: its keys are the selectors below and exactly one effect. What can be written
so is what a test can write as a sentence on an origin, and whatever makes no sense is refused in one
line. TOML is read by `mock-origin serve --faults FILE`; JSON is sent to `POST /__mock/faults` of
[the control endpoint](control.md) while it runs, and read by `Fault::list_from_json` in Rust.

```toml
{FAULTS_IN_TOML}```

The same in JSON. One fault alone is an object, and several can also be `{{\"fault\": […]}}`, which is
what the TOML above comes to.

```json
{FAULTS_IN_JSON}```

N is a whole number of up to 2^64 - 1 (in TOML 2^63 - 1) unless it says otherwise, and a range
`\"A..=B\"` has both its ends. SECONDS may have a fraction and are 0 or more, and up to 2^64 - 1;
`delay`, `delay_continue` and `expire_after` take more than 0, and `commit_later` takes up to 253,402,300,799, which are
all the seconds from 1970 to 9999. STATUS is from 300 to 599, or from 200 for `raw`; CODE is one of
the operation's table, or with `raw` and in `alter` any from -2^31 to 2^31 - 1. Bytes of a request's
body are at most those of the largest piece, 100,000,000,000 (§4.2). What holds, stalls, is withheld or is
silent ends after the hold limit: 30 seconds, unless `--hold-limit` says otherwise. Inner tables are
shown as TOML writes them.

"
    );
    selectors(&mut page);
    effects(
        &mut page,
        Subject::Calls,
        "Effects on calls",
        "In the order in which they act on a call",
    );
    effects(
        &mut page,
        Subject::Connections,
        "Effects on connections",
        "With `on = \"connections\"`",
    );
    effects(&mut page, Subject::Tokens, "Effects on tokens", "With `on = \"tokens\"`");
    page.trim_end().to_owned() + "\n"
}

fn selectors(page: &mut String) {
    page.push_str("## Selectors\n\n| Key | Takes | For faults on | Means |\n|---|---|---|---|\n");
    for row in SELECTORS {
        let on: Vec<_> = row.on.iter().map(|on| format!("{on:?}").to_lowercase()).collect();
        let (on, takes) = (on.join(", "), cell(row.values));
        writeln!(page, "| `{}` | {takes} | {on} | {} |", row.key, cell(row.what)).unwrap();
    }
    page.push('\n');
}

fn effects(page: &mut String, on: Subject, title: &str, which: &str) {
    writeln!(page, "## {title}\n\n{which}.\n").unwrap();
    writeln!(page, "| Key | Takes | What happens |\n|---|---|---|").unwrap();
    for row in ACTIONS.iter().filter(|row| row.on == on) {
        let (takes, what) = (cell(row.values), cell(row.what));
        writeln!(page, "| `{}` | {takes} | {what} |", row.key).unwrap();
    }
    page.push('\n');
}

/// Text in a table, where bars and stars would mean something.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('*', "\\*")
}
