//! Runs `fixtures/cases`: what the protocol promises, as transcripts of the wire.
//!
//! A case is data: what is given, and a script of what is sent and what must come back. One engine
//! plays every case over several adapters — straight into the sans-I/O rooms, and over TCP in three
//! manners — and a last test proves that the cases leave no row of the protocol's tables out.
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
mod observed;
mod request;
mod script;
mod shorthand;
#[cfg(feature = "server")]
mod tcp;
mod text;

use engine::play_all;

#[test]
fn cases_hold_without_a_socket() {
    play_all::<direct::Direct>();
}

#[test]
#[cfg(feature = "server")]
fn cases_hold_over_tcp() {
    play_all::<tcp::OverTcp<tcp::Whole>>();
}

#[test]
#[cfg(feature = "server")]
fn cases_hold_over_tcp_byte_by_byte() {
    play_all::<tcp::OverTcp<tcp::ByteByByte>>();
}

#[test]
#[cfg(feature = "server")]
fn cases_hold_over_tcp_with_the_next_request_right_behind() {
    play_all::<tcp::OverTcp<tcp::Pipelined>>();
}

#[test]
fn cases_leave_no_row_of_the_tables_out() {
    let play = |case: &case::Case| engine::play::<direct::Direct>(case).0.facts;
    coverage::judge(&case::all().iter().flat_map(play).collect());
}
