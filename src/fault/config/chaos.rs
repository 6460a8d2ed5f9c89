//! Chaos as text: a JSON object with a seed and options.

use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::fault::{Chaos, Profile};

use super::json::from_json;
use super::values::{Syntax, Table, Word, present, scalar, written_as};

/// The syntax of [`Chaos::from_json`].
pub(crate) const CHAOS: &str = r#"{"seed": N, "profile": "network"|"server_errors"|"latency"|"all", "max_per_operation": N, "percent": N}"#;

written_as! {
    Chaos => Table<ChaosSpec>,
}

#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct ChaosSpec {
    seed: u64,
    #[serde(default, deserialize_with = "present")]
    profile: Option<Word<Profile>>,
    #[serde(default, deserialize_with = "present")]
    max_per_operation: Option<NonZeroU32>,
    #[serde(default, deserialize_with = "present")]
    percent: Option<Percent>,
}

scalar! {
    /// A percentage above 0.
    Percent(u8), "a whole number from 1 to 100",
    |value| {
        let percent = value.as_u64()?.try_into().ok()?;
        (1..=100).contains(&percent).then_some(percent)
    },
    |percent| (*percent).into(),
    { "type": "integer", "minimum": 1, "maximum": 100 }
}

impl Syntax for ChaosSpec {
    const SYNTAX: &'static str = CHAOS;
}

impl From<Table<ChaosSpec>> for Chaos {
    fn from(Table(spec): Table<ChaosSpec>) -> Self {
        let default = Self::new(spec.seed);
        Self {
            profile: spec.profile.map_or(default.profile, |Word(profile)| profile),
            most: spec.max_per_operation.map_or(default.most, NonZeroU32::get),
            percent: spec.percent.map_or(default.percent, |Percent(percent)| percent),
            ..default
        }
    }
}

impl From<&Chaos> for Table<ChaosSpec> {
    fn from(chaos: &Chaos) -> Self {
        Self(ChaosSpec {
            seed: chaos.seed,
            profile: Some(Word(chaos.profile)),
            max_per_operation: NonZeroU32::new(chaos.most),
            percent: Some(Percent(chaos.percent)),
        })
    }
}

impl FromStr for Chaos {
    type Err = Error;

    /// Does the same as [`Chaos::from_json`].
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::from_json(text)
    }
}

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
        from_json(text, "chaos").map_err(Error::invalid_fault)
    }

    /// Returns the chaos as one line of JSON, which [`Chaos::from_json`] parses to the same chaos.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
