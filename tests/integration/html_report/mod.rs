//! The HTML report, parsed as a browser parses it.

mod bounds;
mod failing;
mod page;
mod sections;
mod style;
