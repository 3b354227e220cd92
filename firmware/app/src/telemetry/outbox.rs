//! What the broker does not have yet: first in memory, then in flash.

use embassy_time::{Duration, Instant};

use super::log::LogError;
use super::{Queue, Queued, Sample, Store};

/// A sample that the broker has not acknowledged for this long is moved to flash: the time that
/// the broker gets to acknowledge one. As long as everything is acknowledged flash is not touched.
pub const KEEP_AFTER: Duration = Duration::from_secs(30);

/// Samples of earlier boots and of this one, in the order in which they were taken.
///
/// The newest are in memory, the older ones in the log; each is in one of them only. Without a log
/// a reset loses them.
pub(crate) struct Outbox<'m> {
    queue: &'m mut Queue,
    store: Option<&'m mut dyn Store>,
    boot: u32,
    /// Sample `seq` of this boot has the place `base + seq`.
    base: u64,
    /// Samples that are kept at most, in memory and flash together.
    limit: usize,
    dropped: u32,
    /// The log failed, which has been told. It is not written any more in this boot.
    failed: bool,
}

impl<'m> Outbox<'m> {
    /// Empties `queue` and puts it behind what is in `store`. `limit`: samples that are kept, of
    /// which [`CAPACITY`](super::CAPACITY) fit into memory.
    pub(crate) fn new(
        queue: &'m mut Queue,
        store: Option<&'m mut dyn Store>,
        boot: u32,
        limit: usize,
    ) -> Self {
        queue.restart(limit);
        let base = store.as_ref().map_or(0, |store| store.last_order());
        let mut outbox = Self {
            queue,
            store,
            boot,
            base,
            limit: limit.max(1),
            dropped: 0,
            failed: false,
        };
        // The limit may have been lowered since.
        while outbox.stored() > outbox.limit && outbox.drop_oldest() {}
        outbox
    }

    /// Adds a sample, dropping the oldest one if there is no room. Returns whether one was dropped.
    pub(crate) fn push(&mut self, sample: Sample) -> bool {
        let mut dropped = false;
        if self.len() >= self.limit && self.stored() > 0 {
            dropped = self.drop_oldest();
        }
        if self.queue.is_full() && self.is_keeping() {
            self.keep_one();
        }
        self.queue.push(sample) || dropped
    }

    /// The oldest sample behind place `order`; the oldest of all for `None`.
    pub(crate) fn next_after(&mut self, order: Option<u64>) -> Option<Queued> {
        if let Some(store) = &mut self.store
            && !store.is_empty()
        {
            match store.next_after(order) {
                Ok(None) => {}
                Ok(queued) => return queued,
                Err(error) => self.fail(error),
            }
        }
        // Places before those of this boot are before its first sample.
        let seq = order.map(|order| order.saturating_sub(self.base));
        let seq = seq.map(|seq| u32::try_from(seq).unwrap_or(u32::MAX));
        self.queue.next_after(seq).map(|sample| self.queued(sample))
    }

    /// The broker has the sample at `order`, and every one before it.
    pub(crate) fn acknowledge(&mut self, order: u64) {
        // One that is still in memory says nothing about the log: what could not be read there has
        // not been sent.
        if let Some(store) = &mut self.store
            && !store.is_empty()
            && order <= store.last_order()
            && let Err(error) = store.remove_through(order)
        {
            self.fail(error);
        }
        if let Some(seq) = order.checked_sub(self.base)
            && let Ok(seq) = u32::try_from(seq)
        {
            self.queue.acknowledge(seq);
        }
    }

    /// When the oldest sample in memory is due to be moved to flash.
    pub(crate) fn keep_due(&self) -> Option<Instant> {
        let oldest = self.queue.next_after(None).filter(|_| self.is_keeping())?;
        Some(Instant::from_millis(oldest.uptime_ms).saturating_add(KEEP_AFTER))
    }

    /// Moves every sample that was taken at `until` or before to flash.
    pub(crate) fn keep(&mut self, until: Instant) {
        while self.is_keeping()
            && self
                .queue
                .next_after(None)
                .is_some_and(|oldest| oldest.uptime_ms <= until.as_millis())
        {
            self.keep_one();
        }
    }

    /// Samples in memory and flash.
    pub(crate) fn len(&self) -> usize {
        self.queue.len() + self.stored()
    }

    /// Samples in flash.
    pub(crate) fn stored(&self) -> usize {
        self.store.as_ref().map_or(0, |store| store.len())
    }

    /// Samples that were lost because there was no room, since boot.
    pub(crate) fn dropped(&self) -> u32 {
        self.dropped.saturating_add(self.queue.dropped())
    }

    fn queued(&self, sample: &Sample) -> Queued {
        Queued {
            order: self.base + u64::from(sample.seq),
            boot: self.boot,
            sample: *sample,
        }
    }

    fn is_keeping(&self) -> bool {
        self.store.is_some() && !self.failed
    }

    /// Moves the oldest sample in memory to flash.
    fn keep_one(&mut self) {
        let Some(queued) = self
            .queue
            .next_after(None)
            .map(|oldest| self.queued(oldest))
        else {
            return;
        };
        loop {
            let Some(store) = &mut self.store else { return };
            match store.append(&queued) {
                Ok(()) => {
                    debug!("telemetry: sample {} moved to flash", queued.sample.seq);
                    return self.queue.acknowledge(queued.sample.seq);
                }
                // Sectors are freed one at a time: room for many samples.
                Err(LogError::Full) if self.drop_oldest() => {}
                Err(error) => return self.fail(error),
            }
        }
    }

    /// Drops the oldest sample in flash. Says whether there was one.
    fn drop_oldest(&mut self) -> bool {
        let Some(store) = self.store.as_mut().filter(|store| !store.is_empty()) else {
            return false;
        };
        let removed = match store.next_after(None) {
            Ok(None) => return false,
            Ok(Some(oldest)) => store.remove_through(oldest.order),
            Err(error) => Err(error),
        };
        match removed {
            Ok(()) => {
                self.dropped = self.dropped.saturating_add(1);
                true
            }
            Err(error) => {
                self.fail(error);
                false
            }
        }
    }

    fn fail(&mut self, error: LogError) {
        if !core::mem::replace(&mut self.failed, true) {
            warn!("telemetry: no more samples to flash: {}", error);
        }
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
