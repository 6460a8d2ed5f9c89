//! Runs the conformance cases of `fixtures/cases`: requests, and the responses that the protocol
//! requires.
//!
//! A case is data: the initial state, and a script of requests and expected responses. One engine runs
//! every case over four adapters: `direct` without a socket, and `tcp`, `byte_by_byte` and `pipelined`
//! over TCP. Each case is one test per adapter: `cargo test --test cases -- 'pipelined: egress'` runs
//! the cases of `fixtures/cases/egress.toml` over one of them. A last test checks that the cases cover
//! every row of the protocol's tables. Start with `Case` and `engine::run`.
//!
//! ```toml
//! [[case]]
//! name = "create rejects an invalid directory"     # the promise
//! section = ["§4.1"]                               # the sections of the protocol that require it
//! given.directories = ["/videos"]                  # the initial state; `Given` lists the keys
//! each = [                                         # runs the case once per row below the header row
//!   ["directory", "code"],
//!   ["/films", "-23"],
//!   ["/videos/..", "-16"],
//! ]
//! script = '''
//! > POST /multipart/create
//! > X-Agile-Authorization: {token}
//! > X-Agile-Directory: {directory}
//! < 400 {code}
//! < !X-Agile-Multipart
//! '''
//! ```
//!
//! # Lines of a script
//!
//! | Line | Meaning |
//! |---|---|
//! | `> TEXT` | a line of the request: request line, headers in order, and after an empty `>` the body |
//! | `>> TEXT` | a line of the body that ends with CRLF, as in forms |
//! | `< TEXT` | a line of the expected response: status line, headers, and after an empty `<` the whole body |
//! | `create / a.txt` | a [shorthand](shorthand): a request and its expected success, which the following lines may replace |
//! | `+ Name: value` | adds a header to the request above |
//! | `rpc stat ["{token}", "/a.txt"]` | a JSON-RPC 2.0 request |
//! | `= {"code": -1}` | the whole result of a JSON-RPC response |
//! | `! -32602` | the code of the error object of a JSON-RPC response |
//! | `advance 3600` | advances protocol time by seconds; then the collector runs |
//! | `~ LINE` | a line that runs between the head and the body of the request above, which needs `Expect: 100-continue` |
//! | `# TEXT` | a comment |
//!
//! In a request, `Host` is added, and `Content-Length` if there is a body. `> !Host` leaves `Host` out.
//! `Transfer-Encoding: chunked` sends the body in small chunks. If `Content-Length` exceeds the body, the
//! client closes its sending direction after the body.
//!
//! An expected status line has the status, then optionally the code and the reason phrase. A header must
//! have exactly the given spelling and value; `!Name` is a header that must be absent. `< 100` before the
//! status line requires `100 Continue`.
//!
//! # Placeholders
//!
//! | Placeholder | Meaning |
//! |---|---|
//! | `{mpid}` | the value that the placeholder matched in an earlier response; in a response, any value on its first use |
//! | `{mpid=hex32}` | the same, with a [pattern](template::Pattern) that the value must match |
//! | `{*}` | any value, which is not kept |
//! | `{token}`, `{token:bob}` | a token of jane or of bob, unless an earlier response gave the value |
//! | `{a*4096}` | the text `a`, 4,096 times |
//! | `{hex:ff}` | bytes in hexadecimal |

#![allow(clippy::unwrap_used)]

mod case;
#[cfg(feature = "server")]
mod connection;
mod coverage;
mod direct;
mod engine;
mod expected;
mod fields;
mod given;
#[cfg(feature = "server")]
#[path = "../support/http.rs"]
mod http;
mod invariants;
mod observed;
mod request;
mod response;
mod script;
mod shorthand;
#[cfg(feature = "server")]
mod tcp;
mod template;

use std::process::ExitCode;
use std::sync::Arc;

use case::Case;
use engine::Adapter;
use libtest_mimic::{Arguments, Failed, Trial};

/// Tests of this binary itself.
const OWN_TESTS: &[(&str, fn())] = &[
    ("script::each_request_starts_a_step", script::tests::each_request_starts_a_step),
    ("script::invalid_scripts_are_rejected", script::tests::invalid_scripts_are_rejected),
    (
        "template::rendering_fills_placeholders_and_keeps_other_braces",
        template::tests::rendering_fills_placeholders_and_keeps_other_braces,
    ),
    (
        "template::a_placeholder_matches_up_to_the_next_known_text",
        template::tests::a_placeholder_matches_up_to_the_next_known_text,
    ),
    (
        "template::patterns_accept_version_4_uuids_only",
        template::tests::patterns_accept_version_4_uuids_only,
    ),
    ("cases_cover_every_row_of_the_tables", cases_cover_every_row_of_the_tables),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    // A runner with one process per test passes the exact name. Then only its file is read.
    let exact = arguments.filter.as_deref().filter(|_| arguments.exact);
    let topic = exact.map(|name| name.split(": ").nth(1).unwrap_or_default());
    let cases: Arc<[Case]> = case::in_files(|file| topic.is_none_or(|topic| topic == file)).into();
    let own = OWN_TESTS.iter().map(|(name, test)| {
        Trial::test(*name, || {
            test();
            Ok(())
        })
    });
    let mut trials: Vec<Trial> = own.collect();
    trials.extend(trials_over::<direct::Direct>("direct", &cases));
    #[cfg(feature = "server")]
    {
        trials.extend(trials_over::<tcp::OverTcp<tcp::Whole>>("tcp", &cases));
        trials.extend(trials_over::<tcp::OverTcp<tcp::ByteByByte>>("byte_by_byte", &cases));
        trials.extend(trials_over::<tcp::OverTcp<tcp::Pipelined>>("pipelined", &cases));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Returns one test per case, over one adapter. A failure reports every row that fails.
fn trials_over<A: Adapter>(adapter: &str, cases: &Arc<[Case]>) -> Vec<Trial> {
    let mut start = 0;
    let mut trials = Vec::new();
    for rows in cases.chunk_by(|one, next| one.name == next.name) {
        let range = start..start + rows.len();
        start = range.end;
        let cases = Arc::clone(cases);
        trials.push(Trial::test(format!("{adapter}: {}", rows[0].name), move || {
            let results = cases[range].iter().map(|case| engine::run::<A>(case).1);
            let failures: Vec<String> = results.filter_map(Result::err).collect();
            if failures.is_empty() { Ok(()) } else { Err(Failed::from(failures.join("\n"))) }
        }));
    }
    trials
}

fn cases_cover_every_row_of_the_tables() {
    let cover = |case: &Case| engine::run::<direct::Direct>(case).0.covered;
    coverage::assert_complete(&case::all().iter().flat_map(cover).collect());
}
