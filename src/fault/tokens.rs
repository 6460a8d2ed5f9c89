//! Tokens that die before their time: after so many calls, after so many bytes, at an age.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::journal::Call;
use crate::storage::SessionId;

use super::{Faults, Kind, TokenExpiry};

/// How much each token has been used, as each fault counts it. A count stays when the token has died,
/// as a call of it may still be on its way; it goes with the fault.
pub(super) type TokenUses = HashMap<(u64, SessionId), u64>;

impl Faults {
    /// Counts the use of a token by a call with that many bytes of body, and returns the number of
    /// the fault that ends the token by that, if one does.
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

    /// Whether a token is good for a call before which so many have come that are not counted yet.
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

    /// Lets `end` end the tokens whose time is over: it is given the number of the fault, the user
    /// and the time, and returns how many of those had not expired by themselves.
    pub fn age_tokens(&mut self, mut end: impl FnMut(u64, Option<&str>, Duration) -> u64) {
        for record in &mut self.records {
            if let Kind::Token(user, TokenExpiry::Time(time)) = &Arc::clone(&record.fault).kind {
                record.fired += end(record.id, user.as_deref(), *time);
            }
        }
    }
}
