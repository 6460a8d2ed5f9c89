//! Text with holes in it: how a case writes requests and answers.

use std::collections::BTreeMap;

/// What the holes stand for, by name.
pub(crate) type Known = BTreeMap<String, Vec<u8>>;

/// Bytes, and holes between them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Bytes(Vec<u8>),
    Hole(Hole),
}

#[derive(Clone, Debug)]
struct Hole {
    /// What it stands for goes by this name; `*` is not remembered.
    name: String,
    form: Option<&'static Form>,
}

/// A form that what fills a hole must have.
#[derive(Debug)]
pub(crate) struct Form {
    name: &'static str,
    holds: fn(&str) -> bool,
}

const FORMS: [Form; 4] = [
    Form { name: "uuid", holds: |text| text.len() == 36 && is_uuid4(text) },
    Form { name: "hex32", holds: |text| text.len() == 32 && is_uuid4(text) },
    Form { name: "sha256", holds: |text| text.len() == 64 && is_lower_hex(text) },
    Form { name: "number", holds: |text| text.bytes().all(|byte| byte.is_ascii_digit()) },
];

fn is_uuid4(text: &str) -> bool {
    let digits = text.replace('-', "");
    let places = text.len() == 32 || text.match_indices('-').map(|(at, _)| at).eq([8, 13, 18, 23]);
    let variant = |digit: &u8| b"89ab".contains(digit);
    digits.len() == 32
        && is_lower_hex(&digits)
        && places
        && digits.as_bytes()[12] == b'4'
        && variant(&digits.as_bytes()[16])
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl Text {
    /// Reads what a case wrote. A brace that begins no hole is a brace, as in JSON.
    pub(crate) fn parse(written: &str) -> Self {
        let (mut parts, mut rest) = (Vec::new(), written);
        while !rest.is_empty() {
            let (part, width) = hole_at(rest).unwrap_or_else(|| plain_at(rest));
            parts.push(part);
            rest = &rest[width..];
        }
        Self(parts)
    }

    /// The names that it asks for.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Hole(hole) => Some(hole.name.as_str()),
            Part::Bytes(_) => None,
        })
    }

    /// The bytes, if all that it asks for is known.
    pub(crate) fn fill(&self, known: &Known) -> Result<Vec<u8>, String> {
        let unknown = || format!("not all is known of {}", self.shown(known));
        let filled = self.0.iter().map(|part| part.bytes(known).ok_or_else(unknown));
        filled.collect::<Result<Vec<_>, _>>().map(|parts| parts.concat())
    }

    /// Whether `found` is this text. What fills the open holes is known from then on.
    pub(crate) fn matches(&self, found: &[u8], known: &mut Known) -> bool {
        let mut rest = found;
        for (at, part) in self.0.iter().enumerate() {
            let end = match part.bytes(known) {
                Some(bytes) if rest.starts_with(&bytes) => bytes.len(),
                Some(_) => return false,
                None => self.hole_end(at + 1, rest, known),
            };
            let (value, behind) = rest.split_at(end);
            if !part.accepts(value) {
                return false;
            }
            part.remember(value, known);
            rest = behind;
        }
        rest.is_empty()
    }

    /// Where a hole ends: before the next bytes that are known.
    fn hole_end(&self, next: usize, rest: &[u8], known: &Known) -> usize {
        let Some(stop) = self.0.get(next).and_then(|part| part.bytes(known)) else {
            return rest.len();
        };
        rest.windows(stop.len().max(1)).position(|window| window == stop).unwrap_or(rest.len())
    }

    /// What a failure shows of it, as far as it is known.
    pub(crate) fn shown(&self, known: &Known) -> String {
        let shown = self.0.iter().map(|part| match (part.bytes(known), part) {
            (Some(bytes), _) => String::from_utf8_lossy(&bytes).into_owned(),
            (None, Part::Hole(hole)) => format!("{{{}}}", hole.name),
            (None, Part::Bytes(_)) => String::new(),
        });
        shown.collect()
    }
}

impl Part {
    fn bytes(&self, known: &Known) -> Option<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Some(bytes.clone()),
            Self::Hole(hole) => known.get(&hole.name).cloned(),
        }
    }

    fn accepts(&self, value: &[u8]) -> bool {
        let Self::Hole(hole) = self else { return true };
        let text = String::from_utf8_lossy(value);
        !value.is_empty() && hole.form.is_none_or(|form| (form.holds)(&text))
    }

    fn remember(&self, value: &[u8], known: &mut Known) {
        if let Self::Hole(hole) = self
            && hole.name != "*"
        {
            known.insert(hole.name.clone(), value.to_vec());
        }
    }
}

fn plain_at(text: &str) -> (Part, usize) {
    let first = text.chars().next().map_or(0, char::len_utf8);
    let width = text[first..].find('{').map_or(text.len(), |at| first + at);
    (Part::Bytes(text[..width].into()), width)
}

fn hole_at(text: &str) -> Option<(Part, usize)> {
    let inner = text.strip_prefix('{')?.split_once('}')?.0;
    if inner.contains(['{', '"', ' ']) {
        return None;
    }
    let part = hex(inner).or_else(|| repeated(inner)).map(Part::Bytes).or_else(|| hole(inner))?;
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

fn hole(inner: &str) -> Option<Part> {
    let (name, form) =
        inner.split_once('=').map_or((inner, None), |(name, form)| (name, Some(form)));
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_:".contains(c);
    if name != "*" && (name.is_empty() || !name.chars().all(is_name)) {
        return None;
    }
    let form =
        form.map(|form| FORMS.iter().find(|known| known.name == form).expect("a known form"));
    Some(Part::Hole(Hole { name: name.to_owned(), form }))
}

/// Tests of this module. `main` lists them, because the binary has a harness of its own.
pub(crate) mod tests {
    use super::{Known, Text};

    fn filled(written: &str) -> String {
        let known =
            Known::from([("a".to_owned(), b"1".to_vec()), ("b:c".to_owned(), b"2".to_vec())]);
        Text::parse(written)
            .fill(&known)
            .map_or_else(|why| why, |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    pub(crate) fn holes_are_filled_and_braces_are_braces() {
        for (written, text) in [
            ("{a}{b:c}x{a}", "12x1"),
            ("{x*3}{ab*2}{[*2}", "xxxabab[["),
            ("{hex:0a41}", "\nA"),
            (r#"{"a": {a}, "b": {}}"#, r#"{"a": 1, "b": {}}"#),
            ("{{a}} {A} { a }", "{1} {A} { a }"),
            ("{open", "{open"),
            ("{none}", "not all is known of {none}"),
        ] {
            assert_eq!(filled(written), text, "{written}");
        }
    }

    pub(crate) fn a_hole_takes_what_stands_before_the_next_known_text() {
        let mut known = Known::new();
        assert!(Text::parse("{x}: {*}, {y=number}").matches(b"a: b, 12", &mut known));
        assert_eq!(Text::parse("{x}{y}").fill(&known).unwrap(), b"a12");
        assert!(Text::parse("{x}-{x}").matches(b"a-a", &mut known));
        for (expected, found) in [("{x}", "b"), ("{z}", ""), ("{z=number}", "1a"), ("a{z}b", "ab")]
        {
            assert!(!Text::parse(expected).matches(found.as_bytes(), &mut known), "{expected}");
        }
    }

    pub(crate) fn identifiers_have_the_form_of_version_4() {
        let dashed = "0f0e0d0c-0b0a-4908-8706-050403020100";
        let mut known = Known::new();
        let mut holds =
            |form: &str, text: &str| Text::parse(form).matches(text.as_bytes(), &mut known);
        assert!(holds("{*=uuid}", dashed));
        assert!(holds("{*=hex32}", &dashed.replace('-', "")));
        assert!(!holds("{*=hex32}", dashed));
        assert!(!holds("{*=uuid}", &dashed.replace("-4", "-1")));
        assert!(!holds("{*=uuid}", &dashed.to_uppercase()));
    }
}
