//! What only the chip can prove, one reset a test.
#![no_std]
#![no_main]

mod support;

#[embedded_test::tests(default_timeout = 10, executor = esp_rtos::embassy::Executor::new())]
mod tests {
    use embassy_time::{Duration, Instant, Timer};
    use esp_hal::timer::timg::TimerGroup;

    use crate::support;

    #[init]
    fn init() {
        let peripherals = support::chip();
        let timers = TimerGroup::new(peripherals.TIMG0);
        esp_rtos::start(timers.timer0, peripherals.FROM_CPU_INTR0);
    }

    /// An alarm comes neither early nor more than a millisecond late.
    #[test]
    async fn an_alarm_comes_on_time() {
        let begin = Instant::now();
        Timer::after(Duration::from_millis(20)).await;
        let slept = begin.elapsed();
        defmt::assert!(slept >= Duration::from_millis(20), "early: {}", slept);
        defmt::assert!(slept < Duration::from_millis(21), "late: {}", slept);
    }
}
