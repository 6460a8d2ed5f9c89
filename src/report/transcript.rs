//! The run as a text that does not depend on time: the same seed and the same client give the same
//! text. Start with [`Transcript`].

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use crate::journal::{Connection, Escaped, Exchange, Journal, escape_line};
use crate::protocol::{Interface, Operation};

use super::describe::{body, connection_event, name, response};

/// The requests of a run, grouped by path, operation and part. Attempts of the same request stand in
/// the order of their start; everything else stands in the order of its text.
#[derive(Debug)]
pub(crate) struct Transcript<'a> {
    pub(crate) journal: &'a Journal,
    /// The addresses of the origin, which are different in every run.
    pub(crate) addresses: &'a [SocketAddr],
}

/// What a request is about. The order of the fields is the order of the text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Subject {
    /// The absolute path; empty for calls such as a login.
    path: String,
    user: String,
    /// The number of the upload among those to the path, from 1; 0 for other requests.
    upload: usize,
}

/// The requests that are attempts of one another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    /// The place of the operation in an upload.
    rank: usize,
    name: String,
    part: Option<u32>,
    /// The byte range of a download, because ranges are read in parallel.
    range: String,
}

/// The operations of an upload in the order in which a client needs them. Others come first.
const ORDER: [Operation; 8] = [
    Operation::Create,
    Operation::Restart,
    Operation::Piece,
    Operation::ListPieces,
    Operation::Complete,
    Operation::Status,
    Operation::Abort,
    Operation::Read,
];

/// Operations that clients repeat until something happens. Equal responses in a row are one line,
/// because their number depends on time.
const POLLS: [Operation; 6] = [
    Operation::List,
    Operation::ListPieces,
    Operation::ListUploads,
    Operation::Stat,
    Operation::Status,
    Operation::StatusMap,
];

/// The shortest identifier that is replaced wherever it occurs. Those of the origin are longer.
const SHORTEST_ID: usize = 16;

impl fmt::Display for Transcript<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uploads = self.number_uploads();
        let mut subjects: BTreeMap<Subject, BTreeMap<Group, Vec<String>>> = BTreeMap::new();
        for exchange in self.journal.exchanges() {
            // The calls of a batch have one response, so they stand at the first.
            let Some(call) = exchange.calls.first() else { continue };
            let subject = Subject {
                path: call.path.as_deref().unwrap_or_default().to_owned(),
                user: call.user.as_deref().unwrap_or_default().to_owned(),
                upload: call.upload.as_deref().and_then(|id| uploads.get(id)).map_or(0, |it| it.1),
            };
            let lines = subjects.entry(subject).or_default().entry(group(exchange)).or_default();
            let line = outcome(exchange);
            if !(POLLS.contains(&call.operation) && lines.last() == Some(&line)) {
                lines.push(line);
            }
        }
        let missing = self.journal.dropped().describe();
        let mut lines: Vec<_> = missing.map(|it| format!("missing: {it}")).into_iter().collect();
        for (subject, groups) in &subjects {
            lines.push(format!("{subject}:"));
            for (group, attempts) in groups {
                lines.extend(attempts.iter().enumerate().map(
                    |(at, attempt)| match attempts.len() {
                        1 => format!("  {group}: {attempt}"),
                        _ => format!("  {group}, attempt {}: {attempt}", at + 1),
                    },
                ));
            }
        }
        lines.extend(self.events());
        if lines.is_empty() {
            lines.push("no requests".to_owned());
        }
        for line in lines {
            writeln!(f, "{}", self.without_names(escape_line(&line), &uploads))?;
        }
        Ok(())
    }
}

impl Transcript<'_> {
    /// Returns the path and the number of each upload, from 1 per path in the order of its first
    /// request.
    fn number_uploads(&self) -> BTreeMap<&str, (&str, usize)> {
        let (mut uploads, mut counts) = (BTreeMap::new(), BTreeMap::new());
        for call in self.journal.exchanges().iter().flat_map(|exchange| &exchange.calls) {
            let (Some(id), Some(path)) = (call.upload.as_deref(), call.path.as_deref()) else {
                continue;
            };
            uploads.entry(id).or_insert_with(|| {
                let count = counts.entry(path).or_insert(0);
                *count += 1;
                (path, *count)
            });
        }
        uploads
    }

    /// Returns a line with names in place of addresses and identifiers, which texts of faults and
    /// marks may contain.
    fn without_names(&self, line: String, uploads: &BTreeMap<&str, (&str, usize)>) -> String {
        let addresses =
            self.addresses.iter().map(|address| (address.to_string(), "ORIGIN".to_owned()));
        let line = addresses.fold(line, |line, (from, to)| line.replace(&from, &to));
        // Most lines contain no identifier: look for something like one first.
        let is_id = |char: char| char.is_ascii_alphanumeric() || char == '-';
        let has_id = line.split(|char| !is_id(char)).any(|word| word.len() >= SHORTEST_ID);
        if !has_id {
            return line;
        }
        let words: Vec<_> = line.split_inclusive(|char| !is_id(char)).collect();
        let replaced = words.into_iter().map(|word| {
            let id = word.trim_end_matches(|char| !is_id(char));
            match uploads.get(id).filter(|_| id.len() >= SHORTEST_ID) {
                Some((path, number)) => {
                    let name = format!("<upload {number} to {}>", Escaped::new(path));
                    name + &word[id.len()..]
                }
                None => word.to_owned(),
            }
        });
        replaced.collect()
    }

    /// Returns the events of connections in the order of their text, and the marks in the order of
    /// time.
    fn events(&self) -> Vec<String> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for connection in self.journal.connections().iter().filter(|it| !it.is_unused) {
            let connection = without_numbers(connection);
            if let Some((what, response)) = connection_event(&connection) {
                *counts.entry(format!("{what}: {response}")).or_default() += 1;
            }
        }
        let connections = counts.into_iter().map(|(event, count)| match count {
            1 => format!("  {event}"),
            _ => format!("  {event} ({count} times)"),
        });
        let marks = self.journal.marks().iter().map(|mark| format!("  {}", mark.event));
        let mut lines = Vec::new();
        for (heading, events) in [
            ("connections:", connections.collect::<Vec<_>>()),
            ("events:", marks.collect::<Vec<_>>()),
        ] {
            if !events.is_empty() {
                lines.push(heading.to_owned());
                lines.extend(events);
            }
        }
        lines
    }
}

/// Returns a connection whose event names no exchange.
fn without_numbers(connection: &Connection) -> Connection {
    let mut connection = connection.clone();
    if let Some(unparsed) = &mut connection.unparsed {
        unparsed.behind = None;
    }
    connection
}

fn group(exchange: &Exchange) -> Group {
    let operation = exchange.calls.first().map(|call| call.operation);
    let rank = ORDER.iter().position(|it| Some(*it) == operation).map_or(0, |at| at + 1);
    let names: Vec<_> = exchange.calls.iter().map(|call| name(exchange, call)).collect();
    let is_download = exchange.calls.iter().any(|call| call.interface == Interface::Egress);
    let range = exchange.head.header("Range").filter(|_| is_download);
    let range = range.map(|range| format!(" {}", Escaped::new(range))).unwrap_or_default();
    let part = exchange.calls.first().and_then(|call| call.part);
    Group { rank, name: names.join(" + "), part, range }
}

fn outcome(exchange: &Exchange) -> String {
    match body(exchange) {
        none if none == "-" => response(exchange),
        body => format!("{body}, {}", response(exchange)),
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match &*self.user {
            "" => String::new(),
            user => format!("by {}", Escaped::new(user)),
        };
        match (&*self.path, by.is_empty()) {
            ("", true) => f.write_str("without path and user")?,
            ("", false) => f.write_str(&by)?,
            (path, true) => write!(f, "{}", Escaped::new(path))?,
            (path, false) => write!(f, "{} {by}", Escaped::new(path))?,
        }
        if self.upload > 0 { write!(f, ", upload {}", self.upload) } else { Ok(()) }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(part) = self.part {
            write!(f, " {part}")?;
        }
        f.write_str(&self.range)
    }
}
