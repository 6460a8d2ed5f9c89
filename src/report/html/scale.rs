//! The time axis of the picture. Long quiet gaps are drawn short. Start with [`Scale`].

use std::time::Duration;

/// Converts points in time to percent of the width.
#[derive(Debug)]
pub(super) struct Scale {
    stretches: Vec<Stretch>,
}

/// A part of the axis with a constant scale. Times are in seconds, places in percent.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: f64,
    to: f64,
    x: f64,
    width: f64,
    is_gap: bool,
}

/// A gap that takes more than this part of the time that is left is drawn short.
const LONG_GAP: f64 = 0.25;

/// The width of a gap that is drawn short, in percent.
const GAP_WIDTH: f64 = 6.0;

/// The maximum number of gaps that are drawn short.
const MAX_GAPS: usize = 6;

/// The space at both ends, in percent, so that the first and the last mark are not cut.
const MARGIN: f64 = 1.0;

/// The maximum number of ticks, and the smallest distance between two of them in percent.
const TICKS: f64 = 6.0;
const TICK_DISTANCE: f64 = 13.0;

impl Scale {
    /// Creates the scale that shows these periods.
    pub(super) fn new(active: impl IntoIterator<Item = (Duration, Duration)>) -> Self {
        let mut active: Vec<_> =
            active.into_iter().map(|(from, to)| (from.as_secs_f64(), to.as_secs_f64())).collect();
        active.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut merged: Vec<(f64, f64)> = Vec::new();
        for (from, to) in active {
            match merged.last_mut().filter(|last| from <= last.1) {
                Some(last) => last.1 = last.1.max(to),
                None => merged.push((from, to.max(from))),
            }
        }
        let (Some(&(start, _)), Some(&(_, end))) = (merged.first(), merged.last()) else {
            return Self { stretches: Vec::new() };
        };
        let mut gaps: Vec<(f64, f64)> =
            merged.windows(2).map(|pair| (pair[0].1, pair[1].0)).collect();
        gaps.sort_by(|a, b| (b.1 - b.0).total_cmp(&(a.1 - a.0)));
        let mut rest = end - start;
        let mut long = Vec::new();
        for (from, to) in gaps.into_iter().take(MAX_GAPS) {
            if to - from <= rest * LONG_GAP {
                break;
            }
            rest -= to - from;
            long.push((from, to));
        }
        long.sort_by(|a, b| a.0.total_cmp(&b.0));
        // A record of a single instant still needs a width.
        let rest = rest.max(1e-6);
        #[allow(clippy::cast_precision_loss)]
        let share = (100.0 - 2.0 * MARGIN - GAP_WIDTH * long.len() as f64) / rest;
        let (mut stretches, mut at, mut x) = (Vec::new(), start, MARGIN);
        for (from, to) in long.into_iter().chain([(end.max(start + 1e-6), f64::INFINITY)]) {
            let width = (from - at) * share;
            stretches.push(Stretch { from: at, to: from, x, width, is_gap: false });
            x += width;
            if to.is_finite() {
                stretches.push(Stretch { from, to, x, width: GAP_WIDTH, is_gap: true });
                x += GAP_WIDTH;
            }
            at = to;
        }
        Self { stretches }
    }

    /// Returns the place of a time in percent. Times outside are at the ends.
    pub(super) fn x(&self, time: Duration) -> f64 {
        let time = time.as_secs_f64();
        let found = self.stretches.iter().find(|stretch| time <= stretch.to);
        let Some(stretch) = found.or(self.stretches.last()) else { return 0.0 };
        let part = ((time - stretch.from) / (stretch.to - stretch.from)).clamp(0.0, 1.0);
        stretch.x + part * stretch.width
    }

    /// Returns whether a time is inside the picture.
    pub(super) fn contains(&self, time: Duration) -> bool {
        let time = time.as_secs_f64();
        let ends = self.stretches.first().zip(self.stretches.last());
        ends.is_some_and(|(first, last)| first.from <= time && time <= last.to)
    }

    /// Returns the gaps that are drawn short.
    pub(super) fn gaps(&self) -> Vec<(Duration, Duration)> {
        let gaps = self.stretches.iter().filter(|stretch| stretch.is_gap);
        let time = Duration::from_secs_f64;
        gaps.map(|stretch| (time(stretch.from), time(stretch.to))).collect()
    }

    /// Returns the places with a label on the axis, each with its time as text.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let drawn = || self.stretches.iter().filter(|stretch| !stretch.is_gap);
        let length: f64 = drawn().map(|stretch| stretch.to - stretch.from).sum();
        if length <= 0.0 {
            return Vec::new();
        }
        let decade = 10_f64.powf((length / TICKS).log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * decade);
        let step = steps.into_iter().find(|step| length / step <= TICKS).unwrap_or(decade);
        let mut ticks: Vec<(f64, String)> = Vec::new();
        for stretch in drawn() {
            let mut number = (stretch.from / step).ceil();
            while number * step <= stretch.to {
                let x = self.x(Duration::from_secs_f64(number * step));
                if ticks.last().is_none_or(|(last, _)| x - last >= TICK_DISTANCE) {
                    ticks.push((x, label(number * step, step)));
                }
                number += 1.0;
            }
        }
        ticks
    }
}

/// Returns a time as text, as exact as the distance of the ticks needs it.
fn label(time: f64, step: f64) -> String {
    if time < 1.0 && step < 1.0 {
        let decimals = usize::from(step < 0.000_999) + usize::from(step < 0.000_099);
        return format!("{:.decimals$} ms", time * 1e3);
    }
    let decimals = [0.999, 0.0999, 0.009_99, 0.000_999].iter().filter(|bound| step < **bound);
    format!("{time:.0$} s", decimals.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_long_gap_is_drawn_short() {
        let scale = Scale::new([(ms(0), ms(10)), (ms(5_000), ms(5_030))]);
        assert_eq!(scale.gaps(), [(ms(10), ms(5_000))]);
        let places = [0, 10, 5_000, 5_030].map(|millis| scale.x(ms(millis)));
        assert!((places[2] - places[1] - GAP_WIDTH).abs() < 1e-6, "{places:?}");
        assert!((places[3] - places[2]) / (places[1] - places[0]) > 2.9, "{places:?}");
        assert!((places[3] - 99.0).abs() < 1e-6 && places.is_sorted(), "{places:?}");
    }

    #[test]
    fn even_periods_keep_their_distances() {
        let scale = Scale::new((0..10).map(|at| (ms(at * 100), ms(at * 100 + 1))));
        assert!(scale.gaps().is_empty());
        assert!(scale.ticks().len() >= 3 && scale.ticks().len() <= 8, "{:?}", scale.ticks());
    }

    #[test]
    fn records_without_a_length_have_a_scale() {
        assert!(Scale::new([]).ticks().is_empty());
        let scale = Scale::new([(ms(7), ms(7))]);
        assert!(scale.contains(ms(7)) && !scale.contains(ms(8)));
        assert!((scale.x(ms(7)) - MARGIN).abs() < 1e-6);
        assert!(scale.x(ms(900)) <= 100.0);
    }

    #[test]
    fn labels_are_as_exact_as_their_distance() {
        assert_eq!(label(0.25, 0.05), "250 ms");
        assert_eq!(label(0.0002, 0.0001), "0.2 ms");
        assert_eq!(label(3.0, 1.0), "3 s");
        assert_eq!(label(3.25, 0.01), "3.25 s");
    }
}
