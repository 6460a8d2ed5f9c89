//! The exit statuses of `mock-origin check`: [`ExitStatus`].

/// What `mock-origin check` exits with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExitStatus {
    /// No failure, or only expected ones.
    AsExpected,
    /// A failure that is not expected, or a stale expectation.
    Unexpected,
    /// The command line or a file that it names is invalid.
    Usage,
    /// Something could not be measured, or a report could not be written.
    NotMeasured,
    /// The suite was interrupted.
    Interrupted,
}

/// All exit statuses, with their meanings.
pub const EXIT_STATUSES: &[(ExitStatus, &str)] = &[
    (ExitStatus::AsExpected, "every scenario passed, or failed as the expectations say"),
    (ExitStatus::Unexpected, "a scenario failed unexpectedly, or an expectation is stale"),
    (ExitStatus::Usage, "the command line, or a file that it names, is invalid"),
    (ExitStatus::NotMeasured, "a scenario could not be measured, or a report not be written"),
    (ExitStatus::Interrupted, "the suite was interrupted; the report has the results until then"),
];

impl ExitStatus {
    /// Returns the number.
    pub const fn code(self) -> u8 {
        match self {
            Self::AsExpected => 0,
            Self::Unexpected => 1,
            Self::Usage => 2,
            Self::NotMeasured => 3,
            Self::Interrupted => 130,
        }
    }
}
