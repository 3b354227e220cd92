//! How long others wait while the device computes.
//!
//! A TLS handshake is 240 ms of computing. Two executors share the processor, and each has its
//! promise:
//!
//! | executor | who is on it | waits at most | what keeps it so |
//! |---|---|---|---|
//! | urgent: a software interrupt of priority 2 | what has a deadline on the line | [`URGENT_BUDGET`] | it interrupts the other one; only critical sections and the UART's interrupt (priority 3) come before it |
//! | ordinary: the main thread | everything else | [`ORDINARY_BUDGET`] | the TLS wire yields before each record of a handshake, so that one wait is one record's computation: a key exchange, a certificate, a signature |
//!
//! A sentinel on each of them sleeps for a moment at a time while a handshake runs, and
//! measures how late it wakes, on the chip's own clock. Between handshakes both sleep.

use core::future::poll_fn;
use core::task::Poll;

use embassy_executor::Spawner;
use embassy_time::{Duration, Instant, Timer};
use esp_hal::asynch::AtomicWaker;
use esp_hal::interrupt::Priority;
use esp_hal::peripherals::FROM_CPU_INTR1;
use esp_rtos::embassy::InterruptExecutor;
use portable_atomic::{AtomicBool, AtomicU32, Ordering};
use static_cell::StaticCell;

/// Longest wait of an urgent task. A tenth of the 11 ms that the UART's FIFO lasts at 115200 baud,
/// and less than the 1.4 ms at 921600.
pub const URGENT_BUDGET: Duration = Duration::from_millis(1);
/// Longest wait of an ordinary task while the server shows one certificate: verifying it and then
/// the server's signature, 155 ms together where a server sends both in one record, with a quarter
/// to spare. Each further certificate of the chain is verified in the same record, and adds
/// 80 ms, or 430 ms where it is checked with a P-384 key. The budget is not widened for those: a
/// device that waits so long says so.
pub const ORDINARY_BUDGET: Duration = Duration::from_millis(200);

/// How long the sentinels sleep, urgent and ordinary. A wait is seen as shorter than it is by this
/// much at most. The ordinary one needs no finer measure, and leaves the processor alone while a
/// slow server has the device wait.
const URGENT_PERIOD: Duration = Duration::from_millis(1);
/// See [`URGENT_PERIOD`].
const ORDINARY_PERIOD: Duration = Duration::from_millis(10);

/// The sentinel of the executor that interrupts.
pub static URGENT: Sentinel = Sentinel::new(URGENT_PERIOD);
/// The sentinel of the main thread's executor.
pub static ORDINARY: Sentinel = Sentinel::new(ORDINARY_PERIOD);

static EXECUTOR: StaticCell<InterruptExecutor<1>> = StaticCell::new();

/// Who watches one executor.
pub struct Sentinel {
    period: Duration,
    awake: AtomicBool,
    waker: AtomicWaker,
    /// When it is to wake next, in microseconds since the start, wrapping.
    due_us: AtomicU32,
    /// The latest that it woke.
    worst_us: AtomicU32,
}

impl Sentinel {
    const fn new(period: Duration) -> Self {
        Self {
            period,
            awake: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            due_us: AtomicU32::new(0),
            worst_us: AtomicU32::new(0),
        }
    }

    /// The sentinel's task, on the executor that it is to watch.
    pub async fn watch(&self) -> ! {
        loop {
            poll_fn(|cx| {
                self.waker.register(cx.waker());
                match self.awake.load(Ordering::Acquire) {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            })
            .await;
            // The wait for this first turn counts.
            self.look();
            while self.awake.load(Ordering::Acquire) {
                Timer::after(self.period).await;
                self.look();
            }
        }
    }

    fn begin(&self) {
        self.worst_us.store(0, Ordering::Relaxed);
        self.due_us.store(now_us(), Ordering::Relaxed);
        self.awake.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// How late it is now, and when to look next.
    fn look(&self) {
        // Nobody in between: the urgent sentinel may interrupt whoever ends the measurement.
        critical_section::with(|_| {
            let late = now_us().wrapping_sub(self.due_us.load(Ordering::Relaxed));
            // Early is a large number, and no wait.
            if late < u32::MAX / 2 && late > self.worst_us.load(Ordering::Relaxed) {
                self.worst_us.store(late, Ordering::Relaxed);
            }
            self.due_us.store(next_us(self.period), Ordering::Relaxed);
        });
    }

    /// The longest wait since [`begin`](Self::begin), the one that may be going on included.
    fn end(&self) -> Duration {
        self.look();
        self.awake.store(false, Ordering::Release);
        Duration::from_micros(self.worst_us.load(Ordering::Relaxed).into())
    }
}

/// The longest waits of a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, defmt::Format)]
pub struct Waits {
    /// Of an urgent task.
    pub urgent: Duration,
    /// Of an ordinary task.
    pub ordinary: Duration,
}

impl Waits {
    /// Whether both promises were kept.
    pub fn within_budget(&self) -> bool {
        self.urgent <= URGENT_BUDGET && self.ordinary <= ORDINARY_BUDGET
    }

    /// Says on the log what was measured.
    pub fn tell(&self) {
        let (urgent, ordinary) = (self.urgent.as_micros(), self.ordinary.as_micros());
        let budgets = (URGENT_BUDGET.as_micros(), ORDINARY_BUDGET.as_micros());
        if self.within_budget() {
            defmt::info!(
                "latency: urgent tasks waited {=u64} us of {=u64}, others {=u64} us of {=u64}",
                urgent,
                budgets.0,
                ordinary,
                budgets.1
            );
        } else {
            defmt::warn!(
                "latency: over budget: urgent tasks waited {=u64} us of {=u64}, others {=u64} us of \
                 {=u64}",
                urgent,
                budgets.0,
                ordinary,
                budgets.1
            );
        }
    }
}

/// Starts the urgent executor and both sentinels, which sleep until [`begin`]. To be called once.
pub fn start(spawner: Spawner, interrupt: FROM_CPU_INTR1<'static>) {
    let urgent = EXECUTOR
        .init(InterruptExecutor::new(interrupt))
        .start(Priority::Priority2);
    match watch_urgent() {
        Ok(task) if cfg!(feature = "planted-sentinel") => spawner.spawn(task),
        Ok(task) => urgent.spawn(task),
        // The pools of these tasks hold one each, and this is the only place that takes it.
        Err(_) => defmt::panic!("the urgent sentinel was spawned twice"),
    }
    match watch_ordinary() {
        Ok(task) => spawner.spawn(task),
        Err(_) => defmt::panic!("the ordinary sentinel was spawned twice"),
    }
}

/// Begins to measure.
pub fn begin() {
    URGENT.begin();
    ORDINARY.begin();
}

/// Ends the measurement.
pub fn end() -> Waits {
    Waits {
        urgent: URGENT.end(),
        ordinary: ORDINARY.end(),
    }
}

#[embassy_executor::task]
async fn watch_urgent() {
    URGENT.watch().await;
}

#[embassy_executor::task]
async fn watch_ordinary() {
    ORDINARY.watch().await;
}

/// Wraps after 71 minutes, a hundred times the longest wait that anybody survives.
#[expect(clippy::cast_possible_truncation, reason = "wraps, and is compared so")]
fn now_us() -> u32 {
    Instant::now().as_micros() as u32
}

/// When a period that begins now ends, in microseconds as [`now_us`] counts them.
fn next_us(period: Duration) -> u32 {
    // Both periods are far below the 71 minutes that 32 bits hold.
    now_us().wrapping_add(period.as_micros() as u32)
}
