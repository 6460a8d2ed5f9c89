//! The reproducible facts of a journal: without order, indexes, connections and times.

use mock_origin::journal::Exchange;
use mock_origin::{MockOrigin, Op, Outcome, RecordedRequests};

/// Returns the facts of a journal, sorted.
pub(crate) fn facts(origin: &MockOrigin) -> Vec<String> {
    let still_open = |requests: &RecordedRequests| {
        requests.iter().all(|request| request.exchange().outcome.is_final())
    };
    assert!(origin.wait_until(crate::support::TIMEOUT, still_open), "{}", origin.timeline());
    let mut facts: Vec<_> =
        origin.journal().exchanges().iter().map(|exchange| fact(exchange)).collect();
    facts.sort_unstable();
    facts
}

fn fact(exchange: &Exchange) -> String {
    let calls = exchange.calls.iter().map(|call| {
        let (name, path) = (call.display_name(), call.path.as_deref().unwrap_or("-"));
        let (part, code) = (call.part.unwrap_or(0), call.result_code.map(|row| row.code));
        format!("{:?} {name} {path} part {part} code {code:?}", call.operation)
    });
    let faults = exchange.faults.iter().map(|injected| &*injected.name);
    let (calls, faults): (Vec<_>, Vec<_>) = (calls.collect(), faults.collect());
    let (status, read, outcome) = (exchange.status(), exchange.received, exchange.outcome);
    let is_done = exchange.committed.is_some();
    format!("{calls:?} read {read} done {is_done} status {status:?} {outcome:?} by {faults:?}")
}

/// Asserts that two runs have the same facts, and prints the differences.
#[track_caller]
pub(crate) fn assert_same(one: &[String], other: &[String]) {
    let only_in = |these: &[String], those: &[String]| {
        let mut those = those.to_vec();
        let mut left = Vec::new();
        for fact in these {
            match those.binary_search(fact) {
                Ok(at) => drop(those.remove(at)),
                Err(_) => left.push(fact.clone()),
            }
        }
        left
    };
    let (left, right) = (only_in(one, other), only_in(other, one));
    assert_eq!((left, right), (Vec::new(), Vec::new()), "facts that only one of two runs has");
}

/// Returns the number of requests with injected faults.
pub(crate) fn injected_count(origin: &MockOrigin) -> usize {
    let requests = origin.requests();
    requests.iter().filter(|request| !request.exchange().faults.is_empty()).count()
}

/// Returns the number of status requests that clients sent after a lost response to complete.
pub(crate) fn status_requests(origin: &MockOrigin) -> usize {
    origin.requests().op(Op::method("getMultipartStatus")).len()
}

/// Returns the number of requests that faults have cut.
pub(crate) fn cut(origin: &MockOrigin) -> usize {
    let requests = origin.requests();
    requests.iter().filter(|request| request.outcome() == Outcome::CutByFault).count()
}
