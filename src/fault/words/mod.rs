//! How faults are written as text: flat JSON objects, and so TOML tables.
//!
//! What keys there are lies in two tables, [`SELECTORS`] and [`EFFECTS`]; `docs/faults-in-files.md`
//! is made from them.

mod effects;
mod read;
mod selectors;
#[cfg(test)]
mod tests;
mod twice;
mod values;
mod write;

pub use effects::{EFFECTS, EffectRow};
pub use selectors::{On, SELECTORS, SelectorRow};
