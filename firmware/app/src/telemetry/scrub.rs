//! Finishes erases that lost their power, before `sequential-storage` looks at the flash.
//!
//! It marks a sector in its first word when it begins to write there, in its last when it is full;
//! a sector with neither mark is free. An erase that was cut short can leave any mixture, of which
//! it repairs the one with the last mark only. The others would spoil what is written there later:
//! a "free" sector that is not blank, and a second sector that seems to be written to.

use embedded_storage_async::nor_flash::{MultiwriteNorFlash, NorFlash};
use sequential_storage::cache::Cache;
use sequential_storage::queue::{QueueConfig, QueueStorage};

use super::log::{LogError, poll, ready};
use super::record::MAX_RECORD;

/// A mark is a word with at least so many zeros.
const MARK_BITS: u32 = 4;

/// Erases the sectors of `0..end` whose erase was cut short. Only sectors without samples are ever
/// erased, so none is lost.
pub(super) fn finish_erasing<F: MultiwriteNorFlash>(
    flash: &mut F,
    end: u32,
) -> Result<(), LogError> {
    let sector = u32::try_from(F::ERASE_SIZE).map_err(|_| LogError::Flash)?;
    let word = u32::try_from(F::WRITE_SIZE.max(F::READ_SIZE)).map_err(|_| LogError::Flash)?;
    let mut begun = 0;
    for start in (0..end).step_by(F::ERASE_SIZE) {
        match (
            is_marked(flash, start)?,
            is_marked(flash, start + sector - word)?,
        ) {
            (false, false) if !is_blank(flash, start, sector)? => erase(flash, start, sector)?,
            (true, false) => begun += 1,
            _ => {}
        }
    }
    if begun < 2 {
        return Ok(());
    }
    for start in (0..end).step_by(F::ERASE_SIZE) {
        let begun = is_marked(flash, start)? && !is_marked(flash, start + sector - word)?;
        if begun && !holds_samples(flash, start, sector)? {
            erase(flash, start, sector)?;
        }
    }
    Ok(())
}

/// Looks at one sector as if it were a log of its own.
fn holds_samples<F: MultiwriteNorFlash>(
    flash: &mut F,
    start: u32,
    sector: u32,
) -> Result<bool, LogError> {
    let config = QueueConfig::try_new(start..start + sector).map_err(|_| LogError::Flash)?;
    let mut storage = QueueStorage::new(flash, config, Cache::new_uncached());
    let mut buffer = [0; MAX_RECORD];
    ready(storage.peek(&mut buffer)).map(|found| found.is_some())
}

fn erase<F: NorFlash>(flash: &mut F, start: u32, size: u32) -> Result<(), LogError> {
    poll(flash.erase(start, start + size))?.map_err(|_| LogError::Flash)
}

fn is_marked<F: NorFlash>(flash: &mut F, at: u32) -> Result<bool, LogError> {
    let mut word = [0; 32];
    let word = word.get_mut(..F::READ_SIZE).ok_or(LogError::Flash)?;
    poll(flash.read(at, word))?.map_err(|_| LogError::Flash)?;
    Ok(word.iter().map(|byte| byte.count_zeros()).sum::<u32>() >= MARK_BITS)
}

fn is_blank<F: NorFlash>(flash: &mut F, start: u32, size: u32) -> Result<bool, LogError> {
    let mut piece = [0; MAX_RECORD];
    let mut done = 0;
    while done < size {
        let length = (size - done).min(piece.len() as u32);
        let bytes = &mut piece[..length as usize];
        poll(flash.read(start + done, bytes))?.map_err(|_| LogError::Flash)?;
        if bytes.iter().any(|byte| *byte != 0xff) {
            return Ok(false);
        }
        done += length;
    }
    Ok(true)
}
