//! Faults by chance.

use serde_json::{Value, json};

use crate::fault::{Chaos, Profile};
use crate::server::MockOrigin;

use super::body::{check_keys, member, needed, object};
use super::faults::written;
use super::router::{Refused, Request, Said};

pub(super) const TAKES: &str =
    r#"{"seed": N, "profile": "lossy"|"ill"|"slow"|"everything", "at_most": N, "percent": N}"#;

const PROFILES: &[(&str, Profile)] = &[
    ("lossy", Profile::Lossy),
    ("ill", Profile::Ill),
    ("slow", Profile::Slow),
    ("everything", Profile::Everything),
];

/// What may be said of chaos beside its seed: the key, what it takes, and what it does.
const OPTIONS: &[(&str, &str, Apply)] = &[
    ("profile", r#""lossy"|"ill"|"slow"|"everything""#, |chaos, value| {
        let named = PROFILES.iter().find(|(word, _)| Some(*word) == value.as_str());
        named.map(|(_, profile)| chaos.profile(*profile))
    }),
    ("at_most", "a number of attempts", |chaos, value| {
        let attempts = value.as_u64()?.try_into().ok()?;
        Some(chaos.at_most(attempts).per_operation())
    }),
    ("percent", "a number from 0 to 100", |chaos, value| {
        let percent = u8::try_from(value.as_u64()?).ok().filter(|percent| *percent <= 100)?;
        Some(chaos.percent(percent))
    }),
];

type Apply = fn(Chaos, &Value) -> Option<Chaos>;

pub(super) fn begin(origin: &MockOrigin, request: &Request<'_>) -> Result<Said, Refused> {
    origin.chaos(described(request.body)?);
    Ok(Said::Json(json!({})))
}

fn described(body: &str) -> Result<Chaos, String> {
    const SEED: (&str, &str) = ("seed", "a number");
    let object = object(body, TAKES)?;
    let keys: Vec<_> = [SEED.0].into_iter().chain(OPTIONS.iter().map(|(key, ..)| *key)).collect();
    check_keys(&object, &keys)?;
    let seed = member(&object, SEED.0, SEED.1, Value::as_u64)?;
    let chaos = Chaos::seed(needed(seed, SEED.0, SEED.1)?);
    OPTIONS.iter().try_fold(chaos, |chaos, (key, takes, apply)| {
        let applied = member(&object, key, takes, |value| apply(chaos, value))?;
        Ok(applied.unwrap_or(chaos))
    })
}

pub(super) fn done(origin: &MockOrigin) -> Said {
    let done = origin.done_by_chaos();
    let shown = |fault| json!({ "fault": written(fault), "sentence": fault.to_string() });
    Said::Json(json!({ "done": done.iter().map(shown).collect::<Vec<_>>() }))
}
