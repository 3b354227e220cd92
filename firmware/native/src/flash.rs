//! The flash partition for samples, of a host process: memory that the rig keeps over a restart.

use std::cell::RefCell;
use std::rc::Rc;

use embedded_storage_async::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use serde::{Deserialize, Serialize};

/// Size of the partition in bytes, as in the chip's `partitions.csv`.
pub const PARTITION_SIZE: usize = 0x1_0000;

/// A change of the partition. The rig carries each out on its own copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FlashChange {
    /// Clears the bits that are clear in `bytes`.
    Program {
        /// From the start of the partition.
        offset: u32,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Sets all bits.
    Erase {
        /// First byte, from the start of the partition.
        from: u32,
        /// Behind the last byte.
        to: u32,
    },
}

impl FlashChange {
    /// Carries the change out on `flash`; what lies outside is left out.
    pub fn apply(&self, flash: &mut [u8]) {
        match self {
            Self::Program { offset, bytes } => {
                let cells = flash.iter_mut().skip(*offset as usize);
                for (cell, byte) in cells.zip(bytes) {
                    *cell &= byte;
                }
            }
            Self::Erase { from, to } => {
                let length = to.saturating_sub(*from) as usize;
                let cells = flash.iter_mut().skip(*from as usize).take(length);
                cells.for_each(|cell| *cell = 0xff);
            }
        }
    }
}

/// The partition; clones share one. Takes no time, and behaves like the chip's otherwise: words of
/// four bytes, sectors of 4096.
#[derive(Debug, Clone)]
pub struct NativeFlash(Rc<RefCell<State>>);

#[derive(Debug)]
struct State {
    bytes: Vec<u8>,
    changes: Vec<FlashChange>,
}

impl NativeFlash {
    /// A partition with this content, cut or filled up with erased bytes to [`PARTITION_SIZE`].
    pub fn new(mut bytes: Vec<u8>) -> Self {
        bytes.resize(PARTITION_SIZE, 0xff);
        Self(Rc::new(RefCell::new(State {
            bytes,
            changes: Vec::new(),
        })))
    }

    /// What was changed since the last call, in order.
    pub fn take_changes(&self) -> Vec<FlashChange> {
        std::mem::take(&mut self.0.borrow_mut().changes)
    }

    fn change(&self, change: FlashChange) {
        let mut state = self.0.borrow_mut();
        change.apply(&mut state.bytes);
        state.changes.push(change);
    }
}

/// An access that this flash cannot do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FlashError {
    /// Beyond the end.
    #[error("flash access beyond the partition")]
    OutOfBounds,
    /// Not in whole words, or not in whole sectors.
    #[error("flash access off the grid of words or sectors")]
    NotAligned,
}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            Self::NotAligned => NorFlashErrorKind::NotAligned,
        }
    }
}

/// Offset and length as indices, if they fit a grid of `grid` bytes.
fn range(offset: u32, length: usize, grid: usize) -> Result<std::ops::Range<usize>, FlashError> {
    let start = usize::try_from(offset).map_err(|_| FlashError::OutOfBounds)?;
    if !start.is_multiple_of(grid) || !length.is_multiple_of(grid) {
        return Err(FlashError::NotAligned);
    }
    let end = start.checked_add(length);
    end.filter(|end| *end <= PARTITION_SIZE)
        .map(|end| start..end)
        .ok_or(FlashError::OutOfBounds)
}

impl ErrorType for NativeFlash {
    type Error = FlashError;
}

impl ReadNorFlash for NativeFlash {
    const READ_SIZE: usize = 4;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        let range = range(offset, bytes.len(), Self::READ_SIZE)?;
        bytes.copy_from_slice(&self.0.borrow().bytes[range]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        PARTITION_SIZE
    }
}

impl NorFlash for NativeFlash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        let length = to.checked_sub(from).ok_or(FlashError::OutOfBounds)?;
        range(from, length as usize, Self::ERASE_SIZE)?;
        self.change(FlashChange::Erase { from, to });
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        range(offset, bytes.len(), Self::WRITE_SIZE)?;
        let bytes = bytes.to_vec();
        self.change(FlashChange::Program { offset, bytes });
        Ok(())
    }
}

impl MultiwriteNorFlash for NativeFlash {}

#[cfg(test)]
mod tests {
    use super::*;

    fn now<T>(work: impl Future<Output = T>) -> T {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::pin!(work).poll(&mut context) {
            std::task::Poll::Ready(value) => value,
            std::task::Poll::Pending => panic!("flash is always ready"),
        }
    }

    #[test]
    fn the_rigs_copy_follows_the_changes() {
        let mut flash = NativeFlash::new(Vec::new());
        now(flash.write(4096, &[0x0f, 1, 2, 3])).unwrap();
        now(flash.write(4096, &[0xf0, 1, 2, 3])).unwrap();
        let mut copy = vec![0xff; PARTITION_SIZE];
        for change in flash.take_changes() {
            change.apply(&mut copy);
        }
        assert_eq!(copy[4095..4101], [0xff, 0, 1, 2, 3, 0xff]);
        now(flash.erase(4096, 8192)).unwrap();
        for change in flash.take_changes() {
            change.apply(&mut copy);
        }
        let mut bytes = [0; 4];
        now(flash.read(4096, &mut bytes)).unwrap();
        assert_eq!((bytes, copy[4096]), ([0xff; 4], 0xff));
        assert!(flash.take_changes().is_empty());
    }

    #[test]
    fn accesses_off_the_grid_are_refused() {
        let mut flash = NativeFlash::new(Vec::new());
        assert_eq!(now(flash.write(2, &[0; 4])), Err(FlashError::NotAligned));
        assert_eq!(now(flash.write(0, &[0; 3])), Err(FlashError::NotAligned));
        assert_eq!(now(flash.erase(0, 100)), Err(FlashError::NotAligned));
        let end = PARTITION_SIZE as u32;
        assert_eq!(now(flash.write(end, &[0; 4])), Err(FlashError::OutOfBounds));
    }
}
