//! Waits without a thread, for control clients that wait over HTTP. Start with [`Condition`].

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout_at;

use crate::journal::{Exchange, Journal};

use crate::mock::mock_origin::MockOrigin;
use crate::server::shared::Shared;

/// The number of exchanges inspected under one lock.
const SLICE: u64 = 256;

/// The condition of a wait.
pub(crate) enum Condition {
    /// At least `count` wanted exchanges, among those numbered from `from` on.
    Count { from: u64, count: u64, wanted: Wanted },
    /// No open exchange and no change for that long.
    Quiet(Duration),
}

/// Returns whether an exchange is wanted.
pub(crate) type Wanted = Box<dyn Fn(&Exchange) -> bool + Send + Sync>;

/// The result of a wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waited {
    pub(crate) is_met: bool,
    /// The number of wanted exchanges.
    pub(crate) count: u64,
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { from, count, .. } => write!(f, "Count({count} from {from})"),
            Self::Quiet(time) => write!(f, "Quiet({time:?})"),
        }
    }
}

impl MockOrigin {
    /// Waits until `condition` is met, or for `limit`. Checks it after every change.
    pub(crate) fn wait_for(
        &self,
        condition: Condition,
        limit: Duration,
    ) -> impl Future<Output = Waited> + Send + use<> {
        let shared = Arc::clone(&self.shared);
        async move {
            let deadline = Instant::now() + limit;
            match condition {
                Condition::Count { from, count, wanted } => {
                    until_counted(&shared, Counting::new(from, wanted), count, deadline).await
                }
                Condition::Quiet(time) => until_quiet(&shared, time, deadline).await,
            }
        }
    }
}

async fn until_counted(
    shared: &Shared,
    mut counting: Counting,
    count: u64,
    deadline: Instant,
) -> Waited {
    loop {
        // Registered before the check, so that no later change is missed.
        let mut changed = pin!(shared.next_change());
        changed.as_mut().enable();
        while counting.look(&shared.lock().journal) {}
        let found = counting.count();
        if found >= count {
            return Waited { is_met: true, count: found };
        }
        if timeout_at(deadline.into(), changed).await.is_err() {
            return Waited { is_met: false, count: found };
        }
    }
}

async fn until_quiet(shared: &Shared, time: Duration, deadline: Instant) -> Waited {
    let mut seen = None;
    let mut since = Instant::now();
    loop {
        let mut changed = pin!(shared.next_change());
        changed.as_mut().enable();
        let (version, is_open) = {
            let state = shared.lock();
            (state.journal.version(), state.journal.has_open_exchanges())
        };
        let now = Instant::now();
        if is_open || seen != Some(version) {
            (seen, since) = (Some(version), now);
        }
        let over = since + time;
        if !is_open && over <= now {
            return Waited { is_met: true, count: 0 };
        }
        if deadline <= now {
            return Waited { is_met: false, count: 0 };
        }
        let next = if is_open { deadline } else { over.min(deadline) };
        // In both cases the condition is checked again.
        let _ = timeout_at(next.into(), changed).await;
    }
}

/// Counts wanted exchanges. Inspects a closed exchange only once.
struct Counting {
    wanted: Wanted,
    next: u64,
    /// The number of the first exchange since the last reset.
    first: u64,
    /// Open exchanges, which may still change.
    open: Vec<Arc<Exchange>>,
    /// The number of wanted exchanges that are closed.
    over: u64,
}

impl Counting {
    fn new(from: u64, wanted: Wanted) -> Self {
        Self { wanted, next: from, first: 0, open: Vec::new(), over: 0 }
    }

    /// Inspects some new exchanges and all open ones. Returns whether there are more.
    fn look(&mut self, journal: &Journal) -> bool {
        if self.first != journal.first_exchange() {
            // The journal was reset.
            (self.first, self.over) = (journal.first_exchange(), 0);
            self.next = self.next.max(self.first);
            self.open.clear();
        }
        let end = journal.next_exchange();
        let until = end.min(self.next.saturating_add(SLICE)).max(self.next);
        let before = std::mem::take(&mut self.open);
        let before = before.iter().filter_map(|exchange| journal.exchange(exchange.index).cloned());
        for exchange in before.chain(journal.exchanges().cloned(self.next..until)) {
            if !exchange.outcome.is_final() {
                self.open.push(exchange);
            } else if (self.wanted)(&exchange) {
                self.over += 1;
            }
        }
        self.next = until;
        until < end
    }

    fn count(&self) -> u64 {
        let open = self.open.iter().filter(|exchange| (self.wanted)(exchange)).count();
        self.over + open as u64
    }
}
