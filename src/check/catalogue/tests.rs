//! The rules that every row of the catalogue follows.

use std::collections::BTreeSet;

use super::*;
use crate::check::{Flavour, Plan, rule_by_id};
use crate::mock::MockOrigin;
use crate::referee;

/// The situations that the catalogue must have.
const DEMANDED: &[&str] = &[
    "control/plain",
    "control/refused",
    "content/empty",
    "content/one-byte",
    "content/exact-multiple",
    "content/one-over",
    "content/changes",
    "content/too-many-pieces",
    "names/reserved",
    "names/unicode",
    "names/decomposed",
    "names/repeated-segment",
    "names/parents-missing",
    "names/overwrite",
    "lost/login",
    "lost/create",
    "lost/piece",
    "lost/last-piece",
    "lost/complete",
    "lost/file",
    "lost/request",
    "lost/status-500",
    "broken/mid-body",
    "broken/mid-response",
    "broken/at-accept",
    "broken/idle-close",
    "broken/stall",
    "broken/silence",
    "broken/slow-request",
    "broken/offline",
    "ill/retry-after",
    "ill/retry-after-date",
    "ill/proxy-page",
    "ill/rate-limit",
    "ill/disk-full",
    "ill/lock-expired",
    "ill/endless",
    "ill/permanent",
    "ill/early-refusal",
    "responses/wrong-checksum",
    "responses/wrong-checksum-always",
    "responses/upper-case-checksum",
    "responses/wrong-size",
    "responses/code-in-200",
    "responses/no-token",
    "responses/no-upload-id",
    "responses/garbage",
    "token/dies-mid-upload",
    "token/dies-for-good",
    "others/aborted",
    "others/expired",
    "others/zombie-piece",
    "others/stale-status",
    "join/later",
    "join/fails",
    "join/never",
    "process/killed",
    "process/terminated",
    "chaos/random",
];

const PIECE_SIZE: u64 = 65_536;

/// Starts the origin of a row, with its faults.
fn start(row: &Scenario, flavour: Flavour) -> MockOrigin {
    let plan = Plan::new(flavour, PIECE_SIZE, row.content.size(PIECE_SIZE), 1);
    let origin = row.prepare_origin(MockOrigin::builder(), &plan).verify_on_drop(false).start();
    (row.faults)(&origin, &plan);
    origin
}

#[test]
fn every_demanded_situation_is_there() {
    let ids: BTreeSet<_> = scenarios().map(|row| row.id).collect();
    let missing: Vec<_> = DEMANDED.iter().filter(|id| !ids.contains(*id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn ids_are_unique_and_begin_with_the_family() {
    let mut seen = BTreeSet::new();
    for row in scenarios() {
        assert!(seen.insert(row.id), "{} is there twice", row.id);
        let is_plain = |char: char| char.is_ascii_lowercase() || "-/0123456789".contains(char);
        assert!(row.id.chars().all(is_plain), "{}", row.id);
        assert_eq!(row.id.split('/').count(), 2, "{}", row.id);
    }
    for rows in FAMILIES {
        assert!(rows.iter().all(|row| row.family() == rows[0].family()), "{}", rows[0].id);
    }
}

#[test]
fn the_deciding_rule_of_every_row_exists() {
    for row in scenarios() {
        let is_known = rule_by_id(row.rule).is_some() || referee::rule_by_id(row.rule).is_ok();
        assert!(is_known, "{}: {}", row.id, row.rule);
    }
}

#[test]
fn every_row_names_its_source() {
    let page = include_str!("../../../docs/protocol.md");
    for row in scenarios() {
        let (is_rfc, anchor) = match row.section.strip_prefix('\u{a7}') {
            Some(number) => (false, format!("<a id=\"{number}\">")),
            None => (true, String::new()),
        };
        assert_eq!(is_rfc, row.section.starts_with("RFC 9"), "{}: {}", row.id, row.section);
        assert!(page.contains(&anchor), "{}: {}", row.id, row.section);
        assert_eq!(is_rfc, row.basis == referee::Basis::Rfc, "{}: {:?}", row.id, row.basis);
        assert!(row.level >= row.basis.heaviest(), "{}: an assumption cannot be a must", row.id);
    }
}

#[test]
fn sentences_are_sentences() {
    for row in scenarios() {
        for text in [row.situation, row.right] {
            let is_sentence = text.ends_with('.') && text.starts_with(char::is_uppercase);
            assert!(is_sentence || text.starts_with("103"), "{}: {text:?}", row.id);
        }
    }
}

#[test]
fn the_faults_of_every_row_are_valid_for_every_flavour() {
    for row in scenarios() {
        assert!(!row.flavours().is_empty(), "{} applies to no client", row.id);
        for flavour in row.flavours() {
            drop(start(row, flavour));
        }
    }
}

#[test]
fn an_explanation_has_the_code_of_the_situation() {
    let explain =
        |id: &str| scenarios().find(|row| row.id == id).map(Scenario::explain).unwrap_or_default();
    let lost = explain("lost/complete");
    assert_eq!(
        lost,
        "lost/complete (should)

The upload is completed, but the response is lost.
A right client repeats the completion, and asks for the status if it is rejected with -8.

rule: complete.unverified
feature: retries
clients: multipart, json_rpc
file: /videos/film.mp4, 3 pieces and a half
source: docs/protocol.md \u{a7}4.3 (evidence: real clients lost data or wasted requests by it)

    let origin = MockOrigin::builder().directory(\"/videos\").start();
    origin.on(Op::complete()).attempt(1).commit_then(ResponseLoss::Close);
"
    );
    assert!(explain("join/later").contains(r#".set("join", "after:3")"#));
    assert!(explain("chaos/random").contains("origin.chaos(Chaos::new(1).profile(Profile::All)"));
}
