//! Parameters of header values: `; name=value; other="quoted; value"`.

/// The quoting of a quoted value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    /// A quoted string of HTTP: a backslash escapes the next character (RFC 9110 §5.6.4).
    Http,
    /// The form in which browsers write the names of form parts: a backslash is a character (§5.2).
    ///
    /// Older clients write `\"` for a quote. It is read as a quote where it cannot end the value.
    Form,
}

/// Returns the value of the first parameter of that name, in any case.
pub(super) fn parameter(parameters: &str, name: &str, quoting: Quoting) -> Option<String> {
    let mut rest = parameters;
    loop {
        let (given, value) = rest.split_once('=')?;
        let (value, behind) = split_value(value.trim_start(), quoting);
        if given.trim().trim_start_matches(';').trim().eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = behind;
    }
}

/// Returns a value and the text after it.
fn split_value(text: &str, quoting: Quoting) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return (text[..end].trim().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        let behind = &quoted[at + char.len_utf8()..];
        match char {
            '"' => return (value, behind),
            '\\' if is_escape(behind, quoting) => {
                value.extend(chars.next().map(|(_, escaped)| escaped));
            }
            other => value.push(other),
        }
    }
    (value, "")
}

/// Returns whether a backslash escapes the text after it.
fn is_escape(behind: &str, quoting: Quoting) -> bool {
    match (quoting, behind.strip_prefix('"')) {
        (Quoting::Http, _) => true,
        (Quoting::Form, Some(rest)) => !is_end_of_parameter(rest),
        (Quoting::Form, None) => false,
    }
}

fn is_end_of_parameter(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.is_empty() || rest.starts_with(';')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_string_of_http_is_unescaped() {
        let read = |text: &str| parameter(text, "a", Quoting::Http);
        for (text, value) in [
            ("a=\"b;c\"", "b;c"),
            ("x=\"a=1\"; A = b ; a=c", "b"),
            ("a=\"b\\\"c\\\\d\\e\"", "b\"c\\de"),
            ("a=\"b\\\"", "b\""),
        ] {
            assert_eq!(read(text).as_deref(), Some(value), "{text}");
        }
        assert_eq!(read("b=\"a=1\"; c"), None);
    }

    #[test]
    fn a_backslash_in_a_form_is_a_character() {
        let read = |text: &str| parameter(text, "a", Quoting::Form);
        for (text, value) in [
            ("a=\"b\\\"", "b\\"),
            ("a=\"b\\\" ; name=\"c\"", "b\\"),
            ("a=\"C:\\dir\\\\b\"", "C:\\dir\\\\b"),
            ("a=\"b\\\"c\"", "b\"c"),
        ] {
            assert_eq!(read(text).as_deref(), Some(value), "{text}");
        }
    }
}
