//! Reports: the journal as text. Start with [`Timeline`].

mod timeline;

pub use timeline::{Timeline, TimelineExcerpt, describe, describe_connection};
