//! Part numbers in few words.

use std::fmt;

/// Part numbers in order, runs of them written as ranges: `1..=3, 7`.
pub(crate) struct RangeList(Vec<(u32, u32)>);

impl RangeList {
    pub(crate) fn of(numbers: impl IntoIterator<Item = u32>) -> Self {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for number in numbers {
            match runs.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
                _ => runs.push((number, number)),
            }
        }
        Self(runs)
    }
}

impl fmt::Display for RangeList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        for (at, (first, last)) in self.0.iter().enumerate() {
            let gap = if at == 0 { "" } else { ", " };
            match last - first {
                0 => write!(f, "{gap}{first}")?,
                _ => write!(f, "{gap}{first}..={last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_written_as_ranges() {
        assert_eq!(RangeList::of([1, 2, 3, 7, 9, 10]).to_string(), "1..=3, 7, 9..=10");
        assert_eq!(RangeList::of([]).to_string(), "none");
        assert_eq!(RangeList::of([u32::MAX]).to_string(), u32::MAX.to_string());
    }
}
