//! The shapes of the picture: bars, and the marks at their ends. Start with [`bar`].

use crate::journal::Escaped;
use crate::referee::Request;
use crate::report::html::facts::{Facts, Fate, Phases, request_text, response_text};
use crate::report::html::markup::Markup;
use crate::report::html::scale::Scale;
use crate::report::html::units::spoken;

/// Writes the bar of a try, in the middle of its lane at `y` pixels.
pub(super) fn bar(
    facts: &Facts<'_>,
    request: Request<'_>,
    scale: &Scale,
    y: usize,
    page: &mut Markup,
) {
    let exchange = request.exchange;
    let (phases, fate) = (Phases::new(exchange), Fate::new(exchange));
    let (nth, of) = facts.tries(exchange.index);
    page.html("<a").attr("href", format_args!("#x{}", exchange.index));
    page.attr("class", fate.class()).html("><title>#").text(exchange.index).html(" ");
    page.text(request_text(request));
    if of > 1 {
        page.html(", try ").text(nth).html(" of ").text(of);
    }
    page.html(": ").text(response_text(exchange)).html("; receiving ");
    page.text(spoken(phases.receiving())).html(", waiting ");
    page.text(spoken(phases.waiting())).html(", responding ");
    page.text(spoken(phases.writing()));
    for fault in &exchange.faults {
        page.html("; fault: ").text(Escaped::new(&*fault.name));
    }
    page.html("</title>");
    let start = scale.x(phases.opened);
    // A short try keeps a visible width.
    page.html("<rect class=\"core\" width=\"4\" height=\"10\" rx=\"2\"").attr("x", percent(start));
    page.attr("y", y - 5).html("/>");
    for (class, from, to) in [
        ("sending", phases.opened, phases.received),
        ("waiting", phases.received, phases.responding),
        ("responding", phases.responding, phases.ended),
    ] {
        let (from, to) = (scale.x(from), scale.x(to));
        if to > from {
            page.html("<rect height=\"10\" rx=\"1\"").attr("class", class).attr("x", percent(from));
            page.attr("width", percent(to - from)).attr("y", y - 5).html("/>");
        }
    }
    glyph(page, fate, scale.x(phases.ended), y);
    if !exchange.faults.is_empty() {
        diamond(page, start, y - 9);
    }
    page.html("</a>");
}

/// Writes the mark at the end of a bar. Shapes differ, so that colours are not needed.
pub(super) fn glyph(page: &mut Markup, fate: Fate, x: f64, y: usize) {
    let path = match fate {
        Fate::Good => return,
        Fate::Rejected => "M-4,-4 L4,4 M-4,4 L4,-4",
        Fate::StoredButLost => "M4.5,0 A4.5,4.5 0 1 1 -4.5,0 A4.5,4.5 0 1 1 4.5,0 M-3,3 L3,-3",
        Fate::Cut => "M0,-7 L-2.5,-1 L2.5,1 L0,7",
        Fate::Open => "M-3,-5 L3,0 L-3,5",
    };
    page.html("<svg overflow=\"visible\"").attr("x", percent(x)).attr("y", y);
    page.html("><path class=\"halo\"").attr("d", path).html("/><path");
    page.attr("class", format_args!("glyph {}", fate.class())).attr("d", path);
    page.html("/></svg>");
}

pub(super) fn diamond(page: &mut Markup, x: f64, y: usize) {
    page.html("<svg overflow=\"visible\"").attr("x", percent(x)).attr("y", y);
    page.html("><path class=\"diamond\" d=\"M0,-4.5 L4.5,0 L0,4.5 L-4.5,0 Z\"/></svg>");
}

pub(super) fn arrow(page: &mut Markup, from: f64, to: f64, y: usize) {
    page.html("<line class=\"retry\"").attr("x1", percent(from)).attr("x2", percent(to));
    page.attr("y1", y).attr("y2", y).html("/><svg overflow=\"visible\"").attr("x", percent(to));
    page.attr("y", y).html("><path class=\"head\" d=\"M-6,-3.5 L0,0 L-6,3.5 Z\"/></svg>");
}

/// Returns a place as an attribute.
pub(super) fn percent(place: f64) -> String {
    format!("{place:.2}%")
}
