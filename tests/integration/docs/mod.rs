//! Checks the pages in `docs` that are generated from tables, and the sections that are cited.
//! `UPDATE_GOLDEN=1 cargo test --test integration docs` writes the generated parts.

use std::fmt::Write as _;
use std::path::PathBuf;

use mock_origin::Fault;
use mock_origin::internals::fault::{ACTIONS, SELECTORS, Subject};
mod by_example;
mod cites;
mod examples;
mod protocol;
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

const FAULTS_IN_TOML: &str = r#"# Reject the second attempt of pieces 2 to 4, and ask the client to wait 2 seconds.
[[fault]]
op = "piece"
part = "2..=4"
attempt = 2
reject = { status = 429, retry_after = 2 }

# Break three connections after 100,000 bytes of a body.
[[fault]]
op = "raw"
path = "/videos/**"
times = 3
cut_after = { bytes = 100_000, how = "reset" }

# Complete an upload, but lose the response.
[[fault]]
name = "lost response"
op = "complete"
commit_then = "close"

# Lose the response to piece 1, and store the piece 2.5 seconds later.
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
  { "name": "lost response", "op": "complete", "commit_then": "close" },
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

This page describes how a fault is written in TOML or JSON. It is generated from the tables in `src/fault/config`.

```toml
{FAULTS_IN_TOML}```

`mock-origin serve --faults FILE` reads TOML. `POST /__mock/faults` of [the control endpoint](control.md) and
`Fault::list_from_json` in Rust read JSON:

```json
{FAULTS_IN_JSON}```

A fault has any number of selectors, which choose the requests, and exactly one action. Every fault that Rust code can
build can be written, and an invalid fault is rejected with one line. In JSON a single fault may be an object without
a list, and a list may also be `{{\"fault\": […]}}`, as in TOML.

The tables use these words. Inner tables are written as in TOML.

| Word | Values |
|---|---|
| N | a whole number from 0 to 2^64 - 1 (in TOML 2^63 - 1), unless stated otherwise; numbers of bytes of a request body are at most 100,000,000,000, the size of the largest piece (§4.2) |
| \"A..=B\" | a range that includes both ends |
| SECONDS | from 0 to 2^64 - 1, fractions allowed; greater than 0 for `delay`, `delay_continue` and `expire_after`; at most 253,402,300,799 (the years 1970 to 9999) for `commit_later` |
| STATUS | from 300 to 599; from 200 for `raw` |
| CODE | a code from the table of the operation; for `raw` and in `alter` any from -2^31 to 2^31 - 1 |

A fault that holds, stalls, withholds or stays silent ends after the hold limit: 30 seconds, or `--hold-limit`.

"
    );
    selectors(&mut page);
    effects(
        &mut page,
        Subject::Calls,
        "Effects on calls",
        "They are listed in the order in which they apply to a request",
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
