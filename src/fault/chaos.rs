//! Chaos: random faults, decided by a hash of the seed and the request. Start with [`Chaos`].

use std::fmt;
use std::time::Duration;

use crate::journal::{Call, Op};
use crate::protocol::{Interface, Operation};

use super::applicability::check_applicable;
use super::call_context::CallContext;
use super::decision::{DecisionKey, DecisionRng, OperationKey};
use super::{CallMatcher, Disconnect, ErrorResponse, Fault, FaultAction, PathGlob, ResponseLoss};

/// The number of powers of two below which a body is cut: 1, 2, 4, … 2^20 bytes.
const MAGNITUDES: u64 = 21;

/// The maximum length of a body that may be read slowly.
const SMALL_BODY: u64 = 64 << 10;

/// Random faults from a seed.
///
/// Each decision is a hash of the seed, the operation, the path, the user, the part number and the
/// attempt, in a versioned encoding. The order and the timing of requests do not change it. At most
/// [`max_per_operation`](Chaos::max_per_operation) attempts of each request get a fault, so that a
/// client which tries once more must succeed.
///
/// A decided fault is not injected if it cannot apply: if the operation must be carried out but the
/// origin rejects it, or if the body ends before the offset of the cut, which lies in the first MiB.
/// Requests that cannot be identified get no fault: pings, requests with an invalid token, and requests
/// about an invalid path or an unknown upload. Downloads have no user, so that the attempts of all
/// clients count together.
///
/// A test that panics prints the chaos and its injected faults as Rust code. A test that returns an
/// error prints nothing.
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

/// The kinds of faults that chaos injects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "control", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "control", serde(rename_all = "snake_case"))]
#[cfg_attr(all(test, feature = "control"), derive(schemars::JsonSchema))]
pub enum Profile {
    /// Connections break: in the body, before, in or after the response.
    Network,
    /// The origin responds with 500, 503 or 429, before or after it has carried out the operation.
    ServerErrors,
    /// Requests are slow, but none fails. A fault takes at most some tenths of a second: bodies over
    /// 64 KiB and chunked bodies are read at full speed, and responses to downloads and JSON-RPC calls
    /// are delayed, but not slowed down.
    Latency,
    /// All kinds. Chaos never alters a response: to find a client that ignores checksums, use a fault
    /// with [`alter`](crate::CallFaultBuilder::alter).
    #[default]
    All,
}

impl Chaos {
    /// Creates chaos with a seed: all kinds of faults, for 33 % of the first two attempts.
    pub const fn new(seed: u64) -> Self {
        Self { seed, profile: Profile::All, most: 2, percent: 33 }
    }

    /// Sets the kinds of faults. Default: [`Profile::All`].
    #[must_use]
    pub const fn profile(self, profile: Profile) -> Self {
        Self { profile, ..self }
    }

    /// Sets the maximum number of attempts of the same request that get a fault. Default: 2.
    ///
    /// # Panics
    ///
    /// Panics if it is 0.
    #[track_caller]
    #[must_use]
    pub const fn max_per_operation(self, attempts: u32) -> Self {
        assert!(attempts > 0, "invalid maximum 0; expected 1 or more: .max_per_operation(1)");
        Self { most: attempts, ..self }
    }

    /// Sets the probability that such an attempt gets a fault, in percent. Default: 33.
    ///
    /// # Panics
    ///
    /// Panics if it is 0 or above 100.
    #[must_use]
    #[track_caller]
    pub const fn percent(self, percent: u8) -> Self {
        assert!(percent > 0, "invalid percent 0; expected 1 to 100: .percent(1)");
        assert!(percent <= 100, "invalid percent above 100; expected 1 to 100: .percent(100)");
        Self { percent, ..self }
    }

    /// Returns the seed.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns the same chaos with another seed.
    #[must_use]
    pub const fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Decides the fault for an attempt of a call. The fault follows from the matcher alone; the context
    /// can only prevent it.
    pub(super) fn decide(&self, call: &Call, attempt: u32, context: CallContext) -> Option<Fault> {
        let matcher = exact_matcher(call, attempt)?;
        if attempt > self.most {
            return None;
        }
        let mut rng = DecisionRng::new(self.seed, &decision_key(call, attempt));
        if rng.below(100) >= u64::from(self.percent) {
            return None;
        }
        let actions = self.actions(&mut rng, call.operation);
        let chosen = rng.below(actions.len() as u64);
        let action = actions.into_iter().nth(usize::try_from(chosen).unwrap_or(0))?;
        check_applicable(&action, call, context).ok()?;
        if is_unbounded(&action, call, context.declared) {
            return None;
        }
        Some(Fault::on_call(matcher, action))
    }

    /// Returns the actions to choose from for an operation.
    fn actions(&self, rng: &mut DecisionRng, operation: Operation) -> Vec<FaultAction> {
        // The first bytes are as likely as bytes far into the body.
        let magnitude = 1 << rng.below(MAGNITUDES);
        let within = rng.below(magnitude);
        let into_response = 1 + rng.below(80);
        let later = Duration::from_millis(1 + rng.below(20));
        let too_many = ErrorResponse::status(429).retry_after(Duration::ZERO);
        let all = [
            (Profile::Network, HAS_BODY, FaultAction::CutAfter(within, Disconnect::Reset)),
            (Profile::Network, HAS_BODY, FaultAction::CutAfter(within, Disconnect::Close)),
            (Profile::Network, ANY, FaultAction::Lose(ResponseLoss::Reset)),
            (Profile::Network, ANY, FaultAction::Lose(ResponseLoss::Close)),
            (Profile::Network, ANY, FaultAction::CommitThen(ResponseLoss::Reset)),
            (Profile::Network, ANY, FaultAction::CommitThen(ResponseLoss::Close)),
            (Profile::Network, ANY, FaultAction::CutResponse(into_response, Disconnect::Reset)),
            (Profile::Network, ANY, FaultAction::CutResponse(into_response, Disconnect::Close)),
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
            (Profile::Latency, SHORT_RESPONSE, FaultAction::RespondSlowly(10_000)),
            (Profile::Latency, HAS_BODY, FaultAction::ReadSlowly(4 * SMALL_BODY)),
        ];
        let is_meant = |profile| self.profile == profile || self.profile == Profile::All;
        let applies_to = |operations: Option<&[Operation]>| {
            operations.is_none_or(|operations| operations.contains(&operation))
        };
        let of_all = all
            .into_iter()
            .filter(|(profile, operations, _)| is_meant(*profile) && applies_to(*operations));
        of_all.map(|(.., action)| action).collect()
    }
}

/// All operations.
const ANY: Option<&[Operation]> = None;

/// Operations with a body to cut. The path of a form is known only after its body.
const HAS_BODY: Option<&[Operation]> = Some(&[Operation::Piece, Operation::PostRaw]);

/// Operations with a response of a few hundred bytes over HTTP.
const SHORT_RESPONSE: Option<&[Operation]> = Some(&[
    Operation::Login,
    Operation::MakeDirectory,
    Operation::Create,
    Operation::Piece,
    Operation::Complete,
    Operation::PostRaw,
    Operation::PostFile,
]);

/// Returns whether the action would take time in proportion to an unbounded length.
fn is_unbounded(action: &FaultAction, call: &Call, body: Option<u64>) -> bool {
    match action {
        FaultAction::ReadSlowly(_) => body.is_none_or(|bytes| bytes > SMALL_BODY),
        // The call may be one of many in a batch.
        FaultAction::RespondSlowly(_) => call.is_json_rpc(),
        _ => false,
    }
}

impl fmt::Display for Chaos {
    /// Writes for example `Chaos::new(41).profile(Profile::Network).max_per_operation(2).percent(33)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, profile, most, percent } = self;
        write!(f, "Chaos::new({seed}).profile(Profile::{profile:?})")?;
        write!(f, ".max_per_operation({most}).percent({percent})")
    }
}

/// Returns the matcher of exactly this attempt of `call`, or `None` if there is no such matcher: one
/// without a user or a path would match all users and paths.
fn exact_matcher(call: &Call, attempt: u32) -> Option<CallMatcher> {
    if WITHOUT_OPERATION.contains(&call.operation) {
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
    let has_path = !WITHOUT_PATH.contains(&call.operation);
    let is_named = key.path.is_some() || (key.user.is_some() && !has_path);
    let (path, user) = (key.path.map(PathGlob::exactly), call.user.as_deref().map(str::to_owned));
    let attempts = Some(attempt..=attempt);
    is_named.then(|| CallMatcher { path, user, attempts, ..CallMatcher::new(op) })
}

/// Returns the request part of a decision about this attempt of `call`.
fn decision_key(call: &Call, attempt: u32) -> DecisionKey<'_> {
    let is_shared = matches!(call.operation, Operation::Create | Operation::Complete);
    let operation = match call.interface {
        Interface::JsonRpc if !is_shared => OperationKey::Method(&call.name),
        _ => OperationKey::Operation(call.operation),
    };
    let has_path = !WITHOUT_PATH.contains(&call.operation);
    let path = call.path.as_deref().filter(|_| has_path);
    DecisionKey { operation, path, user: call.user.as_deref(), part: call.part, attempt }
}

/// Calls without an operation.
const WITHOUT_OPERATION: [Operation; 3] =
    [Operation::Unmatched, Operation::Preflight, Operation::UnknownMethod];

/// Operations about a user only. A login counts here, although it names a directory.
const WITHOUT_PATH: [Operation; 8] = [
    Operation::Login,
    Operation::CheckToken,
    Operation::UpdateSession,
    Operation::InitKeyPair,
    Operation::Logout,
    Operation::Echo,
    Operation::StatusMap,
    Operation::ListUploads,
];
