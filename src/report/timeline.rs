//! The timeline: one line per exchange. Start with [`Timeline`].

use std::fmt;
use std::time::Duration;

use crate::journal::{Connection, Escaped, Exchange, Mark, escape_line};

use super::describe::{body, connection_event, is_eventful, name, response, target};
use super::run::Run;

/// All exchanges in the order of their start.
///
/// `Display` writes one line per exchange, one per connection with an event that belongs to no
/// exchange, one per mark, and one per finding at the end.
#[derive(Debug)]
pub(crate) struct Timeline<'a>(pub(crate) &'a Run);

impl fmt::Display for Timeline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = entries(self.0);
        let shown: Vec<_> = (0..entries.len()).collect();
        write_lines(f, self.0, &entries, &shown)?;
        write_findings(f, self.0, usize::MAX)
    }
}

/// An excerpt of the timeline, for the output of a failing test.
///
/// It shows the first and the last lines, and between them the exchanges that were rejected, got a
/// fault, did not end with a complete response, or are named by a finding. Each gap states the
/// number of omitted lines.
#[derive(Debug)]
pub(crate) struct TimelineExcerpt<'a>(pub(crate) &'a Run);

/// The maximum number of lines of each kind in an excerpt. A timeline that fits is shown whole.
const FIRST: usize = 20;
const EVENTFUL: usize = 120;
const LAST: usize = 60;

/// The maximum number of findings in an excerpt.
const FINDINGS: usize = 20;

/// The widest cell that widens its column.
const WIDEST: usize = 60;

impl fmt::Display for TimelineExcerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = entries(self.0);
        let shown = excerpt(entries.len(), |at| entries[at].is_eventful(self.0));
        write_lines(f, self.0, &entries, &shown)?;
        write_findings(f, self.0, FINDINGS)
    }
}

/// A line of the timeline.
enum Entry<'a> {
    Exchange(&'a Exchange),
    /// A connection, with its event and its response.
    Connection(&'a Connection, String, String),
    Mark(&'a Mark),
}

impl Entry<'_> {
    fn time(&self) -> Duration {
        match self {
            Self::Exchange(exchange) => exchange.opened.elapsed,
            Self::Connection(connection, ..) => connection.event_at().elapsed,
            Self::Mark(mark) => mark.at.elapsed,
        }
    }

    fn is_eventful(&self, run: &Run) -> bool {
        match self {
            Self::Exchange(exchange) => {
                is_eventful(exchange) || run.findings_of(exchange.index).next().is_some()
            }
            Self::Connection(connection, ..) => !connection.is_unused,
            Self::Mark(_) => true,
        }
    }
}

/// Returns the lines of the timeline in chronological order.
fn entries(run: &Run) -> Vec<Entry<'_>> {
    let journal = &run.journal;
    let exchanges = journal.exchanges().iter().map(|exchange| Entry::Exchange(exchange));
    let events = journal.connections().iter().filter_map(|connection| {
        let (what, response) = connection_event(connection)?;
        Some(Entry::Connection(connection, what, response))
    });
    let marks = journal.marks().iter().map(|mark| Entry::Mark(mark));
    let mut entries: Vec<_> = marks.chain(exchanges).chain(events).collect();
    entries.sort_by_key(Entry::time);
    entries
}

/// The middle columns of the timeline: request, upload, part, attempt and body.
const COLUMNS: usize = 5;
const HEADINGS: [&str; COLUMNS] = ["request", "upload", "part", "attempt", "body"];

/// The columns whose cells are aligned to the right.
const RIGHT: [bool; COLUMNS] = [false, false, true, true, true];

/// Writes the headings, the shown entries, and a line for each gap between them.
fn write_lines(
    f: &mut fmt::Formatter<'_>,
    run: &Run,
    entries: &[Entry<'_>],
    shown: &[usize],
) -> fmt::Result {
    let mut widths = [0; COLUMNS];
    for at in shown {
        let Entry::Exchange(exchange) = &entries[*at] else { continue };
        for (width, cell) in widths.iter_mut().zip(cells(run, exchange)) {
            *width = (*width).max(cell.chars().count().min(WIDEST));
        }
    }
    // An empty column is left out, except the first and the last.
    for (at, heading) in HEADINGS.iter().enumerate() {
        if widths[at] > 0 || at == 0 || at == COLUMNS - 1 {
            widths[at] = widths[at].max(heading.len());
        }
    }
    let middle = widths.iter().filter(|width| **width > 0).map(|width| width + 2).sum::<usize>();
    write!(f, "{:>5} {:>5} {:>11}  ", "#", "conn", "time")?;
    writeln!(f, "{}response", row(&widths, HEADINGS.map(str::to_owned)))?;
    if let Some(missing) = run.journal.dropped().describe() {
        writeln!(f, "{:>5}  missing: {missing}", "…")?;
    }
    let mut next = 0;
    for at in shown {
        write_gap(f, at - next)?;
        next = at + 1;
        let time = entries[*at].time().as_secs_f64();
        match &entries[*at] {
            Entry::Exchange(exchange) => {
                let (index, connection) = (exchange.index, exchange.connection);
                let row = row(&widths, cells(run, exchange));
                let findings = run.findings_of(index);
                let response = findings
                    .fold(response(exchange), |text, finding| text + ", finding: " + finding.id());
                let text = escape_line(&format!("{row}{response}"));
                writeln!(f, "{index:>5} {connection:>5} {time:>9.4} s  {text}")?;
            }
            Entry::Connection(connection, what, response) => {
                let width = middle.saturating_sub(2);
                let text = escape_line(format!("{what:<width$}  {response}").trim_end());
                writeln!(f, "{:>5} {:>5} {time:>9.4} s  {text}", "-", connection.index)?;
            }
            Entry::Mark(mark) => {
                writeln!(f, "{:>5} {:>5} {time:>9.4} s  {}", "-", "-", mark.line())?;
            }
        }
    }
    Ok(())
}

fn row(widths: &[usize; COLUMNS], cells: [String; COLUMNS]) -> String {
    let cells = cells.into_iter().zip(*widths).zip(RIGHT);
    let padded = |((cell, width), is_right)| match (width, is_right) {
        (0, _) => String::new(),
        (_, true) => format!("{cell:>width$}  "),
        (_, false) => format!("{cell:<width$}  "),
    };
    cells.map(padded).collect()
}

/// Returns the cells of the middle columns. Those of a batch stand side by side.
fn cells(run: &Run, exchange: &Exchange) -> [String; COLUMNS] {
    /// The number of characters of a multipart identifier that are shown.
    const IDENTIFIER: usize = 8;
    let calls = &exchange.calls;
    let request = |call| name(exchange, call) + &target(call);
    let upload = |id: &str| Escaped::new(id).to_string().chars().take(IDENTIFIER).collect();
    let uploads = calls.iter().map(|call| call.upload.as_deref().map(upload).unwrap_or_default());
    let part = |part: u32| part.to_string();
    let parts = calls.iter().map(|call| call.part.map(part).unwrap_or_default());
    let attempts = run.attempts(exchange).map(|attempt| match attempt.total {
        1 => String::new(),
        total => format!("{}/{total}", attempt.number),
    });
    let requests: Vec<_> = calls.iter().map(request).collect();
    [requests.join(" + "), joined(uploads), joined(parts), joined(attempts), body(exchange)]
}

/// Joins the values of the calls of a batch, or returns the one that all have.
fn joined(values: impl Iterator<Item = String>) -> String {
    /// The number of values that are shown.
    const MOST: usize = 4;
    let mut values: Vec<_> = values.collect();
    if values.iter().all(|value| *value == values[0]) {
        return values.swap_remove(0);
    }
    if values.len() > MOST {
        values.truncate(MOST);
        values.push("…".to_owned());
    }
    let shown: Vec<_> =
        values.iter().map(|value| if value.is_empty() { "-" } else { value }).collect();
    shown.join("+")
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

fn write_gap(f: &mut fmt::Formatter<'_>, omitted: usize) -> fmt::Result {
    match omitted {
        0 => Ok(()),
        1 => writeln!(f, "{:>5}  1 line omitted; origin.timeline() shows all", "…"),
        many => writeln!(f, "{:>5}  {many} lines omitted; origin.timeline() shows all", "…"),
    }
}

/// Writes at most `most` findings, worst first.
fn write_findings(f: &mut fmt::Formatter<'_>, run: &Run, most: usize) -> fmt::Result {
    for finding in run.findings.iter().take(most) {
        writeln!(f, "finding: {}", escape_line(&finding.to_string()))?;
    }
    match run.findings.len().saturating_sub(most) {
        0 => Ok(()),
        omitted => writeln!(f, "… and {omitted} more findings; origin.timeline() shows all"),
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

    #[test]
    fn equal_values_of_a_batch_are_shown_once() {
        let joined = |values: &[&str]| joined(values.iter().map(|value| (*value).to_owned()));
        assert_eq!(joined(&["", ""]), "");
        assert_eq!(joined(&["2", "2"]), "2");
        assert_eq!(joined(&["1", "", "3"]), "1+-+3");
        assert_eq!(joined(&["1", "2", "3", "4", "5"]), "1+2+3+4+…");
    }
}
