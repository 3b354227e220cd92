//! The flash partition `outbox`: samples that have to survive a reset.
//!
//! The ROM programs and erases with interrupts off: a record takes some 0.2 ms, a sector 30 to 50.
//! At 115,200 bit/s the UART's 128 bytes last for 11 ms, so the application writes when the modem
//! has little to say.

use embedded_storage_async::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use esp_storage::{FlashStorage, FlashStorageError};

use crate::flash::{self, Aligned, Flash};

/// Name of the partition, in the table and in `partitions.csv`.
const LABEL: &str = "outbox";

/// Bytes that are copied at a time: buffers that are not aligned cost the driver a sector of stack.
const PIECE: usize = 64;

/// The partition. It never reaches beyond itself.
pub struct Outbox {
    flash: Flash,
    offset: u32,
    size: u32,
}

impl Outbox {
    /// The partition of the table.
    pub fn open(mut flash: Flash) -> Result<Self, flash::Error> {
        let entry = flash::find(&mut flash, LABEL)?;
        let sector = FlashStorage::SECTOR_SIZE;
        Ok(Self {
            flash,
            offset: entry.offset(),
            size: entry.len() / sector * sector,
        })
    }

    /// Where `length` bytes at `offset` of the partition lie in flash.
    fn place(&self, offset: u32, length: usize) -> Result<u32, Error> {
        let length = u32::try_from(length).map_err(|_| OUT_OF_BOUNDS)?;
        let end = offset.checked_add(length).ok_or(OUT_OF_BOUNDS)?;
        if end > self.size {
            return Err(OUT_OF_BOUNDS);
        }
        self.offset.checked_add(offset).ok_or(OUT_OF_BOUNDS)
    }
}

const OUT_OF_BOUNDS: Error = Error(FlashStorageError::OutOfBounds);

/// What the driver said.
#[derive(Debug)]
pub struct Error(FlashStorageError);

impl NorFlashError for Error {
    fn kind(&self) -> NorFlashErrorKind {
        match self.0 {
            FlashStorageError::NotAligned => NorFlashErrorKind::NotAligned,
            FlashStorageError::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            _ => NorFlashErrorKind::Other,
        }
    }
}

impl ErrorType for Outbox {
    type Error = Error;
}

impl ReadNorFlash for Outbox {
    const READ_SIZE: usize = FlashStorage::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        let mut place = self.place(offset, bytes.len())?;
        let mut piece = Aligned([0; PIECE]);
        for part in bytes.chunks_mut(PIECE) {
            let buffer = &mut piece.0[..part.len()];
            self.flash.read_nor(place, buffer).map_err(Error)?;
            part.copy_from_slice(buffer);
            place += part.len() as u32;
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.size as usize
    }
}

impl NorFlash for Outbox {
    const WRITE_SIZE: usize = FlashStorage::WRITE_SIZE;
    const ERASE_SIZE: usize = FlashStorage::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        let length = to.checked_sub(from).ok_or(OUT_OF_BOUNDS)?;
        let place = self.place(from, length as usize)?;
        // Sector by sector, so that interrupts are never off for longer than one takes.
        for start in (place..place + length).step_by(Self::ERASE_SIZE) {
            let end = start + FlashStorage::SECTOR_SIZE;
            self.flash.erase(start, end).map_err(Error)?;
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        let mut place = self.place(offset, bytes.len())?;
        let mut piece = Aligned([0; PIECE]);
        for part in bytes.chunks(PIECE) {
            let buffer = &mut piece.0[..part.len()];
            buffer.copy_from_slice(part);
            self.flash.write_nor(place, buffer).map_err(Error)?;
            place += part.len() as u32;
        }
        Ok(())
    }
}

impl MultiwriteNorFlash for Outbox {}
