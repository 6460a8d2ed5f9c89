//! The report as an HTML page: a matrix of all scenarios, and the details of each failure. Start with [`report`].
//!
//! The page needs no network and no script, like the page of a run, whose style and way from text to HTML it shares.

use std::fmt::Write as _;

use crate::check::{ScenarioResult, State, SuiteReport};
use crate::report::{HTML_HEAD, HTML_STYLE, Markup};
use crate::wording::counted;

use super::describe::{advice, command, facts, headline, seconds};
use super::text::reproduction;

/// The colours of states, in the classes of the shared style.
const STYLE: &str = "
.state { display: inline-block; padding: 0 0.5em; border: 1px solid currentColor; border-radius: 99px; font-size: 0.75rem; font-weight: 600; white-space: nowrap; }
.pass .state { color: var(--pass); } .fail .state, .error .state { color: var(--must); } .warn .state { color: var(--should); }
.result dt { font-size: 0.8125rem; color: var(--muted); margin-top: 0.5rem; } .result dd { margin: 0; } .result { margin-top: 2rem; }
";

/// Returns the document. `folder` is where the pages of the runs are, relative to the document.
pub(in crate::check) fn report(report: &SuiteReport, folder: &str) -> String {
    let mut page = Markup::default();
    page.html(HTML_HEAD).html("mock-origin check</title>\n<style>\n").html(HTML_STYLE).html(STYLE);
    page.html(
        "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the verdict</a>\n",
    );
    page.html("<header>\n<p class=\"kind\">mock-origin check</p>\n<h1><code>")
        .text(command(report));
    page.html("</code></h1>\n");
    if let Some(observed) = &report.observed {
        page.html("<p class=\"muted\">Client: ").text(observed).html("</p>\n");
    }
    page.html("</header>\n<main id=\"main\">\n");
    verdict(report, &mut page);
    matrix(report, folder, &mut page);
    let has_details =
        |result: &&ScenarioResult| matches!(result.state, State::Fail | State::Warn | State::Error);
    for result in report.results.iter().filter(has_details) {
        details(report, result, folder, &mut page);
    }
    page.html("</main>\n<footer><p>Written by mock-origin ").text(env!("CARGO_PKG_VERSION"));
    page.html(". Passwords, tokens and signatures are redacted.</p></footer>\n</body>\n</html>\n");
    page.into_string()
}

fn verdict(report: &SuiteReport, page: &mut Markup) {
    let is_missing = report.is_incomplete || report.not_measured.is_some();
    page.html("<section class=\"verdict ");
    page.html(match report.is_as_expected() {
        _ if is_missing => "missing",
        true => "passed",
        false => "failed",
    });
    page.html("\" aria-labelledby=\"verdict-title\">\n<h2 id=\"verdict-title\">");
    page.text(headline(report)).html("</h2>\n");
    if let Some(why) = &report.not_measured {
        page.html("<p>Nothing else was measured: ").text(why).html("</p>\n");
    }
    for (title, lines) in [
        (
            "Stale expectations",
            report.stale_expectations().into_iter().map(|it| it.message).collect(),
        ),
        ("What could make a pass meaningless", report.cautions.clone()),
    ] {
        if !lines.is_empty() {
            page.html("<div class=\"doubt\"><h3>").text(title).html("</h3>\n<ul>\n");
            for line in lines {
                page.html("<li>").text(line).html("</li>\n");
            }
            page.html("</ul></div>\n");
        }
    }
    page.html("</section>\n");
}

/// Writes the table of all results.
fn matrix(report: &SuiteReport, folder: &str, page: &mut Markup) {
    page.html(
        "<section aria-labelledby=\"matrix-title\">\n<h2 id=\"matrix-title\">Scenarios</h2>\n",
    );
    page.html(
        "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr><th>Result</th><th>Scenario</th>",
    );
    page.html(
        "<th>Situation</th><th>Findings</th><th class=\"n\">Time</th></tr></thead>\n<tbody>\n",
    );
    for result in &report.results {
        page.html("<tr").attr("class", result.state.name()).html("><td>");
        state(result.state, page);
        page.html("</td><td>");
        link(result, folder, page);
        page.html("</td><td>").text(result.scenario.situation).html("</td><td>");
        let violations = result.violations();
        for (rule, sentence) in &violations {
            let entry = report.expectations.entry_for(result.scenario.id, rule, sentence);
            page.html("<code>").text(rule).html("</code>");
            if let Some(entry) = entry {
                page.html(" <span class=\"muted\">expected ").text(&entry.reason).html("</span>");
            }
            page.html(" ");
        }
        if let Some(remark) = &result.remark {
            page.html("<span class=\"muted\">").text(remark).html("</span>");
        }
        let time = result.runs.iter().map(|run| run.duration).sum();
        page.html("</td><td class=\"n\">").text(seconds(time)).html("</td></tr>\n");
    }
    page.html("</tbody>\n</table></div>\n</section>\n");
}

/// Writes everything about a result that helps to find the cause.
fn details(report: &SuiteReport, result: &ScenarioResult, folder: &str, page: &mut Markup) {
    let scenario = result.scenario;
    page.html("<section").attr("class", format_args!("result {}", result.state.name()));
    page.attr("id", result.file_name()).html(">\n<h2>");
    state(result.state, page);
    page.html(" ");
    link(result, folder, page);
    page.html("</h2>\n<p>").text(scenario.situation).html(" <span class=\"muted\">");
    page.text(scenario.section)
        .html("</span> A right client: ")
        .text(scenario.right)
        .html("</p>\n");
    if let Some(remark) = &result.remark {
        page.html("<p>").text(remark).html("</p>\n");
    }
    page.html("<dl>\n");
    for (title, lines) in facts(result) {
        page.html("<dt>").text(title).html("</dt><dd><pre tabindex=\"0\">").lines(lines.join("\n"));
        page.html("</pre></dd>\n");
    }
    page.html("</dl>\n");
    for finding in &result.findings {
        page.html("<article").attr("class", format_args!("finding {}", finding.level));
        page.html("><h3><span class=\"level\">").text(finding.level).html("</span> <code>");
        page.text(&finding.rule).html("</code> ").text(&finding.sentence).html("</h3>\n");
        for (title, value) in [("because: ", &finding.because), ("however: ", &finding.however)] {
            if !value.is_empty() {
                page.html("<p>").text(title).text(value).html("</p>\n");
            }
        }
        if !finding.lines.is_empty() {
            page.html("<pre tabindex=\"0\">").lines(finding.lines.join("\n")).html("</pre>\n");
        }
        if let Some(advice) = advice(&finding.rule) {
            page.html("<p>To fix: ").text(advice).html("</p>\n");
        }
        page.html("</article>\n");
    }
    let again = reproduction(report, result);
    if !again.is_empty() {
        let lines = counted(again.lines().count(), "line");
        page.html("<details><summary>See it again (").text(lines).html(")</summary>\n");
        page.html("<pre class=\"command\" tabindex=\"0\">").lines(again).html("</pre></details>\n");
    }
    page.html("</section>\n");
}

fn state(state: State, page: &mut Markup) {
    page.html("<span class=\"state\">").text(state.name()).html("</span>");
}

/// Writes the name of a run, as a link to its page if there is one.
fn link(result: &ScenarioResult, folder: &str, page: &mut Markup) {
    let name = result.name();
    if result.exports.html.is_none() {
        page.html("<code>").text(name).html("</code>");
        return;
    }
    let target = format!("{}/{}.html", percent_encoded(folder), result.file_name());
    page.html("<a").attr("href", target).html("><code>").text(name).html("</code></a>");
}

/// Returns the name of a folder as a segment of a relative URL.
fn percent_encoded(folder: &str) -> String {
    // A name with a colon would be read as a scheme.
    let mut encoded = "./".to_owned();
    for byte in folder.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(byte.into());
            }
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}
