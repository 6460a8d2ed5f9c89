//! The response that a case expects.

use crate::response::Response;
use crate::template::{Template, Values};

/// An expected response.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    /// Whether `100 Continue` must precede the response. Otherwise it must not be sent.
    continued: bool,
    status: u16,
    code: Option<i32>,
    reason: Option<String>,
    headers: Vec<(String, Template)>,
    absent: Vec<String>,
    body: Option<Template>,
}

impl Expected {
    /// Parses lines without their marks: status line, headers, and after an empty line the body.
    pub(crate) fn parse(lines: &[String]) -> Result<Self, String> {
        let continued = lines.first().is_some_and(|line| line == "100");
        let mut parts = lines[usize::from(continued)..].splitn(2, String::is_empty);
        let head = parts.next().unwrap_or_default();
        let body = parts.next().map(|lines| Template::parse(&lines.join("\n")));
        let (line, headers) = head.split_first().ok_or("missing expected response")?;
        let mut expected = Self { continued, body, ..Self::parse_status(line)? };
        headers.iter().try_for_each(|line| expected.add_header(line))?;
        Ok(expected)
    }

    /// Parses a status, then an optional code and an optional reason phrase.
    fn parse_status(line: &str) -> Result<Self, String> {
        let (status, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (first, words) = rest.split_once(' ').unwrap_or((rest, ""));
        let code = first.parse().ok();
        let reason = if code.is_some() { words } else { rest };
        Ok(Self {
            status: status.parse().map_err(|_| format!("invalid status: {line}"))?,
            code,
            reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
            ..Self::default()
        })
    }

    fn add_header(&mut self, line: &str) -> Result<(), String> {
        if let Some(name) = line.strip_prefix('!') {
            self.absent.push(name.to_owned());
            return Ok(());
        }
        let (name, value) =
            line.split_once(':').ok_or_else(|| format!("invalid header: {line}"))?;
        self.headers.push((name.to_owned(), Template::parse(value.trim_start())));
        Ok(())
    }

    /// Returns every mismatch. Matched placeholders are added to `values`.
    pub(crate) fn compare(&self, found: &Response, values: &mut Values) -> Vec<String> {
        let mut mismatches = Vec::new();
        let mut check = |what: &str, expected: String, found: String| {
            if expected != found {
                mismatches.push(format!("{what}: expected {expected}, found {found}"));
            }
        };
        check("status", self.status.to_string(), found.status.to_string());
        check("100 Continue", self.continued.to_string(), found.continued.to_string());
        if self.code.is_some() {
            check("X-Agile-Status", format_code(self.code), format_code(found.code()));
        }
        if let Some(reason) = &self.reason {
            check("reason", reason.clone(), found.reason.clone());
        }
        mismatches.extend(self.header_mismatches(found, values));
        mismatches.extend(
            self.body.as_ref().and_then(|body| mismatch("body", body, &found.body, values)),
        );
        mismatches
    }

    fn header_mismatches(&self, found: &Response, values: &mut Values) -> Vec<String> {
        let is_there =
            |name: &&String| found.headers.iter().any(|(is, _)| is.eq_ignore_ascii_case(name));
        let present = self.absent.iter().filter(is_there);
        let mut mismatches: Vec<_> = present.map(|name| format!("{name}: expected none")).collect();
        mismatches.extend(self.headers.iter().filter_map(
            |(name, value)| match found.header(name) {
                Some(found) => mismatch(name, value, found, values),
                None => Some(format!("{name}: missing")),
            },
        ));
        mismatches
    }
}

fn format_code(code: Option<i32>) -> String {
    code.map_or_else(|| "none".to_owned(), |code| code.to_string())
}

fn mismatch(what: &str, expected: &Template, found: &[u8], values: &mut Values) -> Option<String> {
    if expected.matches(found, values) {
        return None;
    }
    let (expected, found) = (expected.describe(values), String::from_utf8_lossy(found));
    Some(format!(
        "{what}:\n      expected {}\n      found    {}",
        shorten(&expected),
        shorten(&found)
    ))
}

/// Returns the beginning of a long text.
fn shorten(text: &str) -> String {
    let shown: String = text.chars().take(400).collect();
    if shown.len() < text.len() { format!("{shown}… ({} bytes)", text.len()) } else { shown }
}
