//! A macro that writes each assertion together with its `try_` variant.

/// Defines each assertion twice: one variant returns the failure, the other panics with it at the
/// caller's line.
macro_rules! assertions_with_try {
    ($(
        $(#[$doc:meta])*
        $assert:ident, $try:ident($self:ident $(, $arg:ident: $kind:ty)*) $body:block
    )*) => {$(
        $(#[$doc])*
        ///
        /// # Panics
        ///
        /// Panics at the caller's line with the explained failure.
        #[track_caller]
        pub fn $assert(&$self $(, $arg: $kind)*) -> &Self {
            match $self.$try($($arg),*) {
                Ok(this) => this,
                Err(failure) => failure.raise(),
            }
        }

        #[doc = concat!("Same as [`", stringify!($assert), "`](Self::", stringify!($assert), "), but returns the failure.")]
        ///
        /// # Errors
        ///
        /// Returns the explained failure.
        ///
        /// # Panics
        ///
        /// Panics at the caller's line if the expected value is invalid.
        #[track_caller]
        pub fn $try(&$self $(, $arg: $kind)*) -> Result<&Self, Box<$crate::assertions::AssertionFailure>> {
            let judged: Result<(), Box<$crate::assertions::AssertionFailure>> = $body;
            judged.map(|()| $self)
        }
    )*};
}

pub(super) use assertions_with_try;
