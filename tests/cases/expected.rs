//! An answer as a case writes it.

use crate::answer::Answer;
use crate::text::{Known, Text};

/// What must come back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    /// Whether `100 Continue` must come first; it must not otherwise.
    continued: bool,
    status: u16,
    code: Option<i32>,
    reason: Option<String>,
    headers: Vec<(String, Text)>,
    absent: Vec<String>,
    body: Option<Text>,
}

impl Expected {
    /// Reads lines without their marks: status line, headers, and after an empty line the body.
    pub(crate) fn parse(lines: &[String]) -> Result<Self, String> {
        let continued = lines.first().is_some_and(|line| line == "100");
        let mut parts = lines[usize::from(continued)..].splitn(2, String::is_empty);
        let head = parts.next().unwrap_or_default();
        let body = parts.next().map(|lines| Text::parse(&lines.join("\n")));
        let (line, headers) = head.split_first().ok_or("nothing is expected")?;
        let mut expected = Self { continued, body, ..Self::of_line(line)? };
        headers.iter().try_for_each(|line| expected.add_header(line))?;
        Ok(expected)
    }

    /// A status, a code if a number follows, a reason if words do.
    fn of_line(line: &str) -> Result<Self, String> {
        let (status, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (first, words) = rest.split_once(' ').unwrap_or((rest, ""));
        let code = first.parse().ok();
        let reason = if code.is_some() { words } else { rest };
        Ok(Self {
            status: status.parse().map_err(|_| format!("no status: {line}"))?,
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
        let (name, value) = line.split_once(':').ok_or_else(|| format!("no header: {line}"))?;
        self.headers.push((name.to_owned(), Text::parse(value.trim_start())));
        Ok(())
    }

    /// Everything in which `found` is not what was promised. What fills holes is known from then
    /// on.
    pub(crate) fn compare(&self, found: &Answer, known: &mut Known) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut check = |what: &str, expected: String, found: String| {
            if expected != found {
                wrong.push(format!("{what}: expected {expected}, found {found}"));
            }
        };
        check("status", self.status.to_string(), found.status.to_string());
        check("100 Continue", self.continued.to_string(), found.continued.to_string());
        if self.code.is_some() {
            check("X-Agile-Status", shown(self.code), shown(found.code()));
        }
        if let Some(reason) = &self.reason {
            check("reason", reason.clone(), found.reason.clone());
        }
        wrong.extend(self.wrong_headers(found, known));
        wrong.extend(
            self.body.as_ref().and_then(|body| wrong_text("body", body, &found.body, known)),
        );
        wrong
    }

    fn wrong_headers(&self, found: &Answer, known: &mut Known) -> Vec<String> {
        let is_there =
            |name: &&String| found.headers.iter().any(|(is, _)| is.eq_ignore_ascii_case(name));
        let present = self.absent.iter().filter(is_there);
        let mut wrong: Vec<_> = present.map(|name| format!("{name}: must not be there")).collect();
        wrong.extend(self.headers.iter().filter_map(|(name, value)| match found.header(name) {
            Some(found) => wrong_text(name, value, found, known),
            None => Some(format!("{name}: is not there")),
        }));
        wrong
    }
}

fn shown(code: Option<i32>) -> String {
    code.map_or_else(|| "none".to_owned(), |code| code.to_string())
}

fn wrong_text(what: &str, expected: &Text, found: &[u8], known: &mut Known) -> Option<String> {
    if expected.matches(found, known) {
        return None;
    }
    let (expected, found) = (expected.shown(known), String::from_utf8_lossy(found));
    Some(format!("{what}:\n      expected {}\n      found    {}", cut(&expected), cut(&found)))
}

/// Enough of a text to see what it is.
fn cut(text: &str) -> String {
    let shown: String = text.chars().take(400).collect();
    if shown.len() < text.len() { format!("{shown}… ({} bytes)", text.len()) } else { shown }
}
