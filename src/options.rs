//! The values of the options of a [`Builder`](crate::Builder), and the tables of all options and
//! limits.
//!
//! ```
//! use mock_origin::MockOrigin;
//! use mock_origin::options::{Join, Limit};
//!
//! let origin = MockOrigin::builder().join(Join::Polls(2)).limit(Limit::Pieces, 3).start();
//! origin.set("pieces", "4");
//! ```

pub use crate::protocol::{
    Cors, Join, LIMITS, LastCookie, LegacyHeaders, Limit, LimitSpec, ListPathItems, OPTION_SPECS,
    OptionSpec, Policy, RenameTaken, ResultShape,
};
