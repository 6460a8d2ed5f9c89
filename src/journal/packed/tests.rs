//! Every exchange is read back as it was packed.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::blob::Digest;
use crate::journal::{
    BodyEnd, BodyPrefix, Call, Calls, ChunkError, Exchange, FaultRef, Framing, Head, HeadError,
    Instants, Outcome, ResponseHead,
};
use crate::protocol::{Interface, Operation, endpoint_at};
use crate::storage::Timestamp;

use super::{Packing, Slots};

/// Returns the upload of a piece with a different length and content for each number.
fn piece(index: u64, upload: &Arc<str>) -> Exchange {
    let part = u32::try_from(index).ok();
    let body = "body ".repeat(usize::try_from(index % 7).unwrap_or_default()) + &index.to_string();
    let raw = format!(
        "POST /multipart/piece HTTP/1.1\r\nHost: o\r\nX-Agile-Part: {index}\r\nContent-Length: {}\
         \r\n\r\n",
        body.len()
    );
    let call = Call {
        upload: Some(Arc::clone(upload)),
        part,
        path: Some("/a.mp4".into()),
        ..Call::new(Operation::Piece, Interface::Http, "/multipart/piece")
    };
    let at = |nanos: u64| {
        let protocol = Timestamp::from_secs(5).after(Duration::from_nanos(nanos));
        Instants::new(protocol.unwrap_or_default(), Duration::from_nanos(nanos))
    };
    let opened = index * 1_000_003;
    let digest = Digest::compute(body.as_bytes());
    let headers = [("Date", "now".to_owned()), ("X-Agile-Checksum", digest.to_string())];
    Exchange {
        body_end: Some(BodyEnd::Complete),
        received: body.len() as u64,
        digest: Some(digest),
        last_byte: Some(Duration::from_nanos(opened + 70)),
        excerpt: body.into_bytes().into(),
        response: Some(Arc::new(ResponseHead::new(200, "OK", headers))),
        written: 300 + index,
        committed: Some(at(opened + 100)),
        response_started: Some(at(opened + 200)),
        closed: Some(at(opened + 3_000_000_000)),
        outcome: Outcome::Responded,
        ..Exchange::new(index, index % 3, Head::new(raw), call, at(opened))
    }
}

/// Returns everything that an exchange records, as text.
pub(in crate::journal) fn facts(exchange: &Exchange) -> String {
    // Each field is named, so that a new one is compared too.
    let Exchange {
        index,
        connection,
        head,
        head_error,
        framing,
        body_end,
        chunk_error,
        received,
        digest,
        partial_digest,
        prefixes,
        last_byte,
        excerpt,
        body,
        calls,
        response,
        written,
        faults,
        opened,
        continued,
        committed,
        is_deferred,
        response_started,
        closed,
        outcome,
    } = exchange;
    let head = (head.raw(), head.lines(), head.is_plain(), head.valid_framing().is_ok());
    let response = response.as_ref().map(|head| (head, head.to_bytes("HTTP/1.1")));
    let received = (framing, body_end, chunk_error, received, excerpt, body.is_some());
    let digests = (digest, partial_digest, prefixes);
    let times = (opened, continued, last_byte, committed, is_deferred, response_started, closed);
    format!(
        "{index} {connection} {head:?} {head_error:?} {received:?} {digests:?} {calls:?} \
         {response:?} {written} {faults:?} {times:?} {outcome:?}"
    )
}

/// Packs a block from the number 512 on, and returns how many exchanges became compact, after a
/// comparison.
fn compact(packing: &mut Packing, exchanges: Vec<Option<Exchange>>) -> usize {
    let slots: Vec<_> = exchanges.into_iter().map(|it| it.map(Arc::new)).collect();
    for _ in &slots {
        packing.push(&slots);
    }
    let unpacked = packing.finish(512).unpack();
    let text =
        |slots: &Slots| -> Vec<_> { slots.iter().map(|slot| slot.as_deref().map(facts)).collect() };
    assert_eq!(text(&slots), text(&unpacked));
    let is_compact = |(one, other): &(&Option<Arc<Exchange>>, &Option<_>)| match (one, other) {
        (Some(one), Some(other)) => !Arc::ptr_eq(one, other),
        _ => false,
    };
    slots.iter().zip(&unpacked).filter(is_compact).count()
}

#[test]
fn every_fact_of_a_piece_is_read_back() {
    let (even, odd) = ("a".into(), "b".into());
    let mut packing = Packing::default();
    for _ in 0..2 {
        let pieces = (512..768).map(|index| {
            let upload = if index % 2 == 0 { &even } else { &odd };
            Some(piece(index, upload))
        });
        assert_eq!(compact(&mut packing, pieces.collect()), 256);
    }
}

/// A change of one fact of an exchange.
type Change = fn(&mut Exchange);

/// Facts that the compact form keeps. `piece` has the others.
const USUAL: [Change; 25] = [
    |it| it.head = Head::new(b"GET / HTTP/1.1\n\n".repeat(40)),
    |it| it.head = Head::new(*b"P\xFF / HTTP/1.0\r\nA\r\n: b\r\n"),
    |it| it.connection = u64::MAX,
    |it| it.body_end = None,
    |it| it.body_end = Some(BodyEnd::TooLarge),
    |it| it.received = u64::MAX,
    |it| it.digest = None,
    |it| it.digest = Some(Digest::compute(b"other")),
    |it| it.last_byte = None,
    |it| it.excerpt = Box::default(),
    |it| it.excerpt = vec![b'x'; 512].into(),
    |it| it.response = None,
    |it| it.response = Some(Arc::new(ResponseHead::new(404, "No", [("A", "b")]))),
    |it| it.calls[0].part = None,
    |it| it.calls[0].path = None,
    |it| it.calls[0].path = Some("/höh".into()),
    |it| it.calls[0].upload = None,
    |it| it.calls[0].user = Some("jane".into()),
    |it| it.calls[0].is_named_by_origin = true,
    |it| it.calls[0].name = Cow::Owned("/other".to_owned()),
    |it| it.continued = Some(Instants::default()),
    |it| it.opened.protocol = Timestamp::from_secs(9),
    |it| it.opened.elapsed = Duration::from_secs(9),
    |it| it.closed = Some(Instants::default()),
    |it| (it.committed, it.response_started, it.closed) = (None, None, None),
];

/// Facts with which an exchange stays as it is.
const RARE: [Change; 12] = [
    |it| it.framing = Framing::Chunked,
    |it| it.calls = Calls::default(),
    |it| it.calls = [it.calls[0].clone(), it.calls[0].clone()].into_iter().collect(),
    |it| it.is_deferred = true,
    |it| it.partial_digest = it.digest,
    |it| it.prefixes = vec![BodyPrefix::new(3, Digest::compute(b"bod"))],
    |it| it.chunk_error = Some(ChunkError::Size),
    |it| it.head_error = Some(HeadError::NoHost),
    |it| it.faults.push(FaultRef::new(None, "fault")),
    |it| it.opened.elapsed = Duration::MAX,
    |it| it.last_byte = Some(Duration::MAX),
    |it| it.closed = Some(Instants::new(Timestamp::from_secs(u64::MAX), Duration::ZERO)),
];

#[test]
fn exchanges_with_rare_facts_stay_as_they_are() {
    let upload: Arc<str> = "a".into();
    let rare = RARE.iter().zip(513..).map(|(change, index)| {
        let mut exchange = piece(index, &upload);
        change(&mut exchange);
        Some(exchange)
    });
    let all = [Some(piece(512, &upload))].into_iter().chain(rare);
    let last = Some(piece(512 + 13, &upload));
    assert_eq!(compact(&mut Packing::default(), all.chain([last]).collect()), 2);
}

#[test]
fn any_combination_of_facts_is_read_back() {
    let uploads = ["a".into(), "b".into(), "c".into()];
    let mut state = 88_172_645_463_325_252_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap_or_default() % below
    };
    let results = endpoint_at("/multipart/piece").map_or(&[][..], |endpoint| endpoint.results);
    let mut packing = Packing::default();
    for round in 0..20 {
        let exchanges = (512..768).map(|index| {
            if random(10) == 0 {
                return None;
            }
            let mut exchange = piece(index, &uploads[random(3)]);
            exchange.calls[0].result_code = results.get(random(results.len() + 1));
            // The first rounds combine few facts, so that exchanges resemble each other.
            for _ in 0..random(2 + round) {
                USUAL[random(USUAL.len())](&mut exchange);
                exchange.framing = exchange.head.framing();
            }
            if random(50) == 0 {
                RARE[random(RARE.len())](&mut exchange);
            }
            Some(exchange)
        });
        assert!(compact(&mut packing, exchanges.collect()) > 180);
    }
}
