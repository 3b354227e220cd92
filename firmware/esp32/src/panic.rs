//! A panic is logged, marked for the next start, and ends in a reset.
//!
//! With a debugger attached the chip halts at a breakpoint first, so that the log can be read and
//! the stack be walked; continuing resets. Without one it resets at once: a device in the field
//! has to come back by itself, and the next start reports `ResetReason::Panic`.

use core::panic::PanicInfo;

use esp_hal::debugger::debugger_connected;
use portable_atomic::{AtomicBool, Ordering};

use crate::{reset, watchdog};

static PANICKING: AtomicBool = AtomicBool::new(false);

/// What the panic handler of each program of the device does; a program on trial has its own.
pub fn handle(info: &PanicInfo<'_>) -> ! {
    reset::mark_panic();
    if PANICKING.load(Ordering::Relaxed) {
        // The handler itself panicked, for example because the log was being written.
        esp_hal::system::software_reset()
    }
    PANICKING.store(true, Ordering::Relaxed);
    watchdog::last_resort();
    defmt::error!("{}", defmt::Display2Format(info));
    defmt::flush();
    if debugger_connected() {
        watchdog::disarm();
        breakpoint();
    }
    esp_hal::system::software_reset()
}

/// Halts for the debugger.
#[expect(unsafe_code, reason = "no safe way to a breakpoint")]
fn breakpoint() {
    // SAFETY: touches no memory and no register. Were the debugger gone, the exception would end
    // in the panic handler again, which then resets.
    unsafe {
        #[cfg(target_arch = "riscv32")]
        core::arch::asm!("ebreak", options(nomem, nostack));
        #[cfg(target_arch = "xtensa")]
        core::arch::asm!("break 1, 15", options(nomem, nostack));
    }
}
