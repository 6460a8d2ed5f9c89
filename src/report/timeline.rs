//! One line an exchange.

use std::fmt;

use crate::journal::{
    AnswerHead, Call, Connection, ConnectionEnd, Escaped, Exchange, Framing, Journal, Outcome,
    escape_line, shown_line,
};
use crate::spec::{Interface, Operation};

/// Everything that happened, in the order in which it began.
///
/// Its `Display` is the timeline: a line for each exchange, and one for each connection on which no
/// request could be made out.
#[derive(Clone, Debug)]
pub struct Timeline<'a>(pub &'a Journal);

impl fmt::Display for Timeline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        heading(f)?;
        self.0.exchanges().iter().try_for_each(|exchange| line(f, exchange))?;
        unreadable(self.0).try_for_each(|connection| bad_head(f, connection))
    }
}

/// The timeline without its quiet middle, for the output of a failing test.
///
/// It shows the first exchanges, the last ones, and between them those that were refused, struck by a
/// fault, or not answered whole. Each gap says how many are left out.
#[derive(Clone, Debug)]
pub struct TimelineExcerpt<'a>(pub &'a Journal);

/// How many lines an excerpt has of each kind. A timeline of no more lines than all of them is shown
/// whole.
const FIRST: usize = 20;
const EVENTFUL: usize = 120;
const LAST: usize = 60;

impl fmt::Display for TimelineExcerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exchanges = self.0.exchanges();
        heading(f)?;
        let mut next = 0;
        for at in excerpt(exchanges.len(), |at| is_eventful(&exchanges[at])) {
            gap(f, at - next)?;
            line(f, &exchanges[at])?;
            next = at + 1;
        }
        let mut unreadable = unreadable(self.0);
        unreadable.by_ref().take(FIRST).try_for_each(|connection| bad_head(f, connection))?;
        gap(f, unreadable.count())
    }
}

fn heading(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "{:>5} {:>5} {:>11}  {:<52} {:<20} answer", "#", "conn", "time", "request", "body")
}

fn line(f: &mut fmt::Formatter<'_>, exchange: &Exchange) -> fmt::Result {
    let time = exchange.opened.elapsed.as_secs_f64();
    let (index, connection) = (exchange.index, exchange.connection);
    writeln!(f, "{index:>5} {connection:>5} {time:>9.4} s  {}", describe(exchange))
}

fn unreadable(journal: &Journal) -> impl Iterator<Item = &Connection> {
    let connections = journal.connections().iter().map(AsRef::as_ref);
    connections.filter(|connection: &&Connection| connection.bad_head.is_some())
}

/// Which of so many lines an excerpt shows, in order.
fn excerpt(lines: usize, is_eventful: impl Fn(usize) -> bool) -> Vec<usize> {
    if lines <= FIRST + EVENTFUL + LAST {
        return (0..lines).collect();
    }
    let middle = FIRST..lines - LAST;
    let eventful: Vec<usize> = middle.clone().filter(|at| is_eventful(*at)).collect();
    let half = eventful.len().min(EVENTFUL) / 2;
    // The first and the last of them: what began it, and what it led to.
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
    !exchange.faults.is_empty() || exchange.is_refused() || exchange.outcome != Outcome::Answered
}

fn gap(f: &mut fmt::Formatter<'_>, left_out: usize) -> fmt::Result {
    match left_out {
        0 => Ok(()),
        1 => writeln!(f, "{:>5}  1 line left out; origin.timeline() has all", "…"),
        many => writeln!(f, "{:>5}  {many} lines left out; origin.timeline() has all", "…"),
    }
}

/// An exchange in one line, without its number and its time: request, body, answer.
pub fn describe(exchange: &Exchange) -> String {
    let requests: Vec<_> = exchange.calls.iter().map(|call| request(exchange, call)).collect();
    let (requests, body) = (requests.join(" + "), body(exchange));
    escape_line(&format!("{requests:<52} {body:<20} {}", answer(exchange)))
}

fn request(exchange: &Exchange, call: &Call) -> String {
    let (method, called) = (Escaped::new(exchange.head.method()), Escaped::new(&*call.name));
    let name = match &call.path {
        // The path as it is stored says more than the path as it was quoted.
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

fn answer(exchange: &Exchange) -> String {
    let ended = outcome(exchange.outcome);
    let told = match (&exchange.answer, exchange.outcome) {
        (None, _) => ended.to_owned(),
        (Some(answer), Outcome::Answered) => status(exchange, answer),
        (Some(answer), _) => format!("{}, {ended}", status(exchange, answer)),
    };
    exchange.faults.iter().fold(told, |told, struck| told + ", fault: " + &struck.name)
}

fn status(exchange: &Exchange, answer: &AnswerHead) -> String {
    let codes: Vec<_> = exchange.calls.iter().filter_map(code).collect();
    let words = if codes.is_empty() { answer.reason.to_string() } else { codes.join("; ") };
    // A status that is not registered has no phrase.
    format!("{} {words}", answer.status).trim_end().to_owned()
}

/// The code of a refusal with its meaning and section; a success needs no words.
fn code(call: &Call) -> Option<String> {
    let row = call.row?;
    let refused = || format!("{} {} ({})", row.code, row.phrase, row.cite);
    Some(if row.is_success() { "OK".to_owned() } else { refused() })
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Receiving => "body still coming",
        Outcome::HeldBack => "answer held back",
        Outcome::Sending => "file being sent",
        Outcome::Answering => "answer on its way",
        Outcome::Answered => "answered",
        Outcome::CutShort => "body cut short",
        Outcome::ClientGone => "client gone",
        Outcome::CutByFault => "cut by a fault",
        Outcome::Stopped => "origin stopped",
    }
}

fn bad_head(f: &mut fmt::Formatter<'_>, connection: &Connection) -> fmt::Result {
    const SHOWN: usize = 48;
    let bytes = connection.bad_head.as_deref().unwrap_or_default();
    let line = shown_line(bytes);
    let shown = Escaped::new(&line.chars().take(SHOWN).collect::<String>()).to_string();
    let time = connection.opened.elapsed.as_secs_f64();
    let answer = match connection.end {
        ConnectionEnd::BadHead(0) | ConnectionEnd::Open => "not answered".to_owned(),
        ConnectionEnd::BadHead(status) => status.to_string(),
        other => format!("{other:?}"),
    };
    writeln!(f, "{:>5} {:>5} {time:>9.4} s  no request: {shown} {answer}", "-", connection.index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_timeline_is_shown_whole() {
        assert_eq!(excerpt(200, |_| false).len(), 200);
    }

    #[test]
    fn an_excerpt_leaves_out_the_quiet_middle() {
        let shown = excerpt(100_000, |at| at == 500 || at == 70_000);
        let expected: Vec<_> = (0..20).chain([500, 70_000]).chain(99_940..100_000).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn an_excerpt_is_bounded_however_much_fails() {
        let shown = excerpt(100_000, |_| true);
        assert_eq!(shown.len(), 200);
        assert!(shown.is_sorted() && shown.contains(&79) && shown.contains(&99_880), "{shown:?}");
    }
}
