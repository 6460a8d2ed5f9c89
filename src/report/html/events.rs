//! Events that belong to no exchange: marks, and connections without a request. The picture and the
//! list of exchanges show them. Start with [`events`].

use std::time::Duration;

use crate::journal::{Journal, Mark, MarkEvent};
use crate::report::describe::describe_connection;

/// The maximum number of shown events of each kind.
pub(super) const MAX_EVENTS: usize = 200;

/// An event between the exchanges.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) time: Duration,
    /// The end of the period, for the picture.
    pub(super) end: Duration,
    /// The number of the connection; `None` for a mark.
    pub(super) connection: Option<u64>,
    pub(super) text: String,
}

/// Returns the first marks and the first connections without a request, in the order of time, and
/// the number of those that are left out.
pub(super) fn events(journal: &Journal) -> (Vec<Event>, usize) {
    // The list of faults shows those that were there from the beginning.
    let first = journal.exchanges().first().map(|exchange| exchange.index);
    let is_initial = |mark: &Mark| {
        matches!(mark.event, MarkEvent::FaultAdded(_)) && Some(mark.next_exchange) == first
    };
    let marks: Vec<_> = journal.marks().iter().filter(|mark| !is_initial(mark)).collect();
    let mut events: Vec<_> = marks
        .iter()
        .take(MAX_EVENTS)
        .map(|mark| {
            let time = mark.at.elapsed;
            Event { time, end: time, connection: None, text: mark.event.to_string() }
        })
        .collect();
    let mut left_out = marks.len().saturating_sub(MAX_EVENTS);
    let mut shown = 0;
    for connection in journal.connections() {
        if connection.unparsed.is_none() && connection.fault.is_none() {
            continue;
        }
        shown += 1;
        if shown > MAX_EVENTS {
            left_out += 1;
            continue;
        }
        let Some(text) = describe_connection(connection) else { continue };
        let time = connection.opened.elapsed;
        let end = connection.closed.map_or(time, |closed| closed.elapsed);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        events.push(Event { time, end, connection: Some(connection.index), text });
    }
    events.sort_by_key(|event| event.time);
    (events, left_out)
}
