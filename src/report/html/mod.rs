//! The HTML report of a run: one file that needs no network and no script.
//!
//! It shows the verdict, the findings, a picture of all tries over time, the uploads and the
//! exchanges. It reads recorded facts and decides nothing. Its size is bounded: see
//! [`facts::MAX_EXCHANGES`], [`picture::MAX_ROWS`] and [`exchanges::MAX_HEAD_BYTES`]; counts always
//! include what is left out. Start with [`HtmlReport`]; [`Markup`] is the only way from text to HTML.

mod events;
mod exchanges;
mod facts;
mod faults;
mod findings;
mod markup;
mod picture;
mod scale;
mod units;
mod uploads;
mod verdict;

#[cfg(test)]
mod tests;

use crate::fault::FaultRecord;
use crate::journal::{Journal, shorten};
use crate::referee;
use crate::storage::Storage;
use crate::wording::counted;

use facts::Facts;
pub(crate) use markup::Markup;
use units::{grouped, spoken};

/// Everything that the report shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HtmlReport<'a> {
    /// The name of the test or of the program that ran.
    pub(crate) title: &'a str,
    /// The base URLs of the origin.
    pub(crate) urls: &'a [String],
    pub(crate) journal: &'a Journal,
    pub(crate) storage: &'a Storage,
    pub(crate) faults: &'a [FaultRecord],
    /// The result of the rules.
    pub(crate) judgement: &'a referee::Report,
    /// Which findings fail the run, and which are allowed.
    pub(crate) referee: &'a referee::RefereeOptions,
    /// The failures of the verification without those by findings, each of one or several lines.
    pub(crate) failures: &'a [String],
    /// The number of failures that `failures` leaves out.
    pub(crate) omitted_failures: usize,
    /// The injected chaos, as Rust code.
    pub(crate) chaos: &'a str,
    /// Commands and code that repeat the run, each with its purpose.
    pub(crate) repeat: &'a [(&'static str, String)],
}

/// The maximum length of the text about chaos, in characters.
const MAX_CHAOS: usize = 64 * 1024;

/// Nothing may be loaded and no script may run, even if the file is served.
pub(crate) const HEAD: &str = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
    <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
    <meta name=\"color-scheme\" content=\"light dark\">\n\
    <meta name=\"referrer\" content=\"no-referrer\">\n<title>";

/// The style of all pages.
pub(crate) const STYLE: &str = include_str!("style.css");

impl HtmlReport<'_> {
    /// Returns the HTML document.
    pub(crate) fn render(&self) -> String {
        let facts = Facts::new(self);
        let mut page = Markup::default();
        page.html(HEAD).text(self.title).html(" · mock-origin report</title>\n<style>\n");
        page.html(STYLE).html("</style>\n</head>\n<body>\n");
        page.html("<a class=\"skip\" href=\"#main\">Skip to the verdict</a>\n");
        self.header(&mut page);
        page.html("<main id=\"main\">\n");
        verdict::write(self, &facts, &mut page);
        findings::write(self, &facts, &mut page);
        picture::write(&facts, &mut page);
        faults::write(self, &mut page);
        uploads::write(self, &mut page);
        exchanges::write(&facts, &mut page);
        self.repeat(&mut page);
        page.html("</main>\n<footer><p>Written by mock-origin ");
        page.text(env!("CARGO_PKG_VERSION")).html(
            ". Passwords, tokens and signatures are redacted. Times are seconds of real time since \
             the origin started; they are what the origin saw, not what the client \
             saw.</p></footer>\n</body>\n</html>\n",
        );
        page.into_string()
    }

    fn header(&self, page: &mut Markup) {
        page.html("<header>\n<p class=\"kind\">mock-origin report</p>\n<h1>").text(self.title);
        page.html("</h1>\n<nav aria-label=\"Sections\"><ul>");
        for (target, name) in [
            ("#findings", "Findings"),
            ("#picture", "Picture"),
            ("#faults", "Faults"),
            ("#uploads", "Uploads"),
            ("#exchanges", "Exchanges"),
            ("#repeat", "Run again"),
        ] {
            page.html("<li><a").attr("href", target).html(">").text(name).html("</a></li>");
        }
        page.html("</ul></nav>\n<dl class=\"figures\">");
        let (exchanges, connections) = (self.journal.exchanges(), self.journal.connections());
        let received: u64 = exchanges.iter().map(|exchange| exchange.received).sum();
        let start = exchanges.iter().map(|exchange| exchange.opened.elapsed).min();
        let end =
            exchanges.iter().filter_map(|exchange| exchange.closed).map(|it| it.elapsed).max();
        let length = start.zip(end).map(|(start, end)| spoken(end.saturating_sub(start)));
        let uploads = self.storage.uploads().iter().len();
        for (name, value) in [
            ("exchanges", grouped(exchanges.len())),
            ("connections", grouped(connections.len())),
            ("uploads", grouped(uploads)),
            ("bytes in bodies", grouped(received)),
            ("first to last", length.unwrap_or_else(|| "–".to_owned())),
            ("seed", self.storage.seed().to_string()),
        ] {
            page.html("<div><dt>").text(name).html("</dt><dd>").text(value).html("</dd></div>");
        }
        page.html("</dl>\n</header>\n");
    }

    fn repeat(&self, page: &mut Markup) {
        page.html("<section id=\"repeat\" aria-labelledby=\"repeat-title\">\n");
        page.html("<h2 id=\"repeat-title\">Run it again</h2>\n");
        for (purpose, command) in self.repeat {
            page.html("<p>").text(purpose).html("</p>\n<pre class=\"command\" tabindex=\"0\">");
            page.lines(command).html("</pre>\n");
        }
        if !self.chaos.is_empty() {
            page.html("<p>The chaos:</p>\n");
            page.html("<pre class=\"command\" tabindex=\"0\">")
                .lines(shorten(self.chaos, MAX_CHAOS))
                .html("</pre>\n");
        }
        page.html("<p class=\"muted\">The origin listened on ");
        page.text(self.urls.join(", ")).html(".</p>\n</section>\n");
    }
}

/// Writes how many items a section leaves out.
fn left_out(page: &mut Markup, number: usize, noun: &str) {
    if number > 0 {
        page.html("<p class=\"muted\">Not shown: ").text(counted(grouped(number), noun));
        page.html(".</p>\n");
    }
}
