//! A program with its partition table, ready to be flashed.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use sha2::{Digest as _, Sha256};

use super::chip::ChipKind;
use super::error::BoardError;
use super::image::Image;
use super::log_decoder::LogDecoder;
use super::partitions::PartitionTable;

/// Section of the program's description, and where in it the digest lies: behind magic, version,
/// two reserved words, version text, project, time, date and version of ESP-IDF
/// (`esp_app_desc_t`).
const DESCRIPTOR: &str = ".flash.appdesc";
const DIGEST_OFFSET: u64 = 4 + 4 + 8 + 32 + 32 + 16 + 16 + 32;

/// Image and partition table, checked against each other. Cheap to clone; boards share it.
#[derive(Debug, Clone)]
pub struct Program(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    image: Image,
    table: PartitionTable,
    /// Made when it is first asked for: it reads all debug information.
    decoder: OnceLock<Option<Arc<LogDecoder>>>,
}

impl Program {
    /// Reads the program `elf` for `chip`, and the partition table `table`.
    ///
    /// # Errors
    /// [`BoardError`] that says what is wrong with which file; no board is touched.
    pub fn load(elf: &Path, table: &Path, chip: ChipKind) -> Result<Self, BoardError> {
        let table = PartitionTable::read(table)?;
        let image = Image::read(elf, chip)?;
        image.check_fits(&table)?;
        Ok(Self(Arc::new(Parts {
            image,
            table,
            decoder: OnceLock::new(),
        })))
    }

    /// The program.
    pub fn image(&self) -> &Image {
        &self.0.image
    }

    /// Where things go in flash.
    pub fn table(&self) -> &PartitionTable {
        &self.0.table
    }

    /// Where a running program has the digest of its ELF, and that digest.
    pub(super) fn identity(&self) -> Option<(u64, [u8; 32])> {
        let (descriptor, _) = self.0.image.section(DESCRIPTOR)?;
        let digest = Sha256::digest(self.0.image.bytes());
        Some((descriptor + DIGEST_OFFSET, digest.into()))
    }

    /// What turns the bytes of the program's log into text; nothing when it does not log through
    /// defmt.
    ///
    /// # Errors
    /// [`BoardError::LogFormat`] when the program's defmt is too new or its tables are damaged.
    pub fn log_decoder(&self) -> Result<Option<Arc<LogDecoder>>, BoardError> {
        if let Some(decoder) = self.0.decoder.get() {
            return Ok(decoder.clone());
        }
        let decoder = LogDecoder::new(&self.0.image)?.map(Arc::new);
        Ok(self.0.decoder.get_or_init(|| decoder).clone())
    }
}
