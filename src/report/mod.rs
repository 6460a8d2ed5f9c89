//! Reports: the journal as text and as a page. Start with [`describe`].

mod html;
mod timeline;

pub(crate) use html::HtmlReport;
pub(crate) use timeline::{Timeline, TimelineExcerpt};
pub use timeline::{describe, describe_connection};
