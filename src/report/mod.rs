//! Reports: the journal as text, as a page and as files for other programs. Start with [`describe`]; the
//! input of the other reports is a `Run`.

mod describe;
mod har;
mod html;
mod run;
mod time;
mod timeline;
mod trace;
mod transcript;

#[cfg(test)]
mod tests;

pub use describe::{describe, describe_connection};
pub(crate) use har::har;
pub(crate) use html::HtmlReport;
#[cfg(feature = "check")]
pub(crate) use html::{HEAD as HTML_HEAD, Markup, STYLE as HTML_STYLE};
pub(crate) use run::Run;
pub(crate) use timeline::{Timeline, TimelineExcerpt};
pub(crate) use trace::trace;
pub(crate) use transcript::Transcript;
