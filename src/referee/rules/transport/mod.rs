//! HTTP: requests that every server reads in the same way.

pub(super) mod after_rejection;
pub(super) mod churn;
pub(super) mod expect_ignored;
pub(super) mod invalid;
pub(super) mod leftover;
pub(super) mod no_http;
pub(super) mod smuggle;
