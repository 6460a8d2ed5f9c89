//! Texts with placeholders, and the environment variables of the same names. Start with [`Template`].

use crate::error::Error;
use crate::wording::nearest;

use super::{PLACEHOLDERS, Target};

/// A text with placeholders. `{url}` is a placeholder, `{{` and `}}` are braces, and so is a `}` alone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Placeholder(&'static str),
}

impl Template {
    /// Parses a text.
    ///
    /// # Errors
    ///
    /// If a placeholder is unknown or not closed.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let (mut parts, mut own, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            own += &rest[..at];
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                own += brace;
                rest = after;
            } else if brace == "}" {
                own += brace;
            } else {
                let Some((name, after)) = rest.split_once('}') else {
                    return Err(invalid(text, "`{` without `}`"));
                };
                let Some(known) = PLACEHOLDERS.iter().find(|known| **known == name) else {
                    let meant = nearest(name, PLACEHOLDERS.iter().copied());
                    let meant = meant.map(|meant| format!("; did you mean {{{meant}}}?"));
                    let name = name.escape_debug();
                    let problem =
                        format!("unknown placeholder {{{name}}}{}", meant.unwrap_or_default());
                    return Err(invalid(text, &problem));
                };
                parts.push(Part::Text(std::mem::take(&mut own)));
                parts.push(Part::Placeholder(known));
                rest = after;
            }
        }
        parts.push(Part::Text(own + rest));
        Ok(Self(parts))
    }

    /// Returns the text for a run.
    pub(crate) fn render(&self, target: &Target) -> String {
        let text = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Placeholder(name) => target.value(name).unwrap_or_default(),
        };
        self.0.iter().map(text).collect()
    }

    /// Returns the text if it has no placeholders.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.0[..] {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }
}

/// Makes a text without placeholders.
impl From<String> for Template {
    fn from(text: String) -> Self {
        Self(vec![Part::Text(text)])
    }
}

/// Returns the error of an invalid text, of which the first 60 characters are shown.
fn invalid(text: &str, problem: &str) -> Error {
    let shown: String = text.chars().take(60).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    let known: Vec<_> = PLACEHOLDERS.iter().map(|name| format!("{{{name}}}")).collect();
    Error::invalid_argument(format!(
        "{problem} in `{}{more}`; known placeholders: {}; write `{{{{` for a brace",
        shown.escape_debug(),
        known.join(" ")
    ))
}

/// Returns the environment variables that have the values of the placeholders, for example `MOCK_ORIGIN_URL`.
pub(crate) fn variables(target: &Target) -> impl Iterator<Item = (String, String)> {
    PLACEHOLDERS.iter().map(|name| {
        (format!("MOCK_ORIGIN_{}", name.to_uppercase()), target.value(name).unwrap_or_default())
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn render(text: &str) -> String {
        let target = Target {
            scenario: "lost/piece".to_owned(),
            url: "http://127.0.0.1:8080".to_owned(),
            host: "127.0.0.1".to_owned(),
            port: 8080,
            user: "user".to_owned(),
            password: "a {user} b".to_owned(),
            account: "account".to_owned(),
            directory: "/videos".to_owned(),
            name: "film.mp4".to_owned(),
            path: "/videos/film.mp4".to_owned(),
            file: "/tmp/film.mp4".into(),
            size: 7,
            piece_size: 65536,
            scratch: "/tmp/scratch".into(),
            ca: None,
        };
        Template::parse(text).unwrap().render(&target)
    }

    #[test]
    fn placeholders_and_braces_are_rendered() {
        for (text, expected) in [
            ("", ""),
            ("--to", "--to"),
            ("{url}/{path}?{size}", "http://127.0.0.1:8080//videos/film.mp4?7"),
            ("{port}{piece_size}", "808065536"),
            ("{{url}}", "{url}"),
            ("{{{url}}}", "{http://127.0.0.1:8080}"),
            ("f() {{ a; }", "f() { a; }"),
            ("{{\"a\": {{\"b\": \"{name}\"}}}}", "{\"a\": {\"b\": \"film.mp4\"}}"),
            ("é{user}é", "éuseré"),
            // A value is not parsed again.
            ("{password}", "a {user} b"),
            ("[{ca}]", "[]"),
        ] {
            assert_eq!(render(text), expected, "{text}");
        }
    }

    #[test]
    fn every_placeholder_has_a_value_and_a_variable() {
        for name in PLACEHOLDERS {
            let text = format!("{{{name}}}");
            assert_ne!(render(&text), text);
        }
        assert_eq!(Template::parse("a{{").unwrap().as_text(), Some("a{"));
        assert_eq!(Template::parse("{url}").unwrap().as_text(), None);
    }

    #[test]
    fn unknown_placeholders_are_rejected_with_the_nearest() {
        let known = "known placeholders: {url} {host} {port} {user} {password} {account} {directory} \
                     {name} {path} {file} {size} {piece_size} {scratch} {scenario} {ca}; \
                     write `{{` for a brace";
        for (text, problem) in [
            ("{fil}", "unknown placeholder {fil}; did you mean {file}? in `{fil}`"),
            ("x{URL}", "unknown placeholder {URL}; did you mean {url}? in `x{URL}`"),
            ("{}", "unknown placeholder {} in `{}`"),
            ("{\"a\": 1}", "unknown placeholder {\\\"a\\\": 1} in `{\\\"a\\\": 1}`"),
            ("{url", "`{` without `}` in `{url`"),
            ("${{A}{", "`{` without `}` in `${{A}{`"),
        ] {
            let error = Template::parse(text).unwrap_err();
            assert!(error.is_invalid_argument());
            assert_eq!(error.to_string(), format!("{problem}; {known}"));
        }
        let long = Template::parse(&"{".repeat(201)).unwrap_err().to_string();
        assert!(long.contains("{…`;"), "{long}");
    }
}
