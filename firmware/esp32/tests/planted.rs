//! Tests that end in every way a test can end (feature `planted-tests`): a runner has to tell them
//! apart. The name of each test is what has to be reported.
#![no_std]
#![no_main]

mod support;

#[embedded_test::tests(executor = esp_rtos::embassy::Executor::new())]
mod tests {
    use core::hint::{black_box, spin_loop};

    use embassy_time::Timer;
    use esp_hal::timer::timg::TimerGroup;

    use crate::support;

    #[init]
    fn init() {
        let peripherals = support::chip();
        let timers = TimerGroup::new(peripherals.TIMG0);
        esp_rtos::start(timers.timer0, peripherals.FROM_CPU_INTR0);
    }

    fn init_panics() {
        init();
        panic!("a planted panic in init");
    }

    #[test]
    fn passes() {
        defmt::info!("a line of a test that passes");
    }

    #[test]
    async fn passes_async() {
        Timer::after_millis(5).await;
    }

    #[test]
    fn ok() -> Result<(), &'static str> {
        Ok(())
    }

    /// Fails by what it returns, without a panic.
    #[test]
    fn err() -> Result<(), &'static str> {
        Err("a planted error")
    }

    #[test]
    fn fails() {
        assert_eq!(black_box(1) + 1, 3, "a planted failure");
    }

    /// Passes.
    #[test]
    #[should_panic]
    fn should_panic_and_does() {
        panic!("a planted panic");
    }

    /// Fails.
    #[test]
    #[should_panic]
    fn should_panic_and_does_not() {}

    #[test]
    #[ignore]
    fn ignored() {
        panic!("an ignored test was run");
    }

    /// Interrupts are served, the executor is not.
    #[test]
    #[timeout(2)]
    fn hangs() {
        loop {
            spin_loop();
        }
    }

    /// The chip sleeps.
    #[test]
    #[timeout(2)]
    async fn hangs_asleep() {
        core::future::pending::<()>().await;
    }

    /// The chip computes with interrupts off.
    #[test]
    #[timeout(2)]
    fn hangs_masked() {
        critical_section::with(|_| {
            loop {
                spin_loop();
            }
        })
    }

    /// Has no bound of its own: the runner's counts.
    #[test]
    fn hangs_without_timeout() {
        loop {
            spin_loop();
        }
    }

    /// Does not fail when there is a bound, but only just.
    #[test]
    #[timeout(2)]
    async fn is_slow() {
        Timer::after_millis(1900).await;
    }

    #[test(init = init_panics)]
    fn panics_in_init() {}

    #[test]
    fn overflows_its_stack() {
        black_box(recurse(0));
    }

    #[inline(never)]
    #[expect(unconditional_recursion, reason = "this is the fault")]
    fn recurse(depth: u32) -> u32 {
        let frame = black_box([depth; 64]);
        recurse(depth + 1).wrapping_add(frame[63])
    }

    /// Stores where nothing is: an exception of the hart.
    #[test]
    #[expect(unsafe_code, reason = "no safe way to nowhere")]
    fn stores_to_nowhere() {
        // SAFETY: it is not sound and not meant to be: the store ends in an exception.
        unsafe { black_box(0x10_usize as *mut u32).write_volatile(1) }
    }

    /// Resets the chip in the middle of the test.
    #[test]
    fn resets() {
        esp_hal::system::software_reset();
    }

    /// Leaves through semihosting with a code of its own.
    #[test]
    fn exits_with_3() {
        semihosting::process::exit(3);
    }
}
