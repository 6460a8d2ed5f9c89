//! The picture: one row per request, one bar per try, over time. Start with [`write`].
//!
//! Every bar is a link to its exchange in the list, and every mark has its sentence below the row, so
//! that the picture says nothing that is not also text. Places are percentages: the picture has the
//! width of the page and needs no scaling.

mod bar;
mod notes;

use std::collections::HashMap;
use std::time::Duration;

use crate::journal::Escaped;
use crate::referee::Request;
use crate::wording::counted;

use super::events::{Event, events};
use super::facts::{Facts, Fate, Phases, Weight, request_text, select};
use super::markup::Markup;
use super::scale::Scale;
use super::units::{grouped, seconds, spoken};

use bar::{arrow, bar, diamond, glyph, percent};
use notes::{due, write_notes};

/// The maximum number of rows of requests, and of events on connections without a request.
pub(super) const MAX_ROWS: usize = 100;

/// The maximum number of bars in a row, and of bars above each other.
const MAX_BARS: usize = 20;
const MAX_LANES: usize = 4;

/// The height of a bar with the space around it, in pixels.
const LANE: usize = 26;

/// The positions of the requests in `Facts::targets`, for each path.
type Groups<'a> = Vec<(Option<&'a str>, Vec<usize>)>;

/// A row that is drawn.
struct Row<'a> {
    tries: Vec<Request<'a>>,
    /// The number of tries that are not drawn.
    left_out: usize,
}

pub(super) fn write(facts: &Facts<'_>, page: &mut Markup) {
    page.html("<section id=\"picture\" aria-labelledby=\"picture-title\">\n");
    page.html("<h2 id=\"picture-title\">Picture</h2>\n");
    let (events, _) = events(facts.journal);
    let (groups, rows) = groups(facts);
    if rows.is_empty() && events.is_empty() {
        page.html("<p>Nothing happened.</p>\n</section>\n");
        return;
    }
    let drawn = rows.values().flat_map(|row| &row.tries);
    let periods = drawn.map(|request| Phases::new(request.exchange));
    let periods = periods.map(|phases| (phases.opened, phases.ended));
    let scale = Scale::new(periods.chain(events.iter().map(|event| (event.time, event.end))));
    introduction(facts, &rows, &scale, page);
    page.html("<div class=\"gantt\">\n");
    axis(&scale, &events, page);
    for (path, targets) in groups {
        match path {
            Some(path) => page.html("<h3><code>").text(Escaped::new(path)).html("</code></h3>\n"),
            None => page.html("<h3 class=\"muted\">without a path</h3>\n"),
        };
        page.html("<ol class=\"rows\">\n");
        let mut skipped = 0;
        for target in targets {
            if let Some(row) = rows.get(&target) {
                gap(skipped, page);
                skipped = 0;
                write_row(facts, row, &scale, &events, page);
            } else {
                skipped += 1;
            }
        }
        gap(skipped, page);
        page.html("</ol>\n");
    }
    connections(&scale, &events, page);
    page.html("</div>\n</section>\n");
}

/// Groups the requests by path, in the order of the first, and selects the rows that are drawn.
fn groups<'a>(facts: &Facts<'a>) -> (Groups<'a>, HashMap<usize, Row<'a>>) {
    let mut rows = HashMap::new();
    let weight = |tries: &Vec<Request<'_>>| tries.iter().map(|it| facts.weight(it.exchange)).min();
    let weighted = facts.targets.iter().map(|tries| weight(tries).unwrap_or(Weight::Nothing));
    for target in select(weighted.zip(0..), MAX_ROWS) {
        let all = &facts.targets[target];
        let listed = all.iter().filter(|request| facts.is_listed(request.index())).copied();
        let mut tries: Vec<_> = listed.collect();
        if tries.len() > MAX_BARS {
            // The first tries show the cause, the last ones the result.
            tries.drain(MAX_BARS / 2..tries.len() - MAX_BARS / 2);
        }
        let left_out = all.len() - tries.len();
        if !tries.is_empty() {
            rows.insert(target, Row { tries, left_out });
        }
    }
    let mut groups: Groups<'a> = Vec::new();
    let mut positions = HashMap::new();
    for (target, tries) in facts.targets.iter().enumerate() {
        let path = tries[0].call.path.as_deref();
        let at = *positions.entry(path).or_insert(groups.len());
        if at == groups.len() {
            groups.push((path, Vec::new()));
        }
        groups[at].1.push(target);
    }
    for (_, targets) in &mut groups {
        sort_pieces(facts, targets);
    }
    // The heading of a group without a row would only add length.
    groups.retain(|(_, targets)| targets.iter().any(|target| rows.contains_key(target)));
    (groups, rows)
}

/// Sorts the pieces of a group by number. They stay where the first of them stands.
fn sort_pieces(facts: &Facts<'_>, targets: &mut [usize]) {
    let part = |target: usize| facts.targets[target][0].call.part;
    let places: Vec<_> = (0..targets.len()).filter(|at| part(targets[*at]).is_some()).collect();
    let mut pieces: Vec<_> = places.iter().map(|at| targets[*at]).collect();
    pieces.sort_by_key(|target| part(*target));
    for (at, piece) in places.into_iter().zip(pieces) {
        targets[at] = piece;
    }
}

fn introduction(
    facts: &Facts<'_>,
    rows: &HashMap<usize, Row<'_>>,
    scale: &Scale,
    page: &mut Markup,
) {
    page.html(
        "<p class=\"muted\">One row per request, one bar per try. Each bar links to its exchange.",
    );
    let missing = facts.targets.len() - rows.len();
    if missing > 0 {
        page.html(" ").text(grouped(missing)).html(" of ").text(grouped(facts.targets.len()));
        page.html(" requests are not drawn: at most ").text(MAX_ROWS);
        page.html(" are, those of findings first, then those with events.");
    }
    for (from, to) in scale.gaps() {
        page.html(" From ").text(seconds(from)).html(" s to ").text(seconds(to));
        page.html(" s nothing happened: these ").text(spoken(to.saturating_sub(from)));
        page.html(" are drawn short and shaded.");
    }
    page.html("</p>\n<ul class=\"legend\" aria-label=\"Legend\">\n");
    for (class, name) in [
        ("sending", "receiving the request"),
        ("waiting", "waiting for the response"),
        ("responding", "sending the response"),
    ] {
        page.html("<li><svg width=\"22\" height=\"12\" aria-hidden=\"true\"><rect");
        page.attr("class", class).html(" y=\"1\" width=\"22\" height=\"10\" rx=\"2\"/></svg>");
        page.text(name).html("</li>\n");
    }
    for (fate, name) in [
        (Fate::Rejected, "rejected"),
        (Fate::StoredButLost, "took effect, but the client was not told"),
        (Fate::Cut, "ended without a response"),
    ] {
        page.html("<li><svg width=\"14\" height=\"14\" aria-hidden=\"true\">");
        glyph(page, fate, 50.0, 7);
        page.html("</svg>").text(name).html("</li>\n");
    }
    page.html("<li><svg width=\"14\" height=\"14\" aria-hidden=\"true\">");
    diamond(page, 50.0, 7);
    page.html("</svg>fault</li>\n<li><svg width=\"26\" height=\"12\" aria-hidden=\"true\">");
    arrow(page, 0.0, 90.0, 6);
    page.html("</svg>from a try to its retry</li>\n<li><svg width=\"8\" height=\"14\" aria-hidden=\"true\"><line class=\"due\" x1=\"50%\" x2=\"50%\" y1=\"0\" y2=\"14\"/></svg>Retry-After is due</li>\n<li><svg width=\"8\" height=\"14\" aria-hidden=\"true\"><line class=\"event\" x1=\"50%\" x2=\"50%\" y1=\"0\" y2=\"14\"/></svg>event</li>\n</ul>\n");
}

fn gap(skipped: usize, page: &mut Markup) {
    if skipped > 0 {
        page.html("<li class=\"gap\">⋮ ").text(counted(grouped(skipped), "request"));
        page.html(" not drawn</li>\n");
    }
}

/// Writes the lines that every row shares: ticks, short gaps and events.
fn grid(scale: &Scale, events: &[Event], page: &mut Markup) {
    for (from, to) in scale.gaps() {
        let (from, to) = (scale.x(from), scale.x(to));
        page.html("<rect class=\"quiet\" y=\"0\" height=\"100%\"").attr("x", percent(from));
        page.attr("width", percent(to - from)).html("/>");
    }
    for (x, _) in scale.ticks() {
        page.html("<line class=\"tick\" y1=\"0\" y2=\"100%\"").attr("x1", percent(x));
        page.attr("x2", percent(x)).html("/>");
    }
    for event in marks(events) {
        let x = percent(scale.x(event.time));
        page.html("<line class=\"event\" y1=\"0\" y2=\"100%\"").attr("x1", &x).attr("x2", &x);
        page.html("/>");
    }
}

/// Returns the marks that are drawn as lines. More would hide the bars.
fn marks(events: &[Event]) -> impl Iterator<Item = &Event> {
    events.iter().filter(|event| event.connection.is_none()).take(20)
}

fn axis(scale: &Scale, events: &[Event], page: &mut Markup) {
    page.html("<div class=\"row axis\"><div class=\"label muted\">time since the start</div><svg class=\"track\" height=\"20\" aria-hidden=\"true\">");
    grid(scale, events, page);
    for (x, label) in scale.ticks() {
        page.html("<text y=\"13\"").attr("x", percent(x)).html(" dx=\"4\">").text(label);
        page.html("</text>");
    }
    page.html("</svg><div class=\"result muted\">result</div></div>\n");
}

fn write_row(facts: &Facts<'_>, row: &Row<'_>, scale: &Scale, events: &[Event], page: &mut Markup) {
    let name = request_text(row.tries[0]);
    // Tries that overlap in time are drawn below each other.
    let mut ends: Vec<Duration> = Vec::new();
    let lanes: Vec<usize> = row
        .tries
        .iter()
        .map(|request| {
            let phases = Phases::new(request.exchange);
            // A client may send the next try while the record of this one is being closed.
            let end = phases.responding;
            let free = ends.iter().position(|end| *end <= phases.opened);
            let lane = free.unwrap_or(ends.len()).min(MAX_LANES - 1);
            match ends.get_mut(lane) {
                Some(last) => *last = end.max(*last),
                None => ends.push(end),
            }
            lane
        })
        .collect();
    page.html("<li class=\"row\"><div class=\"label\"><code>").text(&name).html("</code></div>");
    page.html("<svg class=\"track\" role=\"group\"").attr("height", ends.len() * LANE + 4);
    page.attr("aria-label", format_args!("{name}: {}", counted(row.tries.len(), "try"))).html(">");
    grid(scale, events, page);
    let due = |request: &Request<'_>| due(request.exchange);
    for (_, due) in row.tries.iter().filter_map(due).filter(|(_, due)| scale.contains(*due)) {
        let x = percent(scale.x(due));
        page.html("<line class=\"due\" y1=\"0\" y2=\"100%\"").attr("x1", &x).attr("x2", &x);
        page.html("/>");
    }
    for (pair, lanes) in row.tries.windows(2).zip(lanes.windows(2)) {
        let (from, to) = (Phases::new(pair[0].exchange), Phases::new(pair[1].exchange));
        let is_next = facts.tries(pair[0].index()).0 + 1 == facts.tries(pair[1].index()).0;
        let is_retry = Fate::new(pair[0].exchange) != Fate::Good;
        if is_next && is_retry && lanes[0] == lanes[1] {
            arrow(page, scale.x(from.ended.min(to.opened)), scale.x(to.opened), middle(lanes[0]));
        }
    }
    for (request, lane) in row.tries.iter().zip(&lanes) {
        bar(facts, *request, scale, middle(*lane), page);
    }
    page.html("</svg><div class=\"result\">");
    results(row, page);
    page.html("</div>");
    write_notes(facts, &row.tries, scale, page);
    page.html("</li>\n");
}

/// Returns the middle of a lane in pixels.
fn middle(lane: usize) -> usize {
    lane * LANE + LANE / 2 + 2
}

/// Writes the results of the tries in order: `503 → 200`.
fn results(row: &Row<'_>, page: &mut Markup) {
    const SHOWN: usize = 4;
    let tries = row.tries.len();
    for (at, request) in row.tries.iter().enumerate() {
        if tries > SHOWN && at > 0 && at < tries - (SHOWN - 1) {
            if at == 1 {
                page.html(" → …");
            }
            continue;
        }
        let (exchange, fate) = (request.exchange, Fate::new(request.exchange));
        page.html(if at > 0 { " → <span" } else { "<span" }).attr("class", fate.class()).html(">");
        let text = match (exchange.status(), fate) {
            (_, Fate::Open) => "open".to_owned(),
            (Some(status), Fate::StoredButLost) => format!("{status} lost"),
            (Some(status), Fate::Cut) => format!("{status} cut"),
            (Some(status), _) => status.to_string(),
            (None, Fate::StoredButLost) => "lost".to_owned(),
            (None, _) => "cut".to_owned(),
        };
        page.text(text).html("</span>");
    }
    if row.left_out > 0 {
        page.html(" <span class=\"muted\">+ ").text(grouped(row.left_out));
        page.html(" not drawn</span>");
    }
}

/// Writes the connections without a request as rows, and the marks as sentences.
fn connections(scale: &Scale, events: &[Event], page: &mut Markup) {
    let rows = || events.iter().filter(|event| event.connection.is_some());
    if rows().next().is_some() {
        page.html("<h3 class=\"muted\">connections</h3>\n<ol class=\"rows\">\n");
        for event in rows().take(MAX_ROWS) {
            let number = event.connection.unwrap_or_default();
            page.html("<li class=\"row\"><div class=\"label\">connection ").text(number);
            page.html("</div><svg class=\"track\" height=\"30\" role=\"img\"");
            page.attr("aria-label", &event.text).html(">");
            grid(scale, events, page);
            let (from, to) = (scale.x(event.time), scale.x(event.end));
            page.html("<rect class=\"core\" y=\"10\" width=\"4\" height=\"10\" rx=\"2\"");
            page.attr("x", percent(from)).html("/><rect class=\"waiting\" y=\"10\" height=\"10\"");
            page.attr("x", percent(from)).attr("width", percent(to - from)).html("/>");
            page.html("</svg><div class=\"result\"></div><ul class=\"sentences\"><li>");
            page.text(seconds(event.time)).html(" s: ").text(&event.text).html("</li></ul></li>\n");
        }
        page.html("</ol>\n");
    }
    if marks(events).next().is_some() {
        page.html("<h3 class=\"muted\">events</h3>\n<ul class=\"sentences\">\n");
        for event in marks(events) {
            page.html("<li>").text(seconds(event.time)).html(" s: ").text(&event.text);
            page.html("</li>\n");
        }
        page.html("</ul>\n");
    }
}
