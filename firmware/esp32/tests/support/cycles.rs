//! Counts the hart's cycles.
//!
//! The C3 has no `mcycle`: reading it traps. Its own counter is CSR 0x7e2, which counts what 0x7e0
//! selects while 0x7e1 lets it (ESP-IDF, `riscv/include/riscv/csr.h`: PCER, PCMR, PCCR).

use core::hint::black_box;

/// Runs `work` and returns what it returned and the cycles it took, 2^32 (26 s) at most.
#[inline(never)]
#[expect(unsafe_code, reason = "the counter is a CSR")]
pub(crate) fn count<T>(work: impl FnOnce() -> T) -> (T, u32) {
    let before: u32;
    let after: u32;
    // SAFETY: nobody else uses this counter, and it touches no memory. The barrier is what
    // `options(nomem)` would take away: the work stays between the two reads.
    unsafe {
        core::arch::asm!(
            "csrwi 0x7e0, 1",
            "csrwi 0x7e1, 1",
            "csrr {0}, 0x7e2",
            out(reg) before,
            options(nostack)
        );
    }
    let result = black_box(work());
    // SAFETY: as above.
    unsafe {
        core::arch::asm!("csrr {0}, 0x7e2", out(reg) after, options(nostack));
    }
    (result, after.wrapping_sub(before))
}

/// Says what something costs, in a form that a machine collects.
pub(crate) fn cost(name: &str, cycles: u32) {
    defmt::info!("cost: {=str} cycles={=u32}", name, cycles);
}
