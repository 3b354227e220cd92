//! The RTC watchdog: a device that hangs resets itself.

use core::cell::RefCell;

use critical_section::Mutex;
use embassy_executor::Spawner;
use embassy_time::{Duration, Timer};
use esp_hal::debugger::debugger_connected;
use esp_hal::rtc_cntl::{Rwdt, RwdtStage, RwdtStageAction};
use esp_hal::time::Duration as HalDuration;

/// Without a sign of life for this long the chip resets. Far above the longest computation, which
/// is a part of a TLS handshake, see [`ORDINARY_BUDGET`](crate::sentinel::ORDINARY_BUDGET).
const TIMEOUT: HalDuration = HalDuration::from_secs(60);
/// How often the executor gives a sign of life.
const PERIOD: Duration = Duration::from_secs(15);
/// Time for the last log lines to be fetched.
const LAST_RESORT: HalDuration = HalDuration::from_secs(2);

static WATCHDOG: Mutex<RefCell<Option<Rwdt>>> = Mutex::new(RefCell::new(None));

/// Takes the watchdog over, arms it and spawns the task that feeds it: when the executor hangs, so
/// does the task.
///
/// With a debugger attached the watchdog stays off, for it would count on through a breakpoint.
pub fn start(spawner: Spawner, watchdog: Rwdt) {
    take(watchdog);
    if debugger_connected() {
        defmt::info!("watchdog off: a debugger is attached");
        return;
    }
    arm(TIMEOUT);
    match feed() {
        Ok(task) => spawner.spawn(task),
        // The pool of this task holds one, and this is the only place that takes it.
        Err(_) => defmt::panic!("the watchdog task was spawned twice"),
    }
}

/// Takes the watchdog over, for [`last_resort`], and leaves it as it is.
pub fn take(watchdog: Rwdt) {
    critical_section::with(|cs| WATCHDOG.borrow_ref_mut(cs).replace(watchdog));
}

/// Makes sure that the chip resets within seconds, whatever the code that follows does: writing to
/// the log waits for ever when the debugger that asked for it has gone.
pub fn last_resort() {
    arm(LAST_RESORT);
}

/// Switches the watchdog off.
pub(crate) fn disarm() {
    with(Rwdt::disable);
}

fn arm(timeout: HalDuration) {
    with(|watchdog| {
        // It may run already, and may have counted beyond the new time-out: it would bite at once.
        watchdog.disable();
        watchdog.feed();
        watchdog.set_timeout(RwdtStage::Stage0, timeout);
        watchdog.enable();
        // Not the whole system: the RTC memory, and the reset marker in it, are to survive.
        watchdog.set_stage_action(RwdtStage::Stage0, RwdtStageAction::ResetCore);
        watchdog.feed();
    });
}

fn with(act: impl FnOnce(&mut Rwdt)) {
    critical_section::with(|cs| {
        if let Some(watchdog) = WATCHDOG.borrow_ref_mut(cs).as_mut() {
            act(watchdog);
        }
    });
}

#[embassy_executor::task]
async fn feed() {
    loop {
        Timer::after(PERIOD).await;
        if debugger_connected() {
            disarm();
            return;
        }
        with(Rwdt::feed);
    }
}
