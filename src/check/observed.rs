//! What the control run shows about a client. It reads the journal and judges nothing but the profile. Start with
//! [`Observed`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::journal::{Call, Exchange, Journal};
use crate::protocol::Operation;
use crate::wording::counted;

use super::{Feature, Flavour, Profile};

/// The profile that the traffic of the control run shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Observed {
    /// The interface that the client uploads by.
    pub flavour: Flavour,
    /// The size in bytes of the first piece, or of the file if the client sends no pieces.
    pub piece_size: u64,
    /// The number of pieces that the control file had.
    pub pieces: u32,
    /// The largest number of requests with bytes of the file that were open at once.
    pub parallelism: usize,
    /// What else it does.
    pub habits: BTreeSet<Habit>,
    /// How long the control run took, in seconds.
    pub seconds: f64,
}

/// Something that a client does or does not do, whether or not its profile claims it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Habit {
    /// It sends more than one request over a connection.
    KeepsAlive,
    /// It sends `Expect: 100-continue`.
    ExpectsContinue,
    /// It sends `X-Agile-Checksum`.
    SendsChecksums,
    /// It asks for the state of an upload.
    Polls,
    /// It makes directories.
    CreatesDirectories,
    /// It logs in during the run.
    LogsIn,
    /// It sends several pieces, all over one connection.
    UsesOneConnection,
}

impl Observed {
    /// Returns what the journal of a successful run shows, which uploaded a file of `size` bytes in `seconds`; `None` if no
    /// request with bytes of the file was accepted.
    pub(crate) fn infer(journal: &Journal, size: u64, seconds: f64) -> Option<Self> {
        let exchanges = || journal.exchanges().iter().map(|exchange| &**exchange);
        let calls = || exchanges().flat_map(|exchange| &exchange.calls);
        let has = |operation| calls().any(|call| call.operation == operation);
        let (mut flavour, bodies) = bodies(journal)?;
        let by_rpc = |call: &Call| {
            matches!(call.operation, Operation::Create | Operation::Complete) && call.is_json_rpc()
        };
        if flavour == Flavour::Multipart && calls().any(by_rpc) {
            flavour = Flavour::JsonRpc;
        }
        let sizes: BTreeMap<_, _> =
            bodies.iter().filter_map(|(it, call)| Some((call.part?, it.received))).collect();

        let connections: BTreeSet<_> = bodies.iter().map(|(it, _)| it.connection).collect();
        let per_connection = exchanges().fold(BTreeMap::new(), |mut counts, exchange| {
            *counts.entry(exchange.connection).or_insert(0) += 1;
            counts
        });
        let is_recursive = |exchange: &Exchange| {
            let sent = exchange.head.header("X-Agile-Recursive").unwrap_or_default();
            [&b"true"[..], b"yes", b"1"].iter().any(|yes| sent.eq_ignore_ascii_case(yes))
        };
        let habits = [
            (Habit::KeepsAlive, per_connection.values().any(|count| *count > 1)),
            (Habit::ExpectsContinue, exchanges().any(|it| it.head.expects_continue())),
            (
                Habit::SendsChecksums,
                bodies.iter().any(|(it, _)| it.head.header("X-Agile-Checksum").is_some()),
            ),
            (Habit::Polls, has(Operation::Status) || has(Operation::ListUploads)),
            (
                Habit::CreatesDirectories,
                has(Operation::MakeDirectory) || exchanges().any(is_recursive),
            ),
            (Habit::LogsIn, has(Operation::Login)),
            (Habit::UsesOneConnection, sizes.len() > 1 && connections.len() == 1),
        ];
        Some(Self {
            flavour,
            piece_size: sizes.first_key_value().map_or(size, |(_, size)| *size),
            pieces: u32::try_from(sizes.len()).unwrap_or(u32::MAX).max(1),
            parallelism: parallelism(&bodies),
            habits: habits
                .into_iter()
                .filter(|(_, shown)| *shown)
                .map(|(habit, _)| habit)
                .collect(),
            seconds,
        })
    }

    /// Returns a sentence for each declaration of a profile that the traffic contradicts.
    pub(crate) fn contradictions(&self, profile: &Profile) -> Vec<String> {
        let has = |habit| self.habits.contains(&habit);
        let mut found = Vec::new();
        if let Some(declared) = profile.flavour.filter(|declared| *declared != self.flavour) {
            found.push(format!(
                "the profile declares the flavour {declared}, and the client uploads by {}",
                self.flavour
            ));
        }
        // A single piece is the whole file and shows no size.
        let wrong_size = |declared: &u64| *declared != self.piece_size && self.pieces > 1;
        if let Some(declared) = profile.piece_size.filter(wrong_size) {
            found.push(format!(
                "the profile declares pieces of {declared} bytes, and the client sends pieces of {} bytes",
                self.piece_size
            ));
        }
        let no_login = (!has(Habit::LogsIn)).then_some("does not log in");
        // A file in one request needs no join, and contradicts nothing that the client does with pieces.
        let no_poll = (self.flavour.has_pieces() && !has(Habit::Polls))
            .then_some("does not ask for the state of its upload");
        // Short requests of a parallel client may not overlap, but they need several connections.
        let one_by_one =
            has(Habit::UsesOneConnection).then_some("sends all pieces over one connection");
        for (feature, fact) in [
            (Feature::Auth, no_login),
            (Feature::Relogin, no_login),
            (Feature::JoinPoll, no_poll),
            (Feature::Parallel, one_by_one),
        ] {
            if let Some(fact) = fact.filter(|_| profile.claims(feature)) {
                let name = feature.name();
                found.push(format!("the profile claims the feature {name}, and the client {fact}"));
            }
        }
        found
    }

    /// Returns a profile in TOML with what the traffic shows, for a client with this command.
    ///
    /// ```
    /// use mock_origin::check::{Observed, Profile};
    ///
    /// fn save(observed: &Observed) -> std::io::Result<()> {
    ///     std::fs::write("profile.toml", observed.to_profile(&["upload".to_owned(), "{url}".to_owned()]))
    /// }
    /// ```
    pub fn to_profile(&self, command: &[String]) -> String {
        let list = |texts: Vec<String>| format!("[{}]", texts.join(", "));
        // A string of JSON is one of TOML, but for this character.
        let quoted = |text: &String| {
            serde_json::Value::from(text.as_str()).to_string().replace('\u{7f}', "\\u007f")
        };
        let features = [
            (Feature::JoinPoll, self.flavour.has_pieces() && self.habits.contains(&Habit::Polls)),
            (Feature::Mkdir, self.habits.contains(&Habit::CreatesDirectories)),
            (Feature::Parallel, self.parallelism > 1),
            (Feature::Auth, self.habits.contains(&Habit::LogsIn)),
        ];
        let features = features.iter().filter(|(_, shown)| *shown);
        let features = features.map(|(feature, _)| format!("\"{}\"", feature.name())).collect();
        let is_comment = if self.pieces > 1 { "" } else { "# The control run had one piece.\n# " };
        let piece_size = format!("{is_comment}piece_size = {}\n", self.piece_size);
        format!(
            "# What the control run showed: {self}.\n\
             command = {}\n\
             flavour = \"{}\"\n\
             {}\
             # Only what the traffic shows. Add what else the client does: giving up where it claims a feature fails.\n\
             features = {}\n",
            list(command.iter().map(quoted).collect()),
            self.flavour,
            if self.flavour.has_pieces() { &piece_size } else { "" },
            list(features),
        )
    }
}

/// Shows what the client does, in one line.
impl fmt::Display for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.flavour {
            Flavour::Multipart => "multipart over HTTP",
            Flavour::JsonRpc => "multipart over JSON-RPC",
            Flavour::Raw => "whole files as raw bodies",
            Flavour::Form => "whole files as forms",
        })?;
        if self.pieces > 1 {
            let size = counted(self.piece_size, "byte");
            write!(f, ", pieces of {size}, {} at once", self.parallelism)?;
        }
        self.habits.iter().try_for_each(|habit| {
            f.write_str(match habit {
                Habit::KeepsAlive => ", keeps connections open",
                Habit::ExpectsContinue => ", waits for 100 Continue",
                Habit::SendsChecksums => ", sends checksums",
                Habit::Polls => ", asks for the state of uploads",
                Habit::CreatesDirectories => ", creates directories",
                Habit::LogsIn => ", logs in",
                Habit::UsesOneConnection => ", sends all pieces over one connection",
            })
        })
    }
}

type Bodies<'a> = Vec<(&'a Exchange, &'a Call)>;

/// Returns the accepted requests with bytes of files, and the flavour: that with most bytes, because a client may also
/// store a small file beside the upload.
fn bodies(journal: &Journal) -> Option<(Flavour, Bodies<'_>)> {
    let mut bodies = BTreeMap::<_, Bodies<'_>>::new();
    for exchange in journal.exchanges().iter().filter(|exchange| !exchange.is_rejected()) {
        let Some(call) = exchange.calls.first() else { continue };
        let flavour = match call.operation {
            Operation::Piece => Flavour::Multipart,
            Operation::PostRaw => Flavour::Raw,
            Operation::PostFile => Flavour::Form,
            _ => continue,
        };
        bodies.entry(flavour).or_default().push((exchange, call));
    }
    let bytes = |bodies: &Bodies<'_>| bodies.iter().map(|(it, _)| it.received).sum::<u64>();
    bodies.into_iter().max_by_key(|(_, bodies)| bytes(bodies))
}

/// Returns the largest number of requests that were open at once: from the head to the first byte of the response,
/// which no client can have seen earlier.
fn parallelism(bodies: &[(&Exchange, &Call)]) -> usize {
    let changes = bodies.iter().flat_map(|(exchange, _)| {
        let end = exchange.response_started.or(exchange.closed);
        [Some((exchange.opened.elapsed, 1)), end.map(|end| (end.elapsed, -1))]
    });
    let mut changes: Vec<_> = changes.flatten().collect();
    // At the same time, an end precedes a beginning.
    changes.sort_unstable();
    let open = changes.iter().scan(0, |open: &mut isize, (_, change)| {
        *open += change;
        Some(open.unsigned_abs())
    });
    open.max().unwrap_or(0).max(1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::journal::{Head, Instants, Outcome, ResponseHead, Timestamp};
    use crate::protocol::Interface;

    const HTTP: Interface = Interface::Http;
    const RPC: Interface = Interface::JsonRpc;

    /// Adds an accepted request to the journal, which is open from the first to the second millisecond.
    fn add(
        journal: &mut Journal,
        (operation, interface, part): (Operation, Interface, Option<u32>),
        (connection, from, to): (u64, u64, u64),
        headers: &str,
        received: u64,
    ) {
        let at = |millis| Instants::new(Timestamp::default(), Duration::from_millis(millis));
        let head = Head::new(
            format!("POST / HTTP/1.1\r\nContent-Length: 1\r\n{headers}\r\n").into_bytes(),
        );
        let mut call = Call::new(operation, interface, "");
        call.part = part;
        journal.open(|index| {
            let mut exchange = Exchange::new(index, connection, head, vec![call], at(from));
            exchange.received = received;
            exchange.response = Some(ResponseHead::new(200, "OK", [("", ""); 0]).into());
            exchange.response_started = Some(at(to));
            // The record is closed after the client has the response.
            exchange.closed = Some(at(to + 5));
            exchange.outcome = Outcome::Responded;
            exchange
        });
    }

    fn piece(number: u32) -> (Operation, Interface, Option<u32>) {
        (Operation::Piece, HTTP, Some(number))
    }

    /// Returns the journal of an upload in pieces, each over the connection and in the time given.
    fn upload(interface: Interface, pieces: &[(u64, u64, u64)]) -> Journal {
        let mut journal = Journal::default();
        add(&mut journal, (Operation::Login, HTTP, None), (0, 0, 1), "", 0);
        add(&mut journal, (Operation::Create, interface, None), (0, 1, 2), "", 0);
        for (number, times) in (1..).zip(pieces) {
            let size = if number as usize == pieces.len() { 10 } else { 100 };
            add(&mut journal, piece(number), *times, "", size);
        }
        add(&mut journal, (Operation::Complete, HTTP, None), (0, 900, 901), "", 0);
        journal
    }

    fn infer(journal: &Journal) -> Observed {
        Observed::infer(journal, 310, 0.5).unwrap()
    }

    const ONE_BY_ONE: &[(u64, u64, u64)] = &[(0, 10, 20), (0, 21, 30), (0, 31, 40), (0, 41, 50)];

    #[test]
    fn an_upload_in_pieces_is_recognized() {
        let observed = infer(&upload(HTTP, ONE_BY_ONE));
        let expected = Observed {
            flavour: Flavour::Multipart,
            piece_size: 100,
            pieces: 4,
            parallelism: 1,
            habits: [Habit::KeepsAlive, Habit::LogsIn, Habit::UsesOneConnection].into(),
            seconds: 0.5,
        };
        assert_eq!(observed, expected);
        assert_eq!(
            observed.to_string(),
            "multipart over HTTP, pieces of 100 bytes, 1 at once, keeps connections open, logs in, \
             sends all pieces over one connection"
        );
        assert_eq!(infer(&upload(RPC, ONE_BY_ONE)).flavour, Flavour::JsonRpc);
    }

    #[test]
    fn only_requests_that_are_open_at_once_are_parallel() {
        for (pieces, parallelism) in [
            (&[(0, 10, 20), (1, 10, 30), (2, 15, 40), (3, 25, 50)][..], 3),
            (&[(0, 10, 100), (1, 20, 30), (2, 40, 50), (3, 60, 70)], 2),
            // The next request may come before the record of the last one is closed.
            (&[(0, 10, 20), (1, 20, 30), (2, 32, 40), (3, 41, 50)], 1),
        ] {
            let observed = infer(&upload(HTTP, pieces));
            assert_eq!(observed.parallelism, parallelism, "{pieces:?}");
            assert!(!observed.habits.contains(&Habit::UsesOneConnection));
        }
    }

    #[test]
    fn a_file_in_one_request_has_its_own_size() {
        for (operation, flavour) in
            [(Operation::PostRaw, Flavour::Raw), (Operation::PostFile, Flavour::Form)]
        {
            let mut journal = Journal::default();
            // The form has bytes of its own.
            add(
                &mut journal,
                (operation, HTTP, None),
                (0, 0, 1),
                "X-Agile-Recursive: true\r\n",
                450,
            );
            let observed = infer(&journal);
            assert_eq!((observed.flavour, observed.piece_size, observed.pieces), (flavour, 310, 1));
            assert_eq!(observed.habits, [Habit::CreatesDirectories].into());
        }
    }

    #[test]
    fn the_interface_with_most_bytes_decides() {
        let mut journal = upload(HTTP, ONE_BY_ONE);
        add(&mut journal, (Operation::PostRaw, HTTP, None), (0, 800, 801), "", 20);
        assert_eq!(infer(&journal).flavour, Flavour::Multipart);
        add(&mut journal, (Operation::PostRaw, HTTP, None), (0, 810, 811), "", 2000);
        assert_eq!(infer(&journal).flavour, Flavour::Raw);
    }

    #[test]
    fn habits_are_read_from_the_requests() {
        let headers =
            "Expect: 100-continue\r\nX-Agile-Checksum: 00\r\nX-Agile-Recursive: false\r\n";
        let mut journal = Journal::default();
        add(&mut journal, piece(1), (0, 0, 1), headers, 310);
        add(&mut journal, (Operation::Status, RPC, None), (1, 2, 3), "", 0);
        let expected = [Habit::ExpectsContinue, Habit::SendsChecksums, Habit::Polls];
        assert_eq!(infer(&journal).habits, expected.into());
        add(&mut journal, (Operation::MakeDirectory, RPC, None), (2, 4, 5), "", 0);
        assert!(infer(&journal).habits.contains(&Habit::CreatesDirectories));
    }

    #[test]
    fn a_record_without_accepted_bytes_shows_nothing() {
        let mut journal = Journal::default();
        add(&mut journal, (Operation::Login, HTTP, None), (0, 0, 1), "", 0);
        add(&mut journal, piece(1), (0, 2, 3), "", 310);
        journal.update(1, |exchange| exchange.response = None);
        assert_eq!(Observed::infer(&journal, 310, 0.5), None);
    }

    fn profile(text: &str) -> Profile {
        Profile::from_toml("profile.toml", text).unwrap()
    }

    #[test]
    fn declarations_against_the_traffic_are_told() {
        let pieces = infer(&upload(HTTP, ONE_BY_ONE));
        let mut journal = Journal::default();
        add(&mut journal, (Operation::PostRaw, HTTP, None), (0, 0, 1), "", 310);
        let whole = infer(&journal);
        for (observed, text, expected) in [
            (
                &pieces,
                "flavour = 'multipart'\npiece_size = 100\nfeatures = ['auth', 'abort']",
                &[][..],
            ),
            (
                &pieces,
                "flavour = 'raw'\npiece_size = 99",
                &[
                    "the profile declares the flavour raw, and the client uploads by multipart",
                    "the profile declares pieces of 99 bytes, and the client sends pieces of 100 bytes",
                ],
            ),
            (
                &pieces,
                "features = ['join_poll', 'parallel', 'relogin']",
                &[
                    "the profile claims the feature join_poll, and the client does not ask for the state of \
                     its upload",
                    "the profile claims the feature parallel, and the client sends all pieces over one \
                     connection",
                ],
            ),
            (
                &whole,
                "piece_size = 99\nfeatures = ['auth', 'join_poll', 'abort', 'parallel']",
                &["the profile claims the feature auth, and the client does not log in"],
            ),
        ] {
            assert_eq!(observed.contradictions(&profile(text)), expected, "{text}");
        }
    }

    #[test]
    fn the_printed_profile_can_be_read_and_agrees() {
        let command = ["sh", "a \"b\"\\\n'c'\u{7f}", "{url}"].map(str::to_owned);
        let mut journal = upload(HTTP, &[(0, 10, 20), (1, 10, 20)]);
        add(&mut journal, (Operation::Status, RPC, None), (1, 30, 31), "", 0);
        let observed = infer(&journal);
        let text = observed.to_profile(&command);
        let read = profile(&text);
        assert_eq!(read.command, command);
        assert_eq!((read.flavour, read.piece_size), (Some(Flavour::Multipart), Some(100)));
        let features = [Feature::JoinPoll, Feature::Parallel, Feature::Auth];
        assert_eq!(read.features, features.into(), "{text}");
        assert_eq!(observed.contradictions(&read), [""; 0]);

        let single = infer(&upload(HTTP, &[(0, 10, 20)])).to_profile(&command);
        assert_eq!(profile(&single).piece_size, None);
        assert!(
            single.contains("# The control run had one piece.\n# piece_size = 10\n"),
            "{single}"
        );
        let mut journal = Journal::default();
        add(&mut journal, (Operation::PostRaw, HTTP, None), (0, 0, 1), "", 310);
        let whole = infer(&journal).to_profile(&command);
        assert!(!whole.contains("piece_size") && profile(&whole).features.is_empty(), "{whole}");
    }
}
