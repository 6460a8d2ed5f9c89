//! Parses query parameters. Start with [`Query::parse`].

use std::borrow::Cow;
use std::str::FromStr;

use percent_encoding::percent_decode_str;

use crate::wording::unknown;

/// A query parameter of an endpoint.
#[derive(Debug)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// The values that it accepts.
    pub values: &'static str,
    /// Whether it is required.
    pub is_required: bool,
}

impl Parameter {
    pub(super) const fn new(name: &'static str, values: &'static str) -> Self {
        Self { name, values, is_required: false }
    }

    pub(super) const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }
}

/// The parameters of a request, decoded.
#[derive(Debug)]
pub(super) struct Query<'a>(Vec<(&'static Parameter, Cow<'a, str>)>);

impl<'a> Query<'a> {
    /// Parses a query. Messages name `endpoint`, as in `GET /__mock/journal`.
    pub(super) fn parse(
        text: &'a str,
        endpoint: &str,
        known: &'static [Parameter],
    ) -> Result<Self, String> {
        let mut found = Self(Vec::new());
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(parameter) = known.iter().find(|parameter| parameter.name == name) else {
                let names: Vec<_> = known.iter().map(|parameter| parameter.name).collect();
                return Err(match names.as_slice() {
                    [] => format!("invalid query; {endpoint} expects none"),
                    names => unknown("parameter", name, names),
                });
            };
            if found.get(name).is_some() {
                return Err(format!("duplicate parameter `{name}`"));
            }
            let value = unquoted(value)
                .ok_or_else(|| format!("invalid value for parameter `{name}`; expected UTF-8"))?;
            found.0.push((parameter, value));
        }
        match known.iter().find(|known| known.is_required && found.get(known.name).is_none()) {
            Some(Parameter { name, values, .. }) => {
                Err(format!("missing parameter `{name}`; expected {values}"))
            }
            None => Ok(found),
        }
    }

    /// Returns the value of a parameter, if present.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known.name == name).map(|(_, value)| &**value)
    }

    /// Parses a parameter as a number, if present. A number has one spelling only.
    pub(super) fn number<T: FromStr + ToString>(&self, name: &str) -> Result<Option<T>, String> {
        self.read(name, |text| text.parse().ok().filter(|number: &T| number.to_string() == text))
    }

    /// Parses a parameter with `read`, if present.
    pub(super) fn read<T>(
        &self,
        name: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, String> {
        let Some((known, value)) = self.0.iter().find(|(known, _)| known.name == name) else {
            return Ok(None);
        };
        let values = known.values;
        let invalid =
            || format!("invalid value {value:?} for parameter `{name}`; expected {values}");
        read(value).map(Some).ok_or_else(invalid)
    }

    /// Returns every parameter that is present.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(known, value)| (known.name, &**value))
    }
}

/// Decodes form encoding: `%XX`, and `+` for a space.
fn unquoted(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('+') {
        return percent_decode_str(text).decode_utf8().ok();
    }
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(|text| Cow::Owned(text.into_owned()))
}
