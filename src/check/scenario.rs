//! A situation that a client is put into, and what a right client does. Start with [`Scenario`].

use std::time::Duration;

use crate::journal::Journal;
use crate::mock::{Builder, MockOrigin};
use crate::referee::{Basis, Level};

use super::{Feature, Flavour, Plan};

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
    /// What happens beside the faults of the origin.
    pub event: Event,
    /// The longest time that the situation makes a right client wait.
    pub waits: Duration,
    /// Whether the verdict depends on time, so that the scenario runs alone.
    pub is_timed: bool,
    /// Changes the origin before it starts.
    pub(crate) builder: fn(Builder, &Plan) -> Builder,
    /// Adds the faults.
    pub(crate) faults: fn(&MockOrigin, &Plan),
    /// Returns whether the record shows that the situation arose. It is asked if there are no faults, whose
    /// counters show it, for example if an option of the origin makes the situation.
    pub(crate) is_exercised: fn(&Journal) -> bool,
}

/// The request that a situation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// No certain request.
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

/// What happens beside the faults of the origin. What happens during the run happens as soon as a fault has
/// acted, because the fault stops the client at the right place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Nothing.
    None,
    /// The client is told a wrong password.
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
    /// Random faults, by the seed of the run.
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
        let has_pieces = matches!(flavour, Flavour::Multipart | Flavour::JsonRpc);
        match self.role {
            Role::Any | Role::Login | Role::Body => true,
            Role::Create | Role::Piece | Role::Complete => has_pieces,
            Role::File => !has_pieces,
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
