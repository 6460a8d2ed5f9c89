//! Measuring in turns, and medians.

use std::io;

use crate::server::Side;

/// What was measured on both sides, round by round.
pub(crate) struct Pair {
    ours: Vec<f64>,
    other: Vec<f64>,
}

impl Pair {
    pub(crate) fn ours(&self) -> f64 {
        median(self.ours.clone())
    }

    pub(crate) fn other(&self) -> f64 {
        median(self.other.clone())
    }

    /// Returns the median of the ratios. Only values of the same round are compared, because both were
    /// measured under the same load.
    pub(crate) fn ratio(&self) -> f64 {
        median(self.ours.iter().zip(&self.other).map(|(ours, other)| ours / other).collect())
    }
}

/// Measures `N` values at once on one side and then on the other, again and again.
pub(crate) fn in_turns<const N: usize>(
    rounds: usize,
    measure: impl Fn(Side) -> io::Result<[f64; N]>,
) -> io::Result<[Pair; N]> {
    in_turns_of(rounds, || measure(Side::Ours), || measure(Side::Bare))
}

/// Like [`in_turns`], for sides other than the two servers.
pub(crate) fn in_turns_of<const N: usize>(
    rounds: usize,
    ours: impl Fn() -> io::Result<[f64; N]>,
    other: impl Fn() -> io::Result<[f64; N]>,
) -> io::Result<[Pair; N]> {
    let mut pairs = std::array::from_fn(|_| Pair { ours: Vec::new(), other: Vec::new() });
    for _ in 0..rounds {
        let (ours, other) = (ours()?, other()?);
        for (index, pair) in pairs.iter_mut().enumerate() {
            pair.ours.push(ours[index]);
            pair.other.push(other[index]);
        }
    }
    Ok(pairs)
}

pub(crate) fn median(values: Vec<f64>) -> f64 {
    percentile(values, 50)
}

/// Returns the percentile.
pub(crate) fn percentile(mut values: Vec<f64>, percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() * percent / 100).copied().unwrap_or(f64::NAN)
}
