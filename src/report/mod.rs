//! Reports: the journal as text and as a page. Start with [`describe`] and [`Run`].

mod describe;
mod html;
mod run;
mod timeline;

pub use describe::{describe, describe_connection};
pub(crate) use html::HtmlReport;
pub(crate) use run::Run;
pub(crate) use timeline::{Timeline, TimelineExcerpt};
