//! The forms in which the values of keys are written: serde reads and writes these types.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer, StrDeserializer};
use serde::de::{Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::protocol::{Join, OPERATION_NAMES, Operation, Options};

/// Reads a key that may be missing, but must not be `null`.
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Declares a table whose keys are all optional.
macro_rules! table {
    ($(#[$meta:meta])* $name:ident { $($(#[$key_meta:meta])* $key:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Default, serde::Deserialize, serde::Serialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        #[serde(default, deny_unknown_fields)]
        pub(super) struct $name {
            $(
                $(#[$key_meta])*
                #[serde(deserialize_with = "super::values::present")]
                #[serde(skip_serializing_if = "Option::is_none")]
                pub(super) $key: Option<$type>,
            )*
        }
    };
}
pub(super) use table;

/// Lets serde read and write a type in the form of another one.
macro_rules! written_as {
    ($($type:ident => $form:ty,)*) => { $(
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                <$form>::deserialize(from)?.try_into().map_err(serde::de::Error::custom)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                <$form>::from(self).serialize(to)
            }
        }

        #[cfg(test)]
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(schemas: &mut schemars::SchemaGenerator) -> schemars::Schema {
                <$form>::json_schema(schemas)
            }
        }
    )* };
}
pub(super) use written_as;

/// The syntax of a table and of its short form, for messages.
pub(crate) trait Syntax {
    const SYNTAX: &'static str;
}

/// A table, or a short form of it: a number or a word.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(inline))]
#[serde(untagged)]
pub(super) enum Or<S, T> {
    Short(S),
    Table(T),
}

impl<'de, S: Deserialize<'de>, T: Deserialize<'de> + Syntax> Deserialize<'de> for Or<S, T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(OrVisitor(PhantomData))
    }
}

struct OrVisitor<S, T>(PhantomData<(S, T)>);

impl<'de, S: Deserialize<'de>, T: Deserialize<'de> + Syntax> Visitor<'de> for OrVisitor<S, T> {
    type Value = Or<S, T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(T::SYNTAX)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Or<S, T>, E> {
        let short = S::deserialize(IntoDeserializer::<E>::into_deserializer(value));
        short.map(Or::Short).map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Or<S, T>, E> {
        match u64::try_from(value) {
            Ok(value) => self.visit_u64(value),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(value), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Or<S, T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Or::Table)
    }
}

/// A table.
// serde alone would also read a struct from a list.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(inline))]
#[serde(transparent)]
pub(crate) struct Table<T>(pub(crate) T);

#[derive(Deserialize)]
enum Never {}

impl<'de, T: Deserialize<'de> + Syntax> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Or::<Never, T>::deserialize(from)? {
            Or::Table(table) => Ok(Self(table)),
            Or::Short(never) => match never {},
        }
    }
}

/// One of the names.
// serde alone would also read a name from `{"name": null}`.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(inline))]
#[serde(transparent)]
pub(crate) struct Word<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(from)?;
        // The error for an unknown name lists the names.
        T::deserialize(StrDeserializer::new(value.as_str().unwrap_or_default())).map(Self)
    }
}

/// Declares a value that is neither a list nor a table, with functions that read and write it.
macro_rules! scalar {
    ($(#[$meta:meta])* $name:ident($type:ty), $expected:expr, $read:expr, $write:expr, $schema:tt) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub(super) struct $name(pub(super) $type);

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let read: fn(&serde_json::Value) -> Option<$type> = $read;
                let value = read(&serde_json::Value::deserialize(from)?);
                value.map(Self).ok_or_else(|| serde::de::Error::custom(format!("expected {}", $expected)))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                let write: fn(&$type) -> serde_json::Value = $write;
                write(&self.0).serialize(to)
            }
        }

        #[cfg(test)]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    };
}
pub(super) use scalar;

scalar! {
    /// The value of a key that can only be set.
    Flag(()), "true",
    |value| (*value == Value::Bool(true)).then_some(()),
    |()| Value::Bool(true),
    { "const": true }
}

scalar! {
    /// A count or a rate.
    Count(u64), "a whole number of 1 or more",
    |value| value.as_u64().filter(|count| *count > 0),
    |count| (*count).into(),
    { "type": "integer", "minimum": 1 }
}

scalar! {
    /// A range in Rust syntax.
    Range(RangeInclusive<u32>), "\"A..=B\", from 1 to 4294967295",
    |value| {
        let (from, to) = value.as_str()?.split_once("..=")?;
        let is_plain = [from, to].concat().bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then_some(from.parse().ok()?..=to.parse().ok()?)
    },
    |range| format!("{}..={}", range.start(), range.end()).into(),
    { "type": "string", "pattern": r"^[0-9]+\.\.=[0-9]+$" }
}

scalar! {
    /// The name of an operation, or `any`.
    OperationName(Option<Operation>), names(),
    |value| {
        let name = value.as_str()?;
        let row = OPERATION_NAMES.iter().find(|(_, known)| *known == name);
        if name == "any" { Some(None) } else { row.map(|(operation, _)| Some(*operation)) }
    },
    |operation| operation.map_or("any", Operation::name).into(),
    { "enum": names().split(", ").map(|name| name.trim_matches('`')).collect::<Vec<_>>() }
}

fn names() -> String {
    let names = OPERATION_NAMES.iter().map(|(_, name)| format!(", `{name}`"));
    names.fold("`any`".to_owned(), |all, name| all + &name)
}

scalar! {
    /// The course of a join, in the syntax of the option `join`.
    JoinText(Join), "`immediate`, `polls:N`, `after:SECONDS` or `fail`",
    |value| {
        let mut options = Options::default();
        options.set("join", value.as_str()?).ok()?;
        Some(options.join)
    },
    |join| match join {
        Join::Immediate => "immediate".into(),
        Join::Polls(polls) => format!("polls:{polls}").into(),
        // `Display` of a float writes no exponent, which the option `join` could not parse.
        Join::After(by) if by.subsec_nanos() > 0 => format!("after:{}", by.as_secs_f64()).into(),
        Join::After(by) => format!("after:{}", by.as_secs()).into(),
        Join::Fail => "fail".into(),
    },
    { "type": "string", "pattern": r"^(immediate|fail|polls:[0-9]+|after:[0-9.]+)$" }
}

/// A time in seconds, with an optional fraction.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "Number", into = "Number")]
pub(crate) struct Seconds(pub(crate) Duration);

#[derive(Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected SECONDS from 0 to 18446744073709551615")]
enum Number {
    // A float cannot represent the largest whole numbers exactly.
    Whole(u64),
    Fraction(#[cfg_attr(test, schemars(range(min = 0, max = u64::MAX)))] f64),
}

impl TryFrom<Number> for Seconds {
    type Error = &'static str;

    fn try_from(number: Number) -> Result<Self, &'static str> {
        let time = match number {
            Number::Whole(seconds) => Ok(Duration::from_secs(seconds)),
            Number::Fraction(seconds) => Duration::try_from_secs_f64(seconds),
        };
        time.map(Self).map_err(|_| "expected SECONDS from 0 to 18446744073709551615")
    }
}

impl From<Seconds> for Number {
    fn from(Seconds(time): Seconds) -> Self {
        match time.subsec_nanos() {
            0 => Self::Whole(time.as_secs()),
            _ => Self::Fraction(time.as_secs_f64()),
        }
    }
}

/// Part numbers: one, or a range.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected N or \"A..=B\", from 1 to 2147483647")]
pub(super) enum Parts {
    One(u32),
    Several(Range),
}

/// Bytes, written as a text or as a list of numbers.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(from = "TextOrList", into = "TextOrList")]
pub(super) struct Bytes(pub(super) Vec<u8>);

#[derive(Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected a text or a list of bytes")]
enum TextOrList {
    Text(String),
    List(Vec<u8>),
}

impl From<TextOrList> for Bytes {
    fn from(bytes: TextOrList) -> Self {
        Self(match bytes {
            TextOrList::Text(text) => text.into_bytes(),
            TextOrList::List(list) => list,
        })
    }
}

impl From<Bytes> for TextOrList {
    fn from(Bytes(bytes): Bytes) -> Self {
        String::from_utf8(bytes).map_or_else(|error| Self::List(error.into_bytes()), Self::Text)
    }
}

/// The members of an object with any keys. A duplicate key is an error.
#[derive(Debug)]
pub(crate) struct Members<V>(pub(crate) BTreeMap<String, V>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Members<V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(MembersVisitor(PhantomData))
    }
}

struct MembersVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for MembersVisitor<V> {
    type Value = Members<V>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("{\"NAME\": VALUE}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<V>, A::Error> {
        let mut members = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            if members.contains_key(&key) {
                return Err(Error::custom(format!("duplicate field `{key}`")));
            }
            members.insert(key, map.next_value()?);
        }
        Ok(Members(members))
    }
}

/// Headers: an object, or a list of pairs if a name is repeated or the order matters.
#[derive(Debug, Default)]
pub(super) struct Headers(pub(super) Vec<(String, String)>);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(HeadersVisitor)
    }
}

struct HeadersVisitor;

impl<'de> Visitor<'de> for HeadersVisitor {
    type Value = Headers;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("{ NAME = VALUE }, or [[NAME, VALUE]] if the order matters")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Headers, A::Error> {
        let Members(members) = Members::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Headers(members.into_iter().collect()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Headers, A::Error> {
        let list = Vec::<Vec<String>>::deserialize(SeqAccessDeserializer::new(list))?;
        let pair = |pair: Vec<String>| <[String; 2]>::try_from(pair).ok().map(Into::into);
        let pairs: Option<_> = list.into_iter().map(pair).collect();
        pairs.map(Headers).ok_or_else(|| Error::custom("expected [[NAME, VALUE]]"))
    }
}

impl Serialize for Headers {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0.is_sorted_by(|one, next| one.0 < next.0) {
            to.collect_map(self.0.iter().map(|(name, value)| (name, value)))
        } else {
            self.0.serialize(to)
        }
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Headers {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Headers".into()
    }

    fn json_schema(schemas: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let object = schemas.subschema_for::<BTreeMap<String, String>>();
        let pairs = schemas.subschema_for::<Vec<(String, String)>>();
        schemars::json_schema!({ "anyOf": [object, pairs] })
    }
}
