//! Flash in memory whose power can fail at any operation, half-way through it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::vec;
use std::vec::Vec;

use embedded_storage_async::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashErrorKind, ReadNorFlash,
};

const SECTOR: usize = 4096;

/// How far the operation gets that loses its power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tear {
    /// Nothing happens.
    Before,
    /// The first so many bytes are done.
    First(usize),
    /// All but the first so many bytes are done: cells take their time as they like.
    Last(usize),
    /// The first and the last so many bytes are done, and nothing between.
    Ends(usize),
    /// Each bit is done or not, as this generator says.
    Bits(u32),
    /// All is done, and nobody learns.
    After,
}

/// A flash; clones share one, as the device after a reset shares it with the one before.
#[derive(Debug, Clone)]
pub(super) struct TestFlash {
    bytes: Rc<RefCell<Vec<u8>>>,
    /// How often each sector was erased.
    pub(super) wear: Rc<RefCell<Vec<u32>>>,
    /// Programs and erases since the start.
    pub(super) operations: Rc<Cell<usize>>,
    /// The operation that loses its power, and how.
    cut: Rc<Cell<Option<(usize, Tear)>>>,
}

impl TestFlash {
    pub(super) fn new(sectors: usize) -> Self {
        Self {
            bytes: Rc::new(RefCell::new(vec![0xff; sectors * SECTOR])),
            wear: Rc::new(RefCell::new(vec![0; sectors])),
            operations: Rc::default(),
            cut: Rc::default(),
        }
    }

    /// An independent flash with the same content, counted from 0, whose power fails at operation
    /// `at`.
    pub(super) fn fork(&self, cut: Option<(usize, Tear)>) -> Self {
        let fork = Self::new(self.wear.borrow().len());
        fork.bytes.borrow_mut().clone_from(&self.bytes.borrow());
        fork.cut.set(cut);
        fork
    }

    /// Power is back.
    pub(super) fn power_up(&self) {
        self.cut.set(None);
    }

    pub(super) fn fill(&self, with: impl FnMut() -> u8) {
        self.bytes.borrow_mut().fill_with(with);
    }

    /// Carries `new` out on the cells from `start`.
    fn operate(&mut self, start: usize, new: &[u8]) -> Result<(), NorFlashErrorKind> {
        let number = self.operations.get();
        self.operations.set(number + 1);
        let mut cells = self.bytes.borrow_mut();
        let cells = &mut cells[start..start + new.len()];
        let Some((at, tear)) = self.cut.get() else {
            cells.copy_from_slice(new);
            return Ok(());
        };
        if number < at {
            cells.copy_from_slice(new);
            return Ok(());
        }
        if number == at {
            match tear {
                Tear::Before => {}
                Tear::First(count) => {
                    let count = count.min(new.len());
                    cells[..count].copy_from_slice(&new[..count]);
                }
                Tear::Last(count) => {
                    let count = count.min(new.len());
                    cells[count..].copy_from_slice(&new[count..]);
                }
                Tear::Ends(count) => {
                    let count = count.min(new.len());
                    let end = new.len() - count;
                    cells[..count].copy_from_slice(&new[..count]);
                    cells[end..].copy_from_slice(&new[end..]);
                }
                Tear::Bits(seed) => {
                    let mut state = seed | 1;
                    for (cell, new) in cells.iter_mut().zip(new) {
                        state ^= state << 13;
                        state ^= state >> 17;
                        state ^= state << 5;
                        let mask = state as u8;
                        *cell = (*cell & !mask) | (new & mask);
                    }
                }
                Tear::After => cells.copy_from_slice(new),
            }
        }
        Err(NorFlashErrorKind::Other)
    }
}

impl ErrorType for TestFlash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for TestFlash {
    const READ_SIZE: usize = 4;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        assert!(offset.is_multiple_of(4) && bytes.len().is_multiple_of(4));
        let start = offset as usize;
        bytes.copy_from_slice(&self.bytes.borrow()[start..start + bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.borrow().len()
    }
}

impl NorFlash for TestFlash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = SECTOR;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        assert!(from.is_multiple_of(4096) && to.is_multiple_of(4096));
        for sector in from / 4096..to / 4096 {
            self.wear.borrow_mut()[sector as usize] += 1;
            self.operate(sector as usize * SECTOR, &[0xff; SECTOR])?;
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        assert!(offset.is_multiple_of(4) && bytes.len().is_multiple_of(4));
        let start = offset as usize;
        let mut new = self.bytes.borrow()[start..start + bytes.len()].to_vec();
        for (cell, byte) in new.iter_mut().zip(bytes) {
            *cell &= byte;
        }
        self.operate(start, &new)
    }
}

impl MultiwriteNorFlash for TestFlash {}
