//! Reports: the journal as text, as a page and as files for other programs. Start with [`describe`]; the
//! input of the other reports is a `Run`.

mod describe;
#[cfg(feature = "report")]
mod har;
#[cfg(feature = "report")]
mod html;
mod run;
#[cfg(feature = "report")]
mod time;
mod timeline;
#[cfg(feature = "report")]
mod trace;
mod transcript;

#[cfg(all(test, feature = "report"))]
mod tests;

pub use describe::{describe, describe_connection};
#[cfg(feature = "report")]
pub(crate) use har::har;
#[cfg(feature = "report")]
pub(crate) use html::HtmlReport;
#[cfg(feature = "check")]
pub(crate) use html::{HEAD as HTML_HEAD, Markup, STYLE as HTML_STYLE};
pub(crate) use run::Run;
pub(crate) use timeline::{Timeline, TimelineExcerpt};
#[cfg(feature = "report")]
pub(crate) use trace::trace;
pub(crate) use transcript::Transcript;
