//! Reports: the journal as text. Start with [`describe`].

mod timeline;

pub(crate) use timeline::{Timeline, TimelineExcerpt};
pub use timeline::{describe, describe_connection};
