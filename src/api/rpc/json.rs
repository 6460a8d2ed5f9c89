//! JSON in the form of the service: members in their documented order, separated by `, ` and `: `,
//! with all characters except ASCII as `\uXXXX` (§7.1.2). Start with [`Json`].

use std::fmt::{self, Write};

use crate::journal::json_escape;

/// A JSON value of a response.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Int(i128),
    Float(f64),
    Text(String),
    /// Received JSON, which is written in the form of the service.
    Echo(String),
    Array(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
    /// An object with variable names.
    Map(Vec<(String, Json)>),
}

impl Json {
    /// Creates an integer.
    pub(super) fn int(value: impl TryInto<i128>) -> Self {
        Self::Int(value.try_into().unwrap_or(i128::MAX))
    }

    pub(super) fn text(value: impl Into<String>) -> Self {
        Self::Text(value.into())
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Int(value) => write!(f, "{value}"),
            // With a point even for whole numbers, as Python writes them.
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(text) => quoted(f, text),
            Self::Echo(json) => respaced(f, json),
            Self::Array(items) => {
                f.write_char('[')?;
                separated(f, items, |f, item| write!(f, "{item}"))?;
                f.write_char(']')
            }
            Self::Object(members) => object(f, members),
            Self::Map(members) => object(f, members),
        }
    }
}

fn object(f: &mut fmt::Formatter<'_>, members: &[(impl AsRef<str>, Json)]) -> fmt::Result {
    f.write_char('{')?;
    separated(f, members, |f, (name, value)| {
        quoted(f, name.as_ref())?;
        write!(f, ": {value}")
    })?;
    f.write_char('}')
}

fn separated<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    write: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            f.write_str(", ")?;
        }
        write(f, item)?;
    }
    Ok(())
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for char in text.chars() {
        match char {
            '"' | '\\' => write!(f, "\\{char}")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '\u{8}' => f.write_str("\\b")?,
            '\u{c}' => f.write_str("\\f")?,
            other => ascii(f, other)?,
        }
    }
    f.write_char('"')
}

/// Writes a character: unchanged if it is printable ASCII, else as one or two `\uXXXX`.
fn ascii(f: &mut fmt::Formatter<'_>, char: char) -> fmt::Result {
    if (' '..='~').contains(&char) {
        return f.write_char(char);
    }
    json_escape(char).try_for_each(|unit| f.write_str(&unit))
}

/// Writes valid JSON with the separators of the service. Its tokens stay unchanged.
fn respaced(f: &mut fmt::Formatter<'_>, json: &str) -> fmt::Result {
    let (mut in_text, mut escaped) = (false, false);
    for char in json.chars() {
        match char {
            _ if in_text => {
                ascii(f, char)?;
                in_text = escaped || char != '"';
                escaped = !escaped && char == '\\';
            }
            ',' => f.write_str(", ")?,
            ':' => f.write_str(": ")?,
            ' ' | '\t' | '\n' | '\r' => {}
            other => {
                in_text = other == '"';
                f.write_char(other)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_the_service_writes_them() {
        let value = Json::Object(vec![
            ("code", Json::int(-1)),
            ("list", Json::Array(vec![Json::Null, Json::text("a\"\\\n\u{7f}ü😀")])),
        ]);
        let text = r#"{"code": -1, "list": [null, "a\"\\\n\u007f\u00fc\ud83d\ude00"]}"#;
        assert_eq!(value.to_string(), text);
    }

    #[test]
    fn an_echo_keeps_the_tokens_of_its_json() {
        let echo = Json::Echo(
            "{ \"b\" :[1.50,-0 , 9223372036854775807],\"a\":\"x, y: \\\" ü\" }".to_owned(),
        );
        let text = "{\"b\": [1.50, -0, 9223372036854775807], \"a\": \"x, y: \\\" \\u00fc\"}";
        assert_eq!(echo.to_string(), text);
    }
}
