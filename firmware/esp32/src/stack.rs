//! How much of the main stack was ever used.
//!
//! The stack is everything between the statics and the end of memory; the executors and all
//! interrupts of this firmware run on it. What lies below the stack pointer at the start is filled
//! with a pattern, and what no longer holds the pattern later was used.

use core::ptr::addr_of;

use portable_atomic::{AtomicUsize, Ordering};

/// Unlikely as data, and no address.
const PATTERN: u32 = 0x5ac3_96a5;
/// Left alone below the stack pointer: the frame of [`paint`] itself, and on Xtensa the registers
/// that a window spill puts there.
const MARGIN: usize = 512;

/// The most that was in use before the last [`restart`].
static BEFORE: AtomicUsize = AtomicUsize::new(0);

#[expect(unsafe_code, reason = "symbols of esp-hal's linker script")]
mod symbols {
    unsafe extern "C" {
        /// The word that esp-hal watches for an overflow: nothing may write it.
        pub(super) static __stack_chk_guard: u32;
        /// The end of the stack, where it begins to grow from.
        pub(super) static _stack_start_cpu0: u32;
    }
}

/// Addresses of the words that a stack in good health may use.
fn bounds() -> (usize, usize) {
    let guard = addr_of!(symbols::__stack_chk_guard) as usize;
    let top = addr_of!(symbols::_stack_start_cpu0) as usize;
    (guard + size_of::<u32>(), top)
}

/// Fills the unused part of the stack. To be called once, early, from the program's main task.
pub fn paint() {
    fill(bounds().0);
}

/// Measures anew from here on: [`high_water`] forgets what was, [`high_water_ever`] does not. From
/// the program's main task.
pub fn restart() {
    let used = high_water();
    BEFORE.store(used.max(BEFORE.load(Ordering::Relaxed)), Ordering::Relaxed);
    fill(bounds().1 - used);
}

/// Fills the words from `bottom` up to the caller's frame.
#[inline(never)]
#[expect(unsafe_code, reason = "writes below its own frame")]
fn fill(bottom: usize) {
    let end = stack_pointer().saturating_sub(MARGIN) & !3;
    for address in (bottom..end).step_by(size_of::<u32>()) {
        // SAFETY: the addresses are aligned, lie within the stack and below every live frame:
        // nothing that Rust knows of is there. An interrupt may use them at any time, and does not
        // mind what they held before.
        unsafe { (address as *mut u32).write_volatile(PATTERN) }
    }
}

/// The most bytes of stack that were in use at a time since [`paint`] and [`restart`], interrupts
/// included.
#[expect(unsafe_code, reason = "reads below its own frame")]
pub fn high_water() -> usize {
    let (bottom, top) = bounds();
    let touched = (bottom..top).step_by(size_of::<u32>()).find(|address| {
        // SAFETY: aligned, within the stack, which is initialised memory: `paint` wrote it, or a
        // frame did. Volatile: nothing is assumed of the content.
        unsafe { (*address as *const u32).read_volatile() != PATTERN }
    });
    top - touched.unwrap_or(top)
}

/// The most bytes of stack that were in use at a time since [`paint`].
pub fn high_water_ever() -> usize {
    high_water().max(BEFORE.load(Ordering::Relaxed))
}

/// Bytes of stack that there are.
pub fn size() -> usize {
    let (bottom, top) = bounds();
    top - bottom
}

#[expect(unsafe_code, reason = "no safe way to a register")]
fn stack_pointer() -> usize {
    let pointer: usize;
    // SAFETY: reads a register.
    unsafe {
        #[cfg(target_arch = "riscv32")]
        core::arch::asm!("mv {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags));
        #[cfg(target_arch = "xtensa")]
        core::arch::asm!("mov {}, a1", out(reg) pointer, options(nomem, nostack, preserves_flags));
    }
    pointer
}
