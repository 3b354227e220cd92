//! probe-rs's session, kept from taking the process along.
//!
//! Some of probe-rs's drivers panic when their probe goes away (that for probes behind TCP unwraps
//! each read), also while the session is dropped. A probe that goes away is an ordinary thing on a
//! bench: here it becomes an error, and the session is used no more.

use std::any::Any;
use std::cell::Cell;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use probe_rs::Session;

use super::error::BoardError;

/// A session until its probe goes away.
#[derive(Debug)]
pub(super) struct GuardedSession(Option<Session>);

impl GuardedSession {
    pub(super) const fn new(session: Session) -> Self {
        Self(Some(session))
    }

    /// Does something with the session; `action` is what, for errors.
    pub(super) fn with<T>(
        &mut self,
        action: &'static str,
        work: impl FnOnce(&mut Session) -> Result<T, BoardError>,
    ) -> Result<T, BoardError> {
        let gone = |chain: String| BoardError::Probe { action, chain };
        let Some(session) = &mut self.0 else {
            return Err(gone("the probe has gone".to_owned()));
        };
        caught(|| work(session)).unwrap_or_else(|words| {
            // Dropping it would talk to the probe once more, and panic once more.
            mem::forget(self.0.take());
            Err(gone(format!(
                "probe-rs panicked: {words}; has the probe gone?"
            )))
        })
    }
}

impl Drop for GuardedSession {
    fn drop(&mut self) {
        let session = self.0.take();
        // The probe may have gone by now; nothing is left to be told of that.
        let _ = caught(|| drop(session));
    }
}

thread_local! {
    /// Whether a panic of this thread is caught here, and told as an error.
    static CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; the words of its panic if it panics, which go nowhere else.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !CATCHING.get() {
                before(info);
            }
        }));
    });
    let outer = CATCHING.replace(true);
    // What panicked is not looked at again.
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(outer);
    result.map_err(|payload| words(payload.as_ref()))
}

fn words(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("without words").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_words() {
        assert_eq!(caught(|| 7), Ok(7));
        assert_eq!(caught::<()>(|| panic!("gone")), Err("gone".to_owned()));
        let number = 7;
        assert_eq!(
            caught::<()>(|| panic!("gone: {number}")),
            Err("gone: 7".to_owned())
        );
        assert_eq!(caught(|| 8), Ok(8));
    }
}
