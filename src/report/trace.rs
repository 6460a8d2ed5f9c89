//! The run in the Trace Event format, which Perfetto and `chrome://tracing` show: a row per connection
//! with its exchanges and their phases, arrows from each attempt to the next, and marks. Start with
//! [`trace`].

use std::iter;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::journal::{Connection, Exchange, Mark, escape_json};

use super::describe::{body, connection_event, name, response, target};
use super::run::Run;

/// The process of all events, because the format needs one.
const PROCESS: u32 = 1;

/// Returns the trace in pieces, one per record, so that a long one is never in memory as a whole.
/// Each piece has its events.
pub(crate) fn trace(run: Run) -> impl Iterator<Item = String> + Send + use<> {
    let missing = run.journal.dropped().describe();
    let missing = missing.map(|it| format!("\"otherData\":{},", json!({ "missing": it })));
    let missing = missing.unwrap_or_default();
    let head = event("M", "process_name", PROCESS, Duration::ZERO, |event| {
        event.insert("args".to_owned(), json!({ "name": "mock-origin" }));
    });
    let head = format!("{{\"displayTimeUnit\":\"ms\",{missing}\"traceEvents\":[\n{head}");
    let mut next = Next::default();
    let events = iter::from_fn(move || {
        let events = next.events(&run)?;
        let lines = events.iter().map(|event| ",\n".to_owned() + &escape_json(&event.to_string()));
        Some(lines.collect())
    });
    iter::once(head).chain(events).chain(iter::once("\n]}\n".to_owned()))
}

/// The numbers of the next records to write: connections, then exchanges, then marks.
#[derive(Default)]
struct Next {
    connection: u64,
    exchange: u64,
    mark: u64,
}

impl Next {
    /// Returns the events of the next record.
    fn events(&mut self, run: &Run) -> Option<Vec<Value>> {
        let journal = &run.journal;
        if let Some((number, it)) = journal.connections().range(self.connection..u64::MAX).next() {
            self.connection = number + 1;
            return Some(connection_events(it));
        }
        if let Some((number, it)) = journal.exchanges().range(self.exchange..u64::MAX).next() {
            self.exchange = number + 1;
            return Some(exchange_events(run, it));
        }
        let (number, mark) = journal.marks().range(self.mark..u64::MAX).next()?;
        self.mark = number + 1;
        Some(vec![mark_event(mark)])
    }
}

/// Returns an event of the phase `ph`. `thread` is a row of the picture.
fn event(
    ph: &str,
    name: &str,
    thread: impl Into<Value>,
    at: Duration,
    add: impl FnOnce(&mut Map<String, Value>),
) -> Value {
    let mut event = Map::new();
    event.insert("ph".to_owned(), ph.into());
    event.insert("name".to_owned(), name.into());
    event.insert("pid".to_owned(), PROCESS.into());
    event.insert("tid".to_owned(), thread.into());
    event.insert("ts".to_owned(), micros(at).into());
    add(&mut event);
    Value::Object(event)
}

/// Returns an event with a duration.
fn span(name: &str, thread: u64, from: Duration, to: Duration, args: Value) -> Value {
    event("X", name, thread, from, |event| {
        // The rounded ends are subtracted, so that a span and its last phase end together.
        event.insert("dur".to_owned(), micros(to).saturating_sub(micros(from)).into());
        event.insert("cat".to_owned(), "exchange".into());
        event.insert("args".to_owned(), args);
    })
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Returns the row of a connection. In the format, 0 is not a valid thread.
fn row(connection: u64) -> u64 {
    connection.saturating_add(1)
}

fn connection_events(connection: &Connection) -> Vec<Value> {
    let row = row(connection.index);
    let title = format!("connection {}", connection.index);
    let named = event("M", "thread_name", row, Duration::ZERO, |event| {
        event.insert("args".to_owned(), json!({ "name": title }));
    });
    let happened = connection_event(connection).map(|(what, response)| {
        event("i", &what, row, connection.event_at().elapsed, |event| {
            event.insert("s".to_owned(), "t".into());
            event.insert("args".to_owned(), json!({ "response": response }));
        })
    });
    iter::once(named).chain(happened).collect()
}

/// Returns the span of an exchange with the spans of its phases, and the arrows from the attempts
/// before.
fn exchange_events(run: &Run, exchange: &Exchange) -> Vec<Value> {
    let row = row(exchange.connection);
    let opened = exchange.opened.elapsed;
    let closed = exchange.closed.map_or(opened, |it| it.elapsed);
    // Viewers cannot show spans of a row that overlap, and a record may be closed a little late.
    let next = run.next_start(exchange.index).unwrap_or(Duration::MAX);
    let closed = closed.min(next).max(opened);
    let calls: Vec<_> =
        exchange.calls.iter().map(|call| name(exchange, call) + &target(call)).collect();
    let faults: Vec<_> = exchange.faults.iter().map(|fault| &*fault.name).collect();
    let findings: Vec<_> = run.findings_of(exchange.index).map(ToString::to_string).collect();
    let mut args = json!({
        "exchange": exchange.index,
        "outcome": exchange.outcome.json_name(),
        "body": body(exchange),
        "response": response(exchange),
        "fault": faults,
        "finding": findings,
    });
    for (call, attempt) in exchange.calls.iter().zip(run.attempts(exchange)).take(1) {
        args["part"] = call.part.into();
        args["upload"] = call.upload.as_deref().into();
        args["attempt"] = format!("{}/{}", attempt.number, attempt.total).into();
    }
    let mut events = vec![span(&calls.join(" + "), row, opened, closed, args)];
    let started = exchange.response_started.map_or(closed, |it| it.elapsed.clamp(opened, closed));
    let sent = exchange.last_byte.map_or(opened, |sent| sent.clamp(opened, started));
    for (phase, from, to) in
        [("body", opened, sent), ("waiting", sent, started), ("response", started, closed)]
    {
        if from < to {
            events.push(span(phase, row, from, to, json!({})));
        }
    }
    for (call, attempt) in run.attempts(exchange).enumerate() {
        let Some(previous) = attempt.previous.and_then(|index| run.journal.exchange(index)) else {
            continue;
        };
        let id = format!("{}.{call}", exchange.index);
        let left = previous.closed.map_or(previous.opened, |it| it).elapsed;
        for (ph, connection, at) in
            [("s", previous.connection, left.min(opened)), ("f", exchange.connection, opened)]
        {
            events.push(event(ph, "next attempt", self::row(connection), at, |event| {
                event.insert("cat".to_owned(), "attempt".into());
                event.insert("id".to_owned(), id.clone().into());
                event.insert("bp".to_owned(), "e".into());
            }));
        }
    }
    events
}

fn mark_event(mark: &Mark) -> Value {
    event("i", &mark.line(), 0, mark.at.elapsed, |event| {
        event.insert("s".to_owned(), "g".into());
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_and_its_last_phase_end_together() {
        let (from, middle, to) = (902_900, 1_064_100, 1_259_800);
        let end = |from, to| {
            let time = Duration::from_nanos;
            let span = span("a", 1, time(from), time(to), json!({}));
            span["ts"].as_u64().zip(span["dur"].as_u64()).map(|(start, length)| start + length)
        };
        assert_eq!((end(from, to), end(middle, to)), (Some(1_259), Some(1_259)));
    }
}
