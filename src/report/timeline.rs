//! One line an exchange.

use std::fmt;

use crate::journal::{
    AnswerHead, Call, Connection, ConnectionEnd, Exchange, Framing, Journal, Outcome, shown_line,
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
        writeln!(
            f,
            "{:>5} {:>5} {:>11}  {:<52} {:<20} answer",
            "#", "conn", "time", "request", "body"
        )?;
        for exchange in self.0.exchanges() {
            let time = exchange.opened.elapsed.as_secs_f64();
            let (index, connection) = (exchange.index, exchange.connection);
            writeln!(f, "{index:>5} {connection:>5} {time:>9.4} s  {}", describe(exchange))?;
        }
        let unreadable =
            self.0.connections().iter().filter(|connection| connection.bad_head.is_some());
        unreadable.into_iter().try_for_each(|connection| bad_head(f, connection))
    }
}

/// An exchange in one line, without its number and its time: request, body, answer.
pub fn describe(exchange: &Exchange) -> String {
    let requests: Vec<_> = exchange.calls.iter().map(|call| request(exchange, call)).collect();
    format!("{:<52} {:<20} {}", requests.join(" + "), body(exchange), answer(exchange))
}

fn request(exchange: &Exchange, call: &Call) -> String {
    let method = String::from_utf8_lossy(exchange.head.method());
    let name = match (&*call.name, &call.path) {
        // The path as it is stored says more than the path as it was quoted.
        (_, Some(path)) if call.interface == Interface::Egress => {
            return visible(&format!("{method} {path}"));
        }
        ("", _) if call.interface == Interface::JsonRpc => "JSON-RPC".to_owned(),
        (name, _) if call.interface == Interface::JsonRpc => name.to_owned(),
        (name, _) => format!("{method} {name}"),
    };
    let part = call.part.map(|part| format!(" {part}")).unwrap_or_default();
    let about = match (&call.path, &call.user) {
        (_, Some(user)) if call.operation == Operation::Login => format!(" by {user}"),
        (Some(path), _) => format!(" of {path}"),
        (None, Some(user)) => format!(" by {user}"),
        (None, None) => String::new(),
    };
    visible(&(name + &part + &about))
}

/// The text on one line, whatever characters a client put into its names.
fn visible(text: &str) -> String {
    let show = |char: char| {
        let escaped = char.is_control().then(|| char.escape_default());
        escaped.into_iter().flatten().chain((!char.is_control()).then_some(char))
    };
    text.chars().flat_map(show).collect()
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
    let shown = line[..line.len().min(SHOWN)].escape_ascii();
    let time = connection.opened.elapsed.as_secs_f64();
    let answer = match connection.end {
        ConnectionEnd::BadHead(0) | ConnectionEnd::Open => "not answered".to_owned(),
        ConnectionEnd::BadHead(status) => status.to_string(),
        other => format!("{other:?}"),
    };
    writeln!(f, "{:>5} {:>5} {time:>9.4} s  no request: {shown} {answer}", "-", connection.index)
}
