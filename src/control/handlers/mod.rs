//! The handlers of the control endpoints, grouped by subject. Each reads or changes one origin and
//! returns a [`Response`](super::message::Response); the table in [`endpoints`](super::endpoints)
//! names them.

pub(super) mod chaos;
pub(super) mod control;
pub(super) mod faults;
pub(super) mod inspect;
pub(super) mod storage;
pub(super) mod tokens;
pub(super) mod wait;
