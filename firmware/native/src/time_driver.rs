//! embassy-time on virtual time.
//!
//! The clock and its timers are thread-local: one process may hold one device per thread, as the
//! integration tests of `firmware-app` do. Time moves only when [`set_now`] is called.
//!
//! This module counts from the beginning of the world. What the device reads from embassy-time
//! counts from its own boot ([`restart`]), as on a chip.

use std::cell::{Cell, RefCell};
use std::task::Waker;
use std::time::Duration;

use embassy_time_driver::{Driver, TICK_HZ};

thread_local! {
    static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    static BOOT: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    static TIMERS: RefCell<Vec<Timer>> = const { RefCell::new(Vec::new()) };
}

struct Timer {
    at: Duration,
    waker: Waker,
}

/// Virtual time of this thread's device since the world began.
pub fn now() -> Duration {
    NOW.get()
}

/// Moves this thread's clock to `now` and wakes every timer that is due.
///
/// An instant in the past leaves the clock where it is: embassy-time requires monotony.
pub fn set_now(now: Duration) {
    NOW.set(NOW.get().max(now));
    let now = NOW.get();
    let due = TIMERS.with_borrow_mut(|timers| {
        timers
            .extract_if(.., |timer| timer.at <= now)
            .map(|timer| timer.waker)
            .collect::<Vec<_>>()
    });
    due.into_iter().for_each(Waker::wake);
}

/// The earliest instant a timer of this thread waits for.
///
/// A timer whose future was dropped stays until it is due; it then costs one poll.
pub fn next_deadline() -> Option<Duration> {
    TIMERS.with_borrow(|timers| timers.iter().map(|timer| timer.at).min())
}

/// Forgets all timers and sets the clock: a new device boots on this thread at `now`.
pub fn restart(now: Duration) {
    TIMERS.with_borrow_mut(Vec::clear);
    NOW.set(now);
    BOOT.set(now);
}

/// Time since the device booted, which is what embassy-time tells it.
pub fn uptime() -> Duration {
    NOW.get() - BOOT.get()
}

/// The instant of the world at which the device's clock shows `uptime`.
pub fn at_uptime(uptime: Duration) -> Duration {
    BOOT.get() + uptime
}

fn ticks_to_duration(ticks: u64) -> Duration {
    let seconds = ticks / TICK_HZ;
    let rest = u128::from(ticks % TICK_HZ) * 1_000_000_000 / u128::from(TICK_HZ);
    Duration::new(seconds, u32::try_from(rest).unwrap_or(999_999_999))
}

fn duration_to_ticks(duration: Duration) -> u64 {
    let rest = u128::from(duration.subsec_nanos()) * u128::from(TICK_HZ) / 1_000_000_000;
    duration
        .as_secs()
        .saturating_mul(TICK_HZ)
        .saturating_add(u64::try_from(rest).unwrap_or(0))
}

struct VirtualClock;

impl Driver for VirtualClock {
    fn now(&self) -> u64 {
        duration_to_ticks(uptime())
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        let at = at_uptime(ticks_to_duration(at));
        // Ticks are coarser than this clock, and a timer always waits once: the tick of the
        // present instant lies in the past.
        if at <= now() {
            waker.wake_by_ref();
            return;
        }
        TIMERS.with_borrow_mut(|timers| {
            // One task may hold many timers under one waker; the earliest is enough, because
            // every poll registers the others again.
            match timers.iter_mut().find(|timer| timer.waker.will_wake(waker)) {
                Some(timer) => timer.at = timer.at.min(at),
                None => timers.push(Timer {
                    at,
                    waker: waker.clone(),
                }),
            }
        });
    }
}

embassy_time_driver::time_driver_impl!(static CLOCK: VirtualClock = VirtualClock);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_and_durations_agree() {
        for micros in [0, 1, 999_999, 1_000_000, 86_400_000_001] {
            let duration = Duration::from_micros(micros);
            assert_eq!(ticks_to_duration(duration_to_ticks(duration)), duration);
        }
    }

    #[test]
    fn a_timer_of_the_present_tick_is_due() {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicBool, Ordering};

        struct Flag(AtomicBool);
        impl std::task::Wake for Flag {
            fn wake(self: Arc<Self>) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        restart(Duration::ZERO);
        set_now(Duration::from_nanos(1_000_320));
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        VirtualClock.schedule_wake(1_000, &Arc::clone(&flag).into());
        assert!(flag.0.load(Ordering::SeqCst));
        assert_eq!(next_deadline(), None);
    }

    #[test]
    fn the_device_counts_from_its_boot() {
        restart(Duration::from_secs(100));
        set_now(Duration::from_secs(103));
        assert_eq!(VirtualClock.now(), 3 * TICK_HZ);
        VirtualClock.schedule_wake(5 * TICK_HZ, Waker::noop());
        assert_eq!(next_deadline(), Some(Duration::from_secs(105)));
    }

    #[test]
    fn the_clock_never_runs_backwards() {
        restart(Duration::from_secs(5));
        set_now(Duration::from_secs(3));
        assert_eq!(now(), Duration::from_secs(5));
    }
}
