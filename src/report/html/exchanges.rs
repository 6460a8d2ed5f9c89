//! The list of exchanges with their heads, and the events between them.

use std::collections::HashMap;

use crate::journal::{Escaped, Exchange, Framing, redacted, shown_target};
use crate::referee::Request;
use crate::wording::counted;

use super::events::{Event, events};
use super::facts::{Facts, Fate, MAX_EXCHANGES, Phases, request_text, response_text};
use super::markup::Markup;
use super::units::{grouped, millis, seconds};

/// The maximum size of all heads together. Exchanges with events come first.
pub(super) const MAX_HEAD_BYTES: usize = 1 << 20;

/// The maximum number of shown headers of one head.
const MAX_HEADERS: usize = 60;

pub(super) fn write(facts: &Facts<'_>, page: &mut Markup) {
    let all = facts.journal.exchanges();
    page.html("<section id=\"exchanges\" aria-labelledby=\"exchanges-title\">\n");
    page.html("<h2 id=\"exchanges-title\">Exchanges</h2>\n<p class=\"muted\">");
    page.text(counted(grouped(all.len()), "exchange"));
    page.html(" in the order in which the heads arrived.");
    if all.len() > MAX_EXCHANGES {
        page.html(" The list has ").text(grouped(MAX_EXCHANGES));
        page.html(" of them, those of findings first, then those with events.");
    }
    if let Some(missing) = facts.journal.dropped().describe() {
        page.html(" Missing: ").text(missing).html(".");
    }
    page.html("</p>\n");
    let heads = heads(facts);
    let few = if facts.listed().count() <= 50 { "scroll few" } else { "scroll" };
    page.html("<div").attr("class", few);
    page.html(" tabindex=\"0\" role=\"region\" aria-labelledby=\"exchanges-title\"><table class=\"exchanges\">\n<thead><tr><th class=\"n\" scope=\"col\">#</th><th scope=\"col\">Request</th><th scope=\"col\">Response</th><th class=\"n\" scope=\"col\">Try</th><th class=\"n\" scope=\"col\">At s</th><th class=\"n\" scope=\"col\">Took ms</th><th class=\"n\" scope=\"col\">Body B</th><th class=\"n\" scope=\"col\">Conn.</th></tr></thead>\n<tbody>\n");
    let (events, omitted_events) = events(facts.journal);
    let mut events = events.iter().peekable();
    let mut next = all.first().map_or(0, |first| first.index);
    for index in facts.listed() {
        let Some(exchange) = facts.journal.exchange(index) else { continue };
        gap(index - next, page);
        next = index + 1;
        while let Some(event) = events.next_if(|event| event.time <= exchange.opened.elapsed) {
            write_event(event, page);
        }
        write_exchange(facts, exchange, heads.get(&index), page);
    }
    let end = all.last().map_or(0, |last| last.index + 1);
    gap(end - next.min(end), page);
    events.for_each(|event| write_event(event, page));
    page.html("</tbody></table></div>\n");
    super::left_out(page, omitted_events, "event");
    page.html("</section>\n");
}

fn gap(number: u64, page: &mut Markup) {
    if number > 0 {
        page.html("<tr class=\"gap\"><td colspan=\"8\">⋮ ");
        page.text(counted(grouped(number), "exchange")).html(" not listed</td></tr>\n");
    }
}

fn write_event(event: &Event, page: &mut Markup) {
    page.html("<tr class=\"between\"><td class=\"n\">–</td><td colspan=\"3\">").text(&event.text);
    page.html("</td><td class=\"n\">")
        .text(seconds(event.time))
        .html("</td><td></td><td></td><td class=\"n\">");
    page.text(event.connection.map_or("–".to_owned(), |number| number.to_string()));
    page.html("</td></tr>\n");
}

fn write_exchange(
    facts: &Facts<'_>,
    exchange: &Exchange,
    heads: Option<&Markup>,
    page: &mut Markup,
) {
    let (phases, fate) = (Phases::new(exchange), Fate::new(exchange));
    page.html("<tr").attr("id", format_args!("x{}", exchange.index));
    page.attr("class", fate.class()).html("><td class=\"n\">").text(exchange.index);
    page.html("</td><td><details><summary>");
    for call in exchange.calls.iter().take(1) {
        page.html("<code>").text(request_text(Request::new(exchange, call))).html("</code>");
        if let Some(path) = call.path.as_ref().filter(|_| !is_path_shown(exchange)) {
            page.html(" <span class=\"path\">").text(Escaped::new(&**path)).html("</span>");
        }
    }
    page.html("</summary>\n<p class=\"phases\">receiving ");
    page.text(millis(phases.receiving())).html(" ms · waiting ");
    page.text(millis(phases.waiting())).html(" ms · responding ");
    page.text(millis(phases.writing())).html(" ms · ");
    page.html(if exchange.committed.is_some() { "took effect" } else { "took no effect" });
    page.html(" · ").text(counted(grouped(exchange.written), "byte")).html(" written</p>");
    match heads {
        Some(heads) => page.append(heads),
        None => page.html("<p class=\"muted\">Heads left out: the limit of 1 MiB is reached.</p>"),
    };
    page.html("</details></td><td>");
    if fate == Fate::StoredButLost {
        page.html("<span class=\"lost\">took effect, client not told:</span> ");
    }
    page.text(response_text(exchange));
    for fault in &exchange.faults {
        page.html("<div class=\"fault\"><span class=\"diamond\" aria-hidden=\"true\">◆</span><span class=\"hidden\">fault: </span><code>");
        page.text(Escaped::new(&*fault.name)).html("</code></div>");
    }
    for number in facts.findings_of(exchange.index) {
        page.html("<div><a")
            .attr("href", format_args!("#f{number}"))
            .html(">finding ")
            .text(number);
        page.html("</a>: <code>").text(facts.findings[number - 1].id()).html("</code></div>");
    }
    let (nth, of) = facts.tries(exchange.index);
    page.html("</td><td class=\"n\">");
    if of > 1 {
        page.text(nth).html("/").text(of);
    }
    page.html("</td><td class=\"n\">").text(seconds(phases.opened)).html("</td><td class=\"n\">");
    page.text(millis(phases.ended.saturating_sub(phases.opened)))
        .html("</td><td class=\"n body\">");
    match exchange.framing {
        Framing::None => page.html("–"),
        Framing::Length(declared) if declared != exchange.received => {
            page.text(grouped(exchange.received)).html(" of ").text(grouped(declared))
        }
        _ => page.text(grouped(exchange.received)),
    };
    page.html("</td><td class=\"n\">").text(exchange.connection).html("</td></tr>\n");
}

/// Returns whether the text of the request contains its path.
fn is_path_shown(exchange: &Exchange) -> bool {
    let call = exchange.calls.first();
    call.is_some_and(|call| call.interface == crate::protocol::Interface::Egress)
}

/// Returns the heads of the listed exchanges, those with events first, up to the maximum size.
fn heads(facts: &Facts<'_>) -> HashMap<u64, Markup> {
    let mut listed: Vec<_> =
        facts.listed().filter_map(|index| facts.journal.exchange(index)).collect();
    listed.sort_by_key(|exchange| facts.weight(exchange));
    let (mut heads, mut size) = (HashMap::new(), 0);
    for exchange in listed {
        let head = head(exchange);
        size += head.len();
        if size > MAX_HEAD_BYTES {
            break;
        }
        heads.insert(exchange.index, head);
    }
    heads
}

/// Returns the heads of one exchange, with secrets redacted.
fn head(exchange: &Exchange) -> Markup {
    let mut page = Markup::default();
    let head = &exchange.head;
    page.html("<div class=\"heads\"><pre tabindex=\"0\">").text(Escaped::new(head.method()));
    page.html(" ").text(Escaped::new(&shown_target(head.target())));
    if head.target().contains(&b'?') {
        page.html("?…");
    }
    let mut number = 0;
    for (name, value) in head.headers() {
        number += 1;
        if number <= MAX_HEADERS {
            let shown = redacted(&String::from_utf8_lossy(name), value);
            page.html("\n").text(Escaped::new(name)).html(": ").text(Escaped::new(&shown));
        }
    }
    if number > MAX_HEADERS {
        page.html("\n… ").text(number - MAX_HEADERS).html(" more headers");
    }
    page.html("</pre>");
    if let Some(error) = exchange.http_error() {
        page.html("<p>").text(error).html("</p>");
    }
    if let Some(response) = &exchange.response {
        page.html("<pre tabindex=\"0\">").text(response.status).html(" ");
        page.text(Escaped::new(&*response.reason));
        for (name, value) in response.headers().take(MAX_HEADERS) {
            let shown = redacted(name, value);
            page.html("\n").text(Escaped::new(name)).html(": ").text(Escaped::new(&shown));
        }
        page.html("</pre>");
    }
    page.html("</div>");
    page
}
