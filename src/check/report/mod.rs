//! The results of a suite as text, `JUnit` XML, JSON, Markdown, HTML and annotations of GitHub.
//!
//! Each format has a file, and `describe` the words that they share. Nothing is judged here. Output of the client
//! and text from the wire is redacted and escaped. The methods of [`SuiteReport`](super::SuiteReport) are the way
//! in; start with [`text`].

mod describe;
pub(super) mod github;
pub(super) mod html;
pub(super) mod json;
pub(super) mod junit;
pub(super) mod markdown;
pub(super) mod reproduce;
pub(super) mod text;

#[cfg(test)]
mod tests;
