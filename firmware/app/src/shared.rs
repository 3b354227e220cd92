//! What the sampler and the session share. Both are parts of one task: plain cells suffice, and no
//! borrow is held across an await.

use core::cell::{Cell, RefCell};

use embassy_time::Instant;

use crate::clock::Clock;
use crate::modem::LinkInfo;
use crate::notify::Notify;
use crate::overruns::Overruns;
use crate::platform::{ResetReason, System};
use crate::telemetry::{KEEP_AFTER, Outbox, Queued, Sample};

/// State of the device beyond a single session.
pub(crate) struct Shared<'m, S> {
    system: RefCell<S>,
    outbox: RefCell<Outbox<'m>>,
    clock: Cell<Clock>,
    link: Cell<Option<LinkInfo>>,
    interval_s: Cell<u32>,
    sessions: Cell<u32>,
    sample_requested: Cell<bool>,
    overflowing: Cell<bool>,
    /// The modem may send more than the UART takes while interrupts are off.
    busy: Cell<bool>,
    /// Bytes that the receive path lost.
    pub(crate) overruns: Overruns,
    /// The interval changed or a sample was asked for.
    pub(crate) reschedule: Notify,
    /// The queue has a new sample.
    pub(crate) sampled: Notify,
    /// What is to be moved to flash, and when, may have changed.
    pub(crate) kept: Notify,
}

impl<'m, S: System> Shared<'m, S> {
    pub(crate) fn new(system: S, outbox: Outbox<'m>, interval_s: u32) -> Self {
        let clock = Clock::new(system.build_time());
        Self {
            system: RefCell::new(system),
            outbox: RefCell::new(outbox),
            clock: Cell::new(clock),
            link: Cell::new(None),
            interval_s: Cell::new(interval_s),
            sessions: Cell::new(0),
            sample_requested: Cell::new(false),
            overflowing: Cell::new(false),
            busy: Cell::new(false),
            overruns: Overruns::default(),
            reschedule: Notify::default(),
            sampled: Notify::default(),
            kept: Notify::default(),
        }
    }

    pub(crate) fn boot_id(&self) -> u32 {
        self.system.borrow().boot_id()
    }

    pub(crate) fn reset_reason(&self) -> ResetReason {
        self.system.borrow().reset_reason()
    }

    pub(crate) fn temperature_c(&self) -> Option<i16> {
        self.system.borrow_mut().temperature_c()
    }

    pub(crate) fn handshake(&self, running: bool) {
        self.system.borrow_mut().handshake(running);
    }

    pub(crate) fn clock(&self) -> Clock {
        self.clock.get()
    }

    pub(crate) fn link(&self) -> Option<LinkInfo> {
        self.link.get()
    }

    /// The link stands. The first time in a boot a sample is taken at once, so that the first
    /// message does not wait for a whole interval.
    pub(crate) fn linked(&self, link: LinkInfo) {
        let mut clock = self.clock.get();
        let set = link.time.map(|unix| clock.set(unix, Instant::now()));
        self.clock.set(clock);
        match set {
            // The driver has told that the modem does not know.
            Some(Ok(())) | None => {}
            Some(Err(error)) => warn!("time: {}", error),
        }
        if !matches!(set, Some(Ok(()))) && clock.unix(Instant::now()).is_none() {
            warn!("time: certificates are checked from the build time on");
        }
        if self.link.replace(Some(link)).is_none() {
            self.sample_now();
        }
    }

    pub(crate) fn interval_s(&self) -> u32 {
        self.interval_s.get()
    }

    pub(crate) fn set_interval_s(&self, seconds: u32) {
        self.interval_s.set(seconds);
        self.reschedule.notify();
    }

    pub(crate) fn sample_now(&self) {
        self.sample_requested.set(true);
        self.reschedule.notify();
    }

    pub(crate) fn take_sample_request(&self) -> bool {
        self.sample_requested.take()
    }

    /// A session was established.
    pub(crate) fn count_session(&self) {
        self.sessions.set(self.sessions.get().saturating_add(1));
        self.set_busy(false);
    }

    /// Sessions after the first one.
    pub(crate) fn reconnects(&self) -> u32 {
        self.sessions.get().saturating_sub(1)
    }

    /// Queues a sample. The first one that is lost to a full queue is told on the log, and the
    /// first after the queue had room again.
    pub(crate) fn push(&self, sample: Sample) {
        let lost = self.outbox.borrow_mut().push(sample);
        if lost && !self.overflowing.replace(lost) {
            warn!("telemetry: the queue is full, dropping the oldest samples");
        }
        self.overflowing.set(lost);
        self.sampled.notify();
        self.kept.notify();
    }

    pub(crate) fn next_sample_after(&self, order: Option<u64>) -> Option<Queued> {
        self.outbox.borrow_mut().next_after(order)
    }

    pub(crate) fn acknowledge(&self, order: u64) {
        self.outbox.borrow_mut().acknowledge(order);
    }

    /// Samples that wait for the broker.
    pub(crate) fn waiting(&self) -> usize {
        self.outbox.borrow().len()
    }

    /// Pulls the modem's reset line or lets it go; whether there is one.
    pub(crate) fn pull_modem_reset(&self, pull: bool) -> bool {
        self.system.borrow_mut().pull_modem_reset(pull)
    }

    /// Sessions since boot.
    pub(crate) fn sessions(&self) -> u32 {
        self.sessions.get()
    }

    pub(crate) fn dropped(&self) -> u32 {
        self.outbox.borrow().dropped()
    }

    /// Flash is left alone from now on, or no longer.
    pub(crate) fn set_busy(&self, busy: bool) {
        self.busy.set(busy);
        self.kept.notify();
    }

    /// When the next sample is to be moved to flash.
    pub(crate) fn keep_due(&self) -> Option<Instant> {
        let due = self.outbox.borrow().keep_due();
        due.filter(|_| !self.busy.get())
    }

    /// Moves to flash what has waited for long.
    pub(crate) fn keep(&self) {
        if let Some(until) = Instant::now().checked_sub(KEEP_AFTER) {
            self.outbox.borrow_mut().keep(until);
        }
    }

    /// Moves everything to flash, before a reset.
    pub(crate) fn keep_all(&self) {
        self.outbox.borrow_mut().keep(Instant::now());
    }
}
