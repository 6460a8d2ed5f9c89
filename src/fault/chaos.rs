//! Faults that nobody has to think of: decided by a hash, so that nothing but the seed changes them.

use std::fmt;
use std::time::Duration;

use crate::journal::{Call, Op};
use crate::spec::{Interface, Operation};

use super::decision::{DecisionKey, DecisionRng, OperationKey};
use super::plan::Circumstances;
use super::{Cut, Effect, Fault, Lose, Pattern, Reject, Trigger};

/// A body is cut below 1, 2, 4, … or 2^20 bytes: so many powers of two.
const MAGNITUDES: u64 = 21;

/// A body of up to so many bytes may be read slowly.
const SMALL_BODY: u64 = 64 << 10;

/// Faults by chance, which is a seed.
///
/// Each decision is a hash of the seed, the operation, the path, the user, the part number and the
/// attempt, in an encoding that has a version: neither the order in which requests come nor their
/// timing changes it. No more than
/// [`at_most`](Chaos::at_most) attempts of anything are struck, so that a client which tries once
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
/// origin.chaos(Chaos::seed(41).profile(Profile::Lossy).at_most(2).per_operation());
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
    Lossy,
    /// The origin is ill: 500, 503 and 429, before and after the operation has taken place.
    Ill,
    /// Everything takes a while, and nothing fails. No fault takes more than some tenths of a second:
    /// bodies over 64 KiB and those in chunks are read at full speed, and stored files and what
    /// comes over JSON-RPC are answered late, but not slowly.
    Slow,
    /// All of that. In no profile is an answer altered, garbled or stale: a client which does not look
    /// at checksums is found by a fault with [`alter`](crate::On::alter), and not by chaos.
    #[default]
    Everything,
}

impl Chaos {
    /// Chaos by that seed: of every kind, for a third of the first two attempts of everything.
    pub const fn seed(seed: u64) -> Self {
        Self { seed, profile: Profile::Everything, most: 2, percent: 33 }
    }

    /// What kind of faults. Default: everything.
    #[must_use]
    pub const fn profile(self, profile: Profile) -> Self {
        Self { profile, ..self }
    }

    /// How many attempts are struck at most: `.at_most(2).per_operation()`. Default: 2.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub const fn at_most(self, attempts: u32) -> Most {
        assert!(attempts > 0, "chaos that strikes no attempt is none: .at_most(1).per_operation()");
        Most(Self { most: attempts, ..self })
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
    pub const fn seed_number(&self) -> u64 {
        self.seed
    }

    /// The same chaos by another seed.
    #[must_use]
    pub const fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// What befalls that attempt of a call: a fault that does the same whenever it is added. What it
    /// would be follows from the trigger alone, and circumstances can but spare the call.
    pub(super) fn decide(
        &self,
        call: &Call,
        attempt: u32,
        circumstances: Circumstances,
    ) -> Option<Fault> {
        let trigger = precisely(call, attempt)?;
        if attempt > self.most {
            return None;
        }
        let mut rng = DecisionRng::new(self.seed, &decision_key(call, attempt));
        if rng.below(100) >= u64::from(self.percent) {
            return None;
        }
        let effects = self.effects(&mut rng, call.operation);
        let chosen = rng.below(effects.len() as u64);
        let effect = effects.into_iter().nth(usize::try_from(chosen).unwrap_or(0))?;
        effect.can_strike(call, circumstances).ok()?;
        if would_last(&effect, call, circumstances.declared) {
            return None;
        }
        Some(Fault::on_call(trigger, effect))
    }

    /// What may befall an operation.
    fn effects(&self, rng: &mut DecisionRng, operation: Operation) -> Vec<Effect> {
        // As likely among the first bytes as far into the body, however long that is.
        let magnitude = 1 << rng.below(MAGNITUDES);
        let within = rng.below(magnitude);
        let into_answer = 1 + rng.below(80);
        let later = Duration::from_millis(1 + rng.below(20));
        let too_many = Reject::status(429).retry_after(Duration::ZERO);
        let all = [
            (Profile::Lossy, HAS_BODY, Effect::CutAfter(within, Cut::Reset)),
            (Profile::Lossy, HAS_BODY, Effect::CutAfter(within, Cut::Close)),
            (Profile::Lossy, ANY, Effect::Lose(Lose::Reset)),
            (Profile::Lossy, ANY, Effect::Lose(Lose::Close)),
            (Profile::Lossy, ANY, Effect::CommitThen(Lose::Reset)),
            (Profile::Lossy, ANY, Effect::CommitThen(Lose::Close)),
            (Profile::Lossy, ANY, Effect::CutAnswer(into_answer, Cut::Reset)),
            (Profile::Lossy, ANY, Effect::CutAnswer(into_answer, Cut::Close)),
            (Profile::Ill, ANY, Effect::Reject(Reject::status(500))),
            (Profile::Ill, ANY, Effect::Reject(Reject::status(503))),
            (Profile::Ill, ANY, Effect::Reject(too_many)),
            (Profile::Ill, HAS_BODY, Effect::RejectAfter(within, Reject::status(503))),
            (Profile::Ill, ANY, Effect::CommitThen(Lose::Status(500))),
            (Profile::Ill, ANY, Effect::CommitThen(Lose::Status(503))),
            (Profile::Slow, ANY, Effect::Delay(later)),
            (Profile::Slow, SHORT_ANSWER, Effect::AnswerSlowly(10_000)),
            (Profile::Slow, HAS_BODY, Effect::ReadSlowly(4 * SMALL_BODY)),
        ];
        let is_meant = |profile| self.profile == profile || self.profile == Profile::Everything;
        let may_befall = |operations: Option<&[Operation]>| {
            operations.is_none_or(|operations| operations.contains(&operation))
        };
        let of_all = all
            .into_iter()
            .filter(|(profile, operations, _)| is_meant(*profile) && may_befall(*operations));
        of_all.map(|(.., effect)| effect).collect()
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
fn would_last(effect: &Effect, call: &Call, body: Option<u64>) -> bool {
    match effect {
        Effect::ReadSlowly(_) => body.is_none_or(|bytes| bytes > SMALL_BODY),
        // It may be one of many in a batch.
        Effect::AnswerSlowly(_) => call.is_json_rpc(),
        _ => false,
    }
}

impl fmt::Display for Chaos {
    /// As in `Chaos::seed(41).profile(Profile::Lossy).at_most(2).per_operation().percent(33)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, profile, most, percent } = self;
        write!(f, "Chaos::seed({seed}).profile(Profile::{profile:?})")?;
        write!(f, ".at_most({most}).per_operation().percent({percent})")
    }
}

/// How many attempts of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "at most so many, but of what? .at_most(2).per_operation()"]
pub struct Most(Chaos);

impl Most {
    /// Of every operation: so many attempts of each piece, of each completion, of each login.
    pub const fn per_operation(self) -> Chaos {
        self.0
    }
}

/// The trigger that this attempt of `call` pulls, and none but this; nothing if there is no such
/// trigger, as one without a user or a path is pulled by those of all users and on all paths.
fn precisely(call: &Call, attempt: u32) -> Option<Trigger> {
    if IS_NOTHING.contains(&call.operation) {
        return None;
    }
    let key = decision_key(call, attempt);
    let is_on_both = matches!(call.operation, Operation::Login | Operation::MakeDirectory);
    let op = match (key.operation, key.part) {
        (OperationKey::Method(name), _) => Op::method(name),
        (_, Some(part)) => Op::piece(part),
        (_, None) if is_on_both => Op::of(call.operation).over(Interface::Http),
        (_, None) => Op::of(call.operation),
    };
    let has_path = !IS_WITHOUT_PATH.contains(&call.operation);
    let is_named = key.path.is_some() || (key.user.is_some() && !has_path);
    let (path, user) = (key.path.map(Pattern::exactly), call.user.clone());
    let attempts = Some(attempt..=attempt);
    is_named.then(|| Trigger { path, user, attempts, ..Trigger::new(op) })
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
