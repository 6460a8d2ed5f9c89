//! How the journal of an origin is kept and shown. Start with [`JournalOptions`].

use crate::journal::{Retention, Secrets};

use crate::server::state::State;

/// The options of a journal, which the builder collects.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct JournalOptions {
    pub(super) secrets: Secrets,
    /// The number of exchanges to keep; `None` for all.
    pub(super) limit: Option<usize>,
}

impl JournalOptions {
    pub(super) fn apply(self, state: &mut State) {
        state.journal.set_secrets(self.secrets);
        state.retention = self.limit.map(Retention::new);
    }
}
