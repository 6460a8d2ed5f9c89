//! The identity of a request, by which its tries are found. Start with [`TryKey`].

use std::hash::{Hash, Hasher};

use crate::journal::{Call, Exchange, Head};
use crate::protocol::Operation;

use super::head_facts::{HeadFacts, hash_bytes, identifying_headers};

/// Two requests with the same key ask for the same thing for the same user. The body and the token do not
/// matter.
///
/// Over HTTP that means the user, method and target, the headers that say what is asked for, and the
/// path that a form names; over JSON-RPC the method, the user, and what it is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TryKey<'a> {
    head: &'a Head,
    call: &'a Call,
    hash: u64,
}

impl<'a> TryKey<'a> {
    pub(crate) fn new(exchange: &'a Exchange, call: &'a Call) -> Self {
        Self::with_facts(&exchange.head, call, &HeadFacts::new(&exchange.head))
    }

    /// Creates a key of a request whose headers were read already.
    pub(super) fn with_facts(head: &'a Head, call: &'a Call, facts: &HeadFacts<'_>) -> Self {
        let mut hash = hash_text(0, call.user.as_deref());
        hash = hash_text(hash, path(call));
        if call.is_json_rpc() {
            hash = hash_text(hash, Some(&call.name));
            hash = hash_text(hash, upload(call));
        } else {
            hash = hash_bytes(hash, head.target()) ^ facts.identity;
        }
        Self { head, call, hash }
    }
}

/// Returns the path that identifies a call. The target of the request names the others.
fn path(call: &Call) -> Option<&str> {
    let is_named = call.is_json_rpc() || call.operation == Operation::PostFile;
    call.path.as_deref().filter(|_| is_named && !call.is_named_by_origin)
}

/// Returns the upload that a call of a method is about.
fn upload(call: &Call) -> Option<&str> {
    call.upload.as_deref().filter(|_| call.operation != Operation::Create)
}

fn hash_text(hash: u64, text: Option<&str>) -> u64 {
    text.map_or(hash, |text| hash_bytes(hash, text.as_bytes()))
}

impl PartialEq for TryKey<'_> {
    fn eq(&self, other: &Self) -> bool {
        let (call, other_call) = (self.call, other.call);
        let is_rpc = call.is_json_rpc();
        if self.hash != other.hash || is_rpc != other_call.is_json_rpc() {
            return false;
        }
        if (call.user != other_call.user) || path(call) != path(other_call) {
            return false;
        }
        if is_rpc {
            return call.name == other_call.name && upload(call) == upload(other_call);
        }
        let (head, other_head) = (self.head, other.head);
        head == other_head
            || head.method() == other_head.method()
                && head.target() == other_head.target()
                && identifying_headers(head) == identifying_headers(other_head)
    }
}

impl Eq for TryKey<'_> {}

impl Hash for TryKey<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}
