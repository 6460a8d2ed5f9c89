//! The pages of `docs/`. Only rustdoc builds this module.

// Links between the pages name files.
#![allow(rustdoc::broken_intra_doc_links)]

#[doc = include_str!("../docs/tutorial.md")]
pub mod tutorial {}

#[doc = include_str!("../docs/faults.md")]
pub mod faults {}

#[doc = include_str!("../docs/coming-from.md")]
pub mod coming_from {}

#[doc = include_str!("../docs/faults-in-files.md")]
pub mod faults_in_files {}

#[doc = include_str!("../docs/rules.md")]
pub mod rules {}

#[doc = include_str!("../docs/check.md")]
pub mod check {}

#[doc = include_str!("../docs/report.md")]
pub mod report {}

#[doc = include_str!("../docs/exports.md")]
pub mod exports {}

#[doc = include_str!("../docs/tls.md")]
pub mod tls {}

#[doc = include_str!("../docs/control.md")]
pub mod control {}

#[doc = include_str!("../docs/protocol.md")]
pub mod protocol {}
