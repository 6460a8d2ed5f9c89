//! One request: its head, its body, its faults and its response. Start with [`handler::serve`] and
//! [`task::RequestTask::run`].

pub(crate) mod body;
pub(crate) mod disposition;
pub(crate) mod exchange_recorder;
pub(crate) mod handler;
pub(crate) mod inject;
pub(crate) mod response;
pub(crate) mod sink;
pub(crate) mod sink_worker;
pub(crate) mod task;
