//! A situation that a client is put into, and what a right client does. Start with [`Scenario`].

use std::fmt;
use std::time::Duration;

use crate::journal::{Journal, Op};
use crate::mock::{Builder, MockOrigin};
use crate::referee::{Basis, Level};
use crate::wording::counted;

use super::{Feature, Flavour, Plan};

/// The piece size of the code in explanations.
const CODE_PIECE_SIZE: u64 = 64 << 10;

/// A row of the catalogue: a role, a situation and what is right in it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Scenario {
    /// The id, for example `lost/complete`.
    pub id: &'static str,
    /// What happens, in one sentence.
    pub situation: &'static str,
    /// What a right client does, in one sentence without its subject, for example "Sends the piece again.".
    pub right: &'static str,
    /// The rule that decides: the id of a rule of the referee, or of [`RULES`](super::RULES).
    pub rule: &'static str,
    /// How bad it is to give up or to fail here.
    pub level: Level,
    /// The section of the protocol, or of an RFC.
    pub section: &'static str,
    /// Where the demand comes from.
    pub basis: Basis,
    /// The request that the situation is about. A client without such a request is not judged.
    pub role: Role,
    /// The feature that a client needs to get the file stored. A client that does not claim it may decline.
    pub feature: Option<Feature>,
    /// What may be true at the end.
    pub expected: Expected,
    /// The file to upload.
    pub content: Content,
    /// The name of the file.
    pub name: &'static str,
    /// The directory to upload to. It exists, unless `has_directory` is false.
    pub directory: &'static str,
    /// Whether the directory exists at the start.
    pub has_directory: bool,
    /// What happens besides the faults of the origin.
    pub event: Event,
    /// The longest time that the situation makes a right client wait.
    pub waits: Duration,
    /// The protocol time that passes when the client has ended, before the stored file is compared. A file that
    /// is joined in this time is stored, whether or not the client waited for it.
    pub settles: Duration,
    /// Whether the verdict depends on time, so that the scenario runs alone.
    pub is_timed: bool,
    /// Changes the origin before it starts.
    pub(crate) builder: fn(Builder, &Plan) -> Builder,
    /// Adds the faults.
    pub(crate) faults: fn(&MockOrigin, &Plan),
    /// Returns whether the record shows that the situation arose. The counters of faults show it already; a row
    /// needs this if an option of the origin makes the situation.
    pub(crate) is_exercised: fn(&Journal) -> bool,
}

/// The request that a situation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// Any request.
    Any,
    /// Getting a token.
    Login,
    /// Beginning an upload.
    Create,
    /// A piece.
    Piece,
    /// Completing an upload.
    Complete,
    /// A request that carries bytes of the file: a piece, or the whole file.
    Body,
    /// A request that carries bytes of the file and waits for `100 Continue`.
    Continue,
    /// A request that carries the whole file.
    File,
}

/// What may be true at the end of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// A right client gets the file stored.
    Stored,
    /// The file cannot be stored: a right client says so.
    NotStored,
    /// Both are right, if the client says what is true.
    Either,
}

/// The size of the file to upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// No bytes.
    Empty,
    /// This many bytes.
    Bytes(u64),
    /// This many whole pieces.
    Pieces(u64),
    /// This many whole pieces, and this many bytes more.
    PiecesAnd(u64, u64),
    /// Three pieces and a half: every kind of piece occurs.
    Standard,
}

/// What happens besides the faults of the origin. An event during the run happens while the response to a request
/// that carries bytes of the file is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Nothing.
    None,
    /// The client is given a wrong password from the start.
    WrongPassword,
    /// The client gets SIGKILL, and is run again.
    KillAndRunAgain,
    /// The client gets SIGTERM.
    Terminate,
    /// The origin goes offline for this time.
    Offline(Duration),
    /// The source file is overwritten in place, with the same size.
    ChangeSource,
    /// The source file grows.
    GrowSource,
    /// Nothing, but the faults are random: the scenario runs once for each seed.
    Chaos,
}

impl Scenario {
    /// The values of a scenario that most rows share.
    pub(crate) const DEFAULT: Self = Self {
        id: "",
        situation: "",
        right: "",
        rule: "",
        level: Level::Should,
        section: "",
        basis: Basis::Documented,
        role: Role::Any,
        feature: None,
        expected: Expected::Stored,
        content: Content::Standard,
        name: "film.mp4",
        directory: "/videos",
        has_directory: true,
        event: Event::None,
        waits: Duration::ZERO,
        settles: Duration::ZERO,
        is_timed: false,
        builder: |builder, _| builder,
        faults: |_, _| {},
        is_exercised: |_| true,
    };

    /// Returns whether the id matches a pattern: `*` matches any characters.
    pub fn matches(&self, pattern: &str) -> bool {
        let mut parts = pattern.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = self.id.strip_prefix(first) else { return false };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        for part in parts {
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(last)
    }

    /// Returns the part of the id before the slash.
    pub fn family(&self) -> &'static str {
        self.id.split('/').next().unwrap_or_default()
    }

    /// Returns whether clients of a flavour send the request that the situation is about.
    pub fn applies_to(&self, flavour: Flavour) -> bool {
        let has_pieces = flavour.has_pieces();
        match self.role {
            Role::Any | Role::Login | Role::Body | Role::Continue => true,
            Role::Create | Role::Piece | Role::Complete => has_pieces,
            Role::File => !has_pieces,
        }
    }

    /// Returns the path of the file, from the account's root.
    pub fn path(&self) -> String {
        format!("{}/{}", self.directory, self.name)
    }

    /// Returns the flavours of clients to which the scenario applies.
    pub fn flavours(&self) -> Vec<Flavour> {
        Flavour::ALL.into_iter().filter(|flavour| self.applies_to(*flavour)).collect()
    }

    /// Adds to a builder what the scenario's origin has: the directory, and what the situation changes.
    pub(crate) fn prepare_origin(&self, builder: Builder, plan: &Plan) -> Builder {
        let builder = if self.has_directory { builder.directory(self.directory) } else { builder };
        (self.builder)(builder, plan)
    }

    /// Returns the request whose response is held for the event, and what happens meanwhile, in words.
    pub(crate) fn held_request(&self, plan: &Plan) -> Option<(Op, String)> {
        let (op, what) = match self.event {
            Event::None | Event::WrongPassword | Event::Chaos => return None,
            Event::ChangeSource => (plan.first_body(), "the source is overwritten.".to_owned()),
            Event::GrowSource => (plan.first_body(), "the source grows.".to_owned()),
            Event::KillAndRunAgain => {
                (plan.body(), "the client gets SIGKILL, and is run again.".to_owned())
            }
            Event::Terminate => (plan.body(), "the client gets SIGTERM.".to_owned()),
            Event::Offline(time) => {
                (plan.body(), format!("the origin goes offline for {} s.", time.as_secs()))
            }
        };
        Some((op, what))
    }

    /// Returns Rust code that starts the scenario's origin and adds its faults, for a client of the first
    /// flavour to which the scenario applies, with pieces of 64 KiB. Starts an origin to list its faults.
    ///
    /// # Panics
    ///
    /// If the origin cannot start.
    pub fn setup_code(&self) -> String {
        let flavour = self.flavours().first().copied().unwrap_or(Flavour::Multipart);
        let plan = Plan::new(flavour, CODE_PIECE_SIZE, self.content.size(CODE_PIECE_SIZE), 1);
        let builder = self.prepare_origin(MockOrigin::builder(), &plan);
        let steps = builder.steps();
        let origin = builder.verify_on_drop(false).start();
        (self.faults)(&origin, &plan);
        let mut lines = vec![match steps.as_slice() {
            [] => "let origin = MockOrigin::start();".to_owned(),
            [step] => format!("let origin = MockOrigin::builder(){step}.start();"),
            steps => {
                let steps = steps.join("\n    ");
                format!("let origin = MockOrigin::builder()\n    {steps}\n    .start();")
            }
        }];
        lines.extend(origin.faults().iter().map(|record| format!("{};", record.fault)));
        lines.extend(origin.active_chaos().map(|chaos| format!("origin.chaos({chaos});")));
        if let Some((op, what)) = self.held_request(&plan) {
            lines.push(format!("let held = origin.on({}).hold();", op.code()));
            lines.push(format!("// While it is held: {what}"));
        }
        lines.join("\n") + "\n"
    }

    /// Returns the text of `mock-origin check --explain`: the situation, what a right client does, the rule
    /// that decides, the source, and [the code](Self::setup_code).
    ///
    /// ```
    /// let scenario = mock_origin::check::scenarios().find(|it| it.id == "lost/complete").unwrap();
    /// assert!(scenario.explain().contains("origin.on(Op::complete()).attempt(1)"));
    /// ```
    ///
    /// # Panics
    ///
    /// If the origin cannot start.
    pub fn explain(&self) -> String {
        let flavours: Vec<_> = self.flavours().into_iter().map(Flavour::name).collect();
        let feature = self.feature.map(|feature| format!("feature: {}\n", feature.name()));
        let code = self.setup_code().replace('\n', "\n    ");
        format!(
            "{} ({})\n\n{}\nA right client {}\n\nrule: {}\n{}clients: {}\nfile: {}, {}\n\
             source: {}\n\n    {}\n",
            self.id,
            self.level,
            self.situation,
            self.right_in_sentence(),
            self.rule,
            feature.unwrap_or_default(),
            flavours.join(", "),
            self.path(),
            self.content,
            self.basis.explain(self.section),
            code.trim_end(),
        )
    }

    /// Returns what a right client does, to follow "A right client".
    pub(crate) fn right_in_sentence(&self) -> String {
        let (first, rest) = self.right.split_at(1);
        first.to_lowercase() + rest
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no bytes"),
            Self::Bytes(bytes) => f.write_str(&counted(*bytes, "byte")),
            Self::Pieces(pieces) => write!(f, "{pieces} pieces"),
            Self::PiecesAnd(pieces, bytes) => {
                write!(f, "{pieces} pieces and {}", counted(*bytes, "byte"))
            }
            Self::Standard => f.write_str("3 pieces and a half"),
        }
    }
}

impl Content {
    /// Returns the size in bytes, with pieces of `piece_size` bytes.
    pub fn size(self, piece_size: u64) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Bytes(bytes) => bytes,
            Self::Pieces(pieces) => pieces * piece_size,
            Self::PiecesAnd(pieces, bytes) => pieces * piece_size + bytes,
            Self::Standard => 3 * piece_size + piece_size / 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_matches_any_characters() {
        let scenario = Scenario { id: "lost/last_piece", ..Scenario::DEFAULT };
        for (pattern, is_match) in [
            ("lost/last_piece", true),
            ("lost/*", true),
            ("*piece", true),
            ("*", true),
            ("l*/*_*e", true),
            ("lost/last_piece*", true),
            ("lost", false),
            ("lost/", false),
            ("*/piece", false),
            ("lost/last*last_piece", false),
            ("", false),
        ] {
            assert_eq!(scenario.matches(pattern), is_match, "{pattern}");
        }
    }
}
