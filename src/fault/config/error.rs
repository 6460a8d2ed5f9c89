//! Turns an error of serde into one line in the words of the text. Start with [`explain`].

use serde_path_to_error::Segment;

use crate::wording::{nearest, type_in_words};

/// Returns the key at the end of a path, with its tables: `reject.headers[0]`.
pub(super) fn key<'a>(path: impl Iterator<Item = &'a Segment>) -> String {
    path.fold(String::new(), |key, segment| match segment {
        Segment::Seq { index } => format!("{key}[{index}]"),
        Segment::Map { key: inner } if key.is_empty() => inner.clone(),
        Segment::Map { key: inner } => format!("{key}.{inner}"),
        Segment::Enum { .. } | Segment::Unknown => key,
    })
}

/// Returns the line for the error `message` of serde at `key`. `value` is the value there, as it is
/// written; `root` is the whole text in words.
pub(super) fn explain(message: &str, key: &str, value: Option<String>, root: &str) -> String {
    let place = |word: &str, key: &str| match (key, root) {
        ("", "") => String::new(),
        ("", root) => format!(" {word} {root}"),
        (key, _) => format!(" {word} `{}`", key.escape_debug()),
    };
    // The place of an unknown or duplicate key may include the key.
    let outer = |name: &str| match key.strip_suffix(name) {
        Some(outer) if outer.is_empty() || outer.ends_with('.') => outer.trim_end_matches('.'),
        _ => key,
    };
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let end = rest.find("`, expected ").unwrap_or(rest.len());
        let (name, known) = (&rest[..end], rest[end..].trim_start_matches("`, "));
        let hint = suggestion(name, known).unwrap_or_else(|| format!("; {known}"));
        return format!("unknown key `{}`{}{hint}", name.escape_debug(), place("in", outer(name)));
    }
    for (said, error) in [("missing field `", "missing"), ("duplicate field `", "duplicate")] {
        if let Some(name) = message.strip_prefix(said).and_then(|rest| rest.strip_suffix('`')) {
            return format!("{error} key `{}`{}", name.escape_debug(), place("in", outer(name)));
        }
    }
    let starts = ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant `"];
    let expected = message.strip_prefix("expected ").or_else(|| {
        let is_about_value = starts.iter().any(|start| message.starts_with(start));
        message.rsplit_once(", expected ").filter(|_| is_about_value).map(|(_, expected)| expected)
    });
    match expected {
        Some(expected) => {
            let expected = type_in_words(expected);
            let (value, place) = (value.unwrap_or_default(), place("for", key));
            let hint = suggestion(value.trim_matches('"'), expected).unwrap_or_default();
            format!("invalid value {value}{place}; expected {expected}{hint}")
        }
        None if key.is_empty() => message.to_owned(),
        None => format!("{key}: {message}"),
    }
}

/// Returns the name among those quoted in `known` that was probably meant.
fn suggestion(name: &str, known: &str) -> Option<String> {
    let meant = nearest(name, known.split('`').skip(1).step_by(2))?;
    Some(format!("; did you mean `{meant}`?"))
}
