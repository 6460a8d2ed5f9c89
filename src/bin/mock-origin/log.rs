//! The lines that the program prints while it serves: a line per exchange, per connection without a
//! request, and per mark. Start with [`Log`].

use std::time::Duration;

use mock_origin::journal::{Connection, Exchange, Mark};
use mock_origin::report::{describe, describe_connection};
use mock_origin::{MockOrigin, Outcome};

use crate::colour::{Colour, Kind};
use crate::serve::counted;

/// Reads what was recorded since the last time.
pub(crate) struct Log {
    colour: Colour,
    /// The numbers of events that were read, and of the next mark.
    exchanges: usize,
    connections: usize,
    next_mark: u64,
}

impl Log {
    pub(crate) fn new(colour: Colour) -> Self {
        Self { colour, exchanges: 0, connections: 0, next_mark: 0 }
    }

    /// Returns the new lines in chronological order. Waits up to `timeout` for an exchange to end.
    pub(crate) fn wait_for_lines(&mut self, origin: &MockOrigin, timeout: Duration) -> Vec<String> {
        let ended = origin.ended_after(self.exchanges, timeout);
        let connections = origin.connection_events_after(self.connections);
        let marks = origin.marks_from(self.next_mark);
        (self.exchanges, self.connections) = (ended.next, connections.next);
        self.next_mark = marks.last().map_or(self.next_mark, |mark| mark.index + 1);
        let exchanges = ended.events.iter().map(|exchange| {
            let end = exchange.closed.unwrap_or(exchange.opened).elapsed;
            (end, kind(exchange), line(exchange))
        });
        let connections =
            connections.events.iter().filter_map(|connection| connection_line(connection));
        let marks = marks.iter().map(|mark| (mark.at.elapsed, Kind::Mark, mark_line(mark)));
        let mut lines: Vec<_> = marks.chain(connections).chain(exchanges).collect();
        lines.sort_by_key(|(time, ..)| *time);
        let lines = lines.into_iter().map(|(_, kind, line)| self.colour.paint(kind, line));
        let missed = (ended.dropped > 0).then(|| {
            let number = counted(ended.dropped, "exchange");
            format!("{number} not printed: the journal limit dropped them first")
        });
        missed.into_iter().chain(lines).collect()
    }
}

fn kind(exchange: &Exchange) -> Kind {
    match exchange {
        _ if !exchange.faults.is_empty() => Kind::Fault,
        _ if exchange.is_rejected() || exchange.outcome != Outcome::Responded => Kind::Failure,
        _ => Kind::Success,
    }
}

/// Returns the line of an exchange. Its time is that of its start, as in the timeline.
pub(crate) fn line(exchange: &Exchange) -> String {
    let (index, connection) = (exchange.index, exchange.connection);
    let time = exchange.opened.elapsed.as_secs_f64();
    format!("{index:>5} {connection:>5} {time:>9.4} s  {}", describe(exchange))
}

fn connection_line(connection: &Connection) -> Option<(Duration, Kind, String)> {
    let text = describe_connection(connection)?;
    let time = connection.event_at().elapsed;
    let kind = match connection {
        _ if connection.unparsed.is_some() => Kind::Failure,
        _ if connection.fault.is_some() => Kind::Fault,
        _ => Kind::Mark,
    };
    let seconds = time.as_secs_f64();
    let line = format!("{:>5} {:>5} {seconds:>9.4} s  {text}", "-", connection.index);
    Some((time, kind, line))
}

fn mark_line(mark: &Mark) -> String {
    let time = mark.at.elapsed.as_secs_f64();
    format!("{:>5} {:>5} {time:>9.4} s  {}", "-", "-", mark.line())
}
