//! Text with placeholders: the notation of requests and responses in a case.

use std::collections::BTreeMap;

/// The values of placeholders by name.
pub(crate) type Values = BTreeMap<String, Vec<u8>>;

/// Bytes and placeholders.
#[derive(Clone, Debug, Default)]
pub(crate) struct Template(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Bytes(Vec<u8>),
    Placeholder(Placeholder),
}

#[derive(Clone, Debug)]
struct Placeholder {
    /// The name of the value. The value of `*` is not kept.
    name: String,
    pattern: Option<&'static Pattern>,
}

/// A pattern that the value of a placeholder must match.
#[derive(Debug)]
pub(crate) struct Pattern {
    name: &'static str,
    matches: fn(&str) -> bool,
}

const PATTERNS: [Pattern; 4] = [
    Pattern { name: "uuid", matches: |text| text.len() == 36 && is_uuid4(text) },
    Pattern { name: "hex32", matches: |text| text.len() == 32 && is_uuid4(text) },
    Pattern { name: "sha256", matches: |text| text.len() == 64 && is_lower_hex(text) },
    Pattern { name: "number", matches: |text| text.bytes().all(|byte| byte.is_ascii_digit()) },
];

fn is_uuid4(text: &str) -> bool {
    let digits = text.replace('-', "");
    let dashes = text.len() == 32 || text.match_indices('-').map(|(at, _)| at).eq([8, 13, 18, 23]);
    let variant = |digit: &u8| b"89ab".contains(digit);
    digits.len() == 32
        && is_lower_hex(&digits)
        && dashes
        && digits.as_bytes()[12] == b'4'
        && variant(&digits.as_bytes()[16])
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl Template {
    /// Parses the text of a case. A brace that does not start a placeholder stands for itself, as in
    /// JSON.
    pub(crate) fn parse(text: &str) -> Self {
        let (mut parts, mut rest) = (Vec::new(), text);
        while !rest.is_empty() {
            let (part, width) = placeholder_at(rest).unwrap_or_else(|| plain_at(rest));
            parts.push(part);
            rest = &rest[width..];
        }
        Self(parts)
    }

    /// Returns the names of the placeholders.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Placeholder(placeholder) => Some(placeholder.name.as_str()),
            Part::Bytes(_) => None,
        })
    }

    /// Returns the bytes. Fails if the value of a placeholder is unknown.
    pub(crate) fn render(&self, values: &Values) -> Result<Vec<u8>, String> {
        let unknown = || format!("unknown placeholder in {}", self.describe(values));
        let rendered = self.0.iter().map(|part| part.bytes(values).ok_or_else(unknown));
        rendered.collect::<Result<Vec<_>, _>>().map(|parts| parts.concat())
    }

    /// Returns whether `found` matches. Adds the values of new placeholders to `values`.
    pub(crate) fn matches(&self, found: &[u8], values: &mut Values) -> bool {
        let mut rest = found;
        for (at, part) in self.0.iter().enumerate() {
            let end = match part.bytes(values) {
                Some(bytes) if rest.starts_with(&bytes) => bytes.len(),
                Some(_) => return false,
                None => self.placeholder_end(at + 1, rest, values),
            };
            let (value, after) = rest.split_at(end);
            if !part.accepts(value) {
                return false;
            }
            part.store_value(value, values);
            rest = after;
        }
        rest.is_empty()
    }

    /// Returns the end of a placeholder's value: the start of the next known bytes.
    fn placeholder_end(&self, next: usize, rest: &[u8], values: &Values) -> usize {
        let Some(stop) = self.0.get(next).and_then(|part| part.bytes(values)) else {
            return rest.len();
        };
        rest.windows(stop.len().max(1)).position(|window| window == stop).unwrap_or(rest.len())
    }

    /// Returns the text with known values filled in, for failures.
    pub(crate) fn describe(&self, values: &Values) -> String {
        let described = self.0.iter().map(|part| match (part.bytes(values), part) {
            (Some(bytes), _) => String::from_utf8_lossy(&bytes).into_owned(),
            (None, Part::Placeholder(placeholder)) => format!("{{{}}}", placeholder.name),
            (None, Part::Bytes(_)) => String::new(),
        });
        described.collect()
    }
}

impl Part {
    fn bytes(&self, values: &Values) -> Option<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Some(bytes.clone()),
            Self::Placeholder(placeholder) => values.get(&placeholder.name).cloned(),
        }
    }

    fn accepts(&self, value: &[u8]) -> bool {
        let Self::Placeholder(placeholder) = self else { return true };
        let text = String::from_utf8_lossy(value);
        !value.is_empty() && placeholder.pattern.is_none_or(|pattern| (pattern.matches)(&text))
    }

    fn store_value(&self, value: &[u8], values: &mut Values) {
        if let Self::Placeholder(placeholder) = self
            && placeholder.name != "*"
        {
            values.insert(placeholder.name.clone(), value.to_vec());
        }
    }
}

fn plain_at(text: &str) -> (Part, usize) {
    let first = text.chars().next().map_or(0, char::len_utf8);
    let width = text[first..].find('{').map_or(text.len(), |at| first + at);
    (Part::Bytes(text[..width].into()), width)
}

fn placeholder_at(text: &str) -> Option<(Part, usize)> {
    let inner = text.strip_prefix('{')?.split_once('}')?.0;
    if inner.contains(['{', '"', ' ']) {
        return None;
    }
    let part =
        hex(inner).or_else(|| repeated(inner)).map(Part::Bytes).or_else(|| placeholder(inner))?;
    Some((part, inner.len() + 2))
}

fn hex(inner: &str) -> Option<Vec<u8>> {
    let digits = inner.strip_prefix("hex:")?.as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
    digits.chunks(2).map(pair).collect()
}

fn repeated(inner: &str) -> Option<Vec<u8>> {
    let (unit, times) = inner.rsplit_once('*')?;
    Some(unit.repeat(times.parse().ok()?).into_bytes())
}

fn placeholder(inner: &str) -> Option<Part> {
    let (name, pattern) =
        inner.split_once('=').map_or((inner, None), |(name, pattern)| (name, Some(pattern)));
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_:".contains(c);
    if name != "*" && (name.is_empty() || !name.chars().all(is_name)) {
        return None;
    }
    let pattern = pattern
        .map(|name| PATTERNS.iter().find(|known| known.name == name).expect("known pattern"));
    Some(Part::Placeholder(Placeholder { name: name.to_owned(), pattern }))
}

/// Tests of this module. `main` lists them, because the binary has its own test harness.
pub(crate) mod tests {
    use super::{Template, Values};

    fn rendered(text: &str) -> String {
        let values =
            Values::from([("a".to_owned(), b"1".to_vec()), ("b:c".to_owned(), b"2".to_vec())]);
        Template::parse(text)
            .render(&values)
            .map_or_else(|why| why, |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    pub(crate) fn rendering_fills_placeholders_and_keeps_other_braces() {
        for (template, text) in [
            ("{a}{b:c}x{a}", "12x1"),
            ("{x*3}{ab*2}{[*2}", "xxxabab[["),
            ("{hex:0a41}", "\nA"),
            (r#"{"a": {a}, "b": {}}"#, r#"{"a": 1, "b": {}}"#),
            ("{{a}} {A} { a }", "{1} {A} { a }"),
            ("{open", "{open"),
            ("{none}", "unknown placeholder in {none}"),
        ] {
            assert_eq!(rendered(template), text, "{template}");
        }
    }

    pub(crate) fn a_placeholder_matches_up_to_the_next_known_text() {
        let mut values = Values::new();
        assert!(Template::parse("{x}: {*}, {y=number}").matches(b"a: b, 12", &mut values));
        assert_eq!(Template::parse("{x}{y}").render(&values).unwrap(), b"a12");
        assert!(Template::parse("{x}-{x}").matches(b"a-a", &mut values));
        for (expected, found) in [("{x}", "b"), ("{z}", ""), ("{z=number}", "1a"), ("a{z}b", "ab")]
        {
            assert!(
                !Template::parse(expected).matches(found.as_bytes(), &mut values),
                "{expected}"
            );
        }
    }

    pub(crate) fn patterns_accept_version_4_uuids_only() {
        let dashed = "0f0e0d0c-0b0a-4908-8706-050403020100";
        let mut values = Values::new();
        let mut matches = |pattern: &str, text: &str| {
            Template::parse(pattern).matches(text.as_bytes(), &mut values)
        };
        assert!(matches("{*=uuid}", dashed));
        assert!(matches("{*=hex32}", &dashed.replace('-', "")));
        assert!(!matches("{*=hex32}", dashed));
        assert!(!matches("{*=uuid}", &dashed.replace("-4", "-1")));
        assert!(!matches("{*=uuid}", &dashed.to_uppercase()));
    }
}
