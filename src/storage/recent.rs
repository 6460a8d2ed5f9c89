//! A bounded map of the latest value of each key. Start with [`Recent`].

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// The number of removed paths, and of ended tokens, that are remembered. The oldest are dropped
/// first.
pub(crate) const REMEMBERED: usize = 1024;

/// The latest value of each key, for the [`REMEMBERED`] keys that were recorded last.
#[derive(Clone, Debug)]
pub(super) struct Recent<K, V> {
    by_key: HashMap<K, (u64, V)>,
    /// The keys in the order in which they were recorded.
    order: BTreeMap<u64, K>,
    recorded: u64,
    has_forgotten: bool,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        let (by_key, order) = (HashMap::new(), BTreeMap::new());
        Self { by_key, order, recorded: 0, has_forgotten: false }
    }
}

impl<K: Clone + Eq + Hash, V> Recent<K, V> {
    pub(super) fn record(&mut self, key: K, value: V) {
        let number = self.recorded;
        self.recorded += 1;
        self.order.insert(number, key.clone());
        if let Some((earlier, _)) = self.by_key.insert(key, (number, value)) {
            self.order.remove(&earlier);
        }
        if self.order.len() > REMEMBERED
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.by_key.remove(&oldest);
            self.has_forgotten = true;
        }
    }

    pub(super) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.by_key.get(key).map(|(_, value)| value)
    }

    /// Returns the values, each with its number in the order of recording.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &V)> {
        self.by_key.values().map(|(number, value)| (*number, value))
    }

    /// Returns whether a key was dropped because of the bound.
    pub(super) fn has_forgotten(&self) -> bool {
        self.has_forgotten
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_value_of_a_key_is_remembered() {
        let mut recent = Recent::default();
        recent.record("a", 1);
        recent.record("a", 2);
        assert_eq!(recent.get(&"a"), Some(&2));
        assert_eq!(recent.order.len(), 1);
    }

    #[test]
    fn the_oldest_keys_are_dropped_beyond_the_bound() {
        let mut recent = Recent::default();
        for key in 0..=REMEMBERED {
            recent.record(key, ());
        }
        assert_eq!((recent.by_key.len(), recent.order.len()), (REMEMBERED, REMEMBERED));
        assert!(recent.has_forgotten());
        assert_eq!((recent.get(&0), recent.get(&1)), (None, Some(&())));
    }
}
