//! Runs `fixtures/cases`: what the protocol promises, as transcripts of the wire.
//!
//! A case is data: what is given, and a script of what is sent and what must come back. One engine
//! plays every case over four adapters: without a socket, and over TCP whole, byte by byte and pipelined.
//! Each case is a test of its own per adapter: `cargo test --test cases -- 'pipelined: egress'` runs
//! the cases of `fixtures/cases/egress.toml` over one of them. A last test proves that the cases leave no
//! row of the protocol's tables out.
//!
//! ```toml
//! [[case]]
//! name = "a directory that is not there takes no upload"      # what is promised
//! section = ["§4.1"]
//! given.directories = ["/videos"]                             # see `Given` for the other words
//! each = [                                                    # played once per row below the first
//!   ["where", "code"],
//!   ["/films", "-23"],
//!   ["/videos/..", "-16"],
//! ]
//! script = '''
//! > POST /multipart/create
//! > X-Agile-Authorization: {token}
//! > X-Agile-Directory: {where}
//! < 400 {code}
//! < !X-Agile-Multipart
//! '''
//! ```
//!
//! # Lines of a script
//!
//! * `> …` is the request as it is sent: request line, headers in their order, and behind an empty
//!   `>` the body. `Host`, and `Content-Length` where there is a body, go without saying;
//!   `> !Host` leaves `Host` out.
//!   `>> …` is a line of a body that ends with CRLF, as those of forms do.
//! * `< …` is the answer as it must be: status, code if there is one, reason if it matters; headers
//!   that must be there exactly so, `!Name` for one that must not; behind an empty `<` the whole
//!   body. `< 100` in front says that `100 Continue` must come first.
//! * `create / a.txt` and its like are requests in [short](shorthand). They expect success, unless
//!   lines follow that say otherwise. `+ Name: value` adds a header to one.
//! * `rpc stat ["{token}", "/a.txt"]` is a JSON-RPC 2.0 request, `= {"code": -1}` the whole result
//!   that answers it, and `! -32602` the error object that does.
//! * `advance 3600` lets seconds of protocol time go by; the collector runs then.
//! * `~ …` is a line that is played between the head and the body of the request above, which must
//!   `Expect: 100-continue`.
//! * `# …` is a remark.
//!
//! `Transfer-Encoding: chunked` sends the body in small chunks. With a `Content-Length` beyond its
//! body the client breaks off there.
//!
//! # Holes
//!
//! `{mpid}` is what stood there in an earlier answer, and in an answer that is the first to have it
//! anything at all; `{mpid=hex32}` must have that [form](text::Form) besides, and `{*}` is forgotten
//! again. `{token}` is one of jane's unless an answer gave another, `{token:bob}` is bob's. `{a*4096}`
//! is so many of them, and `{hex:ff}` is bytes that no file of TOML can hold.

#![allow(clippy::unwrap_used)]

mod answer;
mod case;
#[cfg(feature = "server")]
mod connection;
mod coverage;
mod direct;
mod engine;
mod expected;
mod fields;
mod given;
mod ground_rules;
#[cfg(feature = "server")]
#[path = "../support/http.rs"]
mod http;
mod observed;
mod request;
mod script;
mod shorthand;
#[cfg(feature = "server")]
mod tcp;
mod text;

use std::process::ExitCode;
use std::sync::Arc;

use case::Case;
use engine::Adapter;
use libtest_mimic::{Arguments, Failed, Trial};

/// Tests of the engine itself.
const OWN_TESTS: &[(&str, fn())] = &[
    (
        "script::a_step_begins_where_a_request_does",
        script::tests::a_step_begins_where_a_request_does,
    ),
    (
        "script::a_script_that_makes_no_sense_is_refused",
        script::tests::a_script_that_makes_no_sense_is_refused,
    ),
    (
        "text::holes_are_filled_and_braces_are_braces",
        text::tests::holes_are_filled_and_braces_are_braces,
    ),
    (
        "text::a_hole_takes_what_stands_before_the_next_known_text",
        text::tests::a_hole_takes_what_stands_before_the_next_known_text,
    ),
    (
        "text::identifiers_have_the_form_of_version_4",
        text::tests::identifiers_have_the_form_of_version_4,
    ),
    ("cases_hit_every_row_of_the_tables", cases_hit_every_row_of_the_tables),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    // A runner with a process per test names the test exactly. Only its file is read then.
    let exact = arguments.filter.as_deref().filter(|_| arguments.exact);
    let topic = exact.map(|name| name.split(": ").nth(1).unwrap_or_default());
    let cases: Arc<[Case]> = case::of_files(|file| topic.is_none_or(|topic| topic == file)).into();
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

/// Returns one test per case, over one adapter. A case with several rows fails with all rows that fail.
fn trials_over<A: Adapter>(adapter: &str, cases: &Arc<[Case]>) -> Vec<Trial> {
    let mut start = 0;
    let mut trials = Vec::new();
    for rows in cases.chunk_by(|one, next| one.name == next.name) {
        let range = start..start + rows.len();
        start = range.end;
        let cases = Arc::clone(cases);
        trials.push(Trial::test(format!("{adapter}: {}", rows[0].name), move || {
            let played = cases[range].iter().map(|case| engine::play::<A>(case).1);
            let failures: Vec<String> = played.filter_map(Result::err).collect();
            if failures.is_empty() { Ok(()) } else { Err(Failed::from(failures.join("\n"))) }
        }));
    }
    trials
}

fn cases_hit_every_row_of_the_tables() {
    let play = |case: &Case| engine::play::<direct::Direct>(case).0.facts;
    coverage::judge(&case::all().iter().flat_map(play).collect());
}
