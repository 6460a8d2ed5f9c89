//! placeholder
pub mod content;
pub mod journal;
pub mod origin;
pub mod spec;
pub mod wire;
pub use journal::Op;
pub use spec::Interface;
