//! Assertions come in pairs.

/// Writes each assertion twice: the one that returns the failure, and the one that panics with it
/// at the caller's line.
macro_rules! assertions_with_try {
    ($(
        $(#[$doc:meta])*
        $assert:ident, $try:ident($self:ident $(, $arg:ident: $kind:ty)*) $body:block
    )*) => {$(
        $(#[$doc])*
        ///
        /// # Panics
        ///
        /// If that is not so, at the caller's line, with all that explains it.
        #[track_caller]
        pub fn $assert(&$self $(, $arg: $kind)*) -> &Self {
            match $self.$try($($arg),*) {
                Ok(this) => this,
                Err(failure) => failure.raise(),
            }
        }

        #[doc = concat!("As [`", stringify!($assert), "`](Self::", stringify!($assert), "), without the panic.")]
        ///
        /// # Errors
        ///
        /// What explains it, if that is not so.
        ///
        /// # Panics
        ///
        /// At the caller's line, if what is expected makes no sense in itself.
        #[track_caller]
        pub fn $try(&$self $(, $arg: $kind)*) -> Result<&Self, Box<$crate::assertions::AssertionFailure>> {
            let judged: Result<(), Box<$crate::assertions::AssertionFailure>> = $body;
            judged.map(|()| $self)
        }
    )*};
}

pub(super) use assertions_with_try;
