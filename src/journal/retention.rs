//! The journal limit: which records stay in a journal.
//!
//! The newest exchanges stay, and older ones that have not ended or that belong to an upload that is
//! not over. A connection stays while it is among the newest, is open, or has an exchange. This module
//! decides and keeps no records. Start with [`Retention::apply`].

use std::collections::HashMap;

use super::Journal;

/// The limit of one journal, and which older records it keeps.
#[derive(Debug)]
pub(crate) struct Retention {
    limit: u64,
    /// The lowest number of the newest exchanges, and of the newest connections.
    newest: Newest,
    /// Older exchanges of each upload that was not over when they were last examined.
    held: HashMap<String, Vec<u64>>,
    /// Older exchanges that had not ended.
    unfinished: Vec<u64>,
    /// How many exchanges became old since `held` and `unfinished` were examined. They are examined
    /// when it exceeds their number, so that an exchange costs the same however many uploads are open.
    aged: usize,
    /// Older connections that were open or had an exchange.
    connections: Vec<u64>,
    aged_connections: usize,
    /// The number of exchanges of each connection.
    on_connection: HashMap<u64, u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Newest {
    exchange: u64,
    connection: u64,
    /// Exchanges below this number are counted in `on_connection`.
    counted: u64,
}

impl Retention {
    /// Creates a limit of this many exchanges for an empty journal.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit: limit as u64,
            newest: Newest::default(),
            held: HashMap::new(),
            unfinished: Vec::new(),
            aged: 0,
            connections: Vec::new(),
            aged_connections: 0,
            on_connection: HashMap::new(),
        }
    }

    /// Begins again with a journal that was cleared or reset.
    pub(crate) fn restart(&mut self, journal: &Journal) {
        let first = journal.exchanges().first().map(|first| first.index);
        let exchange = first.unwrap_or(journal.next_exchange());
        let first = journal.connections().first().map(|first| first.index);
        let connection = first.unwrap_or(journal.next_connection());
        *self = Self {
            newest: Newest { exchange, connection, counted: exchange },
            ..Self::new(usize::try_from(self.limit).unwrap_or(usize::MAX))
        };
    }

    /// Drops the records that the limit does not allow. `is_active` returns whether an upload is not
    /// over.
    pub(crate) fn apply(&mut self, journal: &mut Journal, is_active: impl Fn(&str) -> bool) {
        let next = journal.next_exchange();
        for exchange in journal.exchanges_in(self.newest.counted..next) {
            *self.on_connection.entry(exchange.connection).or_default() += 1;
        }
        self.newest.counted = next;
        while next - self.newest.exchange > self.limit {
            self.examine(journal, self.newest.exchange, &is_active);
            self.newest.exchange += 1;
            self.aged += 1;
        }
        if self.aged > self.held.len() + self.unfinished.len() {
            self.aged = 0;
            let over: Vec<_> = self.held.extract_if(|upload, _| !is_active(upload)).collect();
            let unfinished = std::mem::take(&mut self.unfinished);
            for number in over.into_iter().flat_map(|(_, numbers)| numbers).chain(unfinished) {
                self.examine(journal, number, &is_active);
            }
        }
        while journal.next_connection() - self.newest.connection > self.limit {
            self.connections.push(self.newest.connection);
            self.newest.connection += 1;
            self.aged_connections += 1;
        }
        if 2 * self.aged_connections > self.connections.len() {
            self.aged_connections = 0;
            let on_connection = &self.on_connection;
            self.connections.retain(|number| {
                let Some(connection) = journal.connection(*number) else { return false };
                let stays = connection.closed.is_none() || on_connection.contains_key(number);
                if !stays {
                    journal.drop_connection(*number);
                }
                stays
            });
        }
        journal.drop_events(self.limit);
    }

    /// Drops an older exchange, or notes why it stays.
    fn examine(&mut self, journal: &mut Journal, number: u64, is_active: &impl Fn(&str) -> bool) {
        let Some(exchange) = journal.exchange(number) else { return };
        if !exchange.outcome.is_final() {
            self.unfinished.push(number);
            return;
        }
        let mut uploads = exchange.calls.iter().filter_map(|call| call.upload.as_deref());
        if let Some(upload) = uploads.find(|upload| is_active(upload)) {
            self.held.entry(upload.to_owned()).or_default().push(number);
            return;
        }
        let connection = exchange.connection;
        journal.drop_exchange(number);
        if let Some(left) = self.on_connection.get_mut(&connection) {
            *left -= 1;
            if *left == 0 {
                self.on_connection.remove(&connection);
            }
        }
    }
}
