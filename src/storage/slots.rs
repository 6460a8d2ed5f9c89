//! The records of one block of [`Records`](super::Records), plain or in a compact form. This module knows
//! neither numbers nor what the records are: the owner of the records makes the compact form. Start with
//! [`Slots`] and [`Pack`].

use std::mem;
use std::ops::Deref;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, OnceLock};

/// The records of a block in a compact form.
pub(crate) trait Pack<T>: Send + Sync + UnwindSafe + RefUnwindSafe {
    /// Returns the records as they were, at the same positions.
    fn unpack(&self) -> Vec<Option<T>>;
}

/// The records of a block, of which some may be gone. Clones share them.
#[derive(Clone)]
pub(super) enum Slots<T> {
    Plain(Arc<Vec<Option<T>>>),
    Packed(Arc<Packed<T>>),
}

/// A compact block, and its records once one was read.
pub(super) struct Packed<T> {
    pack: Arc<dyn Pack<T>>,
    unpacked: OnceLock<Vec<Option<T>>>,
}

impl<T> Slots<T> {
    pub(super) fn packed(pack: Arc<dyn Pack<T>>) -> Self {
        Self::Packed(Arc::new(Packed { pack, unpacked: OnceLock::new() }))
    }

    /// Takes the records that were unpacked, unless a clone still has them.
    pub(super) fn take_unpacked(&mut self) -> Vec<Option<T>> {
        let detached = match self {
            Self::Packed(packed) if packed.unpacked.get().is_some() => {
                Self::packed(Arc::clone(&packed.pack))
            }
            _ => return Vec::new(),
        };
        let Self::Packed(packed) = mem::replace(self, detached) else { return Vec::new() };
        Arc::into_inner(packed).and_then(|it| it.unpacked.into_inner()).unwrap_or_default()
    }
}

impl<T> Deref for Slots<T> {
    type Target = [Option<T>];

    fn deref(&self) -> &[Option<T>] {
        match self {
            Self::Plain(slots) => slots,
            Self::Packed(packed) => packed.unpacked.get_or_init(|| packed.pack.unpack()),
        }
    }
}

impl<T: Clone> Slots<T> {
    /// Returns a clone that does not share what it unpacks.
    pub(super) fn detached(&self) -> Self {
        match self {
            Self::Packed(packed) if packed.unpacked.get().is_none() => {
                Self::packed(Arc::clone(&packed.pack))
            }
            shared => shared.clone(),
        }
    }

    /// Returns the records, and leaves them packed.
    pub(super) fn to_vec(&self) -> Vec<Option<T>> {
        match self {
            Self::Plain(slots) => slots.to_vec(),
            Self::Packed(packed) => {
                packed.unpacked.get().map_or_else(|| packed.pack.unpack(), Clone::clone)
            }
        }
    }

    /// Returns the records for a change, which clones do not see.
    #[inline]
    pub(super) fn make_mut(&mut self) -> &mut Vec<Option<T>> {
        if let Self::Packed(_) = self {
            *self = Self::Plain(Arc::new(self.to_vec()));
        }
        match self {
            Self::Plain(slots) => Arc::make_mut(slots),
            Self::Packed(_) => unreachable!("the block was just unpacked"),
        }
    }
}
