use super::ConnectionEvent as Event;
use super::*;
use crate::journal::{ChunkError, TlsFailure};

const HEAD: &[u8] = b"GET /a HTTP/1.1\r\n\r\n";

/// Applies events one after the other. Returns the effects without those that are nothing.
fn effects<'a>(
    state: &mut ConnectionState,
    events: impl IntoIterator<Item = Event<'a>>,
) -> Vec<Effect> {
    let effects = events.into_iter().map(|event| state.apply(event));
    effects.filter(|effect| *effect != Effect::None).collect()
}

/// Returns the events up to an open exchange.
fn opened(exchange: u64) -> [Event<'static>; 3] {
    [Event::HeadRead(Head::new(HEAD)), Event::HeadAccepted, Event::Opened { exchange, epoch: 0 }]
}

/// Returns a state with an open exchange.
fn serving(has_fault: bool) -> ConnectionState {
    let mut state = ConnectionState::new(has_fault);
    let serve = Effect::Serve { head: Head::new(HEAD), retracts: false };
    assert_eq!(effects(&mut state, opened(0)), [serve]);
    state
}

fn ready(closes: bool) -> Event<'static> {
    Event::ResponseReady { outcome: Outcome::Responded, closes }
}

fn closed(exchange: u64, outcome: Outcome, received: u64, written: u64) -> Effect {
    Effect::CloseExchange { exchange, outcome, received, written, chunk_error: None }
}

/// Returns the end and the drained bytes of a connection that is dropped.
fn end(state: &mut ConnectionState, stopped: bool) -> (ConnectionEnd, u64) {
    match state.apply(Event::Dropped { stopped }) {
        Effect::CloseConnection { end, drained, .. } => (end, drained),
        other => panic!("{other:?}"),
    }
}

#[test]
fn requests_follow_each_other() {
    let mut state = serving(false);
    for exchange in 0..3 {
        let events = [Event::BodyRead(7), Event::Written(40), ready(false), Event::Written(2)];
        assert_eq!(effects(&mut state, events), []);
        assert_eq!(state.apply(Event::Flushed), closed(exchange, Outcome::Responded, 7, 42));
        assert_eq!(state.apply(Event::Flushed), Effect::None);
        assert_eq!(effects(&mut state, opened(exchange + 1)).len(), 1);
    }
    assert_eq!(
        state.apply(Event::Closed(Outcome::ClientGone)),
        closed(3, Outcome::ClientGone, 0, 0)
    );
}

#[test]
fn an_unflushed_response_is_not_a_response() {
    let mut state = serving(false);
    let events = [ready(false), Event::Closed(Outcome::ClientGone), Event::Flushed];
    assert_eq!(effects(&mut state, events), [closed(0, Outcome::ClientGone, 0, 0)]);
}

#[test]
fn a_paused_body_is_recorded_once() {
    let mut state = serving(false);
    let events = [Event::BodyPaused, Event::BodyRead(5), Event::BodyPaused, Event::BodyPaused];
    let recorded = Effect::RecordReceived { exchange: 0, received: 5 };
    assert_eq!(effects(&mut state, events), [recorded]);
    assert!(state.has_received());
}

#[test]
fn events_out_of_turn_change_nothing() {
    let mut state = ConnectionState::new(false);
    for event in [Event::HeadAccepted, Event::Opened { exchange: 0, epoch: 0 }, Event::BodyRead(1)]
    {
        assert!(matches!(state.apply(event), Effect::InternalError(_)));
    }
    let events = [ready(true), Event::Flushed, Event::FilePassed, Event::Closed(Outcome::Stopped)];
    assert_eq!(effects(&mut state, events), []);
    let mut state = serving(false);
    assert!(matches!(state.apply(Event::HeadRead(Head::new(HEAD))), Effect::InternalError(_)));
    assert_eq!(state.apply(Event::Closed(Outcome::Stopped)), closed(0, Outcome::Stopped, 0, 0));
}

#[test]
fn the_last_event_decides_how_a_connection_ends() {
    type End = ConnectionEnd;
    let client_closes = || [Event::ClientFinished, Event::ServingEnded { cleanly: true }];
    let closing_response = || [ready(true), Event::Flushed];
    let done = |cleanly| [Event::ServingEnded { cleanly }];
    let by_fault = [Event::Closed(Outcome::CutByFault), Event::EndedByFault { drained: true }];
    for (events, expected) in [
        (Vec::from(client_closes()), End::ByClient),
        (Vec::from(done(true)), End::ByOrigin),
        (Vec::from(done(false)), End::Broken),
        (closing_response().into_iter().chain(client_closes()).collect(), End::ByOrigin),
        (closing_response().into_iter().chain(done(false)).collect(), End::ByOrigin),
        (vec![], End::Broken),
        (Vec::from(by_fault), End::ByFault),
    ] {
        let text = format!("{events:?}");
        let mut state = serving(false);
        effects(&mut state, events);
        assert_eq!(end(&mut state, false).0, expected, "{text}");
    }
    assert_eq!(end(&mut serving(false), true).0, End::Stopped);
}

#[test]
fn hyper_leaves_no_exchange_open() {
    let mut state = serving(false);
    let done = state.apply(Event::ServingEnded { cleanly: false });
    assert_eq!(done, closed(0, Outcome::ClientGone, 0, 0));
    assert_eq!(end(&mut state, true).0, ConnectionEnd::Broken);
}

#[test]
fn only_a_closing_response_counts_unread_bytes() {
    for (closes, drained) in [(true, 90), (false, 30)] {
        let mut state = serving(false);
        let events = [
            Event::BodyRead(40),
            ready(closes),
            Event::Flushed,
            Event::InputEnded { passed: 100 },
            Event::Drained(10),
            Event::Drained(20),
        ];
        assert_eq!(effects(&mut state, events), [closed(0, Outcome::Responded, 40, 0)]);
        assert_eq!(end(&mut state, false).1, drained);
    }
}

#[test]
fn a_fault_that_discards_the_rest_counts_unread_bytes() {
    let mut state = serving(false);
    let events = [
        Event::BodyRead(40),
        Event::Closed(Outcome::CutByFault),
        Event::EndedByFault { drained: true },
        Event::InputEnded { passed: 100 },
    ];
    effects(&mut state, events);
    assert_eq!(end(&mut state, false), (ConnectionEnd::ByFault, 60));
}

#[test]
fn a_rejected_head_is_recorded_with_its_status() {
    let mut state = ConnectionState::new(false);
    let events =
        [Event::HeadRead(Head::new(HEAD)), Event::StatusWritten { status: 400, partial: b"" }];
    let recorded = effects(&mut state, events);
    let [Effect::RecordUnparsed(unparsed)] = &recorded[..] else { panic!("{recorded:?}") };
    assert_eq!((&*unparsed.bytes, unparsed.status, unparsed.is_new), (HEAD, Some(400), true));
    assert_eq!(unparsed.behind, None);
    // The end of the input reports the same head again.
    assert_eq!(state.apply(Event::Unparsed(b"")), Effect::None);
    effects(&mut state, [Event::ServingEnded { cleanly: true }]);
    assert_eq!(end(&mut state, false).0, ConnectionEnd::BadHead(400));
}

#[test]
fn the_status_100_belongs_to_the_open_exchange() {
    let mut state = serving(false);
    let status = Event::StatusWritten { status: 100, partial: b"" };
    assert_eq!(state.apply(status), Effect::RecordContinue { exchange: 0 });
}

#[test]
fn malformed_chunks_are_recorded_with_their_exchange() {
    let mut state = ConnectionState::new(false);
    // hyper reads the start of a body together with its head.
    let [read, accepted, opened_0] = opened(0);
    let events = [read, Event::ChunksMalformed(ChunkError::Size), accepted, opened_0];
    assert_eq!(effects(&mut state, events).len(), 1);
    let effect = state.apply(Event::Closed(Outcome::Responded));
    let Effect::CloseExchange { chunk_error, .. } = effect else { panic!("{effect:?}") };
    assert_eq!(chunk_error, Some(ChunkError::Size));
}

#[test]
fn the_status_of_a_response_rejects_nothing() {
    let mut state = serving(false);
    let status = Event::StatusWritten { status: 404, partial: b"rest" };
    assert_eq!(state.apply(status), Effect::None);
    assert!(!state.is_unparsed());
}

#[test]
fn unparsed_bytes_may_grow_into_a_request() {
    let mut state = ConnectionState::new(false);
    for (partial, is_new) in [(&b"~"[..], true), (b"~~", false)] {
        let Effect::RecordUnparsed(unparsed) = state.apply(Event::Unparsed(partial)) else {
            panic!("nothing was recorded of {partial:?}")
        };
        assert_eq!((&*unparsed.bytes, unparsed.is_new), (partial, is_new));
        assert_eq!(state.apply(Event::Unparsed(partial)), Effect::None);
    }
    let serve = Effect::Serve { head: Head::new(HEAD), retracts: true };
    assert_eq!(effects(&mut state, opened(0)), [serve]);
    assert!(!state.is_unparsed());
}

#[test]
fn bytes_behind_a_closing_response_do_not_end_the_connection() {
    for (closes, expected) in [(true, ConnectionEnd::ByOrigin), (false, ConnectionEnd::BadHead(0))]
    {
        let mut state = serving(false);
        effects(&mut state, [ready(closes), Event::Flushed]);
        let Effect::RecordUnparsed(unparsed) = state.apply(Event::Unparsed(b"~")) else {
            panic!("nothing was recorded")
        };
        assert_eq!((unparsed.behind, unparsed.kind), (Some(0), UnparsedKind::BytesBehindRequest));
        effects(&mut state, [Event::ServingEnded { cleanly: true }]);
        assert_eq!(end(&mut state, false).0, expected);
    }
}

#[test]
fn a_connection_fault_counts_for_its_exchanges_once() {
    let mut state = serving(true);
    effects(&mut state, [ready(false), Event::Flushed]);
    effects(&mut state, opened(7));
    effects(&mut state, [ready(false), Event::Flushed]);
    let injected = state.apply(Event::FaultInjected { ends: true });
    assert_eq!(injected, Effect::RecordFault { exchanges: vec![0, 7], is_event: true });
    assert_eq!(state.apply(Event::FaultInjected { ends: true }), Effect::None);
    effects(&mut state, [Event::ServingEnded { cleanly: true }]);
    let (end, is_unused, is_event) = (ConnectionEnd::ByFault, false, false);
    let (drained, skip_reason) = (0, None);
    let dropped = state.apply(Event::Dropped { stopped: false });
    assert_eq!(dropped, Effect::CloseConnection { end, is_unused, is_event, drained, skip_reason });
}

#[test]
fn a_connection_fault_that_was_not_injected_says_why() {
    let mut state = serving(true);
    effects(&mut state, [ready(false), Event::Flushed, Event::ClientFinished]);
    effects(&mut state, [Event::ServingEnded { cleanly: true }]);
    let Effect::CloseConnection { skip_reason, .. } =
        state.apply(Event::Dropped { stopped: false })
    else {
        panic!("the connection was not closed")
    };
    assert_eq!(skip_reason, Some("the client closed it first"));
}

#[test]
fn only_a_connection_without_a_byte_is_unused() {
    let is_unused = |state: &mut ConnectionState, stopped| {
        let Effect::CloseConnection { is_unused, .. } = state.apply(Event::Dropped { stopped })
        else {
            panic!("the connection was not closed")
        };
        is_unused
    };
    let mut unused = ConnectionState::new(false);
    effects(&mut unused, [Event::ClientFinished, Event::ServingEnded { cleanly: true }]);
    assert!(is_unused(&mut unused, false));
    assert!(is_unused(&mut ConnectionState::new(true), true));
    let mut used = serving(false);
    effects(&mut used, [ready(false), Event::Flushed, Event::ServingEnded { cleanly: true }]);
    assert!(!is_unused(&mut used, false));
    let mut unparsed = ConnectionState::new(false);
    effects(&mut unparsed, [Event::Unparsed(b"x")]);
    assert!(!is_unused(&mut unparsed, false));
    let mut failed = ConnectionState::new(false);
    let kind = UnparsedKind::TlsHandshake(TlsFailure::Closed);
    let (bytes, behind, status, is_new) = (Box::default(), None, None, true);
    let bytes = UnparsedBytes { kind, bytes, behind, status, is_new };
    effects(&mut failed, [Event::HandshakeFailed(Box::new(bytes))]);
    assert!(!is_unused(&mut failed, false));
    let mut refused = ConnectionState::new(true);
    effects(&mut refused, [Event::FaultInjected { ends: true }]);
    assert!(!is_unused(&mut refused, false));
}
