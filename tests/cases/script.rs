//! From the lines of a script to its steps.

use crate::expected::Expected;
use crate::request::Request;
use crate::shorthand;

/// How a line begins that lets time go by.
const ADVANCE: &str = "advance ";

/// One step of a case.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Seconds of protocol time go by.
    Advance(u64),
    /// A request goes out, and an answer comes back.
    Exchange(Box<Exchange>),
}

/// A request, and what must come back.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    /// The line it begins with, for failures.
    pub(crate) title: String,
    pub(crate) request: Request,
    /// What happens between its head and its body.
    pub(crate) interfere_before: Vec<Step>,
    pub(crate) expected: Expected,
}

/// A step whose lines are still coming.
#[derive(Debug, Default)]
struct Draft {
    title: String,
    sent: Vec<String>,
    interfere_before: Vec<String>,
    expected: Vec<String>,
    /// Whether it stands for a shorthand: such a request is whole, and its answer may be replaced.
    is_short: bool,
}

/// Reads a script.
pub(crate) fn parse(script: &str) -> Result<Vec<Step>, String> {
    let mut drafts: Vec<Draft> = Vec::new();
    for line in script.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let goes_on = match line.as_bytes()[0] {
            b'>' => drafts.last().is_some_and(Draft::takes_more),
            mark => b"+~<=!".contains(&mark),
        };
        if !goes_on {
            drafts.push(Draft { title: line.to_owned(), ..Draft::default() });
        }
        let draft = drafts.last_mut().ok_or_else(|| format!("nothing comes before {line}"))?;
        if goes_on || line.starts_with('>') { draft.take(line) } else { draft.stand_for(line)? }
    }
    drafts.into_iter().map(Draft::finish).collect()
}

fn result_lines(result: &str) -> Vec<String> {
    body_lines(format!(r#"{{"jsonrpc": "2.0", "id": 1, "result": {result}}}"#))
}

fn error_lines(code: &str) -> Vec<String> {
    let error = format!(r#"{{"code": {code}, "message": "{{*}}"}}"#);
    body_lines(format!(r#"{{"jsonrpc": "2.0", "id": 1, "error": {error}}}"#))
}

fn body_lines(body: String) -> Vec<String> {
    vec!["200".to_owned(), String::new(), body]
}

impl Draft {
    /// Takes a line with a mark.
    fn take(&mut self, line: &str) {
        let (mark, text) = line.split_at(1);
        // One space between them is none of the text.
        let plain = |text: &str| text.strip_prefix(' ').unwrap_or(text).to_owned();
        if let Some(text) = line.strip_prefix(">>") {
            // The line feed comes when the lines are joined.
            return self.sent.push(plain(text) + "{hex:0d}");
        }
        let text = plain(text);
        match mark {
            ">" => self.sent.push(text),
            "+" => self.add_header(text),
            "~" => self.interfere_before.push(text),
            "<" => self.expect([text]),
            "=" => self.expect(result_lines(&text)),
            _ => self.expect(error_lines(&text)),
        }
    }

    /// Takes the lines that a shorthand stands for. Time that goes by stands for itself.
    fn stand_for(&mut self, line: &str) -> Result<(), String> {
        if !line.starts_with(ADVANCE) {
            shorthand::expand(line)?.iter().for_each(|line| self.take(line));
            self.is_short = true;
        }
        Ok(())
    }

    fn takes_more(&self) -> bool {
        !self.is_short && !self.sent.is_empty() && self.expected.is_empty()
    }

    /// Adds a header behind the others: before the empty line, if there is one.
    fn add_header(&mut self, header: String) {
        let end = self.sent.iter().position(String::is_empty).unwrap_or(self.sent.len());
        self.sent.insert(end, header);
    }

    fn expect(&mut self, lines: impl IntoIterator<Item = String>) {
        if std::mem::take(&mut self.is_short) {
            self.expected.clear();
        }
        self.expected.extend(lines);
    }

    fn finish(self) -> Result<Step, String> {
        let wrong = |why: String| format!("{}: {why}", self.title);
        if let Some(seconds) = self.title.strip_prefix(ADVANCE) {
            return match (seconds.parse(), self.expected.is_empty()) {
                (Ok(seconds), true) => Ok(Step::Advance(seconds)),
                _ => Err(wrong("seconds go by, and nothing answers".to_owned())),
            };
        }
        let waits = self.sent.iter().any(|line| line == "Expect: 100-continue");
        if !waits && !self.interfere_before.is_empty() {
            return Err(wrong("only a client that waits leaves time for more".to_owned()));
        }
        let expected = Expected::parse(&self.expected).map_err(wrong)?;
        let interfere_before = parse(&self.interfere_before.join("\n"))?;
        let request = Request::parse(&self.sent);
        Ok(Step::Exchange(Box::new(Exchange {
            title: self.title,
            request,
            interfere_before,
            expected,
        })))
    }
}

/// Tests of this module. `main` lists them, because the binary has a harness of its own.
pub(crate) mod tests {
    use super::{Step, parse};

    fn titles(script: &str) -> Vec<String> {
        let title = |step: Step| match step {
            Step::Advance(seconds) => format!("{seconds} s"),
            Step::Exchange(exchange) => exchange.title,
        };
        parse(script).unwrap().into_iter().map(title).collect()
    }

    pub(crate) fn a_step_begins_where_a_request_does() {
        let script = "# remark\n> GET /a\n> Range: x\n< 200\n> GET /b\n< 404\nadvance 5\n\
                      piece 1 x\nmkdir /d\n= -2\nrpc ping []\n! -32602";
        let expected = ["> GET /a", "> GET /b", "5 s", "piece 1 x", "mkdir /d", "rpc ping []"];
        assert_eq!(titles(script), expected);
    }

    pub(crate) fn a_script_that_makes_no_sense_is_refused() {
        for script in [
            "> GET /a",
            "< 200",
            "juggle 3 balls",
            "create /",
            "> GET /a\n< two hundred",
            "> GET /a\n< 200\n< header",
            "advance soon",
            "advance 5\n< 200",
            "piece 1 x\n~ abort",
        ] {
            assert!(parse(script).is_err(), "{script}");
        }
    }
}
