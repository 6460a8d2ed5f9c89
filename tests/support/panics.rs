//! Catches a panic, returns its text and file, and suppresses its output.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// The file of the last panic, on a thread that catches one.
    static FILE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Sets the panic hook once per process. Panics of other threads still reach the default hook.
fn watch_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let default = take_hook();
        set_hook(Box::new(move |info| {
            let is_watched = FILE.with_borrow_mut(|file| {
                let Some(file) = file else { return false };
                *file = info.location().map(|at| at.file().to_owned()).unwrap_or_default();
                true
            });
            if !is_watched {
                default(info);
            }
        }));
    });
}

/// Returns the text of a panic and the file in which it was, or `None` if `run` does not panic.
pub fn catch_panic(run: impl FnOnce()) -> Option<(String, String)> {
    watch_panics();
    FILE.set(Some(String::new()));
    let result = catch_unwind(AssertUnwindSafe(run));
    let file = FILE.take().unwrap();
    result.err().map(|panic| (panic_text(&*panic), file))
}

/// Returns the text of a panic.
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap()
}
