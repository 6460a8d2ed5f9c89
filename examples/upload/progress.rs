//! The progress bar.

use indicatif::{ProgressBar, ProgressStyle};

/// Returns a progress bar on standard error, hidden if that is not a terminal. It counts acknowledged bytes only,
/// because bytes that were sent may have to be sent again.
pub(crate) fn bar(bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec}");
    ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
