//! The faults with their accounts. The marks in the picture bear the numbers of this list.

use crate::journal::shorten;

use super::HtmlReport;
use super::markup::Markup;
use super::units::grouped;

/// The maximum number of listed faults.
const MAX_FAULTS: usize = 200;

/// The maximum length of a listed name, in characters.
const MAX_NAME: usize = 2_000;

pub(super) fn write(report: &HtmlReport<'_>, page: &mut Markup) {
    page.html("<section id=\"faults\" aria-labelledby=\"faults-title\">\n");
    page.html("<h2 id=\"faults-title\">Faults</h2>\n");
    if report.faults.is_empty() {
        page.html("<p>None were added.</p>\n</section>\n");
        return;
    }
    page.html("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"faults-title\"><table>\n<thead><tr><th class=\"n\" scope=\"col\">#</th><th scope=\"col\">Fault</th><th class=\"n\" scope=\"col\">Matched</th><th class=\"n\" scope=\"col\">Injected</th><th scope=\"col\">Added at</th><th scope=\"col\">Last skipped because</th></tr></thead>\n<tbody>\n");
    // A fault that never acted matters more than the order.
    let mut faults: Vec<_> = report.faults.iter().collect();
    faults.sort_by_key(|fault| fault.fired > 0);
    for fault in faults.iter().take(MAX_FAULTS) {
        page.html("<tr").attr("id", format_args!("fault{}", fault.id));
        page.attr("class", if fault.fired == 0 { "never" } else { "" });
        page.html("><td class=\"n\"><span class=\"diamond\" aria-hidden=\"true\">◆</span>");
        page.text(fault.id)
            .html("</td><td class=\"wide\"><code>")
            .text(shorten(&fault.name, MAX_NAME))
            .html("</code></td>");
        page.html("<td class=\"n\">").text(grouped(fault.matched)).html("</td><td class=\"n\">");
        page.text(if fault.fired == 0 { "never".to_owned() } else { grouped(fault.fired) });
        page.html("</td><td class=\"place\">");
        if let Some(location) = &fault.location {
            page.html("<code>").text(location).html("</code>");
        }
        page.html("</td><td>").text(fault.skip_reason.as_deref().unwrap_or("–"));
        page.html(if fault.unreleased {
            ", and it never ended</td></tr>\n"
        } else {
            "</td></tr>\n"
        });
    }
    page.html("</tbody></table></div>\n");
    super::left_out(page, faults.len().saturating_sub(MAX_FAULTS), "fault");
    page.html("</section>\n");
}
