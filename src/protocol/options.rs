//! The switches: where clients or papers disagree, a test says which way it wants (§10).

use std::time::Duration;

use crate::wording::{nearest, unknown};

use super::{Cors, LIMITS, LimitSpec, Limits};

/// Whether the origin puts up with something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// It refuses.
    Refuse,
    /// It accepts.
    Accept,
}

/// How `abortMultipart` and `restartMultipart` write their success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultShape {
    /// As `0`.
    Bare,
    /// As `{"code": 0}`.
    Object,
}

/// How `listPath` writes an entry with its stat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListPathItems {
    /// The name and the stat's members side by side.
    Flat,
    /// The name, and the stat in an object of its own.
    Nested,
}

/// When `listPath` says that there is no further page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastCookie {
    /// Behind a page on which both lists are short.
    ShortPage,
    /// Behind a page on which both lists are empty.
    EmptyPage,
}

/// Whether the origin's former header names are read and sent too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacyHeaders {
    /// Only `X-Agile-*`.
    Off,
    /// `X-LLNW-Authorization` is read, `X-Llnw-Status` is sent.
    CallFaultBuilder,
}

/// The code of a rename to a name that is taken (§10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenameTaken {
    /// −2, which is documented.
    NameTaken,
    /// −3, the code of a parent directory that does not exist.
    NoParent,
}

/// What follows when an upload has been completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// The file is there at once.
    Immediate,
    /// After so many calls of `getMultipartStatus`.
    Polls(u64),
    /// After so much protocol time.
    After(Duration),
    /// The upload ends in FAILED.
    Fail,
}

/// How an origin behaves where that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// How abort and restart write their success.
    pub result_shape: ResultShape,
    /// What is done with the legacy header `X-Blob-Type: auto`.
    pub x_content_type_auto: Policy,
    /// What is done with a form whose file is empty.
    pub empty_form_file: Policy,
    /// What is done with a form whose part `uploadFile` has no file name.
    pub form_part_without_filename: Policy,
    /// What is done with content types that are well formed and not listed.
    pub unknown_content_type: Policy,
    /// How `listPath` writes its entries.
    pub listpath_items: ListPathItems,
    /// When `listPath` is over.
    pub listpath_last_cookie: LastCookie,
    /// Whether former header names count.
    pub legacy_headers: LegacyHeaders,
    /// What pages of another origin may send and read.
    pub cors: Cors,
    /// What is done with a signature that was used before.
    pub signature_reuse: Policy,
    /// Requests per second to the upload endpoints.
    pub rate_limit: Option<u64>,
    /// Bytes that the account may store.
    pub disk_quota: Option<u64>,
    /// The code of a rename to a name that is taken.
    pub rename_taken: RenameTaken,
    /// What follows on completion.
    pub join: Join,
    /// How long a new file stays invisible to readers.
    pub egress_delay: Duration,
    /// The limits.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            result_shape: ResultShape::Bare,
            x_content_type_auto: Policy::Refuse,
            empty_form_file: Policy::Accept,
            form_part_without_filename: Policy::Refuse,
            unknown_content_type: Policy::Accept,
            listpath_items: ListPathItems::Flat,
            listpath_last_cookie: LastCookie::ShortPage,
            legacy_headers: LegacyHeaders::Off,
            cors: Cors::Documented,
            signature_reuse: Policy::Refuse,
            rate_limit: None,
            disk_quota: None,
            rename_taken: RenameTaken::NameTaken,
            join: Join::Immediate,
            egress_delay: Duration::ZERO,
            limits: Limits::default(),
        }
    }
}

/// One switch as it is written: `name=value`.
#[derive(Debug)]
pub struct OptionSpec {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub values: &'static str,
    /// What it is unless it is set.
    pub default: &'static str,
    /// What it changes, and who needs that.
    pub what: &'static str,
    set: fn(&mut Options, &str) -> Option<()>,
    get: fn(&Options) -> String,
}

/// The words for the values of a switch.
type Words<T> = &'static [(&'static str, T)];

const TOLERANCES: Words<Policy> = &[("refuse", Policy::Refuse), ("accept", Policy::Accept)];
const RESULT_SHAPES: Words<ResultShape> =
    &[("bare", ResultShape::Bare), ("object", ResultShape::Object)];
const LIST_PATH_ITEMS: Words<ListPathItems> =
    &[("flat", ListPathItems::Flat), ("nested", ListPathItems::Nested)];
const LAST_COOKIES: Words<LastCookie> =
    &[("short", LastCookie::ShortPage), ("empty", LastCookie::EmptyPage)];
const CORS: Words<Cors> = &[("documented", Cors::Documented), ("open", Cors::Open)];
const RENAMES_TAKEN: Words<RenameTaken> =
    &[("-2", RenameTaken::NameTaken), ("-3", RenameTaken::NoParent)];
const LEGACY_HEADERS: Words<LegacyHeaders> =
    &[("off", LegacyHeaders::Off), ("on", LegacyHeaders::CallFaultBuilder)];

/// Every switch but the limits, which go by their own names ([`LIMITS`]).
pub const OPTION_SPECS: &[OptionSpec] = &[
    OptionSpec {
        name: "result_shape",
        values: "bare|object",
        default: "bare",
        what: "how abortMultipart and restartMultipart answer: the C# client reads 0, the \
               Java client {\"code\": 0}",
        set: |to, text| choose(&mut to.result_shape, RESULT_SHAPES, text),
        get: |from| word(from.result_shape, RESULT_SHAPES),
    },
    OptionSpec {
        name: "x_content_type_auto",
        values: "refuse|accept",
        default: "refuse",
        what: "the legacy header X-Content-Type: auto on /post/raw and /post/file: one client sends \
               it always, and retries for ever when it is refused",
        set: |to, text| choose(&mut to.x_content_type_auto, TOLERANCES, text),
        get: |from| word(from.x_content_type_auto, TOLERANCES),
    },
    OptionSpec {
        name: "empty_form_file",
        values: "accept|refuse",
        default: "accept",
        what: "a form whose file has no bytes: documented as an error, recorded as a success",
        set: |to, text| choose(&mut to.empty_form_file, TOLERANCES, text),
        get: |from| word(from.empty_form_file, TOLERANCES),
    },
    OptionSpec {
        name: "form_part_without_filename",
        values: "refuse|accept",
        default: "refuse",
        what: "a part uploadFile of a form without a file name, or with an empty one: not a file (-24), \
               or a file whose name the field basename or the origin gives",
        set: |to, text| choose(&mut to.form_part_without_filename, TOLERANCES, text),
        get: |from| word(from.form_part_without_filename, TOLERANCES),
    },
    OptionSpec {
        name: "unknown_content_type",
        values: "accept|refuse",
        default: "accept",
        what: "content types that are well formed and not listed: documented both ways",
        set: |to, text| choose(&mut to.unknown_content_type, TOLERANCES, text),
        get: |from| word(from.unknown_content_type, TOLERANCES),
    },
    OptionSpec {
        name: "listpath_items",
        values: "flat|nested",
        default: "flat",
        what: "how listPath writes an entry with its stat",
        set: |to, text| choose(&mut to.listpath_items, LIST_PATH_ITEMS, text),
        get: |from| word(from.listpath_items, LIST_PATH_ITEMS),
    },
    OptionSpec {
        name: "listpath_last_cookie",
        values: "short|empty",
        default: "short",
        what: "listPath's cookie is null behind a short page, or only behind an empty one",
        set: |to, text| choose(&mut to.listpath_last_cookie, LAST_COOKIES, text),
        get: |from| word(from.listpath_last_cookie, LAST_COOKIES),
    },
    OptionSpec {
        name: "legacy_headers",
        values: "off|on",
        default: "off",
        what: "read X-LLNW-Authorization and send X-Llnw-Status too, for clients from before the \
               headers were renamed",
        set: |to, text| choose(&mut to.legacy_headers, LEGACY_HEADERS, text),
        get: |from| word(from.legacy_headers, LEGACY_HEADERS),
    },
    OptionSpec {
        name: "cors",
        values: "documented|open",
        default: "documented",
        what: "what browsers let a page of another origin do: with open it may also send every X-Agile-* header \
               and read every X-Agile-* header of an answer, without which it can send no piece",
        set: |to, text| choose(&mut to.cors, CORS, text),
        get: |from| word(from.cors, CORS),
    },
    OptionSpec {
        name: "signature_reuse",
        values: "refuse|accept",
        default: "refuse",
        what: "a signature that was used before",
        set: |to, text| choose(&mut to.signature_reuse, TOLERANCES, text),
        get: |from| word(from.signature_reuse, TOLERANCES),
    },
    OptionSpec {
        name: "rate_limit",
        values: "off|N",
        default: "off",
        what: "requests per second over /multipart/* and /post/*, then 429 (the service's: 100; 0 refuses all)",
        set: |to, text| {
            to.rate_limit = if text == "off" { None } else { Some(number(text)?) };
            Some(())
        },
        get: |from| off_or(from.rate_limit),
    },
    OptionSpec {
        name: "disk_quota",
        values: "off|BYTES",
        default: "off",
        what: "bytes that the account may store, then 503 with -22",
        set: |to, text| {
            to.disk_quota = if text == "off" { None } else { Some(number(text)?) };
            Some(())
        },
        get: |from| off_or(from.disk_quota),
    },
    OptionSpec {
        name: "rename_taken",
        values: "-2|-3",
        default: "-2",
        what: "the code of a rename to a name that is taken: -2 is documented, a client's test against the \
               service wants -3",
        set: |to, text| choose(&mut to.rename_taken, RENAMES_TAKEN, text),
        get: |from| word(from.rename_taken, RENAMES_TAKEN),
    },
    OptionSpec {
        name: "join",
        values: "immediate|polls:N|after:SECONDS|fail",
        default: "immediate",
        what: "when a completed upload becomes a file, for clients that poll getMultipartStatus: with \
               polls:N the first N answers still say JOIN",
        set: |to, text| {
            to.join = join(text)?;
            Some(())
        },
        get: |from| join_words(from.join),
    },
    OptionSpec {
        name: "egress_delay",
        values: "SECONDS",
        default: "0",
        what: "how long a new file stays invisible to readers after it came to be",
        set: |to, text| {
            to.egress_delay = seconds(text)?;
            Some(())
        },
        get: |from| from.egress_delay.as_secs_f64().to_string(),
    },
];

/// Every name that [`Options::set`] takes.
fn names() -> impl Iterator<Item = &'static str> {
    OPTION_SPECS.iter().map(|row| row.name).chain(LIMITS.iter().map(|row| row.name))
}

/// Returns a call of `.set` that is right, for the switch that `name` is or is most like.
pub fn right_call(name: &str) -> String {
    let name = nearest(name, names()).unwrap_or("join");
    let limit = LIMITS.iter().find(|row| row.name == name).map(|row| row.default.to_string());
    let value = limit.unwrap_or_else(|| {
        let row = OPTION_SPECS.iter().find(|row| row.name == name);
        let (values, default) = row.map_or(("", ""), |row| (row.values, row.default));
        let other = values.split('|').find(|value| *value != default).unwrap_or(values);
        other.replace("BYTES", "1000000").replace("SECONDS", "5").replace('N', "5")
    });
    format!(".set({name:?}, {value:?})")
}

impl Options {
    /// Sets a switch or a limit by its name.
    ///
    /// # Errors
    ///
    /// What names there are, or what values the switch takes, in one line.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        if let Some(row) = LIMITS.iter().find(|row| row.name == name) {
            let figure = number(value).filter(|figure| *figure > 0);
            let refused = || format!("{name} takes a number of 1 or more, not {value:?}");
            self.limits.set(row.limit, figure.ok_or_else(refused)?);
            return Ok(());
        }
        let Some(row) = OPTION_SPECS.iter().find(|row| row.name == name) else {
            let known: Vec<_> = names().collect();
            return Err(unknown("switch", name, &known, &known));
        };
        (row.set)(self, value).ok_or_else(|| {
            let words = row.values.split('|').filter(|value| value.starts_with(char::is_lowercase));
            let meant = nearest(value, words.filter(|word| !word.contains(char::is_uppercase)));
            let hint = meant.map(|meant| format!("; did you mean {meant:?}?")).unwrap_or_default();
            format!("{name} takes {}, not {value:?}{hint}", row.values)
        })
    }

    /// Every switch and every limit with its value, as [`Options::set`] takes them.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, String)> {
        let options = OPTION_SPECS.iter().map(|row| (row.name, (row.get)(self)));
        let limit = |row: &LimitSpec| (row.name, self.limits.of(row.limit).to_string());
        options.chain(LIMITS.iter().map(limit))
    }
}

fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Option<T> {
    words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
}

fn choose<T: Copy>(to: &mut T, words: Words<T>, text: &str) -> Option<()> {
    *to = one_of(text, words)?;
    Some(())
}

/// The word for a value.
fn word<T: Copy + PartialEq>(value: T, words: Words<T>) -> String {
    let found = words.iter().find(|(_, known)| *known == value);
    found.map_or_else(String::new, |(word, _)| (*word).to_owned())
}

fn off_or(number: Option<u64>) -> String {
    number.map_or_else(|| "off".to_owned(), |number| number.to_string())
}

fn join_words(join: Join) -> String {
    match join {
        Join::Immediate => "immediate".to_owned(),
        Join::Polls(count) => format!("polls:{count}"),
        Join::After(time) => format!("after:{}", time.as_secs_f64()),
        Join::Fail => "fail".to_owned(),
    }
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Seconds, with a fraction if need be.
fn seconds(text: &str) -> Option<Duration> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    plain
        .then(|| text.parse().ok())
        .flatten()
        .and_then(|secs| Duration::try_from_secs_f64(secs).ok())
}

fn join(text: &str) -> Option<Join> {
    match text.split_once(':') {
        None => one_of(text, &[("immediate", Join::Immediate), ("fail", Join::Fail)]),
        Some(("polls", count)) => number(count).map(Join::Polls),
        Some(("after", time)) => seconds(time).map(Join::After),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_switch_takes_its_default_and_that_is_the_default() {
        let mut options = Options::default();
        for row in OPTION_SPECS {
            assert_eq!(options.set(row.name, row.default), Ok(()), "{}", row.name);
        }
        assert_eq!(options, Options::default());
    }

    #[test]
    fn values_are_read() {
        let mut options = Options::default();
        for (name, value) in [
            ("result_shape", "object"),
            ("join", "polls:3"),
            ("join", "after:1.5"),
            ("egress_delay", "2"),
            ("rate_limit", "100"),
            ("pieces", "3"),
        ] {
            assert_eq!(options.set(name, value), Ok(()), "{name}={value}");
        }
        assert_eq!(options.join, Join::After(Duration::from_millis(1500)));
        assert_eq!(options.limits.of(crate::protocol::Limit::Pieces), 3);
    }

    #[test]
    fn the_right_call_is_accepted() {
        for name in names() {
            let call = right_call(name);
            let value = call.split('"').nth(3).unwrap_or_default();
            assert!(call.starts_with(&format!(".set(\"{name}\", ")), "{call}");
            assert_eq!(Options::default().set(name, value), Ok(()), "{call}");
        }
        assert_eq!(right_call("jion"), ".set(\"join\", \"polls:5\")");
    }

    #[test]
    fn values_are_those_that_were_set() {
        let mut options = Options::default();
        let defaults: Vec<_> = options.values().collect();
        for row in OPTION_SPECS {
            assert!(defaults.contains(&(row.name, row.default.to_owned())), "{}", row.name);
        }
        for row in OPTION_SPECS {
            let words = row.values.split('|').filter(|word| !word.contains(char::is_uppercase));
            for value in words.chain(["7", "1.5", "polls:3", "after:0.25"]) {
                if options.set(row.name, value).is_ok() {
                    assert!(options.values().any(|set| set == (row.name, value.to_owned())));
                }
            }
        }
        let mut again = Options::default();
        for (name, value) in options.values() {
            assert_eq!(again.set(name, &value), Ok(()), "{name}={value}");
        }
        assert_eq!(again, options);
    }

    #[test]
    fn nonsense_is_told_what_there_is() {
        let error =
            |name: &str, value: &str| Options::default().set(name, value).err().unwrap_or_default();
        assert!(
            error("colour", "red").starts_with("unknown switch \"colour\"; known: result_shape, ")
        );
        assert_eq!(
            error("join", "soon"),
            "join takes immediate|polls:N|after:SECONDS|fail, not \"soon\""
        );
        assert_eq!(error("pieces", "-1"), "pieces takes a number of 1 or more, not \"-1\"");
        assert_eq!(error("pieces", "0"), "pieces takes a number of 1 or more, not \"0\"");
        assert_eq!(
            error("join", "imediate"),
            "join takes immediate|polls:N|after:SECONDS|fail, not \"imediate\"; did you mean \"immediate\"?"
        );
        assert_eq!(error("rate_limit", ""), "rate_limit takes off|N, not \"\"");
    }
}
