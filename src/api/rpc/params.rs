//! Parameters, by name or by position, and their values (§7.1.6, §7.1.7). Start with [`Params`].

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::protocol::{ErrorKind, Method, Param, ParamKind};

/// The parameters of one call in the order of the signature of the method.
#[derive(Debug)]
pub(super) struct Params {
    method: &'static Method,
    /// The JSON of each given parameter.
    given: Vec<Option<String>>,
}

type Raw = Box<RawValue>;

impl Params {
    /// Binds the received parameters to the signature.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Params`] if a parameter is surplus or unknown, or if one other than the token
    /// is missing.
    pub(super) fn bind(
        method: &'static Method,
        params: Option<&RawValue>,
    ) -> Result<Self, ErrorKind> {
        let json = params.map_or("null", RawValue::get);
        let mut given = match json.as_bytes()[0] {
            b'[' => by_position(method, json)?,
            b'{' => by_name(method, json)?,
            b'n' => vec![None; method.params.len()],
            _ => return Err(ErrorKind::Params),
        };
        for (param, value) in method.params.iter().zip(&mut given) {
            value.take_if(|json| is_not_given(param.kind, json));
        }
        let missing = |(param, value): (&Param, &Option<String>)| {
            param.required && param.kind != ParamKind::Token && value.is_none()
        };
        if method.params.iter().zip(&given).any(missing) {
            return Err(ErrorKind::Params);
        }
        Ok(Self { method, given })
    }

    /// Returns the token, if the method takes one. It is empty if none was given.
    pub(super) fn token(&self) -> Option<Result<String, ErrorKind>> {
        let takes_one =
            self.method.params.first().is_some_and(|param| param.kind == ParamKind::Token);
        takes_one.then(|| self.text("token").map(Option::unwrap_or_default))
    }

    /// Returns a text.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, ErrorKind> {
        self.read(name, |value| value.as_str().map(str::to_owned))
    }

    /// Returns an integer, which may be a decimal string.
    pub(super) fn integer(&self, name: &str) -> Result<Option<i128>, ErrorKind> {
        self.read(name, integer)
    }

    /// Returns a cookie. `false` means 0, the same as no cookie.
    pub(super) fn cookie(&self, name: &str) -> Result<Option<i128>, ErrorKind> {
        self.read(name, |value| if *value == Value::Bool(false) { Some(0) } else { integer(value) })
    }

    /// Returns a cookie that is a text. `false` and 0 mean none.
    pub(super) fn text_cookie(&self, name: &str) -> Result<Option<String>, ErrorKind> {
        self.read(name, |value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Bool(false) => Some(String::new()),
            other => integer(other).filter(|number| *number == 0).map(|_| String::new()),
        })
    }

    /// Returns a boolean, which may be 0 or 1, or one of these as text.
    pub(super) fn boolean(&self, name: &str) -> Result<Option<bool>, ErrorKind> {
        self.read(name, boolean)
    }

    /// Returns any JSON, unchanged.
    pub(super) fn json(&self, name: &str) -> Option<&str> {
        self.place(name).and_then(|at| self.given[at].as_deref())
    }

    fn read<T>(
        &self,
        name: &str,
        meaning: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, ErrorKind> {
        let Some(at) = self.place(name) else { return Ok(None) };
        let bad = self.method.params[at].bad;
        self.given[at]
            .as_deref()
            .map(|json| serde_json::from_str(json).ok().as_ref().and_then(&meaning).ok_or(bad))
            .transpose()
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.method.params.iter().position(|param| param.name == name)
    }
}

fn by_position(method: &Method, json: &str) -> Result<Vec<Option<String>>, ErrorKind> {
    let values: Vec<Raw> = serde_json::from_str(json).map_err(|_| ErrorKind::Params)?;
    if values.len() > method.params.len() {
        return Err(ErrorKind::Params);
    }
    let mut given = vec![None; method.params.len()];
    for (at, raw) in values.iter().enumerate() {
        given[place(method, at, values.len())] = Some(raw.get().to_owned());
    }
    Ok(given)
}

/// Returns the index in the signature of the parameter at `position` of `count`.
fn place(method: &Method, position: usize, count: usize) -> usize {
    let short = method.short_form;
    let named = |name: &&str| method.params.iter().position(|param| param.name == *name);
    let by_short_form = (count <= short.len()).then(|| short.get(position).and_then(named));
    by_short_form.flatten().unwrap_or(position)
}

fn by_name(method: &Method, json: &str) -> Result<Vec<Option<String>>, ErrorKind> {
    let values: BTreeMap<String, Raw> =
        serde_json::from_str(json).map_err(|_| ErrorKind::Params)?;
    let mut given = vec![None; method.params.len()];
    for (name, raw) in values {
        let named = |param: &Param| param.name == name || param.alias == Some(&*name);
        let at = method.params.iter().position(named).ok_or(ErrorKind::Params)?;
        if given[at].replace(raw.get().to_owned()).is_some() {
            return Err(ErrorKind::Params);
        }
    }
    Ok(given)
}

/// Returns whether a value counts as not given: `null` and the empty string (§1.13), unless they
/// are values of this kind.
fn is_not_given(kind: ParamKind, json: &str) -> bool {
    match kind {
        ParamKind::Any => false,
        ParamKind::AnyText => json == "null",
        _ => json == "null" || json == "\"\"",
    }
}

fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => number.as_i128(),
        Value::String(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let decimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| decimal)
        }
        _ => None,
    }
}

fn boolean(value: &Value) -> Option<bool> {
    let is = |word: &str, text: &str| text.eq_ignore_ascii_case(word);
    match value {
        Value::Bool(value) => Some(*value),
        Value::Number(_) => match integer(value) {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Value::String(text) if is("true", text) || text == "1" => Some(true),
        Value::String(text) if is("false", text) || text == "0" => Some(false),
        _ => None,
    }
}
