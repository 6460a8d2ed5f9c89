//! The uploads, what is left of them, and who brought each into its state.

use std::sync::Arc;

use crate::journal::{Escaped, RangeList, shorten};
use crate::storage::{Actor, Upload};
use crate::wording::counted;

use super::HtmlReport;
use super::markup::Markup;
use super::units::grouped;

/// The maximum number of listed uploads, and of states of each.
const MAX_UPLOADS: usize = 200;
const MAX_STATES: usize = 12;

/// The maximum length of a list of pieces, in characters.
const MAX_PIECES: usize = 200;

pub(super) fn write(report: &HtmlReport<'_>, page: &mut Markup) {
    page.html("<section id=\"uploads\" aria-labelledby=\"uploads-title\">\n");
    page.html("<h2 id=\"uploads-title\">Uploads and leftovers</h2>\n");
    let storage = report.storage;
    let is_left = |upload: &&Arc<Upload>| upload.is_open();
    let left: Vec<_> = storage.uploads().iter().filter(is_left).collect();
    let all = storage.uploads().iter().len();
    if all == 0 {
        page.html("<p>No upload was created.</p>\n</section>\n");
        return;
    }
    page.html("<p>");
    if left.is_empty() {
        page.html("No upload was left open.");
    } else {
        let bytes: u64 = left.iter().map(|upload| upload.size()).sum();
        page.html("<strong>").text(counted(grouped(left.len()), "upload"));
        page.html(if left.len() == 1 { " was" } else { " were" })
            .html(" left open</strong>, holding ");
        page.text(grouped(bytes)).html(" bytes.");
    }
    page.html("</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"uploads-title\"><table>\n<thead><tr><th scope=\"col\">Path</th><th scope=\"col\">State</th><th scope=\"col\">Pieces</th><th class=\"n\" scope=\"col\">Bytes</th><th scope=\"col\">How it came to this</th></tr></thead>\n<tbody>\n");
    // Leftovers first: they are what a reader looks for.
    let done = storage.uploads().iter().filter(|upload| !upload.is_open());
    for upload in left.iter().copied().chain(done).take(MAX_UPLOADS) {
        let path = upload.path.absolute(storage.account());
        page.html("<tr").attr("class", if upload.is_open() { "left" } else { "" });
        page.html("><td class=\"place\"><code>").text(Escaped::new(&path)).html("</code></td><td>");
        page.text(upload.state);
        page.html(if upload.is_open() { ", left open" } else { "" }).html("</td><td>");
        let numbers: Vec<_> = upload.current_pieces().map(|piece| piece.number).collect();
        let replaced = upload.pieces.len() - numbers.len();
        match numbers.len() {
            0 => page.html("none"),
            _ => page.text(shorten(&RangeList::from_numbers(numbers).to_string(), MAX_PIECES)),
        };
        if replaced > 0 {
            page.html(", ").text(counted(grouped(replaced), "replaced piece"));
        }
        page.html("</td><td class=\"n\">").text(grouped(upload.size()));
        page.html("</td><td class=\"place\"><ol class=\"history\">");
        for (at, entry) in upload.history.iter().take(MAX_STATES).enumerate() {
            page.html(if at == 0 { "<li>created by " } else { "<li>" });
            if at > 0 {
                page.text(entry.state).html(" by ");
            }
            write_actor(report, entry.change.by, page);
            page.html("</li>");
        }
        if upload.history.len() > MAX_STATES {
            page.html("<li>").text(grouped(upload.history.len() - MAX_STATES));
            page.html(" more states</li>");
        }
        page.html("</ol></td></tr>\n");
    }
    page.html("</tbody></table></div>\n");
    super::left_out(page, all.saturating_sub(MAX_UPLOADS), "upload");
    page.html("</section>\n");
}

fn write_actor(report: &HtmlReport<'_>, by: Actor, page: &mut Markup) {
    let fault = |number: Option<u64>| {
        number.map_or_else(|| "chaos".to_owned(), |number| format!("fault {number}"))
    };
    match by {
        Actor::Test => page.html("the test"),
        Actor::Call(call) => page.exchange(call.exchange),
        Actor::Job(call) => page.html("the job of ").exchange(call.exchange),
        Actor::DeferredCall { call, fault: number } => {
            page.exchange(call.exchange).html(", deferred by ").text(fault(number))
        }
        Actor::Fault { fault: number, during } => {
            page.text(fault(number));
            match during {
                Some(call) => page.html(" during ").exchange(call.exchange),
                None => page,
            }
        }
        Actor::Collector { mark } => match report.journal.mark(mark) {
            Some(mark) => page.html("the expiry of old uploads: ").text(&mark.event),
            None => page.html("the expiry of old uploads"),
        },
        Actor::Expiry { .. } => page.html("its expiry"),
    };
}
