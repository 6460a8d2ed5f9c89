//! Chaos as text: a JSON object with a seed and options.

use serde_json::{Value, json};

use crate::error::Error;
use crate::fault::{Chaos, Profile};

use super::json::{Object, check_keys, member, needed, parsed, shown};
use super::values::{named, whole, word};

/// The syntax of [`Chaos::from_json`].
pub(crate) const CHAOS: &str = r#"{"seed": N, "profile": "network"|"server_errors"|"latency"|"all", "max_per_operation": N, "percent": N}"#;

const PROFILES: &[(&str, Profile)] = &[
    ("network", Profile::Network),
    ("server_errors", Profile::ServerErrors),
    ("latency", Profile::Latency),
    ("all", Profile::All),
];

const SEED: (&str, &str) = ("seed", "a whole number from 0 to 18446744073709551615");

/// The options: key, allowed values, and effect.
const OPTIONS: &[(&str, &str, Apply)] = &[
    ("profile", r#""network"|"server_errors"|"latency"|"all""#, |chaos, value| {
        Some(chaos.profile(named(PROFILES, value)?))
    }),
    ("max_per_operation", "a whole number from 1 to 4294967295", |chaos, value| {
        Some(chaos.max_per_operation(whole(value).filter(|most| *most > 0)?))
    }),
    ("percent", "a whole number from 1 to 100", |chaos, value| {
        Some(chaos.percent(whole(value).filter(|percent| (1..=100).contains(percent))?))
    }),
];

type Apply = fn(Chaos, &Value) -> Option<Chaos>;

impl Chaos {
    /// Parses chaos from one JSON object, for example
    /// `{"seed": 41, "profile": "network", "max_per_operation": 2}`. Missing options have the defaults
    /// of [`Chaos::new`].
    ///
    /// ```
    /// use mock_origin::{Chaos, Profile};
    ///
    /// let chaos = Chaos::from_json(r#"{"seed": 41, "profile": "network", "max_per_operation": 3}"#)?;
    /// assert_eq!(chaos, Chaos::new(41).profile(Profile::Network).max_per_operation(3));
    /// # Ok::<(), mock_origin::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the text is invalid ([`Error::is_invalid_fault`]). The message names the invalid or missing
    /// key and the allowed values.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let chaos = parsed(text).and_then(|value| match value {
            Value::Object(object) => parse_object(&object),
            other => Err(format!("invalid chaos {}; expected {CHAOS}", shown(&other))),
        });
        chaos.map_err(Error::invalid_fault)
    }

    /// Returns the chaos as one line of JSON, which [`Chaos::from_json`] parses to the same chaos.
    pub fn to_json(&self) -> String {
        let profile = word(PROFILES, &self.profile);
        let (seed, most, percent) = (self.seed, self.most, self.percent);
        json!({ "seed": seed, "profile": profile, "max_per_operation": most, "percent": percent })
            .to_string()
    }
}

fn parse_object(object: &Object) -> Result<Chaos, String> {
    let keys: Vec<_> = [SEED.0].into_iter().chain(OPTIONS.iter().map(|(key, ..)| *key)).collect();
    check_keys(object, &keys)?;
    let seed = member(object, SEED.0, SEED.1, Value::as_u64)?;
    let chaos = Chaos::new(needed(seed, SEED.0, SEED.1)?);
    OPTIONS.iter().try_fold(chaos, |chaos, (key, takes, apply)| {
        let applied = member(object, key, takes, |value| apply(chaos, value))?;
        Ok(applied.unwrap_or(chaos))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn chaos_round_trips_with_every_profile() {
        for (_, profile) in PROFILES {
            let chaos = Chaos::new(u64::MAX).profile(*profile).percent(7);
            let chaos = chaos.max_per_operation(u32::MAX);
            assert_eq!(Chaos::from_json(&chaos.to_json()).unwrap(), chaos);
        }
        assert_eq!(Chaos::from_json(r#"{"seed": 3}"#).unwrap(), Chaos::new(3));
    }

    #[test]
    fn the_syntax_lists_every_value_and_key() {
        let words: Vec<_> = PROFILES.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        for said in [CHAOS, OPTIONS[0].1] {
            assert!(said.contains(&words.join("|")), "{said}");
        }
        for (key, ..) in OPTIONS {
            assert!(CHAOS.contains(&format!("\"{key}\": ")), "{key}");
        }
    }
}
