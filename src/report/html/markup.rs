//! HTML under construction, and the only place where text becomes HTML. Start with [`Markup`].

use std::fmt::{self, Display, Write};

use crate::journal::is_unsafe;

/// A piece of an HTML document.
///
/// Tags are literals of this crate. Everything else is text and is escaped: `& < > " '` as
/// character references, and the characters that could steer a terminal or hide or reorder text as
/// [`Escaped`](crate::journal::Escaped) writes them. So no text from the wire can end its element.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Markup(String);

impl Markup {
    /// Adds a literal.
    pub(crate) fn html(&mut self, literal: &'static str) -> &mut Self {
        self.0.push_str(literal);
        self
    }

    /// Adds text on one line.
    pub(crate) fn text(&mut self, text: impl Display) -> &mut Self {
        self.escape(&text, false)
    }

    /// Adds text whose line ends are kept.
    pub(crate) fn lines(&mut self, text: impl Display) -> &mut Self {
        self.escape(&text, true)
    }

    /// Adds an attribute to the tag that was begun.
    pub(crate) fn attr(&mut self, name: &'static str, value: impl Display) -> &mut Self {
        self.html(" ").html(name).html("=\"").text(value).html("\"")
    }

    /// Adds another piece.
    pub(super) fn append(&mut self, other: &Self) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// Adds a link to an exchange: `#4`.
    pub(super) fn exchange(&mut self, index: u64) -> &mut Self {
        self.html("<a").attr("href", format_args!("#x{index}")).html(">#").text(index).html("</a>")
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }

    fn escape(&mut self, text: &dyn Display, keeps_lines: bool) -> &mut Self {
        let mut escaper = Escaper { html: &mut self.0, keeps_lines };
        // Writing to a string cannot fail, and a value that reports an error is cut there.
        let _ = write!(escaper, "{text}");
        self
    }
}

/// Escapes what is written to it.
struct Escaper<'a> {
    html: &'a mut String,
    keeps_lines: bool,
}

impl Write for Escaper<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for char in text.chars() {
            match char {
                '&' => self.html.push_str("&amp;"),
                '<' => self.html.push_str("&lt;"),
                '>' => self.html.push_str("&gt;"),
                '"' => self.html.push_str("&quot;"),
                '\'' => self.html.push_str("&#39;"),
                '\n' if self.keeps_lines => self.html.push('\n'),
                _ if is_unsafe(char) => self.html.extend(char.escape_default()),
                _ => self.html.push(char),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let mut markup = Markup::default();
        markup.html("<a").attr("title", "\" onclick='x'").html(">");
        markup.text("<script>&\u{1b}[2J\u{202e}\n").html("</a>").lines("a\n\u{9b}b");
        assert_eq!(
            markup.into_string(),
            "<a title=\"&quot; onclick=&#39;x&#39;\">&lt;script&gt;&amp;\\u{1b}[2J\\u{202e}\\n</a>\
             a\n\\u{9b}b"
        );
    }
}
