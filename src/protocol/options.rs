//! The options of the origin, for behaviour on which clients or documents disagree (§10). Start
//! with [`Options`].

use std::time::Duration;

use crate::error::Error;
use crate::wording::{nearest, unknown};

use super::{
    Cors, Join, LIMITS, LastCookie, LegacyHeaders, LimitSpec, Limits, ListPathItems, Policy,
    RenameTaken, ResultShape,
};

/// The configurable behaviour of an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The form of a successful abort or restart.
    pub result_shape: ResultShape,
    /// Whether the legacy header `X-Content-Type: auto` is accepted.
    pub x_content_type_auto: Policy,
    /// Whether a form with an empty file is accepted.
    pub empty_form_file: Policy,
    /// Whether a form part `uploadFile` without a file name is accepted as the file.
    pub form_part_without_filename: Policy,
    /// Whether content types that are well formed but not listed are accepted.
    pub unknown_content_type: Policy,
    /// The form of the entries of `listPath`.
    pub listpath_items: ListPathItems,
    /// The last page of `listPath`.
    pub listpath_last_cookie: LastCookie,
    /// Whether former header names count.
    pub legacy_headers: LegacyHeaders,
    /// The headers that pages of another origin may send and read.
    pub cors: Cors,
    /// Whether a signature that was used before is accepted.
    pub signature_reuse: Policy,
    /// The allowed requests per second to the upload endpoints.
    pub rate_limit: Option<u64>,
    /// The bytes that the account may store.
    pub disk_quota: Option<u64>,
    /// The code of a rename to a name that is taken.
    pub rename_taken: RenameTaken,
    /// The effect of completing an upload.
    pub join: Join,
    /// The time during which a new file stays invisible to readers.
    pub egress_delay: Duration,
    /// The limits.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            result_shape: ResultShape::Bare,
            x_content_type_auto: Policy::Reject,
            empty_form_file: Policy::Accept,
            form_part_without_filename: Policy::Reject,
            unknown_content_type: Policy::Accept,
            listpath_items: ListPathItems::Flat,
            listpath_last_cookie: LastCookie::ShortPage,
            legacy_headers: LegacyHeaders::Off,
            cors: Cors::Documented,
            signature_reuse: Policy::Reject,
            rate_limit: None,
            disk_quota: None,
            rename_taken: RenameTaken::NameTaken,
            join: Join::Immediate,
            egress_delay: Duration::ZERO,
            limits: Limits::default(),
        }
    }
}

/// An option as text: `name=value`.
#[derive(Debug)]
#[non_exhaustive]
pub struct OptionSpec {
    /// Its name.
    pub name: &'static str,
    /// The values that it takes.
    pub values: &'static str,
    /// Its default value.
    pub default: &'static str,
    /// The behaviour that it changes, and the clients that need it.
    pub what: &'static str,
    set: fn(&mut Options, &str) -> Option<()>,
    get: fn(&Options) -> String,
}

/// The words for the values of an option.
type Words<T> = &'static [(&'static str, T)];

const POLICIES: Words<Policy> = &[("reject", Policy::Reject), ("accept", Policy::Accept)];
const RESULT_SHAPES: Words<ResultShape> =
    &[("bare", ResultShape::Bare), ("object", ResultShape::Object)];
const LIST_PATH_ITEMS: Words<ListPathItems> =
    &[("flat", ListPathItems::Flat), ("nested", ListPathItems::Nested)];
const LAST_COOKIES: Words<LastCookie> =
    &[("short", LastCookie::ShortPage), ("empty", LastCookie::EmptyPage)];
const CORS: Words<Cors> = &[("documented", Cors::Documented), ("open", Cors::Open)];
const RENAME_TAKEN: Words<RenameTaken> =
    &[("-2", RenameTaken::NameTaken), ("-3", RenameTaken::NoParent)];
const LEGACY_HEADERS: Words<LegacyHeaders> =
    &[("off", LegacyHeaders::Off), ("on", LegacyHeaders::On)];

/// Every option except the limits, which have their own names ([`LIMITS`]).
pub const OPTION_SPECS: &[OptionSpec] = &[
    OptionSpec {
        name: "result_shape",
        values: "bare|object",
        default: "bare",
        what: "the result of abortMultipart and restartMultipart: the C# client reads 0, the \
               Java client {\"code\": 0}",
        set: |to, text| choose(&mut to.result_shape, RESULT_SHAPES, text),
        get: |from| word(from.result_shape, RESULT_SHAPES),
    },
    OptionSpec {
        name: "x_content_type_auto",
        values: "reject|accept",
        default: "reject",
        what: "the legacy header X-Content-Type: auto on /post/raw and /post/file: one client sends \
               it always, and retries forever when it is rejected",
        set: |to, text| choose(&mut to.x_content_type_auto, POLICIES, text),
        get: |from| word(from.x_content_type_auto, POLICIES),
    },
    OptionSpec {
        name: "empty_form_file",
        values: "accept|reject",
        default: "accept",
        what: "a form whose file has no bytes: documented as an error, recorded as a success",
        set: |to, text| choose(&mut to.empty_form_file, POLICIES, text),
        get: |from| word(from.empty_form_file, POLICIES),
    },
    OptionSpec {
        name: "form_part_without_filename",
        values: "reject|accept",
        default: "reject",
        what: "a part uploadFile of a form without a file name, or with an empty one: not a file (-24), \
               or a file whose name the field basename or the origin gives",
        set: |to, text| choose(&mut to.form_part_without_filename, POLICIES, text),
        get: |from| word(from.form_part_without_filename, POLICIES),
    },
    OptionSpec {
        name: "unknown_content_type",
        values: "accept|reject",
        default: "accept",
        what: "content types that are well formed and not listed: documented both ways",
        set: |to, text| choose(&mut to.unknown_content_type, POLICIES, text),
        get: |from| word(from.unknown_content_type, POLICIES),
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
               and read every X-Agile-* header of a response; without open it cannot send a piece",
        set: |to, text| choose(&mut to.cors, CORS, text),
        get: |from| word(from.cors, CORS),
    },
    OptionSpec {
        name: "signature_reuse",
        values: "reject|accept",
        default: "reject",
        what: "a signature that was used before",
        set: |to, text| choose(&mut to.signature_reuse, POLICIES, text),
        get: |from| word(from.signature_reuse, POLICIES),
    },
    OptionSpec {
        name: "rate_limit",
        values: "off|N",
        default: "off",
        what: "requests per second over /multipart/* and /post/*, then 429 (the service: 100; 0 rejects all)",
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
               service expects -3",
        set: |to, text| choose(&mut to.rename_taken, RENAME_TAKEN, text),
        get: |from| word(from.rename_taken, RENAME_TAKEN),
    },
    OptionSpec {
        name: "join",
        values: "immediate|polls:N|after:SECONDS|fail",
        default: "immediate",
        what: "when a completed upload becomes a file, for clients that poll getMultipartStatus: with \
               polls:N the first N responses still report JOIN",
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
        what: "how long a new file stays invisible to readers",
        set: |to, text| {
            to.egress_delay = seconds(text)?;
            Some(())
        },
        get: |from| from.egress_delay.as_secs_f64().to_string(),
    },
];

/// Returns every name that [`Options::set`] takes.
fn names() -> impl Iterator<Item = &'static str> {
    OPTION_SPECS.iter().map(|spec| spec.name).chain(LIMITS.iter().map(|spec| spec.name))
}

/// Returns a valid call of `.set` for the option whose name is nearest to `name`.
pub(crate) fn suggest_call(name: &str) -> String {
    let name = nearest(name, names()).unwrap_or("join");
    let limit = LIMITS.iter().find(|spec| spec.name == name).map(|spec| spec.default.to_string());
    let value = limit.unwrap_or_else(|| {
        let spec = OPTION_SPECS.iter().find(|spec| spec.name == name);
        let (values, default) = spec.map_or(("", ""), |spec| (spec.values, spec.default));
        let other = values.split('|').find(|value| *value != default).unwrap_or(values);
        other.replace("BYTES", "1000000").replace("SECONDS", "5").replace('N', "5")
    });
    format!(".set({name:?}, {value:?})")
}

impl Options {
    /// Sets an option or a limit by its name.
    ///
    /// # Errors
    ///
    /// If there is no such option, or it does not accept that value
    /// ([`Error::is_invalid_option`]). The message lists the options or the values.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        if let Some(spec) = LIMITS.iter().find(|spec| spec.name == name) {
            let figure = number(value).filter(|figure| *figure > 0);
            let message =
                || format!("invalid value {value:?} for `{name}`; expected a number of 1 or more");
            self.limits.set(spec.limit, figure.ok_or_else(|| Error::invalid_option(message()))?);
            return Ok(());
        }
        let Some(spec) = OPTION_SPECS.iter().find(|spec| spec.name == name) else {
            let known: Vec<_> = names().collect();
            return Err(Error::invalid_option(unknown("option", name, &known)));
        };
        (spec.set)(self, value).ok_or_else(|| {
            let words =
                spec.values.split('|').filter(|value| value.starts_with(char::is_lowercase));
            let meant = nearest(value, words.filter(|word| !word.contains(char::is_uppercase)));
            let hint = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
            let values = spec.values;
            Error::invalid_option(format!(
                "invalid value {value:?} for `{name}`; expected {values}{hint}"
            ))
        })
    }

    /// Returns every option and every limit with its value, as [`Options::set`] takes them.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, String)> {
        let options = OPTION_SPECS.iter().map(|spec| (spec.name, (spec.get)(self)));
        let limit = |spec: &LimitSpec| (spec.name, self.limits.get(spec.limit).to_string());
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

/// Returns the word for a value.
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

/// Parses seconds with an optional fraction.
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
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_listed_default_of_every_option_is_its_default() {
        let mut options = Options::default();
        for spec in OPTION_SPECS {
            options.set(spec.name, spec.default).unwrap();
        }
        assert_eq!(options, Options::default());
    }

    #[test]
    fn set_parses_names_and_values() {
        let mut options = Options::default();
        for (name, value) in [
            ("result_shape", "object"),
            ("join", "polls:3"),
            ("join", "after:1.5"),
            ("egress_delay", "2"),
            ("rate_limit", "100"),
            ("pieces", "3"),
        ] {
            options.set(name, value).unwrap();
        }
        assert_eq!(options.join, Join::After(Duration::from_millis(1500)));
        assert_eq!(options.limits.get(crate::protocol::Limit::Pieces), 3);
    }

    #[test]
    fn every_suggested_call_is_accepted() {
        for name in names() {
            let call = suggest_call(name);
            let value = call.split('"').nth(3).unwrap_or_default();
            assert!(call.starts_with(&format!(".set(\"{name}\", ")), "{call}");
            Options::default().set(name, value).unwrap();
        }
        assert_eq!(suggest_call("jion"), ".set(\"join\", \"polls:5\")");
    }

    #[test]
    fn values_returns_what_was_set() {
        let mut options = Options::default();
        let defaults: Vec<_> = options.values().collect();
        for spec in OPTION_SPECS {
            assert!(defaults.contains(&(spec.name, spec.default.to_owned())), "{}", spec.name);
        }
        for spec in OPTION_SPECS {
            let words = spec.values.split('|').filter(|word| !word.contains(char::is_uppercase));
            for value in words.chain(["7", "1.5", "polls:3", "after:0.25"]) {
                if options.set(spec.name, value).is_ok() {
                    assert!(options.values().any(|set| set == (spec.name, value.to_owned())));
                }
            }
        }
        let mut again = Options::default();
        for (name, value) in options.values() {
            again.set(name, &value).unwrap();
        }
        assert_eq!(again, options);
    }

    #[test]
    fn an_error_lists_the_known_names_or_values() {
        let error =
            |name: &str, value: &str| Options::default().set(name, value).unwrap_err().to_string();
        assert!(
            error("colour", "red").starts_with("unknown option `colour`; known: result_shape, ")
        );
        assert_eq!(
            error("join", "soon"),
            "invalid value \"soon\" for `join`; expected immediate|polls:N|after:SECONDS|fail"
        );
        assert_eq!(
            error("pieces", "-1"),
            "invalid value \"-1\" for `pieces`; expected a number of 1 or more"
        );
        assert_eq!(
            error("pieces", "0"),
            "invalid value \"0\" for `pieces`; expected a number of 1 or more"
        );
        assert_eq!(
            error("join", "imediate"),
            "invalid value \"imediate\" for `join`; expected immediate|polls:N|after:SECONDS|fail; did you mean `immediate`?"
        );
        assert_eq!(error("rate_limit", ""), "invalid value \"\" for `rate_limit`; expected off|N");
    }
}
