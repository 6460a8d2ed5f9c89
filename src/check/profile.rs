//! What the user declares about a client. Start with [`Profile`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::journal::escape_line;
use crate::protocol::Options;
use crate::wording::{type_in_words, unknown};

/// Describes a client: its command and what it claims to do. Every key is optional.
///
/// ```
/// use mock_origin::check::{Feature, Profile};
///
/// let profile = Profile::from_toml("profile.toml", "features = [\"retries\"]\npiece_size = 65536")?;
/// assert!(profile.claims(Feature::Retries));
/// # Ok::<(), mock_origin::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Profile {
    /// The program and its arguments, with placeholders. The command line overrides it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The interface that the client uploads by. Default: inferred from the control run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flavour: Option<Flavour>,
    /// How the client reaches the origin.
    pub via: Via,
    /// What the client claims to do. A client that gives up where it claims a feature fails.
    pub features: BTreeSet<Feature>,
    /// The size of a piece in bytes. Default: inferred from the control run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub piece_size: Option<u64>,
    /// A command that runs before each scenario, with the same placeholders and environment.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub setup: Vec<String>,
    /// The longest time of one run, in seconds. Default: 3 times the control run, plus the time that the
    /// scenario makes the client wait, plus 10 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<f64>,
    /// What the exit statuses of the client mean.
    pub statuses: Statuses,
    /// Options of the origin by name, as for `mock-origin serve --set`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Files that are written below HOME before each run: the relative path and the text, with placeholders.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// Environment variables of the client, with placeholders.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
}

/// The interface that a client uploads by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Flavour {
    /// Pieces, begun and completed over HTTP (§4).
    Multipart,
    /// Pieces, begun or completed over JSON-RPC (§7).
    JsonRpc,
    /// Whole files by `POST /post/raw` (§5).
    Raw,
    /// Whole files by `POST /post/file`, as a form (§5).
    Form,
}

impl Flavour {
    /// All flavours.
    pub const ALL: [Self; 4] = [Self::Multipart, Self::JsonRpc, Self::Raw, Self::Form];

    /// Returns the name in profiles.
    pub fn name(self) -> &'static str {
        match self {
            Self::Multipart => "multipart",
            Self::JsonRpc => "json_rpc",
            Self::Raw => "raw",
            Self::Form => "form",
        }
    }

    /// Returns whether clients of this flavour send pieces.
    pub fn has_pieces(self) -> bool {
        matches!(self, Self::Multipart | Self::JsonRpc)
    }
}

/// How a client reaches the origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Via {
    /// The client is given the URL.
    #[default]
    Url,
    /// The client has a fixed host and is given the origin as its HTTP proxy.
    Proxy,
    /// The client is given an `https` URL and the certificate of its authority.
    Tls,
}

/// What a client can claim to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Feature {
    /// Repeats requests that got no response or a server error.
    Retries,
    /// Logs in again when its token is rejected.
    Relogin,
    /// Continues an upload after it was killed.
    Resume,
    /// Compares checksums and sizes of responses with what it sent.
    Checksum,
    /// Asks whether a completed upload was joined.
    JoinPoll,
    /// Aborts an upload that it gives up.
    Abort,
    /// Creates missing directories.
    Mkdir,
    /// Uploads names outside ASCII.
    Unicode,
    /// Uploads empty files.
    Empty,
    /// Sends pieces in parallel.
    Parallel,
    /// Logs in by itself and reports wrong credentials.
    Auth,
}

impl fmt::Display for Flavour {
    /// Writes the name in profiles.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Feature {
    /// Returns the name in profiles.
    pub fn name(self) -> &'static str {
        match self {
            Self::Retries => "retries",
            Self::Relogin => "relogin",
            Self::Resume => "resume",
            Self::Checksum => "checksum",
            Self::JoinPoll => "join_poll",
            Self::Abort => "abort",
            Self::Mkdir => "mkdir",
            Self::Unicode => "unicode",
            Self::Empty => "empty",
            Self::Parallel => "parallel",
            Self::Auth => "auth",
        }
    }
}

/// What the exit statuses of a client mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Statuses {
    /// The file is stored. Default: 0.
    pub success: Vec<i32>,
    /// The client does not support what the scenario asks for. Default: 89.
    pub unsupported: Vec<i32>,
}

impl Default for Statuses {
    fn default() -> Self {
        Self { success: vec![0], unsupported: vec![89] }
    }
}

impl Profile {
    /// Reads a profile from TOML. `file` is its name in messages.
    ///
    /// # Errors
    ///
    /// If the text is not TOML, has an unknown key, option or invalid value, or gives an exit status two meanings.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, Error> {
        let profile: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start].matches('\n').count() + 1);
            let place = line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"));
            // serde quotes the name that it found, and then those that it knows.
            let message = error.message();
            let names: Vec<_> = message.split('`').skip(1).step_by(2).collect();
            let kinds = [("unknown field ", "key"), ("unknown variant ", "value")];
            let kind = kinds.iter().find(|(start, _)| message.starts_with(start));
            let expected = match message {
                // An enum.
                "wanted string or table" => Some("a text"),
                _ => message
                    .strip_prefix("invalid ")
                    .and_then(|rest| Some(type_in_words(rest.rsplit_once(", expected ")?.1))),
            };
            let message = match (kind, names.split_first(), expected, error.span()) {
                (Some((_, kind)), Some((name, known)), ..) => unknown(kind, name, known),
                (_, _, Some(expected), Some(span)) => {
                    format!("invalid value {}; expected {expected}", escape_line(&text[span]))
                }
                _ => message.split_whitespace().collect::<Vec<_>>().join(" "),
            };
            Error::invalid_argument(format!("{place}: {message}"))
        })?;
        let invalid = |error| Error::invalid_argument(format!("{file}: {error:#}"));
        profile.validate().map_err(invalid)?;
        Ok(profile)
    }

    /// Checks what the types do not guarantee: a profile may also be made without a file.
    ///
    /// # Errors
    ///
    /// If a time or a size is not above 0, an option is unknown, or an exit status has two meanings.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        self.longest_run()?;
        if self.piece_size == Some(0) {
            let message = "invalid value 0 for `piece_size`; expected a number of 1 or more";
            return Err(Error::invalid_argument(message.to_owned()));
        }
        let Statuses { success, unsupported } = &self.statuses;
        if let Some(status) = success.iter().find(|status| unsupported.contains(status)) {
            let message = format!("exit status {status} is in `success` and in `unsupported`");
            return Err(Error::invalid_argument(message));
        }
        let mut options = Options::default();
        self.options.iter().try_for_each(|(name, value)| options.set(name, value))
    }

    /// Returns `timeout` as a duration.
    ///
    /// # Errors
    ///
    /// If it is not above 0, or too long for a duration.
    pub(crate) fn longest_run(&self) -> Result<Option<Duration>, Error> {
        let Some(seconds) = self.timeout else { return Ok(None) };
        let time = Duration::try_from_secs_f64(seconds).ok().filter(|time| !time.is_zero());
        let message = || format!("invalid value {seconds} for `timeout`; expected SECONDS above 0");
        time.map(Some).ok_or_else(|| Error::invalid_argument(message()))
    }

    /// Claims a feature.
    #[must_use]
    pub fn claim(mut self, feature: Feature) -> Self {
        self.features.insert(feature);
        self
    }

    /// Returns whether the client claims a feature.
    pub fn claims(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_line_and_what_was_meant() {
        for (text, error) in [
            (
                "via = \"url\"\nretires = 1\n",
                "a.toml:2: unknown key `retires`; known: command, flavour,",
            ),
            ("flavor = \"raw\"", "a.toml:1: unknown key `flavor`; did you mean `flavour`?"),
            (
                "\nfeatures = [\"retry\"]",
                "a.toml:2: unknown value `retry`; known: retries, relogin,",
            ),
            ("[statuses]\nsucces = [0]", "a.toml:2: unknown key `succes`; did you mean `success`?"),
            ("timeout = \"long\"", "a.toml:1: invalid value \"long\"; expected a number"),
            ("piece_size = 1.5", "a.toml:1: invalid value 1.5; expected a whole number from 0 to "),
            ("command = \"up\"", "a.toml:1: invalid value \"up\"; expected a list"),
            ("statuses = 1", "a.toml:1: invalid value 1; expected a table"),
            (
                "[statuses]\nsuccess = [\n  \"0\"]",
                "a.toml:3: invalid value \"0\"; expected a whole",
            ),
            ("[env]\nA = 1", "a.toml:2: invalid value 1; expected a text"),
            ("flavour = 1", "a.toml:1: invalid value 1; expected a text"),
            ("via = ", "a.toml:1: "),
            ("timeout = -1", "a.toml: invalid value -1 for `timeout`; expected SECONDS above 0"),
            ("timeout = nan", "a.toml: invalid value NaN for `timeout`; expected"),
            ("piece_size = 0", "a.toml: invalid value 0 for `piece_size`; expected"),
            (
                "[statuses]\nunsupported = [0]",
                "a.toml: exit status 0 is in `success` and in `unsupported`",
            ),
            ("[options]\nlegacy = \"on\"", "a.toml: unknown option `legacy`; known: "),
        ] {
            let read = Profile::from_toml("a.toml", text).err().map(|error| error.to_string());
            let read = read.unwrap_or_default();
            assert!(read.starts_with(error) && !read.contains('\n'), "{read}");
        }
    }
}
