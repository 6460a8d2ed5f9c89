//! The calls of one exchange. Start with [`Calls`].

use std::ops::{Deref, DerefMut};

use super::Call;

/// The calls of one exchange, in order. It is used like a slice.
///
/// Most requests have one call, which needs no allocation of its own.
#[derive(Clone, Debug)]
pub struct Calls(List);

#[derive(Clone, Debug)]
enum List {
    One(Call),
    Many(Box<[Call]>),
}

impl Default for Calls {
    fn default() -> Self {
        Self(List::Many(Box::default()))
    }
}

impl From<Call> for Calls {
    fn from(call: Call) -> Self {
        Self(List::One(call))
    }
}

impl From<Vec<Call>> for Calls {
    fn from(calls: Vec<Call>) -> Self {
        calls.into_iter().collect()
    }
}

impl FromIterator<Call> for Calls {
    fn from_iter<T: IntoIterator<Item = Call>>(calls: T) -> Self {
        let mut calls = calls.into_iter();
        let Some(first) = calls.next() else { return Self::default() };
        match calls.next() {
            None => Self(List::One(first)),
            Some(second) => Self(List::Many([first, second].into_iter().chain(calls).collect())),
        }
    }
}

impl Deref for Calls {
    type Target = [Call];

    fn deref(&self) -> &[Call] {
        match &self.0 {
            List::One(call) => std::slice::from_ref(call),
            List::Many(calls) => calls,
        }
    }
}

impl DerefMut for Calls {
    fn deref_mut(&mut self) -> &mut [Call] {
        match &mut self.0 {
            List::One(call) => std::slice::from_mut(call),
            List::Many(calls) => calls,
        }
    }
}

impl<'a> IntoIterator for &'a Calls {
    type Item = &'a Call;
    type IntoIter = std::slice::Iter<'a, Call>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
