//! Chaos as text: a JSON object of its seed and what is said beside it.

use serde_json::{Value, json};

use crate::fault::{Chaos, Profile};

use super::json::{Object, check_keys, member, needed, parsed, shown};
use super::values::{named, whole, word};

/// What [`Chaos::from_json`] takes.
pub(crate) const CHAOS: &str = r#"{"seed": N, "profile": "network"|"server_errors"|"latency"|"all", "max_per_operation": N, "percent": N}"#;

const PROFILES: &[(&str, Profile)] = &[
    ("network", Profile::Network),
    ("server_errors", Profile::ServerErrors),
    ("latency", Profile::Latency),
    ("all", Profile::All),
];

const SEED: (&str, &str) = ("seed", "a whole number from 0 to 18446744073709551615");

/// What may be said beside the seed: the key, what it takes, and what it does.
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
    /// Chaos from one JSON object, as in `{"seed": 41, "profile": "network", "max_per_operation": 2}`. What is
    /// left out is as [`Chaos::new`] has it.
    ///
    /// ```
    /// use mock_origin::{Chaos, Profile};
    ///
    /// let chaos = Chaos::from_json(r#"{"seed": 41, "profile": "network", "max_per_operation": 3}"#)?;
    /// assert_eq!(chaos, Chaos::new(41).profile(Profile::Network).max_per_operation(3));
    /// # Ok::<(), String>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The key that is wrong or missing and what it takes, in one line.
    pub fn from_json(text: &str) -> Result<Self, String> {
        match parsed(text)? {
            Value::Object(object) => described(&object),
            other => Err(format!("chaos is {CHAOS}, not {}", shown(&other))),
        }
    }

    /// The chaos as one JSON object on one line, which [`Chaos::from_json`] reads as the same chaos.
    pub fn to_json(&self) -> String {
        let profile = word(PROFILES, &self.profile);
        let (seed, most, percent) = (self.seed, self.most, self.percent);
        json!({ "seed": seed, "profile": profile, "max_per_operation": most, "percent": percent })
            .to_string()
    }
}

fn described(object: &Object) -> Result<Chaos, String> {
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
    fn chaos_comes_back_whatever_its_profile() {
        for (_, profile) in PROFILES {
            let chaos = Chaos::new(u64::MAX).profile(*profile).percent(7);
            let chaos = chaos.max_per_operation(u32::MAX);
            assert_eq!(Chaos::from_json(&chaos.to_json()).unwrap(), chaos);
        }
        assert_eq!(Chaos::from_json(r#"{"seed": 3}"#).unwrap(), Chaos::new(3));
    }

    #[test]
    fn what_is_said_of_it_has_every_word_and_key() {
        let words: Vec<_> = PROFILES.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        for said in [CHAOS, OPTIONS[0].1] {
            assert!(said.contains(&words.join("|")), "{said}");
        }
        for (key, ..) in OPTIONS {
            assert!(CHAOS.contains(&format!("\"{key}\": ")), "{key}");
        }
    }
}
