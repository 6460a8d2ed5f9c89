//! The printed table.

use std::fmt;

use crate::rounds::Pair;

/// The unit of a value.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Micros,
    PerSecond,
    MibPerSecond,
    Mib,
    Bytes,
}

/// The target of a figure.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// Our value beside the other.
    RatioAtMost(f64),
    /// Our value beside the other.
    RatioAtLeast(f64),
    /// Our value alone.
    AtMost(f64),
    /// No target.
    None,
}

/// A printed figure.
pub(crate) struct Row {
    name: String,
    unit: Unit,
    ours: f64,
    other: Option<f64>,
    ratio: Option<f64>,
    target: Target,
}

impl Row {
    /// Returns a row that compares our value with the other.
    pub(crate) fn compared(name: &str, unit: Unit, pair: &Pair, target: Target) -> Self {
        let wants_ratio = matches!(target, Target::RatioAtMost(_) | Target::RatioAtLeast(_));
        let ratio = wants_ratio.then(|| pair.ratio());
        Self { other: Some(pair.other()), ratio, ..Self::alone(name, unit, pair.ours(), target) }
    }

    /// Returns a row with our value only.
    pub(crate) fn alone(name: &str, unit: Unit, ours: f64, target: Target) -> Self {
        Self { name: name.to_owned(), unit, ours, other: None, ratio: None, target }
    }

    fn is_met(&self) -> bool {
        match self.target {
            Target::RatioAtMost(most) => self.ratio.is_some_and(|ratio| ratio <= most),
            Target::RatioAtLeast(least) => self.ratio.is_some_and(|ratio| ratio >= least),
            // A value that the system does not report misses no target.
            Target::AtMost(most) => self.ours.is_nan() || self.ours <= most,
            Target::None => true,
        }
    }

    fn target(&self) -> String {
        match self.target {
            Target::RatioAtMost(most) => format!("≤ {most}×"),
            Target::RatioAtLeast(least) => format!("≥ {least}×"),
            Target::AtMost(most) => format!("≤ {}", self.unit.show(most)),
            Target::None => String::new(),
        }
    }
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::Micros => format!("{value:.0} µs"),
            Self::PerSecond => format!("{value:.0} /s"),
            Self::MibPerSecond => format!("{value:.0} MiB/s"),
            Self::Mib => format!("{value:.1} MiB"),
            Self::Bytes => format!("{value:.0} B"),
        }
    }
}

pub(crate) const HEADING: &str = "\
figure                                                   ours         bare   ratio      target
----------------------------------------------------------------------------------------------";

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let other = self.other.map(|other| self.unit.show(other)).unwrap_or_default();
        let ratio = self.ratio.map(|ratio| format!("{ratio:.2}×")).unwrap_or_default();
        let missed = if self.is_met() { "" } else { "  MISSED" };
        let ours = self.unit.show(self.ours);
        let (name, target) = (&self.name, self.target());
        write!(f, "{name:<48}{ours:>13}{other:>13}{ratio:>8}{target:>12}{missed}")
    }
}
