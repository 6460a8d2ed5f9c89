//! The verdict, and what could make it meaningless. Start with [`Verdict`].

use crate::fault::near_misses;
use crate::journal::MarkEvent;
use crate::referee::{Level, RULES};
use crate::wording::counted;

use super::HtmlReport;
use super::facts::Facts;
use super::markup::Markup;
use super::units::grouped;

/// The maximum number of details of each reason against a verdict.
const MAX_DETAILS: usize = 20;

/// The first line of the report.
enum Verdict {
    /// The record does not allow a verdict, for this reason.
    Missing(String),
    Failed,
    Passed,
}

/// Returns the reasons why the record does not allow a verdict, each with details.
fn obstacles(report: &HtmlReport<'_>) -> Vec<(String, Vec<String>)> {
    let journal = report.journal;
    let mut obstacles = Vec::new();
    let own = journal.internal_errors().iter().chain(&report.judgement.internal_errors);
    let own: Vec<_> = own.cloned().collect();
    if !own.is_empty() {
        obstacles.push(("mock-origin had an internal error".to_owned(), own));
    }
    let is_untouched = !journal.dropped().is_any() && journal.exchanges().is_empty();
    if is_untouched && journal.connections().is_empty() {
        obstacles.push(("no client connected".to_owned(), Vec::new()));
    } else if is_untouched {
        obstacles.push(("no request was received".to_owned(), Vec::new()));
    }
    let never: Vec<_> =
        report.faults.iter().filter(|fault| fault.is_judged && fault.fired == 0).collect();
    if !never.is_empty() {
        let were = if never.len() == 1 { "was" } else { "were" };
        let what = format!("{} {were} never injected", counted(grouped(never.len()), "fault"));
        let details = never.iter().map(|fault| {
            let place = fault.location.as_ref().map(|at| format!(" ({at})")).unwrap_or_default();
            format!("{}{place}: {}", fault.name, near_misses(fault, journal))
        });
        obstacles.push((what, details.collect()));
    }
    let open = journal.exchanges().iter().filter(|it| !it.outcome.is_final()).count();
    if open > 0 {
        let have = if open == 1 { "has" } else { "have" };
        let what = format!("{} {have} not ended", counted(grouped(open), "exchange"));
        obstacles.push((what, vec!["The record is incomplete: it was read too early.".to_owned()]));
    }
    obstacles
}

pub(super) fn write(report: &HtmlReport<'_>, facts: &Facts<'_>, page: &mut Markup) {
    let obstacles = obstacles(report);
    let relevant = || {
        let is_allowed = |id| report.referee.is_allowed(id);
        facts.findings.iter().filter(move |it| !is_allowed(it.id()))
    };
    let fails = relevant().any(|finding| report.referee.level.includes(finding.level()));
    let number_of = |level| relevant().filter(|it| it.level() == level).count();
    let (must, should, info) =
        (number_of(Level::Must), number_of(Level::Should), number_of(Level::Info));
    let failures = report.failures.len() + report.omitted_failures;
    let verdict = match obstacles.first() {
        Some((what, _)) => Verdict::Missing(what.clone()),
        None if failures > 0 || fails => Verdict::Failed,
        None => Verdict::Passed,
    };
    page.html("<section class=\"verdict ");
    page.html(match verdict {
        Verdict::Missing(_) => "missing",
        Verdict::Failed => "failed",
        Verdict::Passed => "passed",
    });
    page.html("\" aria-labelledby=\"verdict-title\">\n<h2 id=\"verdict-title\">");
    match &verdict {
        Verdict::Missing(what) => page.html("No verdict: ").text(what),
        Verdict::Failed => page.html("Failed"),
        Verdict::Passed => page.html("Passed"),
    };
    page.html("</h2>\n<ul class=\"tally\">");
    for (class, number, noun) in [
        ("must", failures, "verification failure"),
        ("must", must, "must finding"),
        ("should", should, "should finding"),
        ("info", info, "remark"),
    ] {
        page.html("<li").attr("class", if number == 0 { "none" } else { class }).html("><b>");
        page.text(grouped(number)).html("</b> ");
        page.text(if number == 1 { noun.to_owned() } else { format!("{noun}s") }).html("</li>");
    }
    page.html("</ul>\n");
    for (at, (what, details)) in obstacles.iter().enumerate() {
        page.html("<div class=\"doubt\">");
        if at > 0 {
            page.html("<h3>And ").text(what).html("</h3>");
        }
        if !details.is_empty() {
            page.html("<ul>");
            for detail in details.iter().take(MAX_DETAILS) {
                page.html("<li>").lines(detail).html("</li>");
            }
            page.html("</ul>");
        }
        super::left_out(page, details.len().saturating_sub(MAX_DETAILS), "item");
        page.html("</div>\n");
    }
    notes(report, page);
    page.html("</section>\n");
}

/// Writes what a reader must know to weigh the verdict.
fn notes(report: &HtmlReport<'_>, page: &mut Markup) {
    let absent = &report.judgement.not_applicable;
    let mark = |is: fn(&MarkEvent) -> bool| report.journal.marks().iter().any(|it| is(&it.event));
    page.html("<ul class=\"notes\">\n");
    if mark(|event| *event == MarkEvent::Reset) {
        page.html("<li>The origin was reset. What happened before is not in this report.</li>\n");
    }
    let mut injected = report.journal.exchanges().iter().flat_map(|exchange| &exchange.faults);
    if mark(|event| matches!(event, MarkEvent::ChaosStarted(_)))
        && injected.all(|it| it.fault.is_some())
    {
        page.html("<li>Chaos was active and injected no fault.</li>\n");
    }
    for (rule, number) in &report.judgement.omitted {
        page.html("<li><code>").text(rule).html("</code>: ");
        page.text(counted(grouped(*number), "more finding")).html(" not shown.</li>\n");
    }
    if !absent.is_empty() {
        page.html("<li><details><summary>").text(grouped(absent.len())).html(" of ");
        page.text(grouped(RULES.len()));
        page.html(" rules did not apply: the client did nothing that they are about. They did not pass.</summary><p class=\"rules\">");
        for rule in absent {
            page.html("<code>").text(rule).html("</code> ");
        }
        page.html("</p></details></li>\n");
    }
    page.html("</ul>\n");
}
