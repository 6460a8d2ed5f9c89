//! Reports of long and hostile journals, which are built in memory.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::{Run, Timeline, TimelineExcerpt, Transcript, har, trace};
use crate::journal::{
    Call, Connection, ConnectionEnd, Exchange, FaultRef, Head, Instants, Journal, MarkEvent,
    Outcome, ResponseHead,
};
use crate::protocol::{Interface, Operation};
use crate::storage::Timestamp;

const LONG: u64 = 100_000;
const CONNECTIONS: u64 = 100;

/// More than 32 bits can count.
const DECLARED: u64 = 10 << 30;

/// A name with markup, a terminal escape, a mark that reverses text, and a line end.
const HOSTILE: &str = "</script><script>\u{1b}[31m\u{202e}\n'\"&";

fn at(millis: u64) -> Instants {
    let elapsed = Duration::from_millis(millis);
    Instants::new(Timestamp::from_secs(1_000), elapsed)
}

/// Returns a journal of pieces that were cut after half of 10 GiB, and of one rejected request in a
/// hundred.
fn journal(exchanges: u64, name: &str) -> Journal {
    let mut journal = Journal::default();
    for _ in 0..CONNECTIONS.min(exchanges) {
        let address = ([127, 0, 0, 1], 80).into();
        journal.connect(|index| Connection {
            index,
            peer: address,
            local: address,
            opened: at(0),
            closed: None,
            end: ConnectionEnd::Open,
            tls: None,
            unparsed: None,
            is_unused: false,
            drained: 0,
            fault: None,
            fault_injected: None,
        });
    }
    let head =
        format!("POST /multipart/piece HTTP/1.1\r\nContent-Length: {DECLARED}\r\nX-Binary: ");
    let head = [head.as_bytes(), b"\xff\xfe\x80\r\n\r\n"].concat();
    let response = |status| ResponseHead::new(status, "", [("X-Binary", b"\xc3\x28")]);
    let fault = FaultRef::new(Some(0), name);
    for number in 0..exchanges {
        let mut call = Call::new(Operation::Piece, Interface::Http, "/multipart/piece");
        call.path = Some(format!("/acme/{name}").into());
        call.user = Some(name.into());
        call.upload = Some(name.into());
        call.part = u32::try_from(number % 1_000).ok();
        let is_rejected = number % 100 == 50;
        journal.open(|index| Exchange {
            received: DECLARED / 2,
            response: Some(Arc::new(response(if is_rejected { 503 } else { 200 }))),
            written: DECLARED,
            faults: if is_rejected { vec![fault.clone()] } else { Vec::new() },
            response_started: Some(at(number + 1)),
            closed: Some(at(number + 2)),
            outcome: Outcome::Responded,
            ..Exchange::new(
                index,
                number % CONNECTIONS,
                Head::new(head.clone()),
                vec![call],
                at(number),
            )
        });
    }
    journal.record_mark(at(exchanges), MarkEvent::Note(name.to_owned()));
    journal
}

#[track_caller]
fn assert_harmless(text: &str) {
    let unsafe_char = text.chars().find(|char| "\u{1b}\u{202e}\r\u{fffe}".contains(*char));
    assert_eq!(unsafe_char, None, "{text}");
}

/// Asserts that the pieces are one JSON text, none of them long, and returns it.
#[track_caller]
fn parsed(pieces: impl Iterator<Item = String>) -> Value {
    let mut text = String::new();
    for piece in pieces {
        assert!(piece.len() < 64 * 1024, "{} bytes", piece.len());
        assert_harmless(&piece);
        text += &piece;
    }
    text.parse().unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn reports_of_a_long_run_are_bounded_or_come_in_short_pieces() {
    let journal = journal(LONG, "a.mp4");
    let run = || Run::new(journal.clone(), Vec::new());
    let excerpt = TimelineExcerpt(&run()).to_string();
    // A heading, 200 lines, and a gap before each of the 121 runs of lines.
    assert!(excerpt.lines().count() <= 1 + 200 + 121, "{} lines", excerpt.lines().count());
    assert!(excerpt.len() < 64 * 1024, "{} bytes", excerpt.len());
    assert!(excerpt.contains("5368709120 of 10737418240 B"), "{excerpt}");
    let mut pieces = har(run());
    assert!(pieces.by_ref().take(100).all(|piece| piece.len() < 4_096));
    assert_eq!(pieces.count() as u64, LONG + 2 - 100);
    assert_eq!(trace(run()).count() as u64, CONNECTIONS + LONG + 1 + 2);
    let transcript = Transcript { journal: &journal, addresses: &[] }.to_string();
    let lines = transcript.lines().filter(|line| line.starts_with("  POST /multipart/piece"));
    assert_eq!(lines.count() as u64, LONG);
}

#[test]
fn hostile_names_are_harmless_in_every_report() {
    let long = HOSTILE.repeat(4_096 / HOSTILE.len());
    for name in [HOSTILE, &long] {
        let journal = journal(60, name);
        let run = || Run::new(journal.clone(), Vec::new());
        let timeline = Timeline(&run()).to_string();
        let transcript = Transcript { journal: &journal, addresses: &[] }.to_string();
        for text in [&timeline, &transcript] {
            assert_harmless(text);
            assert!(text.lines().all(|line| line.len() < 8_192), "{text}");
        }
        assert_eq!(timeline.lines().count(), 1 + 60 + 1);
        let har = parsed(har(run()));
        let entry = &har["log"]["entries"][0];
        assert_eq!(entry["_path"], format!("/acme/{name}"));
        assert_eq!(entry["request"]["headers"][1]["value"], "\u{fffd}\u{fffd}\u{fffd}");
        assert_eq!(entry["request"]["bodySize"], DECLARED / 2);
        let trace = parsed(trace(run()));
        assert_eq!(trace["traceEvents"][1]["args"]["name"], "connection 0");
    }
}

#[test]
fn spans_on_a_connection_never_overlap() {
    // Exchanges of one connection that were recorded as overlapping.
    let mut journal = journal(1, "a.mp4");
    for start in [1, 3] {
        let head = Head::new(*b"GET / HTTP/1.1\r\n\r\n");
        let call = Call::new(Operation::Read, Interface::Egress, "");
        let closed = Some(at(start + 5));
        journal.open(|index| Exchange {
            closed,
            ..Exchange::new(index, 0, head, vec![call], at(start))
        });
    }
    let trace = parsed(trace(Run::new(journal, Vec::new())));
    let spans = trace["traceEvents"].as_array().map(Vec::as_slice).unwrap_or_default().iter();
    let spans = spans.filter(|event| event["args"]["exchange"].is_u64());
    let times = spans.map(|event| (event["ts"].as_u64(), event["dur"].as_u64()));
    let micros = |from, length| (Some(from), Some(length));
    assert_eq!(
        times.collect::<Vec<_>>(),
        [micros(0, 1_000), micros(1_000, 2_000), micros(3_000, 5_000)]
    );
}
