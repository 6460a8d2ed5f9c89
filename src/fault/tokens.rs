//! Faults on tokens: expiry after a number of calls, a number of bytes, or a time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::journal::Call;
use crate::storage::SessionId;

use super::{Faults, Kind, TokenExpiry};

/// The use of each token, by fault. An entry outlives its token, because a call may still be in
/// progress, and is removed with the fault.
pub(super) type TokenUses = HashMap<(u64, SessionId), u64>;

impl Faults {
    /// Counts the use of a token by a call. Returns the number of the fault that ends the token
    /// thereby, if any.
    pub fn use_token(&mut self, call: &Call, requests: u64, bytes: u64) -> Option<u64> {
        let session = call.session?;
        let mut ended_by = None;
        for record in &mut self.records {
            let Kind::Token(user, life) = &Arc::clone(&record.fault).kind else { continue };
            if user.is_some() && *user != call.user {
                continue;
            }
            record.matched += requests;
            let (more, most) = match life {
                TokenExpiry::Requests(most) => (requests, *most),
                TokenExpiry::Bytes(most) => (bytes, *most),
                TokenExpiry::Time(_) => continue,
            };
            let so_far = self.uses.entry((record.id, session)).or_default();
            let ends = *so_far < most && *so_far + more >= most;
            *so_far += more;
            record.fired += u64::from(ends);
            ended_by = ended_by.or(ends.then_some(record.id));
        }
        ended_by
    }

    /// Returns whether a token is valid for a call after `uncounted` calls that are not yet counted.
    pub fn token_lasts(&self, call: &Call, uncounted: u64) -> bool {
        let Some(session) = call.session else { return true };
        self.records.iter().all(|record| match &record.fault.kind {
            Kind::Token(user, TokenExpiry::Requests(most))
                if user.is_none() || *user == call.user =>
            {
                let counted = self.uses.get(&(record.id, session)).copied().unwrap_or_default();
                counted + uncounted < *most
            }
            _ => true,
        })
    }

    /// Ends tokens that are too old. `end` takes the number of the fault, the user and the time, and
    /// returns how many tokens it ended.
    pub fn age_tokens(&mut self, mut end: impl FnMut(u64, Option<&str>, Duration) -> u64) {
        for record in &mut self.records {
            if let Kind::Token(user, TokenExpiry::Time(time)) = &Arc::clone(&record.fault).kind {
                record.fired += end(record.id, user.as_deref(), *time);
            }
        }
    }
}
