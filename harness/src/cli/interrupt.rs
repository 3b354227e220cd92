//! Ctrl-C.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use super::exit::Exit;

/// Calls `stop` at the first Ctrl-C, hang-up or request to terminate; the second one ends the
/// process at once. Children see the end of their input then and end too.
pub(super) fn on_interrupt(stop: impl Fn() + Send + 'static) -> Result<(), ctrlc::Error> {
    let before = AtomicBool::new(false);
    ctrlc::set_handler(move || {
        if before.swap(true, Ordering::SeqCst) {
            process::exit(Exit::Interrupted.code().into());
        }
        stop();
    })
}
