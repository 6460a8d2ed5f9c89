//! A parsed report, and what must hold for each.

use std::collections::BTreeSet;

use scraper::{ElementRef, Html, Selector};

/// The only elements that a report has.
const ELEMENTS: &[&str] = &[
    "a", "article", "b", "body", "code", "dd", "details", "div", "dl", "dt", "footer", "h1", "h2",
    "h3", "head", "header", "html", "li", "line", "main", "meta", "nav", "ol", "p", "path", "pre",
    "rect", "section", "span", "strong", "style", "summary", "svg", "table", "tbody", "td", "text",
    "th", "thead", "title", "tr", "ul",
];

/// The only attributes that a report has: none loads anything, runs a script or carries a style.
const ATTRIBUTES: &[&str] = &[
    "aria-hidden",
    "aria-label",
    "aria-labelledby",
    "charset",
    "class",
    "colspan",
    "content",
    "d",
    "dx",
    "height",
    "href",
    "http-equiv",
    "id",
    "lang",
    "name",
    "overflow",
    "role",
    "rx",
    "scope",
    "tabindex",
    "width",
    "x",
    "x1",
    "x2",
    "y",
    "y1",
    "y2",
];

/// A parsed report.
pub(super) struct Page(Html);

impl Page {
    /// Parses a report, and asserts what holds for every report: it is valid, loads nothing, runs
    /// nothing, and each link has a target.
    #[track_caller]
    pub(super) fn new(html: &str) -> Self {
        let document = Html::parse_document(html);
        assert!(document.errors.is_empty(), "{:?}", document.errors);
        let page = Self(document);
        let (mut ids, mut links) = (BTreeSet::new(), Vec::new());
        for element in page.all("*") {
            let name = element.value().name();
            assert!(ELEMENTS.contains(&name), "<{name}>");
            for (attribute, value) in element.value().attrs() {
                assert!(ATTRIBUTES.contains(&attribute), "<{name} {attribute}>");
                match attribute {
                    "id" => assert!(ids.insert(value.to_owned()), "id {value} occurs twice"),
                    "href" | "aria-labelledby" => {
                        links.push(value.trim_start_matches('#').to_owned());
                    }
                    _ => {}
                }
            }
        }
        for link in links {
            assert!(ids.contains(&link), "#{link} has no target");
        }
        let policy = page.one("meta[http-equiv=Content-Security-Policy]");
        let policy = policy.attr("content").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'unsafe-inline';"), "{policy}");
        assert!(!html.contains("url(") && !html.contains("@import"));
        page
    }

    pub(super) fn all(&self, selector: &str) -> Vec<ElementRef<'_>> {
        self.0.select(&Selector::parse(selector).unwrap()).collect()
    }

    #[track_caller]
    pub(super) fn one(&self, selector: &str) -> ElementRef<'_> {
        let all = self.all(selector);
        assert_eq!(all.len(), 1, "{selector}");
        all[0]
    }

    pub(super) fn count(&self, selector: &str) -> usize {
        self.all(selector).len()
    }

    /// Returns the text of the elements, with single spaces.
    pub(super) fn texts(&self, selector: &str) -> Vec<String> {
        self.all(selector).into_iter().map(text).collect()
    }

    #[track_caller]
    pub(super) fn text(&self, selector: &str) -> String {
        text(self.one(selector))
    }
}

/// Elements in a line of text. All others begin a new one.
const INLINE: &[&str] = &["a", "b", "code", "span", "strong"];

fn text(element: ElementRef<'_>) -> String {
    let mut text = String::new();
    for node in element.descendants() {
        let is_block =
            ElementRef::wrap(node).is_some_and(|it| !INLINE.contains(&it.value().name()));
        text.push_str(if is_block { " " } else { "" });
        text.push_str(node.value().as_text().map_or("", |text| text));
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
