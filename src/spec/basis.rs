//! On whose word a fact stands.

/// What a fact of the protocol rests on. A row may rest on several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// The service's published documentation says so.
    Documented,
    /// A recorded answer shows it, or a real client sends or needs it.
    Observed,
    /// Nothing says so: it is our reading.
    Assumed,
}

pub(super) const D: &[Basis] = &[Basis::Documented];
pub(super) const O: &[Basis] = &[Basis::Observed];
pub(super) const A: &[Basis] = &[Basis::Assumed];
pub(super) const DA: &[Basis] = &[Basis::Documented, Basis::Assumed];
pub(super) const DO: &[Basis] = &[Basis::Documented, Basis::Observed];
pub(super) const DOA: &[Basis] = &[Basis::Documented, Basis::Observed, Basis::Assumed];
