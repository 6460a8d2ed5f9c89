//! Builds faults on calls. Start with [`CallFaultBuilder`].

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

/// Builds a fault on calls; see [`MockOrigin::on`].
///
/// Conditions come first. The last method names the action and adds the fault. A fault is injected
/// once unless [`times`](CallFaultBuilder::times), [`always`](CallFaultBuilder::always) or a
/// similar method says otherwise; with [`attempt`](CallFaultBuilder::attempt) it is injected into
/// that attempt of every matching operation. `finish()` fails if it was never injected. It does
/// not require more than one injection.
///
/// ```
/// use mock_origin::{Disconnect, MockOrigin, Op};
///
/// let origin = MockOrigin::start();
/// // The first attempt of piece 2 of every upload below /videos fails.
/// origin.on(Op::piece(2)).path("/videos/**").attempt(1).reject(503);
/// // Two connections are cut after the head of a piece, whichever pieces come first.
/// origin.on(Op::any_piece()).times(2).cut_after(0, Disconnect::Reset);
/// # origin.clear_faults();
/// ```
#[derive(Debug)]
#[must_use = "the last method adds the fault: origin.on(Op::piece(2)).reject(503)"]
pub struct CallFaultBuilder<'o> {
    origin: &'o MockOrigin,
    matcher: CallMatcher,
    name: Option<String>,
}

impl<'o> CallFaultBuilder<'o> {
    pub(crate) fn new(origin: &'o MockOrigin, op: Op) -> Self {
        Self { origin, matcher: CallMatcher::new(op), name: None }
    }

    /// Matches only calls on a path like `pattern`, relative to the account or starting with it.
    /// `*` matches any part of a name, `**` any part of a path, and `\*` a star. An upload without
    /// a name, for which the origin chooses one, has no path.
    ///
    /// # Panics
    ///
    /// If the path is set already.
    #[track_caller]
    pub fn path(mut self, pattern: &str) -> Self {
        set_once(&mut self.matcher.path, PathGlob::new(pattern), |path| {
            format!(".path({:?})", path.as_str())
        });
        self
    }

    /// Matches only calls of that user.
    ///
    /// # Panics
    ///
    /// If the user is set already.
    #[track_caller]
    pub fn user(mut self, name: &str) -> Self {
        set_once(&mut self.matcher.user, name.to_owned(), |user| format!(".user({user:?})"));
        self
    }

    /// Matches only calls on the upload with that multipart identifier. Attempts are then counted
    /// within the upload.
    ///
    /// # Panics
    ///
    /// If the upload is set already.
    #[track_caller]
    pub fn upload(mut self, id: &str) -> Self {
        set_once(&mut self.matcher.upload, id.to_owned(), |id| format!(".upload({id:?})"));
        self
    }

    /// Matches only that attempt, from 1. Attempts are requests for the same operation, by the
    /// same user, on the same path and part number. They are counted from the origin's start,
    /// separately for each path and part number.
    ///
    /// A request whose token is rejected is counted separately, because the origin does not know
    /// the user and the operation: a 403 and the 200 that follows are both attempt 1. The same
    /// holds for a login with a wrong password, and for a logout that is repeated with an expired
    /// token. All forms count together unless a [`path`](CallFaultBuilder::path) is set, because
    /// the path of a form is in its body and attempts are counted at the head.
    ///
    /// # Panics
    ///
    /// If the attempts are set already.
    #[track_caller]
    pub fn attempt(self, number: u32) -> Self {
        self.attempts(number..=number)
    }

    /// Matches only those attempts, as in `1..=2`. One injection is enough for `finish()`.
    ///
    /// # Panics
    ///
    /// If the attempts are set already.
    #[track_caller]
    pub fn attempts(mut self, numbers: RangeInclusive<u32>) -> Self {
        set_once(&mut self.matcher.attempts, numbers, attempts_call);
        self
    }

    /// Selects the n-th matching call, from 1, after the fault was added. If the fault cannot
    /// apply to that call, it is never injected.
    ///
    /// # Panics
    ///
    /// If the calls are counted in another way already.
    #[track_caller]
    pub fn nth(self, number: u64) -> Self {
        self.count(Repeat::Nth(number))
    }

    /// Selects the first matching call to which the fault can apply: `times(1)`, the default
    /// without attempts. If the origin itself rejects a call, or another fault applies to it, the
    /// fault uses a later one; `nth(1)` does not.
    ///
    /// # Panics
    ///
    /// If the calls are counted in another way already.
    #[track_caller]
    pub fn first(self) -> Self {
        self.count(Repeat::Times(1))
    }

    /// Selects the first `times` matching calls to which the fault can apply. One injection is
    /// enough for `finish()`.
    ///
    /// # Panics
    ///
    /// If the calls are counted in another way already.
    #[track_caller]
    pub fn times(self, times: u64) -> Self {
        self.count(Repeat::Times(times))
    }

    /// Selects all matching calls.
    ///
    /// # Panics
    ///
    /// If the calls are counted in another way already.
    #[track_caller]
    pub fn always(self) -> Self {
        self.count(Repeat::Always)
    }

    #[track_caller]
    fn count(mut self, count: Repeat) -> Self {
        set_once(&mut self.matcher.count, count, Repeat::to_string);
        self
    }

    /// Names the fault for messages. Default: its Rust code.
    ///
    /// # Panics
    ///
    /// If the name is set already.
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
            /// If the conditions contradict each other, or the action cannot apply to the selected
            /// calls.
            #[track_caller]
            pub fn $verb(self $(, $arg: $kind)*) -> FaultHandle {
                self.install($action)
            }
        )*}
    };
}

verbs! {
    /// Rejects the call before its body is read: a client that expects `100 Continue` never sends
    /// the body.
    ///
    /// In a JSON-RPC batch, a result code ([`ErrorResponse::code`]) rejects that call only; an
    /// HTTP status rejects the whole request.
    reject(how: impl Into<ErrorResponse>) FaultAction::Reject(how.into());

    /// Sends an interim response first, such as `103 Early Hints` with headers, or a `100
    /// Continue` that the client did not ask for. Skips HTTP/1.0 requests.
    send_interim(response: impl Into<InterimResponse>) FaultAction::SendInterim(response.into());

    /// Never sends the `100 Continue` that the client expects. If the client sends its body
    /// anyway, the call is served normally. If it sends nothing for
    /// [`Builder::hold_limit`](crate::Builder::hold_limit), the connection is closed. Skips
    /// requests that do not expect `100 Continue`.
    withhold_continue() FaultAction::WithholdContinue;

    /// Sends the expected `100 Continue` after a delay in real time, unless the client starts to
    /// send its body earlier. Skips requests that do not expect `100 Continue`.
    delay_continue(by: Duration) FaultAction::DelayContinue(by);

    /// Sends these bytes instead of the expected `100 Continue`; the call then continues as for
    /// [`withhold_continue`](CallFaultBuilder::withhold_continue). Skips requests that do not
    /// expect `100 Continue`.
    garble_continue(bytes: impl Into<Vec<u8>>) FaultAction::GarbleContinue(bytes.into());

    /// Rejects the call after exactly `bytes` bytes of its body. Skips calls with a shorter body.
    reject_after(bytes: u64, how: impl Into<ErrorResponse>) FaultAction::RejectAfter(bytes, how.into());

    /// Stops reading after exactly `bytes` bytes of the body and keeps the connection open for
    /// [`Builder::hold_limit`](crate::Builder::hold_limit). Skips calls with a shorter body.
    stall_after(bytes: u64) FaultAction::CutAfter(bytes, Disconnect::Stall);

    /// Cuts the connection after exactly `bytes` bytes of the body. Skips calls with a shorter
    /// body.
    cut_after(bytes: u64, how: Disconnect) FaultAction::CutAfter(bytes, how);

    /// Reads the body at `bytes_per_second` at most. Skips calls without a body.
    ///
    /// If the client leaves or closes its sending direction, the exchange ends as
    /// [`Outcome::ClientGone`](crate::Outcome::ClientGone), as soon as the system reports it.
    /// While unread bytes fill the system's buffers, the report is delayed.
    read_slowly(bytes_per_second: u64) FaultAction::ReadSlowly(bytes_per_second);

    /// Reads the whole body, changes nothing and loses the response, or sends the status of
    /// [`ResponseLoss::Status`] instead. Skips calls whose body is truncated.
    lose(how: ResponseLoss) FaultAction::Lose(how);

    /// Commits the call and loses the response, or sends the status of [`ResponseLoss::Status`]
    /// instead. Skips calls that the origin itself rejects.
    commit_then(how: ResponseLoss) FaultAction::CommitThen(how);

    /// Loses the response and commits the call later, in protocol time, even if a retry has
    /// succeeded by then. A plain duration responds with 503. Skips calls that the origin would
    /// reject. `finish()` fails if the time of the commit never comes.
    commit_later(later: impl Into<DeferredCommit>) FaultAction::CommitLater(later.into());

    /// Overrides the option `join` for the upload that this call completes. Skips calls that the
    /// origin itself rejects.
    join(join: Join) FaultAction::Join(join);

    /// Responds from the state at the time when the fault was added: later changes are not
    /// visible. Skips calls whose token is rejected.
    stale() FaultAction::Stale;

    /// Responds with an incorrect listing. Skips calls that the origin itself rejects, and empty
    /// listings if an entry is needed.
    list(how: ListingFault) FaultAction::Listing(how);

    /// Makes another client act while the body is on its way: after the check of the token, before
    /// the check of the upload. Skips calls where the action is impossible, such as aborting a
    /// completed upload.
    interfere_before(what: Interference) FaultAction::InterfereBefore(what);

    /// Makes another client act after the call was committed. Skips calls that the origin itself
    /// rejects, and calls where the action is impossible.
    interfere_after(what: Interference) FaultAction::InterfereAfter(what);

    /// Delays the response by `by`, in real time;
    /// [`Builder::hold_limit`](crate::Builder::hold_limit) does not apply. The call is committed
    /// or rejected at once.
    ///
    /// If the client leaves or closes its sending direction before the response, the exchange ends
    /// as [`Outcome::ClientGone`](crate::Outcome::ClientGone).
    delay(by: Duration) FaultAction::Delay(by);

    /// Writes exactly `bytes` bytes of the response, head included, and cuts the connection. Skips
    /// calls with a shorter response.
    cut_response(bytes: u64, how: Disconnect) FaultAction::CutResponse(bytes, how);

    /// Responds with invalid HTTP, or with a body that does not fit its head, and closes the
    /// connection. Skips calls whose response would not change.
    garble(how: MalformedResponse) FaultAction::Garble(how);

    /// Writes the response at `bytes_per_second` at most. Skips calls whose response fits into the
    /// bytes that are written at once: a fiftieth of `bytes_per_second`.
    ///
    /// If the client leaves or closes its sending direction before the end, the exchange ends as
    /// [`Outcome::ClientGone`](crate::Outcome::ClientGone).
    respond_slowly(bytes_per_second: u64) FaultAction::RespondSlowly(bytes_per_second);

    /// Changes the head of the response. Skips calls whose response would not change, or has no
    /// such header, except for [`HeaderMutation::With`], which adds it.
    alter(what: HeaderMutation) FaultAction::Alter(what);
}

impl CallFaultBuilder<'_> {
    /// Holds the response until the test releases it. The call is committed or rejected at once;
    /// error responses are held too. If the client leaves or closes its sending direction while
    /// the response is held, the exchange ends as
    /// [`Outcome::ClientGone`](crate::Outcome::ClientGone).
    ///
    /// # Panics
    ///
    /// If the conditions contradict each other.
    #[track_caller]
    pub fn hold(self) -> HoldGuard {
        let FaultHandle { shared, id } = self.install(FaultAction::Hold);
        HoldGuard { shared, fault: id }
    }
}
