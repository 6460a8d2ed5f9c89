//! The measures: which arguments each has, how often it runs, and which figures it returns. Start
//! with [`MEASURES`].

use crate::server::Kind;

/// The profile with which a server was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    Release,
}

/// A measurement that a child process runs, and the rows of the report that it fills.
pub(crate) struct Measure {
    /// Its name for `--only` and for the child process.
    pub(crate) name: &'static str,
    /// The measurement of the child process.
    pub(crate) command: &'static str,
    /// Client and server share one core.
    pub(crate) pinned: bool,
    /// Sizes in the dev profile; empty if it is not measured there.
    pub(crate) dev: &'static [usize],
    pub(crate) release: &'static [usize],
    /// Which of the sizes `--quick` divides by eight.
    pub(crate) divided_when_quick: usize,
    pub(crate) rounds: usize,
    pub(crate) quick_rounds: usize,
    /// A server that buffers bodies takes so long that it runs only in the first round.
    pub(crate) has_large_bodies: bool,
    pub(crate) rows: &'static [Row],
}

/// One figure of a measurement.
pub(crate) struct Row {
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    /// Printed as the ratio to the bare server, or as it is.
    pub(crate) is_ratio: bool,
}

const fn ratio(title: &'static str, unit: &'static str) -> Row {
    Row { title, unit, is_ratio: true }
}

const fn value(title: &'static str, unit: &'static str) -> Row {
    Row { title, unit, is_ratio: false }
}

impl Measure {
    /// Returns the arguments of the child process; `None` if it is not measured.
    pub(crate) fn sizes(&self, profile: Profile, quick: bool) -> Option<Vec<usize>> {
        let sizes = if profile == Profile::Dev { self.dev } else { self.release };
        let is_divided = |at| quick && at == self.divided_when_quick;
        let sized = |(at, size): (usize, &usize)| if is_divided(at) { size / 8 } else { *size };
        (!sizes.is_empty()).then(|| sizes.iter().enumerate().map(sized).collect())
    }

    pub(crate) fn runs(&self, kind: Kind, round: usize) -> bool {
        round == 0 || !self.has_large_bodies || !kind.buffers_bodies()
    }
}

/// One small piece after the other, on one core.
const SMALL: Measure = Measure {
    name: "small",
    command: "small",
    pinned: true,
    dev: &[1, 4_000],
    release: &[1, 16_000],
    divided_when_quick: 1,
    rounds: 5,
    quick_rounds: 3,
    has_large_bodies: false,
    rows: &[ratio("small pieces, 1 connection, one core", "/s")],
};

/// A large body.
const LARGE: Measure = Measure {
    name: "large",
    command: "large",
    pinned: false,
    dev: &[128],
    release: &[1024],
    divided_when_quick: 0,
    rounds: 5,
    quick_rounds: 1,
    has_large_bodies: true,
    rows: &[ratio("one large body, kept", "MiB/s"), value("— memory growth at the peak", "MiB")],
};

/// A measurement of the release profile, made once.
const ONCE: Measure =
    Measure { dev: &[], rounds: 1, quick_rounds: 1, has_large_bodies: false, ..LARGE };

pub(crate) const MEASURES: &[Measure] = &[
    Measure {
        name: "start",
        command: "start",
        pinned: false,
        dev: &[21, 21],
        release: &[21, 21],
        divided_when_quick: 2,
        rounds: 21,
        quick_rounds: 5,
        has_large_bodies: false,
        rows: &[
            ratio("cold start: process start to first response", "µs"),
            ratio("warm start: the earlier servers are dropped", "µs"),
            ratio("kept start: the earlier servers are alive", "µs"),
            value("drop", "µs"),
        ],
    },
    SMALL,
    Measure {
        name: "small-64",
        dev: &[64, 4_000],
        release: &[64, 16_000],
        rounds: 3,
        quick_rounds: 1,
        rows: &[ratio("small pieces, 64 connections, one core", "/s")],
        ..SMALL
    },
    Measure {
        name: "small-all-cores",
        pinned: false,
        rounds: 3,
        quick_rounds: 1,
        rows: &[ratio("small pieces, 1 connection, all cores", "/s")],
        ..SMALL
    },
    Measure {
        name: "small-64-all-cores",
        pinned: false,
        dev: &[64, 4_000],
        release: &[64, 16_000],
        rounds: 3,
        quick_rounds: 1,
        rows: &[ratio("small pieces, 64 connections, all cores", "/s")],
        ..SMALL
    },
    LARGE,
    Measure {
        name: "discarded",
        command: "discarded",
        rows: &[ratio("one large body, not kept", "MiB/s")],
        ..LARGE
    },
    Measure {
        name: "parallel",
        command: "parallel",
        dev: &[8, 16],
        release: &[8, 128],
        divided_when_quick: 1,
        rounds: 3,
        rows: &[
            ratio("eight large bodies at once", "MiB/s"),
            value("— as a multiple of one after another", "×"),
            value("— memory growth at the peak", "MiB"),
        ],
        ..LARGE
    },
    Measure {
        name: "wait",
        command: "wait",
        dev: &[1, 128],
        release: &[1, 1024],
        divided_when_quick: 1,
        rounds: 3,
        rows: &[
            value("a small request beside one large body, median", "ms"),
            value("— 99th percentile", "ms"),
        ],
        ..LARGE
    },
    Measure {
        name: "wait-8",
        command: "wait",
        dev: &[8, 16],
        release: &[8, 64],
        divided_when_quick: 1,
        rounds: 3,
        rows: &[
            value("a small request beside eight large bodies, median", "ms"),
            value("— 99th percentile", "ms"),
        ],
        ..LARGE
    },
    Measure {
        name: "record",
        command: "record",
        release: &[100_000],
        divided_when_quick: 0,
        rows: &[value("memory per small request, over 100,000", "B")],
        ..ONCE
    },
    Measure {
        name: "many",
        command: "many",
        release: &[1_000],
        divided_when_quick: 1,
        rows: &[
            value("1,000 servers alive: threads per server", ""),
            value("— memory per server", "KiB"),
            value("— descriptors per server", ""),
        ],
        ..ONCE
    },
];
