//! How far the upload is.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on standard error, hidden where that is no terminal. It counts what the origin has
/// acknowledged: what has merely been sent may have to be sent again.
pub(crate) fn bar(bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec}");
    ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
