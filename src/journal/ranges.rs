//! Formats part numbers as ranges. Start with [`RangeList`].

use std::fmt;

/// A sorted list of part numbers, displayed with ranges: `1..=3, 7`.
pub(crate) struct RangeList(Vec<(u32, u32)>);

impl RangeList {
    pub(crate) fn from_numbers(numbers: impl IntoIterator<Item = u32>) -> Self {
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
    fn consecutive_numbers_are_written_as_ranges() {
        assert_eq!(RangeList::from_numbers([1, 2, 3, 7, 9, 10]).to_string(), "1..=3, 7, 9..=10");
        assert_eq!(RangeList::from_numbers([]).to_string(), "none");
        assert_eq!(RangeList::from_numbers([u32::MAX]).to_string(), u32::MAX.to_string());
    }
}
