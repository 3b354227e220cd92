//! The part of the store-and-forward queue that survives a reset: a log in flash.

use core::task::Poll;

use embassy_futures::poll_once;
use embedded_storage_async::nor_flash::{MultiwriteNorFlash, NorFlash};
use sequential_storage::cache::page_pointers::ArrayPagePointers;
use sequential_storage::cache::page_states::ArrayPageStates;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::queue::{QueueConfig, QueueStorage};
use thiserror::Error;

use super::record::{MAX_RECORD, Queued};
use super::scrub;

/// Erase sectors that the log uses at most. Of a larger partition the rest stays unused.
pub(crate) const SECTORS: usize = 16;

/// The log cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LogError {
    /// A log needs a sector to write to while another one is erased.
    #[error("the partition has {sectors} sectors, 2 are the least: check partitions.csv")]
    TooSmall {
        /// Whole erase sectors of the partition.
        sectors: usize,
    },
    /// Every sector holds samples that the broker does not have.
    #[error("it is full")]
    Full,
    /// Reading, programming or erasing failed, or what is there makes no sense even after repair.
    #[error("the flash failed or holds something else")]
    Flash,
}

/// What the queue needs of a log. Its samples are in order.
pub trait Store {
    /// Samples in it.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The largest [`Queued::order`] that has been in it, as far as known; 0 for none.
    fn last_order(&self) -> u64;
    /// Adds a sample. When this returns it survives a loss of power.
    fn append(&mut self, queued: &Queued) -> Result<(), LogError>;
    /// The first sample behind place `order`; the first of all for `None`.
    fn next_after(&mut self, order: Option<u64>) -> Result<Option<Queued>, LogError>;
    /// Removes every sample up to place `order`. When this returns they never come back.
    fn remove_through(&mut self, order: u64) -> Result<(), LogError>;
}

type Pages = Cache<ArrayPageStates<SECTORS>, ArrayPagePointers<SECTORS>, Uncached>;

/// A log over NOR flash: `sequential-storage` appends a record with CRCs, marks it as gone by
/// clearing bits, and erases a sector only when all in it is gone and the space is needed, one
/// sector after the other. A write that loses its power half-way leaves the record before or
/// nothing.
///
/// The flash must be ready at the first poll: flash of these chips is, the processor waits for it.
pub struct Log<F: NorFlash> {
    storage: QueueStorage<F, Pages>,
    len: usize,
    last_order: u64,
}

impl<F: MultiwriteNorFlash> Log<F> {
    /// Looks through the whole log, some milliseconds. A log that cannot be read is erased; says
    /// so in the second value.
    ///
    /// # Errors
    /// [`LogError::TooSmall`]; [`LogError::Flash`] when erasing does not help either.
    pub fn open(mut flash: F) -> Result<(Self, bool), LogError> {
        let sectors = flash.capacity() / F::ERASE_SIZE.max(1);
        if sectors < 2 {
            return Err(LogError::TooSmall { sectors });
        }
        let size = sectors.min(SECTORS) * F::ERASE_SIZE;
        let end = u32::try_from(size).map_err(|_| LogError::Flash)?;
        scrub::finish_erasing(&mut flash, end)?;
        let mut log = Self::over(flash, end)?;
        if log.scan().is_ok() {
            return Ok((log, false));
        }
        ready(log.storage.erase_all())?;
        let (flash, _) = log.storage.destroy();
        let mut log = Self::over(flash, end)?;
        log.scan()?;
        Ok((log, true))
    }

    fn over(flash: F, end: u32) -> Result<Self, LogError> {
        let config = QueueConfig::try_new(0..end).map_err(|_| LogError::Flash)?;
        let cache = Cache::new(ArrayPageStates::new(), ArrayPagePointers::new(), Uncached);
        Ok(Self {
            storage: QueueStorage::new(flash, config, cache),
            len: 0,
            last_order: 0,
        })
    }

    fn scan(&mut self) -> Result<(), LogError> {
        let (mut len, mut last) = (0, 0);
        ready(async {
            let mut buffer = [0; MAX_RECORD];
            let mut records = self.storage.iter().await?;
            while let Some(entry) = records.next(&mut buffer).await? {
                if let Some(queued) = Queued::decode(&entry).filter(|queued| queued.order > last) {
                    last = queued.order;
                    len += 1;
                }
            }
            Ok(())
        })?;
        (self.len, self.last_order) = (len, last);
        Ok(())
    }
}

impl<F: MultiwriteNorFlash> Store for Log<F> {
    fn len(&self) -> usize {
        self.len
    }

    fn last_order(&self) -> u64 {
        self.last_order
    }

    fn append(&mut self, queued: &Queued) -> Result<(), LogError> {
        let mut buffer = [0; MAX_RECORD];
        let record = queued.encode(&mut buffer).ok_or(LogError::Flash)?;
        ready(self.storage.push(record, false))?;
        self.len += 1;
        self.last_order = self.last_order.max(queued.order);
        Ok(())
    }

    fn next_after(&mut self, order: Option<u64>) -> Result<Option<Queued>, LogError> {
        if self.len == 0 {
            return Ok(None);
        }
        ready(async {
            let mut buffer = [0; MAX_RECORD];
            let mut records = self.storage.iter().await?;
            while let Some(entry) = records.next(&mut buffer).await? {
                let queued = Queued::decode(&entry)
                    .filter(|queued| order.is_none_or(|order| queued.order > order));
                if queued.is_some() {
                    return Ok(queued);
                }
            }
            Ok(None)
        })
    }

    fn remove_through(&mut self, order: u64) -> Result<(), LogError> {
        let mut removed = 0;
        let result = ready(async {
            let mut buffer = [0; MAX_RECORD];
            let mut records = self.storage.iter().await?;
            while let Some(entry) = records.next(&mut buffer).await? {
                // What cannot be read, for example after a change of firmware, goes with what
                // stands behind it.
                let queued = Queued::decode(&entry);
                if queued.is_some_and(|queued| queued.order > order) {
                    break;
                }
                entry.pop().await?;
                removed += usize::from(queued.is_some());
            }
            Ok(())
        });
        self.len = self.len.saturating_sub(removed);
        result
    }
}

pub(super) fn ready<T, E>(
    work: impl Future<Output = Result<T, sequential_storage::Error<E>>>,
) -> Result<T, LogError> {
    poll(work)?.map_err(|error| match error {
        sequential_storage::Error::FullStorage => LogError::Full,
        _ => LogError::Flash,
    })
}

/// Flash that is not ready at once is none that this was written for.
pub(super) fn poll<T>(work: impl Future<Output = T>) -> Result<T, LogError> {
    match poll_once(work) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => Err(LogError::Flash),
    }
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
