//! The state file: what a killed process leaves to the next one.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::args::Args;
use super::source::Source;

/// In the working folder.
const FILE: &str = ".check_client.json";

/// An upload that was begun. It is continued only for the same file and the same place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct State {
    place: String,
    digest: String,
    piece_size: u64,
    pub(super) id: String,
    /// The part numbers that were acknowledged.
    pub(super) acknowledged: BTreeSet<usize>,
}

impl State {
    pub(super) fn new(args: &Args, source: &Source) -> Self {
        Self {
            place: format!("{} {}/{}", args.user, args.directory, args.name),
            digest: source.digest.clone(),
            piece_size: source.piece_size,
            ..Self::default()
        }
    }

    /// Reads the state of an earlier process with the same task.
    pub(super) fn load(&self) -> Option<Self> {
        let state: Self = serde_json::from_slice(&fs::read(FILE).ok()?).ok()?;
        let task = Self { id: String::new(), acknowledged: BTreeSet::new(), ..state.clone() };
        (task == *self).then_some(state)
    }

    /// Writes the state, so that it is never half there. A failure only means that nothing can be continued.
    pub(super) fn save(&self) {
        let new = Path::new(FILE).with_extension("new");
        if let Ok(text) = serde_json::to_vec(self)
            && fs::write(&new, text).is_ok()
        {
            let _ = fs::rename(new, FILE);
        }
    }

    pub(super) fn remove() {
        let _ = fs::remove_file(FILE);
    }
}
