//! The journal, for people to read.

mod timeline;

pub use timeline::{Timeline, TimelineExcerpt, describe, describe_connection};
