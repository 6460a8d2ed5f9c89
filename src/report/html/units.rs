//! Numbers of the report as text: aligned, with the same number of decimals in each column.

use std::time::Duration;

/// Returns a number with a comma between its thousands: `1,234`.
pub(super) fn grouped(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns a point in time in seconds: `0.1234`.
pub(super) fn seconds(time: Duration) -> String {
    format!("{:.4}", time.as_secs_f64())
}

/// Returns a length of time in milliseconds: `12.3`.
pub(super) fn millis(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}

/// Returns a length of time with its unit: `12.3 ms`, `1.20 s`.
pub(super) fn spoken(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", millis(time))
    } else {
        format!("{:.2} s", time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in
            [(0_u64, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")]
        {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(spoken(Duration::from_millis(1_204)), "1.20 s");
    }
}
