//! The timeline: one line per exchange. Start with [`Timeline`].

use std::fmt;
use std::time::Duration;

use crate::journal::{
    Call, Connection, Escaped, Exchange, Framing, Journal, Mark, Outcome, ResponseHead, escape_line,
};
use crate::protocol::{Interface, Operation};

/// All exchanges in the order of their start.
///
/// `Display` writes one line per exchange, one per connection with an event that belongs to no
/// exchange, and one per mark.
#[derive(Clone, Debug)]
pub(crate) struct Timeline<'a>(pub &'a Journal);

impl fmt::Display for Timeline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        heading(f)?;
        entries(self.0).iter().try_for_each(|entry| write!(f, "{entry}"))
    }
}

/// An excerpt of the timeline, for the output of a failing test.
///
/// It shows the first and the last lines, and between them the exchanges that were rejected, got a
/// fault, or did not end with a complete response. Each gap states the number of omitted lines.
#[derive(Clone, Debug)]
pub(crate) struct TimelineExcerpt<'a>(pub &'a Journal);

/// The maximum number of lines of each kind in an excerpt. A timeline that fits is shown whole.
const FIRST: usize = 20;
const EVENTFUL: usize = 120;
const LAST: usize = 60;

impl fmt::Display for TimelineExcerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = entries(self.0);
        heading(f)?;
        let mut next = 0;
        for at in excerpt(entries.len(), |at| entries[at].is_eventful()) {
            gap(f, at - next)?;
            write!(f, "{}", entries[at])?;
            next = at + 1;
        }
        Ok(())
    }
}

fn heading(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(
        f,
        "{:>5} {:>5} {:>11}  {:<52} {:<20} response",
        "#", "conn", "time", "request", "body"
    )
}

/// A line of the timeline.
enum Entry<'a> {
    Exchange(&'a Exchange),
    /// A connection, and its event.
    Connection(&'a Connection, String),
    Mark(&'a Mark),
}

impl Entry<'_> {
    fn time(&self) -> Duration {
        match self {
            Self::Exchange(exchange) => exchange.opened.elapsed,
            Self::Connection(connection, _) => event_time(connection),
            Self::Mark(mark) => mark.at.elapsed,
        }
    }

    fn is_eventful(&self) -> bool {
        match self {
            Self::Exchange(exchange) => is_eventful(exchange),
            Self::Connection(..) | Self::Mark(_) => true,
        }
    }
}

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.time().as_secs_f64();
        match self {
            Self::Exchange(exchange) => {
                let (index, connection) = (exchange.index, exchange.connection);
                writeln!(f, "{index:>5} {connection:>5} {time:>9.4} s  {}", describe(exchange))
            }
            Self::Connection(connection, text) => {
                writeln!(f, "{:>5} {:>5} {time:>9.4} s  {text}", "-", connection.index)
            }
            Self::Mark(mark) => {
                let text = escape_line(&mark.event.to_string());
                writeln!(f, "{:>5} {:>5} {time:>9.4} s  {text}", "-", "-")
            }
        }
    }
}

/// Returns the lines of the timeline in chronological order.
fn entries(journal: &Journal) -> Vec<Entry<'_>> {
    let exchanges = journal.exchanges().iter().map(|exchange| Entry::Exchange(exchange));
    let events = journal.connections().iter().filter_map(|connection| {
        Some(Entry::Connection(connection, describe_connection(connection)?))
    });
    let marks = journal.marks().iter().map(|mark| Entry::Mark(mark));
    let mut entries: Vec<_> = marks.chain(exchanges).chain(events).collect();
    entries.sort_by_key(Entry::time);
    entries
}

/// Returns the time of the event of [`describe_connection`].
fn event_time(connection: &Connection) -> Duration {
    let unparsed = connection.unparsed.as_ref().map(|unparsed| unparsed.at);
    unparsed.or(connection.fault_injected).unwrap_or(connection.opened).elapsed
}

/// Returns the event of a connection that belongs to no exchange, without number and time: bytes that
/// are not a request, or a fault.
pub fn describe_connection(connection: &Connection) -> Option<String> {
    let fault = connection.fault.as_ref().map(|fault| format!("fault: {}", fault.name));
    let (what, response) = match (&connection.unparsed, fault) {
        (None, None) => return None,
        (None, Some(fault)) => ("connection affected by a fault".to_owned(), fault),
        (Some(unparsed), fault) => {
            let status = unparsed.status.map(|status| status.to_string());
            let status = status.unwrap_or_else(|| "no response".to_owned());
            let what = format!("no request: {unparsed}: {}", unparsed.excerpt());
            (what, fault.map_or(status.clone(), |fault| format!("{status}, {fault}")))
        }
    };
    Some(escape_line(&format!("{what:<73} {response}")))
}

/// Returns the positions of the lines in an excerpt.
fn excerpt(lines: usize, is_eventful: impl Fn(usize) -> bool) -> Vec<usize> {
    if lines <= FIRST + EVENTFUL + LAST {
        return (0..lines).collect();
    }
    let middle = FIRST..lines - LAST;
    let eventful: Vec<usize> = middle.clone().filter(|at| is_eventful(*at)).collect();
    let half = eventful.len().min(EVENTFUL) / 2;
    // The first events show the cause, the last ones the result.
    let (head, tail) = match eventful.len() {
        0..=EVENTFUL => (&eventful[..], &eventful[..0]),
        many => (&eventful[..half], &eventful[many - half..]),
    };
    (0..middle.start)
        .chain(head.iter().copied())
        .chain(tail.iter().copied())
        .chain(middle.end..lines)
        .collect()
}

fn is_eventful(exchange: &Exchange) -> bool {
    !exchange.faults.is_empty() || exchange.is_rejected() || exchange.outcome != Outcome::Responded
}

fn gap(f: &mut fmt::Formatter<'_>, omitted: usize) -> fmt::Result {
    match omitted {
        0 => Ok(()),
        1 => writeln!(f, "{:>5}  1 line omitted; origin.timeline() shows all", "…"),
        many => writeln!(f, "{:>5}  {many} lines omitted; origin.timeline() shows all", "…"),
    }
}

/// Returns an exchange as one line, without number and time: request, body, response.
pub fn describe(exchange: &Exchange) -> String {
    let requests: Vec<_> = exchange.calls.iter().map(|call| request(exchange, call)).collect();
    let (requests, body) = (requests.join(" + "), body(exchange));
    escape_line(&format!("{requests:<52} {body:<20} {}", response(exchange)))
}

fn request(exchange: &Exchange, call: &Call) -> String {
    let (method, called) = (Escaped::new(exchange.head.method()), Escaped::new(&*call.name));
    let name = match &call.path {
        // The decoded path is clearer than the request target.
        Some(path) if call.interface == Interface::Egress => {
            return format!("{method} {}", Escaped::new(path));
        }
        _ if call.interface != Interface::JsonRpc => format!("{method} {called}"),
        _ if call.name.is_empty() => "JSON-RPC".to_owned(),
        _ => called.to_string(),
    };
    let part = call.part.map(|part| format!(" {part}")).unwrap_or_default();
    let about = match (&call.path, &call.user) {
        (_, Some(user)) if call.operation == Operation::Login => {
            format!(" by {}", Escaped::new(user))
        }
        (Some(path), _) => format!(" of {}", Escaped::new(path)),
        (None, Some(user)) => format!(" by {}", Escaped::new(user)),
        (None, None) => String::new(),
    };
    name + &part + &about
}

fn body(exchange: &Exchange) -> String {
    let received = exchange.received;
    match exchange.framing {
        Framing::None => "-".to_owned(),
        Framing::Length(declared) if declared != received => format!("{received} of {declared} B"),
        Framing::Length(_) => format!("{received} B"),
        Framing::Chunked => format!("{received} B chunked"),
    }
}

fn response(exchange: &Exchange) -> String {
    let ended = outcome(exchange.outcome);
    let text = match (&exchange.response, exchange.outcome) {
        (None, _) => ended.to_owned(),
        (Some(head), Outcome::Responded) => status(exchange, head),
        (Some(head), _) => format!("{}, {ended}", status(exchange, head)),
    };
    exchange.faults.iter().fold(text, |text, fault| text + ", fault: " + &fault.name)
}

fn status(exchange: &Exchange, head: &ResponseHead) -> String {
    let codes: Vec<_> = exchange.calls.iter().filter_map(code).collect();
    let words = if codes.is_empty() { head.reason.to_string() } else { codes.join("; ") };
    // An unregistered status has no phrase.
    let error = exchange.http_error().map_or_else(String::new, |error| format!(": {error}"));
    format!("{} {words}", head.status).trim_end().to_owned() + &error
}

/// Returns a result code with its meaning and section, or `OK`.
fn code(call: &Call) -> Option<String> {
    let row = call.result_code?;
    let rejected = || format!("{} {} ({})", row.code, row.phrase, row.section);
    Some(if row.is_success() { "OK".to_owned() } else { rejected() })
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Receiving => "body still coming",
        Outcome::Held => "response held",
        Outcome::Sending => "file being sent",
        Outcome::Responding => "response being sent",
        Outcome::Responded => "response sent",
        Outcome::RequestTruncated => "body cut short",
        Outcome::ClientGone => "client gone",
        Outcome::CutByFault => "cut by a fault",
        Outcome::Stopped => "origin stopped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_timeline_is_shown_whole() {
        assert_eq!(excerpt(200, |_| false).len(), 200);
    }

    #[test]
    fn an_excerpt_omits_uneventful_lines() {
        let shown = excerpt(100_000, |at| at == 500 || at == 70_000);
        let expected: Vec<_> = (0..20).chain([500, 70_000]).chain(99_940..100_000).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn an_excerpt_is_bounded_if_everything_fails() {
        let shown = excerpt(100_000, |_| true);
        assert_eq!(shown.len(), 200);
        assert!(shown.is_sorted() && shown.contains(&79) && shown.contains(&99_880), "{shown:?}");
    }
}
