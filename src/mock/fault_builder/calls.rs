//! Sentences about calls.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::fault::{
    CallMatcher, DeferredCommit, Disconnect, ErrorResponse, Fault, FaultAction, HeaderMutation,
    InterimResponse, ListingFault, MalformedResponse, PathGlob, Repeat, ResponseLoss,
    attempts_call,
};
use crate::journal::Op;
use crate::mock::hold_guard::HoldGuard;
use crate::mock::mock_origin::MockOrigin;
use crate::protocol::Join;
use crate::storage::Interference;

use crate::mock::fault_builder::{FaultHandle, set_once};

/// The beginning of a sentence about calls: [`MockOrigin::on`].
///
/// What is said of which calls comes first; the last word says what happens, and adds the fault.
/// Without [`times`](CallFaultBuilder::times), [`always`](CallFaultBuilder::always) and the like a fault acts once; with
/// [`attempt`](CallFaultBuilder::attempt) it acts on that attempt of everything that is selected. `finish()` asks
/// that it has acted at least once: not as often as it could have.
#[derive(Debug)]
#[must_use = "this is no fault before it says what happens: origin.on(Op::piece(2)).reject(503)"]
pub struct CallFaultBuilder<'o> {
    origin: &'o MockOrigin,
    matcher: CallMatcher,
    name: Option<String>,
}

impl<'o> CallFaultBuilder<'o> {
    pub(crate) fn new(origin: &'o MockOrigin, op: Op) -> Self {
        Self { origin, matcher: CallMatcher::new(op), name: None }
    }

    /// Only calls about a path like that, seen from the account's root or with the account in
    /// front. `*` is any part of a name, `**` any part of a path, and `\*` a star.
    /// What comes without a name, for the origin to choose one, is about no path.
    ///
    /// # Panics
    ///
    /// If a path has been said already.
    #[track_caller]
    pub fn path(mut self, pattern: &str) -> Self {
        set_once(&mut self.matcher.path, PathGlob::new(pattern), |path| {
            format!(".path({:?})", path.as_str())
        });
        self
    }

    /// Only calls of that user.
    ///
    /// # Panics
    ///
    /// If a user has been said already.
    #[track_caller]
    pub fn user(mut self, name: &str) -> Self {
        set_once(&mut self.matcher.user, name.to_owned(), |user| format!(".user({user:?})"));
        self
    }

    /// Only calls about the upload with that multipart identifier. Attempts count within it then.
    ///
    /// # Panics
    ///
    /// If an upload has been said already.
    #[track_caller]
    pub fn upload(mut self, id: &str) -> Self {
        set_once(&mut self.matcher.upload, id.to_owned(), |id| format!(".upload({id:?})"));
        self
    }

    /// Only that attempt, from 1: the same operation, by the same user, on the same path and part
    /// number. Attempts count from the origin's start, and on each path and part number for itself.
    ///
    /// A try that is refused for its token counts apart, as the origin does not know then who asks,
    /// or for what: of a 403 and the 200 that follows each is an attempt 1. So it is with a login by
    /// a wrong password, and with a logout that is tried again when its token is gone. Forms count
    /// for each other unless there is a [`path`](CallFaultBuilder::path): theirs is in the body, and attempts count
    /// at the head.
    ///
    /// # Panics
    ///
    /// If which attempts has been said already.
    #[track_caller]
    pub fn attempt(self, number: u32) -> Self {
        self.attempts(number..=number)
    }

    /// Only those attempts, as in `1..=2`. If one of them comes, that is enough for `finish()`.
    ///
    /// # Panics
    ///
    /// If which attempts has been said already.
    #[track_caller]
    pub fn attempts(mut self, numbers: RangeInclusive<u32>) -> Self {
        set_once(&mut self.matcher.attempts, numbers, attempts_call);
        self
    }

    /// Only the n-th of all those calls, from 1, counted from here on: that one, or none.
    ///
    /// # Panics
    ///
    /// If it has been said already which of them.
    #[track_caller]
    pub fn nth(self, number: u64) -> Self {
        self.count(Repeat::Nth(number))
    }

    /// Only the first of all those calls that it can act on, which is the default without attempts:
    /// `times(1)`. Where it spares one, as the origin itself has refused it or another fault has
    /// struck it, it acts on a later one; `nth(1)` does not.
    ///
    /// # Panics
    ///
    /// If it has been said already which of them.
    #[track_caller]
    pub fn first(self) -> Self {
        self.count(Repeat::Times(1))
    }

    /// The first so many of all those calls that it can act on. If it acts on one of them, that is
    /// enough for `finish()`.
    ///
    /// # Panics
    ///
    /// If it has been said already which of them.
    #[track_caller]
    pub fn times(self, times: u64) -> Self {
        self.count(Repeat::Times(times))
    }

    /// All of those calls.
    ///
    /// # Panics
    ///
    /// If it has been said already which of them.
    #[track_caller]
    pub fn always(self) -> Self {
        self.count(Repeat::Always)
    }

    #[track_caller]
    fn count(mut self, count: Repeat) -> Self {
        set_once(&mut self.matcher.count, count, Repeat::to_string);
        self
    }

    /// Gives the fault a name for messages. Default: the sentence.
    ///
    /// # Panics
    ///
    /// If a name has been given already.
    #[track_caller]
    pub fn named(mut self, name: &str) -> Self {
        set_once(&mut self.name, name.to_owned(), |name| format!(".named({name:?})"));
        self
    }

    #[track_caller]
    fn install(self, action: FaultAction) -> FaultHandle {
        let Self { origin, matcher, name } = self;
        origin.add_fault(name.into_iter().fold(Fault::on_call(matcher, action), Fault::named))
    }
}

macro_rules! verbs {
    ($(
        $(#[$doc:meta])*
        $verb:ident($($arg:ident: $kind:ty),*) $action:expr;
    )*) => {
        impl CallFaultBuilder<'_> {$(
            $(#[$doc])*
            ///
            /// # Panics
            ///
            /// If that contradicts itself, or cannot happen to what has been selected.
            #[track_caller]
            pub fn $verb(self $(, $arg: $kind)*) -> FaultHandle {
                self.install($action)
            }
        )*}
    };
}

verbs! {
    /// Refuses the call before its body: a client that expects `100 Continue` never sends it.
    ///
    /// Over JSON-RPC a row of the method's table ([`ErrorResponse::code`]) refuses that call alone, whatever
    /// else is in its batch, and a status refuses the whole request.
    reject(how: impl Into<ErrorResponse>) FaultAction::Reject(how.into());

    /// Sends an interim response before everything else, such as `103 Early Hints` with headers, or a
    /// `100 Continue` that the client has not asked for. A request of HTTP/1.0 is skipped.
    send_interim(response: impl Into<InterimResponse>) FaultAction::SendInterim(response.into());

    /// Never sends the `100 Continue` that the client expects. A client that sends its body all the same
    /// is served as usual; one that sends nothing for [`Builder::hold_limit`](crate::Builder::hold_limit)
    /// has its connection closed. A request that does not ask for `100 Continue` is skipped.
    withhold_continue() FaultAction::WithholdContinue;

    /// Sends the `100 Continue` that the client expects so much later, in real time, unless the client
    /// has begun to send its body by then. A request that does not ask for `100 Continue` is skipped.
    delay_continue(by: Duration) FaultAction::DelayContinue(by);

    /// Sends these bytes in place of the `100 Continue` that the client expects; what happens next is as
    /// for [`withhold_continue`](CallFaultBuilder::withhold_continue). A request that does not ask for `100 Continue` is
    /// skipped.
    garble_continue(bytes: impl Into<Vec<u8>>) FaultAction::GarbleContinue(bytes.into());

    /// Refuses the call when exactly so many bytes of its body have been read. A call with a shorter
    /// body is spared.
    reject_after(bytes: u64, how: impl Into<ErrorResponse>) FaultAction::RejectAfter(bytes, how.into());

    /// Reads no more when exactly so many bytes of the body have been read, and keeps the
    /// connection open, for [`Builder::hold_limit`](crate::Builder::hold_limit). A call with a
    /// shorter body is spared.
    stall_after(bytes: u64) FaultAction::CutAfter(bytes, Disconnect::Stall);

    /// Cuts the connection when exactly so many bytes of the body have been read. A call with a
    /// shorter body is spared.
    cut_after(bytes: u64, how: Disconnect) FaultAction::CutAfter(bytes, how);

    /// Reads the body no faster than so many bytes a second. A call without a body is spared.
    ///
    /// If the client leaves or closes its sending direction, the exchange ends as
    /// [`Outcome::ClientGone`](crate::Outcome::ClientGone), as soon as the system says so: where the
    /// unread bytes fill its buffers, the client's end comes behind them.
    read_slowly(bytes_per_second: u64) FaultAction::ReadSlowly(bytes_per_second);

    /// Reads the body whole and does nothing; the answer is lost, or comes with the status of
    /// [`ResponseLoss::Status`] instead. A call whose body breaks off is spared.
    lose(how: ResponseLoss) FaultAction::Lose(how);

    /// Does what is asked for; the answer is lost, or comes with the status of [`ResponseLoss::Status`]
    /// instead. A call that the origin itself refuses is spared.
    commit_then(how: ResponseLoss) FaultAction::CommitThen(how);

    /// Loses the answer and does what is asked for later, in protocol time: even if a retry has
    /// succeeded by then. A plain duration answers with 503. What the origin would refuse is not put
    /// off, and `finish()` fails if the time of what was put off never comes.
    commit_later(later: impl Into<DeferredCommit>) FaultAction::CommitLater(later.into());

    /// Lets the join that this completion begins go like that, whatever the switch says. A
    /// completion that the origin itself refuses is spared.
    join(join: Join) FaultAction::Join(join);

    /// Answers from the origin as it is now, while the fault is added: what has changed since does
    /// not show. A call that is refused for its token is spared.
    stale() FaultAction::Stale;

    /// Answers with a list that is not what it should be. A call is spared if the origin itself
    /// refuses it, or its list is empty where an entry is needed.
    list(how: ListingFault) FaultAction::Listing(how);

    /// Lets somebody else do something while the body is on its way: the token has been judged by
    /// then, the upload has not. A call is spared where that cannot happen any more, as nobody can
    /// abort an upload that is over.
    interfere_before(what: Interference) FaultAction::InterfereBefore(what);

    /// Lets somebody else do something when the call has been done. A call is spared if the origin
    /// itself refuses it, or where that cannot happen any more.
    interfere_after(what: Interference) FaultAction::InterfereAfter(what);

    /// Answers so much later, in real time; [`Builder::hold_limit`](crate::Builder::hold_limit) is
    /// no limit to that. What was asked for is done, or refused, at once.
    ///
    /// If the client leaves or closes its sending direction meanwhile, the exchange ends as
    /// [`Outcome::ClientGone`](crate::Outcome::ClientGone).
    delay(by: Duration) FaultAction::Delay(by);

    /// Writes exactly so many bytes of the answer, head included, and cuts the connection. A call
    /// whose answer is shorter is spared.
    cut_answer(bytes: u64, how: Disconnect) FaultAction::CutAnswer(bytes, how);

    /// Answers with what is no HTTP, or not what it says it is, and closes the connection. A call is
    /// spared where its answer would be the very same.
    garble(how: MalformedResponse) FaultAction::Garble(how);

    /// Writes the answer no faster than so many bytes a second. A call is spared if its answer fits into
    /// the fiftieth of a second's bytes that is written at once.
    ///
    /// If the client leaves or closes its sending direction meanwhile, the exchange ends as
    /// [`Outcome::ClientGone`](crate::Outcome::ClientGone).
    answer_slowly(bytes_per_second: u64) FaultAction::AnswerSlowly(bytes_per_second);

    /// Answers with something else in the head. A call is spared if its answer says so already, or has no
    /// such header, but for [`HeaderMutation::With`], which adds it.
    alter(what: HeaderMutation) FaultAction::Alter(what);
}

impl CallFaultBuilder<'_> {
    /// Holds the answer until the test lets it go. What was asked for is done at once, or refused:
    /// a 403 is held like any other answer. If the client leaves or closes its sending direction
    /// meanwhile, the exchange ends as [`Outcome::ClientGone`](crate::Outcome::ClientGone).
    ///
    /// # Panics
    ///
    /// If what has been selected contradicts itself.
    #[track_caller]
    pub fn hold(self) -> HoldGuard {
        let FaultHandle { shared, id } = self.install(FaultAction::Hold);
        HoldGuard { shared, fault: id }
    }
}
