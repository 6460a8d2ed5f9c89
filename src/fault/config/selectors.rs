//! The keys that select when a fault is injected: the table [`SELECTORS`].

use std::ops::RangeInclusive;

use serde_json::Value;

use crate::fault::{CallMatcher, Fault, PathGlob, Repeat};
use crate::journal::Op;
use crate::protocol::{Interface, Operation};

use super::effects::ActionTarget;
use super::values::{flag, from_1, named, range, text, whole, word};

/// What a fault is injected into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Calls.
    Calls,
    /// Connections, when they are accepted.
    Connections,
    /// Tokens that logins return.
    Tokens,
}

/// One selector key of a fault file.
#[derive(Debug)]
pub struct SelectorSpec {
    /// The key.
    pub key: &'static str,
    /// The allowed values.
    pub values: &'static str,
    /// The meaning.
    pub what: &'static str,
    /// The faults that may have this key.
    pub on: &'static [Subject],
    pub(super) read: fn(&mut Draft, &Value) -> Option<()>,
}

/// The selectors that were read so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    name: Option<String>,
    op: Option<Op>,
    parts: Option<RangeInclusive<u32>>,
    interface: Option<Interface>,
    path: Option<PathGlob>,
    user: Option<String>,
    upload: Option<String>,
    attempts: Option<RangeInclusive<u32>>,
    count: Option<Repeat>,
}

pub(super) const SUBJECTS: &[(&str, Subject)] = &[
    ("calls", Subject::Calls),
    ("connections", Subject::Connections),
    ("tokens", Subject::Tokens),
];

pub(super) const INTERFACES: &[(&str, Interface)] =
    &[("http", Interface::Http), ("jsonrpc", Interface::JsonRpc), ("egress", Interface::Egress)];

/// The names of all operations, and `any`.
pub(super) const OPS: &[(&str, Option<Operation>)] = &[
    ("any", None),
    ("login", Some(Operation::Login)),
    ("create", Some(Operation::Create)),
    ("piece", Some(Operation::Piece)),
    ("complete", Some(Operation::Complete)),
    ("abort", Some(Operation::Abort)),
    ("restart", Some(Operation::Restart)),
    ("directory", Some(Operation::MakeDirectory)),
    ("raw", Some(Operation::PostRaw)),
    ("file", Some(Operation::PostFile)),
    ("egress", Some(Operation::Read)),
    ("status", Some(Operation::Status)),
    ("status_map", Some(Operation::StatusMap)),
    ("list_uploads", Some(Operation::ListUploads)),
    ("list_pieces", Some(Operation::ListPieces)),
    ("stat", Some(Operation::Stat)),
    ("list", Some(Operation::List)),
    ("rename", Some(Operation::Rename)),
    ("copy", Some(Operation::Copy)),
    ("delete_object", Some(Operation::DeleteObject)),
    ("delete_file", Some(Operation::DeleteFile)),
    ("delete_directory", Some(Operation::DeleteDirectory)),
    ("set_mtime", Some(Operation::SetMTime)),
    ("set_content_type", Some(Operation::SetContentType)),
    ("fetch", Some(Operation::Fetch)),
    ("media_vault", Some(Operation::MediaVault)),
    ("check_token", Some(Operation::CheckToken)),
    ("update_session", Some(Operation::UpdateSession)),
    ("init_key_pair", Some(Operation::InitKeyPair)),
    ("logout", Some(Operation::Logout)),
    ("echo", Some(Operation::Echo)),
    ("preflight", Some(Operation::Preflight)),
    ("unknown_method", Some(Operation::UnknownMethod)),
    ("unmatched", Some(Operation::Unmatched)),
];

const ALL: &[Subject] = &[Subject::Calls, Subject::Connections, Subject::Tokens];
const CALLS: &[Subject] = &[Subject::Calls];
const COUNTED: &[Subject] = &[Subject::Calls, Subject::Connections];

/// All selector keys.
pub const SELECTORS: &[SelectorSpec] = &[
    SelectorSpec {
        key: "on",
        values: r#""calls"|"connections"|"tokens""#,
        what: "what the fault is injected into; default: calls",
        on: ALL,
        // Read before all others, because it decides which keys are allowed.
        read: |_, value| subject(value).map(|_| ()),
    },
    SelectorSpec {
        key: "op",
        values: "\"any\"|\"login\"|\"create\"|\"piece\"|\"complete\"|\"abort\"|\"restart\"|\
                 \"directory\"|\"raw\"|\"file\"|\"egress\"|\"status\"|\"status_map\"|\
                 \"list_uploads\"|\"list_pieces\"|\"stat\"|\"list\"|\"rename\"|\"copy\"|\
                 \"delete_object\"|\"delete_file\"|\"delete_directory\"|\"set_mtime\"|\
                 \"set_content_type\"|\"fetch\"|\"media_vault\"|\"check_token\"|\
                 \"update_session\"|\"init_key_pair\"|\"logout\"|\"echo\"|\"preflight\"|\
                 \"unknown_method\"|\"unmatched\"",
        what: "the operation, over any interface; preflight is any OPTIONS request, unmatched any request \
               that no endpoint accepts",
        on: CALLS,
        read: |draft, value| {
            set(&mut draft.op, named(OPS, value).map(|one| one.map_or(Op::any(), Op::operation)))
        },
    },
    SelectorSpec {
        key: "method",
        values: "the name of a JSON-RPC method",
        what: "the JSON-RPC method, instead of op",
        on: CALLS,
        read: |draft, value| set(&mut draft.op, value.as_str().map(Op::method)),
    },
    SelectorSpec {
        key: "part",
        values: r#"N|"A..=B", from 1 to 2147483647"#,
        what: "with op = \"piece\": the part number, or a range of part numbers",
        on: CALLS,
        read: |draft, value| {
            let one = || whole(value).map(|part| part..=part);
            set(&mut draft.parts, one().or_else(|| range(value)))
        },
    },
    SelectorSpec {
        key: "interface",
        values: r#""http"|"jsonrpc"|"egress""#,
        what: "only calls over this interface",
        on: CALLS,
        read: |draft, value| set(&mut draft.interface, named(INTERFACES, value)),
    },
    SelectorSpec {
        key: "path",
        values: "a path pattern",
        what: "only calls about a matching path, written from the account's root or with the account: * \
               matches any part of a name, ** any part of a path, and \\* a literal star",
        on: CALLS,
        read: |draft, value| set(&mut draft.path, text(value).map(PathGlob::new)),
    },
    SelectorSpec {
        key: "user",
        values: "the name of a user",
        what: "only calls or tokens of this user",
        on: &[Subject::Calls, Subject::Tokens],
        read: |draft, value| set(&mut draft.user, text(value)),
    },
    SelectorSpec {
        key: "upload",
        values: "a multipart identifier",
        what: "only calls about this upload",
        on: CALLS,
        read: |draft, value| set(&mut draft.upload, text(value)),
    },
    SelectorSpec {
        key: "attempt",
        values: "N from 1 to 4294967295",
        what: "only this attempt: calls count together if operation, user, path and part number are the \
               same; with upload, they count within the upload",
        on: CALLS,
        read: |draft, value| {
            let at = whole(value).filter(|at| *at > 0);
            set(&mut draft.attempts, at.map(|at| at..=at))
        },
    },
    SelectorSpec {
        key: "attempts",
        values: r#""A..=B", from 1 to 4294967295"#,
        what: "only these attempts",
        on: CALLS,
        read: |draft, value| set(&mut draft.attempts, range(value)),
    },
    SelectorSpec {
        key: "nth",
        values: "N of 1 or more",
        what: "only the n-th selected call or connection",
        on: COUNTED,
        read: |draft, value| set(&mut draft.count, from_1(value).map(Repeat::Nth)),
    },
    SelectorSpec {
        key: "times",
        values: "N of 1 or more",
        what: "only the first N selected calls or connections",
        on: COUNTED,
        read: |draft, value| set(&mut draft.count, from_1(value).map(Repeat::Times)),
    },
    SelectorSpec {
        key: "first",
        values: "true",
        what: "only the first selected call or connection; the default without attempt or attempts",
        on: COUNTED,
        read: |draft, value| set(&mut draft.count, flag(value, Repeat::Times(1))),
    },
    SelectorSpec {
        key: "always",
        values: "true",
        what: "every selected call or connection; the default with attempt or attempts",
        on: COUNTED,
        read: |draft, value| set(&mut draft.count, flag(value, Repeat::Always)),
    },
    SelectorSpec {
        key: "name",
        values: "any text",
        what: "the name of the fault in messages",
        on: ALL,
        read: |draft, value| set(&mut draft.name, text(value)),
    },
];

fn set<T>(to: &mut Option<T>, value: Option<T>) -> Option<()> {
    *to = Some(value?);
    Some(())
}

/// Parses what a fault is injected into.
pub(super) fn subject(value: &Value) -> Option<Subject> {
    named(SUBJECTS, value)
}

impl Subject {
    /// Returns the name in files.
    pub(super) fn word(self) -> &'static str {
        word(SUBJECTS, &self).unwrap_or_default()
    }
}

impl Draft {
    /// Builds the fault from its selectors and its action.
    pub(super) fn fault(mut self, target: ActionTarget) -> Result<Fault, String> {
        let name = self.name.take();
        let fault = match target {
            ActionTarget::Call(action) => Fault::on_call(self.matcher()?, action),
            ActionTarget::Connection(action) => Fault::on_connection(
                self.count.unwrap_or(CallMatcher::default_repeat(false)),
                action,
            ),
            ActionTarget::Token(life) => Fault::on_token(self.user, life),
        };
        Ok(name.into_iter().fold(fault, Fault::named))
    }

    /// Selects every call if no operation is given.
    #[cfg(feature = "control")]
    pub(super) fn or_any_call(self) -> Self {
        let others = if self.parts.is_some() { Op::any_piece() } else { Op::any() };
        Self { op: self.op.or(Some(others)), ..self }
    }

    pub(super) fn matcher(self) -> Result<CallMatcher, String> {
        let op = self
            .op
            .ok_or("missing key \"op\" or \"method\"; a fault on calls requires one of them")?;
        let op = match self.parts {
            None => op,
            Some(parts) if op == Op::any_piece() => Op::piece(parts),
            Some(_) => return Err("key \"part\" requires op = \"piece\"".to_owned()),
        };
        if op.method_name().is_some() && self.interface.is_some_and(|it| it != Interface::JsonRpc) {
            return Err("key \"method\" requires interface = \"jsonrpc\", or none".to_owned());
        }
        Ok(CallMatcher {
            op: self.interface.map_or(op.clone(), |interface| op.over(interface)),
            path: self.path,
            user: self.user,
            upload: self.upload,
            attempts: self.attempts,
            count: self.count,
        })
    }
}
