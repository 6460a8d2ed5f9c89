//! What the client did wrong, worst first: failures of the verification, then violations of rules.

use crate::referee::Finding;
use crate::wording::counted;

use super::HtmlReport;
use super::facts::Facts;
use super::markup::Markup;
use super::units::grouped;

/// The number of findings of one rule that are shown at once. A click shows the others.
const SHOWN: usize = 5;

pub(super) fn write(report: &HtmlReport<'_>, facts: &Facts<'_>, page: &mut Markup) {
    page.html("<section id=\"findings\" aria-labelledby=\"findings-title\">\n");
    page.html("<h2 id=\"findings-title\">Findings</h2>\n");
    if report.failures.is_empty() && facts.findings.is_empty() {
        page.html("<p>None. No rule that applied was violated.</p>\n");
    }
    for failure in report.failures {
        let (title, text) = failure.split_once('\n').unwrap_or((failure, ""));
        page.html("<article class=\"finding must\"><h3><span class=\"level\">verification</span> ");
        page.text(title).html("</h3>\n");
        if !text.is_empty() {
            page.html("<pre tabindex=\"0\">").lines(text).html("</pre>");
        }
        page.html("</article>\n");
    }
    super::left_out(page, report.omitted_failures, "failure");
    let mut number = 1;
    for findings in facts.findings.chunk_by(|one, other| one.id() == other.id()) {
        write_rule(report, facts, findings, number, page);
        number += findings.len();
    }
    page.html("</section>\n");
}

/// Writes the findings of one rule. The first of them has the number `first`.
fn write_rule(
    report: &HtmlReport<'_>,
    facts: &Facts<'_>,
    findings: &[&Finding],
    first: usize,
    page: &mut Markup,
) {
    let (rule, level) = (findings[0].rule(), findings[0].level());
    let allowed = report.referee.reason_to_allow(rule.id);
    let class = if allowed.is_some() { "allowed" } else { level.name() };
    page.html("<article").attr("class", format_args!("finding {class}"));
    page.html("><h3><span class=\"level\">").text(level).html("</span> <code>").text(rule.id);
    page.html("</code></h3>\n<ul class=\"causes\">\n");
    for (at, finding) in findings.iter().enumerate() {
        if at == SHOWN {
            page.html("</ul>\n<details><summary>").text(findings.len() - SHOWN);
            page.html(" more</summary>\n<ul class=\"causes\">\n");
        }
        page.html("<li").attr("id", format_args!("f{}", first + at)).html("><span class=\"what\">");
        page.text(first + at)
            .html(". ")
            .text(finding.text())
            .html("</span> <span class=\"muted\">");
        if finding.count() > 1 {
            page.text(counted(grouped(finding.count()), "time")).html(" · ");
        }
        for index in finding.exchanges() {
            if facts.is_listed(*index) {
                page.exchange(*index).html(" ");
            } else {
                page.html("#").text(index).html(" ");
            }
        }
        page.html("</span></li>\n");
    }
    page.html(if findings.len() > SHOWN { "</ul></details>\n<p>" } else { "</ul>\n<p>" });
    page.text(rule.sentence).html(" ").text(rule.advice).html("</p>\n<p class=\"muted\">source: ");
    page.text(rule.section).html(", ").text(rule.basis.name());
    if let Some(reason) = allowed {
        page.html(" · allowed: ").text(reason);
    }
    page.html("</p></article>\n");
}
