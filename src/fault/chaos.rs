//! Faults that nobody has to think of: decided by a hash, so that nothing but the seed changes them.

use std::fmt;
use std::time::Duration;

use crate::journal::{Call, Op};
use crate::protocol::{Interface, Operation};

use super::decision::{DecisionKey, DecisionRng, OperationKey};
use super::registry::CallContext;
use super::{CallMatcher, Disconnect, ErrorResponse, Fault, FaultAction, PathGlob, ResponseLoss};

/// A body is cut below 1, 2, 4, … or 2^20 bytes: so many powers of two.
const MAGNITUDES: u64 = 21;

/// A body of up to so many bytes may be read slowly.
const SMALL_BODY: u64 = 64 << 10;

/// Faults by chance, which is a seed.
///
/// Each decision is a hash of the seed, the operation, the path, the user, the part number and the
/// attempt, in an encoding that has a version: neither the order in which requests come nor their
/// timing changes it. No more than
/// [`max_per_operation`](Chaos::max_per_operation) attempts of anything are struck, so that a client which tries once
/// more than that must succeed.
///
/// What it decides is still not always what happens. Where it wants an operation to be done and the
/// answer lost, and the origin itself refuses that request, nothing is struck; and neither is a body
/// that ends before the place where it would be cut, which is somewhere in the first MiB, whether it
/// says its length or comes in chunks. What cannot be named is let be: a ping, a request whose token
/// is good for nothing, and one about a path that cannot be one or an upload that is not there. Those
/// who read a stored file are nobody in particular, and their attempts count together.
///
/// A test that panics prints it and what it has done as code that can be pasted. One that returns an
/// error prints nothing, as nobody panics.
///
/// ```
/// use mock_origin::{Chaos, MockOrigin, Profile};
///
/// let origin = MockOrigin::start();
/// origin.chaos(Chaos::new(41).profile(Profile::Network).max_per_operation(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chaos {
    pub(super) seed: u64,
    pub(super) profile: Profile,
    pub(super) most: u32,
    pub(super) percent: u8,
}

/// What kind of faults chaos makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// Connections break: in the body, before the answer, in it, and when all is done.
    Network,
    /// The origin is ill: 500, 503 and 429, before and after the operation has taken place.
    ServerErrors,
    /// Everything takes a while, and nothing fails. No fault takes more than some tenths of a second:
    /// bodies over 64 KiB and those in chunks are read at full speed, and stored files and what
    /// comes over JSON-RPC are answered late, but not slowly.
    Latency,
    /// All of that. In no profile is an answer altered, garbled or stale: a client which does not look
    /// at checksums is found by a fault with [`alter`](crate::CallFaultBuilder::alter), and not by chaos.
    #[default]
    All,
}

impl Chaos {
    /// Chaos by that seed: of every kind, for a third of the first two attempts of everything.
    pub const fn new(seed: u64) -> Self {
        Self { seed, profile: Profile::All, most: 2, percent: 33 }
    }

    /// What kind of faults. Default: everything.
    #[must_use]
    pub const fn profile(self, profile: Profile) -> Self {
        Self { profile, ..self }
    }

    /// How many attempts are struck at most: `.max_per_operation(2)`. Default: 2.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    #[must_use]
    pub const fn max_per_operation(self, attempts: u32) -> Self {
        assert!(attempts > 0, "chaos that strikes no attempt is none: .max_per_operation(1)");
        Self { most: attempts, ..self }
    }

    /// How likely one of those attempts is struck, in percent. Default: 33.
    ///
    /// # Panics
    ///
    /// If it is 0 or over 100.
    #[must_use]
    #[track_caller]
    pub const fn percent(self, percent: u8) -> Self {
        assert!(percent > 0, "chaos that strikes no attempt is none: .percent(1)");
        assert!(percent <= 100, "no more than all are struck: .percent(100)");
        Self { percent, ..self }
    }

    /// The seed.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The same chaos by another seed.
    #[must_use]
    pub const fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// What befalls that attempt of a call: a fault that does the same whenever it is added. What it
    /// would be follows from the trigger alone, and circumstances can but spare the call.
    pub(super) fn decide(&self, call: &Call, attempt: u32, context: CallContext) -> Option<Fault> {
        let matcher = precisely(call, attempt)?;
        if attempt > self.most {
            return None;
        }
        let mut rng = DecisionRng::new(self.seed, &decision_key(call, attempt));
        if rng.below(100) >= u64::from(self.percent) {
            return None;
        }
        let effects = self.effects(&mut rng, call.operation);
        let chosen = rng.below(effects.len() as u64);
        let action = effects.into_iter().nth(usize::try_from(chosen).unwrap_or(0))?;
        action.can_strike(call, context).ok()?;
        if would_last(&action, call, context.declared) {
            return None;
        }
        Some(Fault::on_call(matcher, action))
    }

    /// What may befall an operation.
    fn effects(&self, rng: &mut DecisionRng, operation: Operation) -> Vec<FaultAction> {
        // As likely among the first bytes as far into the body, however long that is.
        let magnitude = 1 << rng.below(MAGNITUDES);
        let within = rng.below(magnitude);
        let into_answer = 1 + rng.below(80);
        let later = Duration::from_millis(1 + rng.below(20));
        let too_many = ErrorResponse::status(429).retry_after(Duration::ZERO);
        let all = [
            (Profile::Network, HAS_BODY, FaultAction::CutAfter(within, Disconnect::Reset)),
            (Profile::Network, HAS_BODY, FaultAction::CutAfter(within, Disconnect::Close)),
            (Profile::Network, ANY, FaultAction::Lose(ResponseLoss::Reset)),
            (Profile::Network, ANY, FaultAction::Lose(ResponseLoss::Close)),
            (Profile::Network, ANY, FaultAction::CommitThen(ResponseLoss::Reset)),
            (Profile::Network, ANY, FaultAction::CommitThen(ResponseLoss::Close)),
            (Profile::Network, ANY, FaultAction::CutAnswer(into_answer, Disconnect::Reset)),
            (Profile::Network, ANY, FaultAction::CutAnswer(into_answer, Disconnect::Close)),
            (Profile::ServerErrors, ANY, FaultAction::Reject(ErrorResponse::status(500))),
            (Profile::ServerErrors, ANY, FaultAction::Reject(ErrorResponse::status(503))),
            (Profile::ServerErrors, ANY, FaultAction::Reject(too_many)),
            (
                Profile::ServerErrors,
                HAS_BODY,
                FaultAction::RejectAfter(within, ErrorResponse::status(503)),
            ),
            (Profile::ServerErrors, ANY, FaultAction::CommitThen(ResponseLoss::Status(500))),
            (Profile::ServerErrors, ANY, FaultAction::CommitThen(ResponseLoss::Status(503))),
            (Profile::Latency, ANY, FaultAction::Delay(later)),
            (Profile::Latency, SHORT_ANSWER, FaultAction::AnswerSlowly(10_000)),
            (Profile::Latency, HAS_BODY, FaultAction::ReadSlowly(4 * SMALL_BODY)),
        ];
        let is_meant = |profile| self.profile == profile || self.profile == Profile::All;
        let may_befall = |operations: Option<&[Operation]>| {
            operations.is_none_or(|operations| operations.contains(&operation))
        };
        let of_all = all
            .into_iter()
            .filter(|(profile, operations, _)| is_meant(*profile) && may_befall(*operations));
        of_all.map(|(.., action)| action).collect()
    }
}

/// Whatever is asked for.
const ANY: Option<&[Operation]> = None;

/// What has a body that can be cut: a form tells its path behind it, and others have hardly one.
const HAS_BODY: Option<&[Operation]> = Some(&[Operation::Piece, Operation::PostRaw]);

/// What is answered in a few hundred bytes over HTTP.
const SHORT_ANSWER: Option<&[Operation]> = Some(&[
    Operation::Login,
    Operation::MakeDirectory,
    Operation::Create,
    Operation::Piece,
    Operation::Complete,
    Operation::PostRaw,
    Operation::PostFile,
]);

/// Whether it would take as long as something is large that may be of any size.
fn would_last(action: &FaultAction, call: &Call, body: Option<u64>) -> bool {
    match action {
        FaultAction::ReadSlowly(_) => body.is_none_or(|bytes| bytes > SMALL_BODY),
        // It may be one of many in a batch.
        FaultAction::AnswerSlowly(_) => call.is_json_rpc(),
        _ => false,
    }
}

impl fmt::Display for Chaos {
    /// As in `Chaos::new(41).profile(Profile::Network).max_per_operation(2).percent(33)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, profile, most, percent } = self;
        write!(f, "Chaos::new({seed}).profile(Profile::{profile:?})")?;
        write!(f, ".max_per_operation({most}).percent({percent})")
    }
}

/// The trigger that this attempt of `call` pulls, and none but this; nothing if there is no such
/// trigger, as one without a user or a path is pulled by those of all users and on all paths.
fn precisely(call: &Call, attempt: u32) -> Option<CallMatcher> {
    if IS_NOTHING.contains(&call.operation) {
        return None;
    }
    let key = decision_key(call, attempt);
    let is_on_both = matches!(call.operation, Operation::Login | Operation::MakeDirectory);
    let op = match (key.operation, key.part) {
        (OperationKey::Method(name), _) => Op::method(name),
        (_, Some(part)) => Op::piece(part),
        (_, None) if is_on_both => Op::operation(call.operation).over(Interface::Http),
        (_, None) => Op::operation(call.operation),
    };
    let has_path = !IS_WITHOUT_PATH.contains(&call.operation);
    let is_named = key.path.is_some() || (key.user.is_some() && !has_path);
    let (path, user) = (key.path.map(PathGlob::exactly), call.user.clone());
    let attempts = Some(attempt..=attempt);
    is_named.then(|| CallMatcher { path, user, attempts, ..CallMatcher::new(op) })
}

/// What a decision about that attempt of `call` depends on, beside the seed.
fn decision_key(call: &Call, attempt: u32) -> DecisionKey<'_> {
    let is_shared = matches!(call.operation, Operation::Create | Operation::Complete);
    let operation = match call.interface {
        Interface::JsonRpc if !is_shared => OperationKey::Method(&call.name),
        _ => OperationKey::Operation(call.operation),
    };
    let has_path = !IS_WITHOUT_PATH.contains(&call.operation);
    let path = call.path.as_deref().filter(|_| has_path);
    DecisionKey { operation, path, user: call.user.as_deref(), part: call.part, attempt }
}

/// What is no operation.
const IS_NOTHING: [Operation; 3] =
    [Operation::Unmatched, Operation::Preflight, Operation::UnknownMethod];

/// What is about a user alone. So is a login, whatever directory that user begins in.
const IS_WITHOUT_PATH: [Operation; 8] = [
    Operation::Login,
    Operation::CheckToken,
    Operation::UpdateSession,
    Operation::InitKeyPair,
    Operation::Logout,
    Operation::Echo,
    Operation::StatusMap,
    Operation::ListUploads,
];
