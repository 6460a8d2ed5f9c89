//! The sources of the facts in the tables.

/// The source of a fact of the protocol. A result code may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provenance {
    /// The published documentation of the service states it.
    Documented,
    /// A recorded response shows it, or a real client sends or needs it.
    Observed,
    /// No source states it: it is our interpretation.
    Assumed,
}

pub(super) const D: &[Provenance] = &[Provenance::Documented];
pub(super) const O: &[Provenance] = &[Provenance::Observed];
pub(super) const A: &[Provenance] = &[Provenance::Assumed];
pub(super) const DA: &[Provenance] = &[Provenance::Documented, Provenance::Assumed];
pub(super) const DO: &[Provenance] = &[Provenance::Documented, Provenance::Observed];
pub(super) const DOA: &[Provenance] =
    &[Provenance::Documented, Provenance::Observed, Provenance::Assumed];
