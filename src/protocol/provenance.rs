//! On whose word a fact stands.

/// What a fact of the protocol rests on. A row may rest on several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provenance {
    /// The service's published documentation says so.
    Documented,
    /// A recorded answer shows it, or a real client sends or needs it.
    Observed,
    /// Nothing says so: it is our reading.
    Assumed,
}

pub(super) const D: &[Provenance] = &[Provenance::Documented];
pub(super) const O: &[Provenance] = &[Provenance::Observed];
pub(super) const A: &[Provenance] = &[Provenance::Assumed];
pub(super) const DA: &[Provenance] = &[Provenance::Documented, Provenance::Assumed];
pub(super) const DO: &[Provenance] = &[Provenance::Documented, Provenance::Observed];
pub(super) const DOA: &[Provenance] =
    &[Provenance::Documented, Provenance::Observed, Provenance::Assumed];
