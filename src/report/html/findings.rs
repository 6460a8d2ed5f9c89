//! What the client did wrong, worst first: failures of the verification, then violations of rules.

use crate::wording::counted;

use super::HtmlReport;
use super::facts::Facts;
use super::markup::Markup;
use super::units::grouped;

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
    for (at, finding) in facts.findings.iter().enumerate() {
        let (rule, allowed) = (finding.rule(), report.referee.reason_to_allow(finding.id()));
        page.html("<article").attr("id", format_args!("f{}", at + 1));
        let class = if allowed.is_some() { "allowed" } else { finding.level().name() };
        page.attr("class", format_args!("finding {class}"));
        page.html("><h3><span class=\"level\">").text(finding.level()).html("</span> ");
        page.text(at + 1)
            .html(". <code>")
            .text(finding.id())
            .html("</code></h3>\n<p class=\"what\">");
        page.text(finding.text()).html("</p>\n<p>").text(rule.sentence).html(" ");
        page.text(rule.advice).html("</p>\n<p class=\"muted\">");
        page.html("source: ").text(rule.section).html(", ").text(rule.basis.name()).html(" · ");
        page.text(counted(grouped(finding.count()), "time"));
        if !finding.exchanges().is_empty() {
            page.html(if finding.exchanges().len() == 1 {
                " · exchange"
            } else {
                " · exchanges"
            });
            for index in finding.exchanges() {
                page.html(" ");
                if facts.is_listed(*index) {
                    page.exchange(*index);
                } else {
                    page.html("#").text(index);
                }
            }
        }
        if let Some(reason) = allowed {
            page.html(" · allowed: ").text(reason);
        }
        page.html("</p></article>\n");
    }
    page.html("</section>\n");
}
