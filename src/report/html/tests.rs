//! Records that no client makes in a test: very long, and hostile in every field.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use crate::journal::{
    Call, Exchange, FaultRef, Framing, Head, Instants, Journal, Outcome, ResponseHead,
};
use crate::protocol::{Interface, Operation, Options};
use crate::referee::{Evidence, RefereeOptions, judge};
use crate::storage::{Path, Setup, Storage, Timestamp, UserRecord};

use super::HtmlReport;

const EXCHANGES: u64 = 100_000;

/// The size that no page exceeds.
const MAX_BYTES: usize = 8 << 20;

fn storage() -> Storage {
    let (name, password) = ("jane".into(), "secret".to_owned());
    let users = vec![UserRecord { name, password, uid: 1, gid: 1, root: Path::root() }];
    let setup = Setup { account: "acme".to_owned(), users, options: Options::default(), seed: 1 };
    Storage::new(setup, Timestamp::from_secs(1))
}

fn instants(micros: u64) -> Instants {
    Instants::new(Timestamp::from_secs(1), Duration::from_micros(micros))
}

/// Returns an exchange that ended after 50 µs.
fn exchange(index: u64, head: &[u8], call: Call) -> Exchange {
    let mut exchange = Exchange::new(index, 0, Head::new(head), vec![call], instants(index * 100));
    exchange.committed = Some(instants(index * 100 + 20));
    exchange.response_started = Some(instants(index * 100 + 30));
    exchange.closed = Some(instants(index * 100 + 50));
    exchange.outcome = Outcome::Responded;
    exchange.response = Some(Arc::new(ResponseHead::new(200, "OK", [("Content-Length", "0")])));
    exchange
}

/// Makes everything in an exchange that has a length long, and everything with letters hostile.
fn make_hostile(exchange: &mut Exchange) {
    let name = "<script>&\u{202e}\u{1b}[2J\"'".repeat(200);
    exchange.calls[0].path = Some(format!("/{name}{}", exchange.index).into());
    exchange.calls[0].user = Some(name.as_str().into());
    exchange.calls[0].upload = Some(name.as_str().into());
    exchange.faults = (0..4).map(|id| FaultRef::new(Some(id), &*name)).collect();
    exchange.framing = Framing::Length(10_000_000_000);
    exchange.outcome = Outcome::CutByFault;
    exchange.response =
        Some(Arc::new(ResponseHead::new(503, name.clone(), vec![("X-Long", name); 100])));
}

fn page(journal: &Journal) -> String {
    let storage = storage();
    let judgement = judge(&Evidence::new(journal, storage.uploads()));
    HtmlReport {
        title: "<script>",
        urls: &[],
        journal,
        storage: &storage,
        faults: &[],
        judgement: &judgement,
        referee: &RefereeOptions::default(),
        failures: &[],
        omitted_failures: 0,
        chaos: &"<script>\n".repeat(100_000),
        repeat: &[],
    }
    .render()
}

fn journal(count: u64, is_hostile: impl Fn(u64) -> bool) -> Journal {
    let line = format!("X-Long: {}\r\n", "<&\">".repeat(120));
    let hostile_head = format!("POST /multipart/piece HTTP/1.1\r\n{}\r\n", line.repeat(100));
    let mut journal = Journal::default();
    for _ in 0..count {
        journal.open(|index| {
            let head = if is_hostile(index) {
                hostile_head.as_bytes()
            } else {
                &b"POST /multipart/piece HTTP/1.1\r\nX-Agile-Part: 1\r\n\r\n"[..]
            };
            let mut call = Call::new(Operation::Piece, Interface::Http, "/multipart/piece");
            call.path = Some(format!("/acme/{}.mp4", index % 1_000).into());
            call.part = Some(1);
            let mut exchange = exchange(index, head, call);
            if is_hostile(index) {
                make_hostile(&mut exchange);
            }
            exchange
        });
    }
    journal
}

#[test]
fn a_page_of_100_000_exchanges_is_bounded() {
    let page = page(&journal(EXCHANGES, |_| false));
    assert!(page.len() < MAX_BYTES, "{} bytes", page.len());
    assert!(page.contains("<dd>100,000</dd>") && page.contains("has 1,000 of them"));
}

#[test]
fn a_page_of_hostile_exchanges_is_bounded_and_harmless() {
    let page = page(&journal(2_000, |index| index % 4 == 0));
    assert!(page.len() < MAX_BYTES, "{} bytes", page.len());
    assert!(!page.contains("<script") && !page.contains(['\u{202e}', '\u{1b}']));
    assert!(page.contains("0 of 10,000,000,000"));
    assert!(page.contains("Heads left out: the limit of 1 MiB is reached."));
}
