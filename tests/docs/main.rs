//! Checks the pages in `docs` that are generated from tables, and the sections that are cited.
//! `UPDATE_GOLDEN=1 cargo test --test docs` writes the generated parts.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::PathBuf;

use mock_origin::Fault;
use mock_origin::fault::{ACTIONS, SELECTORS, Subject};
mod by_example;
mod cites;
mod examples;
mod protocol;
#[path = "../support/mod.rs"]
mod support;

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
