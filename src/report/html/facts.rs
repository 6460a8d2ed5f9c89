//! The facts that several sections of the report need: tries, marks of findings, and the exchanges
//! that are listed. Start with [`Facts`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::time::Duration;

use crate::journal::{Escaped, Exchange, Journal, Outcome};
use crate::protocol::{Interface, Operation};
use crate::referee::{Finding, Level, Request, TryKey};
use crate::report::describe::is_eventful;

use super::HtmlReport;

/// The maximum number of listed exchanges. The counts include all.
pub(super) const MAX_EXCHANGES: usize = 1_000;

/// What a record says beyond its single exchanges.
pub(super) struct Facts<'a> {
    pub(super) journal: &'a Journal,
    /// The findings, worst first, and then the allowed ones.
    pub(super) findings: Vec<&'a Finding>,
    /// The tries of each request, in the order of the first.
    pub(super) targets: Vec<Vec<Request<'a>>>,
    /// The position of each exchange in `targets`: target and try.
    places: HashMap<u64, (usize, usize)>,
    /// The positions in `findings` of those that name an exchange.
    marks: HashMap<u64, Vec<usize>>,
    weights: HashMap<u64, Weight>,
    /// The numbers of the listed exchanges.
    listed: BTreeSet<u64>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(report: &HtmlReport<'a>) -> Self {
        let journal = report.journal;
        let mut findings: Vec<_> = report.judgement.findings.iter().collect();
        findings.sort_by_key(|it| (report.referee.reason_to_allow(it.id()), it.level()));
        let mut marks: HashMap<u64, Vec<usize>> = HashMap::new();
        for (at, finding) in findings.iter().enumerate() {
            for index in finding.exchanges() {
                marks.entry(*index).or_default().push(at);
            }
        }
        let mut targets: Vec<Vec<Request<'a>>> = Vec::new();
        let (mut positions, mut places) = (HashMap::new(), HashMap::new());
        for exchange in journal.exchanges() {
            // The calls of a batch are tried together.
            let Some(call) = exchange.calls.first() else { continue };
            let key = (TryKey::new(exchange, call), exchange.calls.len());
            let at = *positions.entry(key).or_insert(targets.len());
            if at == targets.len() {
                targets.push(Vec::new());
            }
            places.insert(exchange.index, (at, targets[at].len()));
            targets[at].push(Request::new(exchange, call));
        }
        let mut weights = HashMap::new();
        for tries in &targets {
            let mut before = Weight::Nothing;
            for request in tries {
                let own = weight(request.exchange, &marks, &findings);
                // The next try shows what became of an event.
                let shown = if before <= Weight::Event { own.min(Weight::Event) } else { own };
                weights.insert(request.index(), shown);
                before = own;
            }
        }
        let weighted = journal
            .exchanges()
            .iter()
            .filter_map(|it| weights.get(&it.index).map(|weight| (*weight, it.index)));
        let listed = select(weighted, MAX_EXCHANGES);
        Self { journal, findings, targets, places, marks, weights, listed }
    }

    pub(super) fn is_listed(&self, index: u64) -> bool {
        self.listed.contains(&index)
    }

    /// Returns the numbers of the listed exchanges, in order.
    pub(super) fn listed(&self) -> impl Iterator<Item = u64> {
        self.listed.iter().copied()
    }

    /// Returns the number of a try, from 1, and the number of all tries of that request.
    pub(super) fn tries(&self, index: u64) -> (usize, usize) {
        let place = self.places.get(&index);
        place.map_or((1, 1), |(target, nth)| (nth + 1, self.targets[*target].len()))
    }

    /// Returns the numbers of the findings that name an exchange, from 1.
    pub(super) fn findings_of(&self, index: u64) -> impl Iterator<Item = usize> {
        self.marks.get(&index).into_iter().flatten().map(|at| at + 1)
    }

    /// Returns how much an exchange matters to a reader. Where not all are shown, the most
    /// important ones are.
    pub(super) fn weight(&self, exchange: &Exchange) -> Weight {
        self.weights.get(&exchange.index).copied().unwrap_or(Weight::Nothing)
    }
}

/// How much an exchange matters to a reader, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// It proves a violation of a rule of level must or should.
    Finding,
    /// It was rejected, got a fault, or did not end with a complete response.
    Event,
    /// It proves a remark.
    Remark,
    Nothing,
}

fn weight(exchange: &Exchange, marks: &HashMap<u64, Vec<usize>>, findings: &[&Finding]) -> Weight {
    let of_it = || marks.get(&exchange.index).into_iter().flatten();
    if of_it().any(|at| Level::Should.includes(findings[*at].level())) {
        Weight::Finding
    } else if is_eventful(exchange) {
        Weight::Event
    } else if of_it().next().is_some() {
        Weight::Remark
    } else {
        Weight::Nothing
    }
}

/// Selects at most `most` of the items, the most important first. Of equally important ones it
/// selects the first, which show the cause, and the last, which show the result.
pub(super) fn select<T: Copy + Ord>(
    items: impl IntoIterator<Item = (Weight, T)>,
    most: usize,
) -> BTreeSet<T> {
    let mut by_weight: BTreeMap<Weight, Vec<T>> = BTreeMap::new();
    for (weight, item) in items {
        by_weight.entry(weight).or_default().push(item);
    }
    let mut selected = BTreeSet::new();
    for items in by_weight.values() {
        let room = (most - selected.len()).min(items.len());
        let first = room.div_ceil(2);
        selected.extend(&items[..first]);
        selected.extend(&items[items.len() - (room - first)..]);
    }
    selected
}

/// The phases of an exchange, as the origin saw it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Phases {
    /// The head was complete.
    pub(super) opened: Duration,
    /// The body was complete, or the request was rejected.
    pub(super) received: Duration,
    /// The response was begun.
    pub(super) responding: Duration,
    /// The exchange ended.
    pub(super) ended: Duration,
}

impl Phases {
    pub(super) fn new(exchange: &Exchange) -> Self {
        let opened = exchange.opened.elapsed;
        let ended = exchange.closed.map_or(opened, |it| it.elapsed).max(opened);
        let at = |instant: Option<crate::journal::Instants>, default: Duration| {
            instant.map_or(default, |it| it.elapsed).clamp(opened, ended)
        };
        let responding = at(exchange.response_started, ended);
        let committed = at(exchange.committed, responding);
        let received = exchange.last_byte.map_or(committed, |last| last.clamp(opened, ended));
        let received = received.min(responding);
        Self { opened, received, responding, ended }
    }

    pub(super) fn receiving(&self) -> Duration {
        self.received.saturating_sub(self.opened)
    }

    pub(super) fn waiting(&self) -> Duration {
        self.responding.saturating_sub(self.received)
    }

    pub(super) fn writing(&self) -> Duration {
        self.ended.saturating_sub(self.responding)
    }
}

/// What became of an exchange, for the picture and for the colour of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// A complete response reports success.
    Good,
    /// A response reports an error.
    Rejected,
    /// It took effect, and the client was told otherwise or nothing.
    StoredButLost,
    /// It ended without a complete response, and took no effect.
    Cut,
    /// It has not ended.
    Open,
}

impl Fate {
    pub(super) fn new(exchange: &Exchange) -> Self {
        let is_complete = exchange.outcome == Outcome::Responded;
        match exchange.outcome {
            outcome if !outcome.is_final() => Self::Open,
            _ if is_complete && !exchange.is_rejected() => Self::Good,
            _ if exchange.committed.is_some() && changes_something(exchange) => Self::StoredButLost,
            _ if is_complete => Self::Rejected,
            _ => Self::Cut,
        }
    }

    /// Returns the name of the class in the style sheet.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Rejected => "rejected",
            Self::StoredButLost => "lost",
            Self::Cut => "cut",
            Self::Open => "open",
        }
    }
}

/// Returns whether a call of the exchange took effect. A call of a batch that was rejected has none,
/// although the batch as a whole was processed.
fn changes_something(exchange: &Exchange) -> bool {
    let is_lost = exchange.outcome != Outcome::Responded;
    let is_told = exchange.status().is_some_and(|status| status >= 400);
    let reads = |operation| {
        use Operation::{ListPieces, Preflight, Read, Stat, Status, UnknownMethod, Unmatched};
        matches!(
            operation,
            ListPieces | Preflight | Read | Stat | Status | UnknownMethod | Unmatched
        )
    };
    (is_lost || is_told) && exchange.calls.iter().any(|call| !reads(call.operation))
}

/// Returns a request in words: `POST /multipart/piece 2`, without its path.
pub(super) fn request_text(request: Request<'_>) -> String {
    let Request { exchange, call, .. } = request;
    let name = match (call.interface, &call.path) {
        (Interface::Egress, Some(path)) => Escaped::new(&**path).to_string(),
        (Interface::JsonRpc, _) if call.name.is_empty() => "JSON-RPC".to_owned(),
        _ => call.display_name(),
    };
    let mut text = if call.is_json_rpc() {
        name
    } else {
        format!("{} {name}", Escaped::new(exchange.head.method()))
    };
    // Writing to a string cannot fail.
    let _ = call.part.map(|part| write!(text, " {part}"));
    match exchange.calls.len() {
        0 | 1 => {}
        several => drop(write!(text, " + {} more in this batch", several - 1)),
    }
    text
}

/// Returns the response in words: `503`, `400 -5 part numbers are not consecutive (§4.3)`.
pub(super) fn response_text(exchange: &Exchange) -> String {
    let rows = exchange.calls.iter().filter_map(|call| call.result_code);
    let mut codes: Vec<_> = rows
        .filter(|row| !row.is_success())
        .map(|row| format!("{} {} ({})", row.code, row.phrase, row.section))
        .collect();
    codes.dedup();
    let words = |status: u16, reason: &str| {
        let words =
            if codes.is_empty() { Escaped::new(reason).to_string() } else { codes.join("; ") };
        format!("{status} {words}").trim_end().to_owned()
    };
    let response = exchange.response.as_ref().map(|head| words(head.status, &head.reason));
    let end = match exchange.outcome {
        Outcome::Responded => None,
        Outcome::Receiving => Some("body is being received"),
        Outcome::Held => Some("response is held by a fault"),
        Outcome::Sending => Some("file is being sent"),
        Outcome::Responding => Some("response is being sent"),
        Outcome::RequestTruncated => Some("the body ended early"),
        Outcome::ClientGone => Some("the client left"),
        Outcome::CutByFault => Some("cut by a fault"),
        Outcome::Stopped => Some("the origin was stopped"),
    };
    let parts: Vec<_> = response.into_iter().chain(end.map(str::to_owned)).collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::Weight::{Event, Finding, Nothing, Remark};
    use super::{Weight, select};
    use std::collections::BTreeSet;

    #[test]
    fn the_most_important_items_are_selected() {
        let items = |weights: &[Weight]| select(weights.iter().copied().zip(0..), 4);
        let all = items(&[Nothing, Event, Nothing]);
        assert_eq!(all, BTreeSet::from([0, 1, 2]));
        let some = items(&[Nothing, Event, Remark, Nothing, Finding, Nothing, Nothing]);
        assert_eq!(some, BTreeSet::from([0, 1, 2, 4]));
        let ends = items(&[Event; 9]);
        assert_eq!(ends, BTreeSet::from([0, 1, 7, 8]));
    }
}
