//! Parses a script into steps.

use crate::expected::Expected;
use crate::request::Request;
use crate::shorthand;

/// The start of a line that advances protocol time.
const ADVANCE: &str = "advance ";

/// One step of a case.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Advances protocol time by seconds.
    Advance(u64),
    /// Sends a request and checks the response.
    Exchange(Box<Exchange>),
}

/// A request and the expected response.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    /// The first line of the step, for failures.
    pub(crate) title: String,
    pub(crate) request: Request,
    /// The steps between the head and the body of the request.
    pub(crate) interfere_before: Vec<Step>,
    pub(crate) expected: Expected,
}

/// A step whose lines are being read.
#[derive(Debug, Default)]
struct StepBuilder {
    title: String,
    request: Vec<String>,
    interfere_before: Vec<String>,
    expected: Vec<String>,
    /// Whether the step is a shorthand whose expected response has not been replaced. Such a request
    /// takes no more lines.
    is_shorthand: bool,
}

/// Parses a script.
pub(crate) fn parse(script: &str) -> Result<Vec<Step>, String> {
    let mut steps: Vec<StepBuilder> = Vec::new();
    for line in script.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let continues_step = match line.as_bytes()[0] {
            b'>' => steps.last().is_some_and(StepBuilder::accepts_request_line),
            mark => b"+~<=!".contains(&mark),
        };
        if !continues_step {
            steps.push(StepBuilder { title: line.to_owned(), ..StepBuilder::default() });
        }
        let step = steps.last_mut().ok_or_else(|| format!("no request before {line}"))?;
        if continues_step || line.starts_with('>') {
            step.add_line(line);
        } else {
            step.expand(line)?;
        }
    }
    steps.into_iter().map(StepBuilder::finish).collect()
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

impl StepBuilder {
    /// Adds a line with a mark.
    fn add_line(&mut self, line: &str) {
        let (mark, text) = line.split_at(1);
        // One space separates the mark from the text.
        let plain = |text: &str| text.strip_prefix(' ').unwrap_or(text).to_owned();
        if let Some(text) = line.strip_prefix(">>") {
            // Joining the lines adds the line feed.
            return self.request.push(plain(text) + "{hex:0d}");
        }
        let text = plain(text);
        match mark {
            ">" => self.request.push(text),
            "+" => self.add_header(text),
            "~" => self.interfere_before.push(text),
            "<" => self.expect([text]),
            "=" => self.expect(result_lines(&text)),
            _ => self.expect(error_lines(&text)),
        }
    }

    /// Adds the lines of a shorthand. `advance` has none.
    fn expand(&mut self, line: &str) -> Result<(), String> {
        if !line.starts_with(ADVANCE) {
            shorthand::expand(line)?.iter().for_each(|line| self.add_line(line));
            self.is_shorthand = true;
        }
        Ok(())
    }

    fn accepts_request_line(&self) -> bool {
        !self.is_shorthand && !self.request.is_empty() && self.expected.is_empty()
    }

    /// Adds a header after the others: before the empty line, if there is one.
    fn add_header(&mut self, header: String) {
        let end = self.request.iter().position(String::is_empty).unwrap_or(self.request.len());
        self.request.insert(end, header);
    }

    fn expect(&mut self, lines: impl IntoIterator<Item = String>) {
        if std::mem::take(&mut self.is_shorthand) {
            self.expected.clear();
        }
        self.expected.extend(lines);
    }

    fn finish(self) -> Result<Step, String> {
        let error = |reason: String| format!("{}: {reason}", self.title);
        if let Some(seconds) = self.title.strip_prefix(ADVANCE) {
            return match (seconds.parse(), self.expected.is_empty()) {
                (Ok(seconds), true) => Ok(Step::Advance(seconds)),
                _ => Err(error("expected only a number of seconds".to_owned())),
            };
        }
        let expects_continue = self.request.iter().any(|line| line == "Expect: 100-continue");
        if !expects_continue && !self.interfere_before.is_empty() {
            return Err(error("`~` lines need `Expect: 100-continue`".to_owned()));
        }
        let expected = Expected::parse(&self.expected).map_err(error)?;
        let interfere_before = parse(&self.interfere_before.join("\n"))?;
        let request = Request::parse(&self.request);
        Ok(Step::Exchange(Box::new(Exchange {
            title: self.title,
            request,
            interfere_before,
            expected,
        })))
    }
}

/// Tests of this module. `main` lists them, because the binary has its own test harness.
pub(crate) mod tests {
    use super::{Step, parse};

    fn titles(script: &str) -> Vec<String> {
        let title = |step: Step| match step {
            Step::Advance(seconds) => format!("{seconds} s"),
            Step::Exchange(exchange) => exchange.title,
        };
        parse(script).unwrap().into_iter().map(title).collect()
    }

    pub(crate) fn each_request_starts_a_step() {
        let script = "# remark\n> GET /a\n> Range: x\n< 200\n> GET /b\n< 404\nadvance 5\n\
                      piece 1 x\nmkdir /d\n= -2\nrpc ping []\n! -32602";
        let expected = ["> GET /a", "> GET /b", "5 s", "piece 1 x", "mkdir /d", "rpc ping []"];
        assert_eq!(titles(script), expected);
    }

    pub(crate) fn invalid_scripts_are_rejected() {
        for script in [
            "> GET /a",
            "< 200",
            "unknown 1 2",
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
