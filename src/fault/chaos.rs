//! Faults that nobody has to think of: decided by a hash, so that nothing but the seed changes them.

use std::time::Duration;

use crate::content::Digest;
use crate::journal::{Call, Op};
use crate::spec::{Interface, Operation};

use super::plan::Circumstances;
use super::{Cut, Effect, Fault, Lose, Pattern, Reject, Trigger};

/// Faults by chance, which is a seed.
///
/// Each decision is a hash of the seed, the operation, the path, the part number and the attempt:
/// neither the order in which requests come nor their timing changes it. No more than
/// [`at_most`](Chaos::at_most) attempts of anything are struck, so that a client which tries once
/// more than that must succeed. A request of which neither user nor path is known is let be: a
/// ping, or one whose token is good for nothing.
///
/// ```
/// use mock_origin::{Chaos, MockOrigin, Profile};
///
/// let origin = MockOrigin::start();
/// origin.chaos(Chaos::seed(41).profile(Profile::Lossy).at_most(2).per_operation());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chaos {
    seed: u64,
    profile: Profile,
    most: u32,
    percent: u8,
}

/// What kind of faults chaos makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// Connections break: in the body, before the answer, in it, and when all is done.
    Lossy,
    /// The origin is ill: 500, 503 and 429, before and after the operation has taken place.
    Ill,
    /// Everything takes a while, and nothing fails.
    Slow,
    /// All of that.
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
    pub const fn at_most(self, attempts: u32) -> Most {
        Most(Self { most: attempts, ..self })
    }

    /// How likely one of those attempts is struck, in percent. Default: 33.
    ///
    /// # Panics
    ///
    /// If it is over 100.
    #[must_use]
    #[track_caller]
    pub const fn percent(self, percent: u8) -> Self {
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

    /// What befalls that attempt of a call: a fault that does the same whenever it is added.
    pub(super) fn decide(
        &self,
        call: &Call,
        attempt: u32,
        circumstances: Circumstances,
    ) -> Option<Fault> {
        let is_nothing = matches!(
            call.operation,
            Operation::Unmatched | Operation::Preflight | Operation::UnknownMethod
        );
        // Nothing tells whether that is tried again, or is another one's: who comes with a dead token.
        let is_anyones = call.user.is_none() && call.path.is_none();
        if attempt > self.most || is_nothing || is_anyones {
            return None;
        }
        let mut dice = Dice::new(self.seed, call, attempt);
        if dice.below(100) >= u64::from(self.percent) {
            return None;
        }
        let effects = self.effects(&mut dice, circumstances.declared);
        let possible: Vec<_> = effects
            .into_iter()
            .filter(|effect| effect.can_strike(call, circumstances).is_ok())
            .collect();
        let chosen = dice.below(possible.len() as u64);
        let effect = possible.into_iter().nth(usize::try_from(chosen).unwrap_or(0))?;
        Some(Fault::on_call(precisely(call, attempt), effect))
    }

    fn effects(&self, dice: &mut Dice, body: Option<u64>) -> Vec<Effect> {
        let profile = self.profile;
        let has = |kind: Profile| profile == kind || profile == Profile::Everything;
        let mut effects = Vec::new();
        // A body of which nothing is known may be empty.
        let within = body.map_or(0, |length| dice.below(length.saturating_add(1)));
        let into_answer = 1 + dice.below(80);
        if has(Profile::Lossy) {
            effects.extend([
                Effect::CutAfter(within, Cut::Reset),
                Effect::CutAfter(within, Cut::Close),
                Effect::Lose(Lose::Reset),
                Effect::Lose(Lose::Close),
                Effect::CommitThen(Lose::Reset),
                Effect::CommitThen(Lose::Close),
                Effect::CutAnswer(into_answer, Cut::Reset),
                Effect::CutAnswer(into_answer, Cut::Close),
            ]);
        }
        if has(Profile::Ill) {
            effects.extend([
                Effect::Reject(Reject::status(500)),
                Effect::Reject(Reject::status(503)),
                Effect::Reject(Reject::status(429).retry_after(Duration::ZERO)),
                Effect::RejectAfter(within, Reject::status(503)),
                Effect::CommitThen(Lose::Status(500)),
                Effect::CommitThen(Lose::Status(503)),
            ]);
        }
        if has(Profile::Slow) {
            effects.extend([
                Effect::Delay(Duration::from_millis(1 + dice.below(20))),
                Effect::AnswerSlowly(20_000),
                Effect::ReadSlowly(1 << 20),
            ]);
        }
        effects
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

/// The trigger that this attempt of `call` pulls.
fn precisely(call: &Call, attempt: u32) -> Trigger {
    let is_on_both = matches!(call.operation, Operation::Login | Operation::MakeDirectory);
    let is_shared = matches!(call.operation, Operation::Create | Operation::Complete);
    let op = match (call.interface, call.part) {
        (Interface::JsonRpc, _) if !is_shared => Op::method(&call.name),
        (_, Some(part)) => Op::piece(part),
        (Interface::Http, None) if is_on_both => Op::of(call.operation).over(Interface::Http),
        (_, None) => Op::of(call.operation),
    };
    // A login is about a user, whatever directory that user begins in.
    let is_login = call.operation == Operation::Login;
    let path = call.path.as_deref().filter(|_| !is_login).map(Pattern::exactly);
    let user = call.user.clone().filter(|_| path.is_none());
    Trigger { path, user, attempts: Some(attempt..=attempt), ..Trigger::new(op) }
}

/// Numbers that follow from what is asked for, and from nothing else.
struct Dice {
    about: Vec<u8>,
    thrown: u8,
}

impl Dice {
    fn new(seed: u64, call: &Call, attempt: u32) -> Self {
        let (path, user) = (call.path.as_deref(), call.user.as_deref());
        let about = format!(
            "{seed}\0{:?}\0{}\0{}\0{}\0{}\0{attempt}",
            call.operation,
            call.name,
            path.unwrap_or_default(),
            user.unwrap_or_default(),
            call.part.unwrap_or_default(),
        );
        Self { about: about.into_bytes(), thrown: 0 }
    }

    /// A number below `sides`; 0 if there is none.
    fn below(&mut self, sides: u64) -> u64 {
        self.thrown = self.thrown.wrapping_add(1);
        let digest = Digest::of(&[&self.about[..], &[self.thrown]].concat());
        let digits = &digest.to_string()[..16];
        u64::from_str_radix(digits, 16).unwrap_or_default().checked_rem(sides).unwrap_or_default()
    }
}
