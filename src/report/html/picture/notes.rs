//! The marks of the picture as sentences. Start with [`write_notes`].

use std::time::Duration;

use crate::journal::{Escaped, Exchange};
use crate::referee::Request;
use crate::report::html::facts::{Facts, Fate, response_text};
use crate::report::html::markup::Markup;
use crate::report::html::scale::Scale;
use crate::report::html::units::{seconds, spoken};

/// The maximum number of sentences below a row.
const MAX_NOTES: usize = 8;

/// Returns the seconds of a `Retry-After`, and when they are over.
pub(super) fn due(exchange: &Exchange) -> Option<(u64, Duration)> {
    let value = exchange.response.as_ref()?.header("Retry-After")?;
    let wait: u64 = std::str::from_utf8(value).ok()?.trim().parse().ok()?;
    let start = exchange.response_started.or(exchange.closed)?.elapsed;
    Some((wait, start.checked_add(Duration::from_secs(wait))?))
}

/// A sentence about tries of a row.
struct Note {
    class: &'static str,
    exchanges: Vec<u64>,
    text: Markup,
}

/// Adds a sentence about a try. The same sentence about several tries is one.
fn add_note(notes: &mut Vec<Note>, exchange: u64, class: &'static str, text: Markup) {
    match notes.iter_mut().find(|note| note.text == text) {
        Some(note) => note.exchanges.push(exchange),
        None => notes.push(Note { class, exchanges: vec![exchange], text }),
    }
}

/// Says when a try was allowed again, and when the next one came.
fn due_note(wait: u64, due: Duration, is_shown: bool, next: Option<Duration>) -> Markup {
    let mut note = Markup::default();
    note.html("Retry-After: ").text(wait).html(" s, due at ").text(seconds(due)).html(" s");
    note.text(if is_shown { "" } else { ", after the end of the picture" });
    match next {
        Some(next) if next < due => {
            note.html("; the next try came ").text(spoken(due.saturating_sub(next)));
            note.html(" too early")
        }
        Some(next) => {
            note.html("; the next try came ").text(spoken(next.saturating_sub(due)));
            note.html(" after that")
        }
        None => note.html("; no other try followed"),
    };
    note
}

/// Writes the marks of a row as sentences.
pub(super) fn write_notes(
    facts: &Facts<'_>,
    tries: &[Request<'_>],
    scale: &Scale,
    page: &mut Markup,
) {
    let mut notes: Vec<Note> = Vec::new();
    for (at, request) in tries.iter().enumerate() {
        let exchange = request.exchange;
        for fault in &exchange.faults {
            let mut note = Markup::default();
            note.html("<span class=\"diamond\" aria-hidden=\"true\">◆</span>");
            match fault.fault {
                Some(id) => {
                    note.html("<a").attr("href", format_args!("#fault{id}")).html(">fault ");
                    note.text(id).html("</a>: <code>")
                }
                None => note.html("chaos: <code>"),
            };
            note.text(Escaped::new(&*fault.name)).html("</code>");
            add_note(&mut notes, exchange.index, "fault", note);
        }
        if Fate::new(exchange) == Fate::StoredButLost {
            let mut note = Markup::default();
            note.html("took effect, but the client was not told: ").text(response_text(exchange));
            add_note(&mut notes, exchange.index, "lost", note);
        }
        if let Some((wait, due)) = due(exchange) {
            let next = tries.get(at + 1).map(|next| next.exchange.opened.elapsed);
            let is_shown = scale.contains(due);
            add_note(&mut notes, exchange.index, "due", due_note(wait, due, is_shown, next));
        }
        for number in facts.findings_of(exchange.index) {
            let mut note = Markup::default();
            note.html("<a").attr("href", format_args!("#f{number}")).html(">finding ").text(number);
            note.html("</a>: <code>").text(facts.findings[number - 1].id()).html("</code>");
            add_note(&mut notes, exchange.index, "names", note);
        }
    }
    if notes.is_empty() {
        return;
    }
    page.html("<ul class=\"sentences\">");
    for note in notes.iter().take(MAX_NOTES) {
        page.html("<li").attr("class", note.class).html(">");
        for index in &note.exchanges {
            page.exchange(*index).html(" ");
        }
        page.append(&note.text).html("</li>");
    }
    if notes.len() > MAX_NOTES {
        page.html("<li class=\"muted\">").text(notes.len() - MAX_NOTES);
        page.html(" more: see the exchanges</li>");
    }
    page.html("</ul>");
}
