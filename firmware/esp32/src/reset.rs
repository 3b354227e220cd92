//! Why the chip started, and how the next start will know.
//!
//! The chip tells power, watchdogs and brown-outs apart, but a panic arrives as "software", and
//! either of a panic and a reboot as "watchdog" when the log held it up. So whoever resets the chip
//! leaves a word in RTC memory, which keeps its content through every reset but a loss of power.

use esp_hal::ram;
use firmware_app::platform::ResetReason;
use portable_atomic::{AtomicU32, Ordering};

use crate::watchdog;

/// Two words that noise is unlikely to hold.
const PANIC: u32 = 0x7061_6e63;
const REBOOT: u32 = 0x7265_626f;

/// What the chip calls resets by a watchdog (main 0 and 1, RTC, super; core, system or processor)
/// and by a falling supply: `SocResetReason`, the same codes on all chips.
const WATCHDOGS: [usize; 8] = [0x07, 0x08, 0x09, 0x0b, 0x0d, 0x10, 0x11, 0x12];
const BROWN_OUT: usize = 0x0f;
/// Power came up. The reset pin of most boards switches the chip off and on, and counts as this.
const POWER_ON: usize = 0x01;

/// [`PANIC`], [`REBOOT`], or anything else for neither. The start code zeroes it at power-on.
#[ram(unstable(rtc_fast, persistent))]
static MARKER: AtomicU32 = AtomicU32::new(0);

/// Why this start happened. To be called once: the marker is consumed.
pub fn take_reason() -> ResetReason {
    let marker = MARKER.load(Ordering::Relaxed);
    MARKER.store(0, Ordering::Relaxed);
    match (
        marker,
        esp_hal::system::reset_reason().map(|reason| reason as usize),
    ) {
        (PANIC, _) => ResetReason::Panic,
        (REBOOT, _) => ResetReason::Software,
        (_, Some(code)) if WATCHDOGS.contains(&code) => ResetReason::Watchdog,
        (_, Some(BROWN_OUT)) => ResetReason::BrownOut,
        (_, Some(POWER_ON)) => ResetReason::PowerOn,
        // A debugger or a flashing tool, mostly. Not power: the modem has kept its own, and may
        // still hold a connection of the run before.
        _ => ResetReason::Software,
    }
}

/// Says that the application panicked, for the next start.
pub fn mark_panic() {
    MARKER.store(PANIC, Ordering::Relaxed);
}

/// Resets the chip because the application asked for it.
pub fn reboot() -> ! {
    MARKER.store(REBOOT, Ordering::Relaxed);
    watchdog::last_resort();
    defmt::info!("reboot");
    defmt::flush();
    esp_hal::system::software_reset()
}
