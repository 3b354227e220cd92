//! Drives one future in virtual time.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use crate::time_driver;

/// A future on this thread's virtual clock.
///
/// Computing costs no virtual time: between two instants the future is polled until it waits.
pub struct Virtual<'a, T> {
    future: Pin<Box<dyn Future<Output = T> + 'a>>,
    woken: Arc<Woken>,
    waker: Waker,
}

impl<T> fmt::Debug for Virtual<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Virtual")
            .field("now", &time_driver::now())
            .finish_non_exhaustive()
    }
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<'a, T> Virtual<'a, T> {
    /// Takes `future`; it is polled first by [`run_until_idle`](Self::run_until_idle).
    pub fn new(future: impl Future<Output = T> + 'a) -> Self {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        Self {
            future: Box::pin(future),
            waker: Arc::clone(&woken).into(),
            woken,
        }
    }

    /// Polls at the present instant until the future is done or waits for time or input.
    pub fn run_until_idle(&mut self) -> Poll<T> {
        while self.woken.0.swap(false, Ordering::SeqCst) {
            let mut context = Context::from_waker(&self.waker);
            if let Poll::Ready(value) = self.future.as_mut().poll(&mut context) {
                return Poll::Ready(value);
            }
        }
        Poll::Pending
    }

    /// Runs to `until`, timer by timer. `Ready` as soon as the future is done.
    pub fn run_until(&mut self, until: Duration) -> Poll<T> {
        loop {
            if let Poll::Ready(value) = self.run_until_idle() {
                return Poll::Ready(value);
            }
            match time_driver::next_deadline().filter(|deadline| *deadline <= until) {
                Some(deadline) => time_driver::set_now(deadline),
                None => {
                    time_driver::set_now(until);
                    return Poll::Pending;
                }
            }
        }
    }

    /// Runs until the future is done, skipping idle time; `None` when it would wait for ever.
    pub fn run(&mut self) -> Option<T> {
        loop {
            if let Poll::Ready(value) = self.run_until_idle() {
                return Some(value);
            }
            time_driver::set_now(time_driver::next_deadline()?);
        }
    }
}

#[cfg(test)]
mod tests {
    use embassy_time::{Duration as Ticks, Instant, Timer};

    use super::*;

    #[test]
    fn an_hour_of_waiting_takes_no_time() {
        time_driver::restart(Duration::ZERO);
        let mut task = Virtual::new(async {
            Timer::after(Ticks::from_secs(3600)).await;
            Instant::now().as_secs()
        });
        assert_eq!(task.run(), Some(3600));
    }

    #[test]
    fn stops_at_the_horizon() {
        time_driver::restart(Duration::ZERO);
        let mut task = Virtual::new(Timer::after(Ticks::from_secs(2)));
        assert!(task.run_until(Duration::from_secs(1)).is_pending());
        assert_eq!(time_driver::now(), Duration::from_secs(1));
        assert!(task.run_until(Duration::from_secs(2)).is_ready());
    }

    #[test]
    fn waiting_for_nothing_is_told() {
        time_driver::restart(Duration::ZERO);
        assert_eq!(Virtual::new(std::future::pending::<()>()).run(), None);
    }
}
