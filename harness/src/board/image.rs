//! A program as the linker left it, checked before any board is touched.
//!
//! The checks are those whose failure would otherwise show up half-way through flashing, or not
//! before the chip hangs: another architecture, another chip, a file cut short.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use object::elf::{self, FileHeader32};
use object::read::elf::{FileHeader as _, ProgramHeader as _, SectionHeader as _};
use object::{Endianness, Object as _, ObjectSection as _, ObjectSymbol as _};

use super::chip::{ChipKind, RegionKind};
use super::partitions::PartitionTable;

type Header = FileHeader32<Endianness>;

/// Where esp-hal and ESP-IDF put the description that the bootloader wants to see.
const APP_DESCRIPTOR: &str = ".flash.appdesc";
/// Size of that description (ESP-IDF, `esp_app_desc_t`).
const APP_DESCRIPTOR_SIZE: u64 = 256;
/// Where esp-hal notes what it was built for.
const METADATA: &str = ".espressif.metadata";
const CHIP_NAME: &str = "build_info.CHIP_NAME";

/// Header, checksum and digest of an image, without the headers of its segments (ESP-IDF, "App
/// Image Format").
const IMAGE_OVERHEAD: u64 = 24 + 1 + 32;
const SEGMENT_HEADER: u64 = 8;

/// A program for one kind of chip.
#[derive(Debug, Clone)]
pub struct Image {
    path: PathBuf,
    bytes: Vec<u8>,
    chip: ChipKind,
    entry: u64,
    stored: u64,
}

/// A program that cannot be flashed: exit code 2, nothing was touched.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct ImageError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: ImageProblem,
}

/// What is wrong with a program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageProblem {
    /// The file cannot be read.
    #[error("cannot read it: {0}; `cargo hil build` builds the firmware")]
    Read(#[source] io::Error),
    /// Another kind of file.
    #[error("this is no ELF file: give the program as the linker wrote it, not a binary of it")]
    NotElf,
    /// The end is missing.
    #[error("cut short: {what} ends at byte {end}, the file has {size}: copy or build it again")]
    Truncated {
        /// What does not fit.
        what: String,
        /// Where that would end.
        end: u64,
        /// Size of the file.
        size: u64,
    },
    /// Not a program.
    #[error("this is {found}, not a linked program")]
    NotProgram {
        /// What it is.
        found: &'static str,
    },
    /// Another processor.
    #[error("built for {found}, the {chip} needs 32-bit RISC-V, little endian")]
    Architecture {
        /// The architecture of the file.
        found: String,
        /// The board's chip.
        chip: ChipKind,
    },
    /// Another chip, by its own word.
    #[error("built for the {found}, the board carries an {chip}")]
    Chip {
        /// What the file says.
        found: String,
        /// The board's chip.
        chip: ChipKind,
    },
    /// Another chip, by its addresses.
    #[error(
        "bytes {start:#010x} to {end:#010x} lie in no memory of the {chip}: built for another chip?"
    )]
    Address {
        /// First byte.
        start: u64,
        /// The byte after the last.
        end: u64,
        /// The board's chip.
        chip: ChipKind,
    },
    /// Nothing to flash.
    #[error("it has no segment to load: a wrong linker script?")]
    Empty,
    /// No place to start.
    #[error("its entry {entry:#010x} lies in no executable segment: a wrong linker script?")]
    Entry {
        /// The entry.
        entry: u64,
    },
    /// No description for the bootloader.
    #[error(
        "it has no application descriptor (section {APP_DESCRIPTOR}), which the bootloader wants: \
         add `esp_bootloader_esp_idf::esp_app_desc!()` to the program"
    )]
    NoDescriptor,
    /// Too large for its partition.
    #[error(
        "its image takes at least {needed} bytes, the partition `{partition}` ({table}, line \
         {line}) has {size}: make the program smaller or the partition larger"
    )]
    TooLarge {
        /// What it takes, in bytes.
        needed: u64,
        /// Where it should go.
        partition: String,
        /// The file of the partition table.
        table: String,
        /// The partition's line there.
        line: usize,
        /// The partition's size in bytes.
        size: u32,
    },
}

impl Image {
    /// Reads and checks a program for `chip`.
    ///
    /// # Errors
    /// [`ImageError`].
    pub fn read(path: &Path, chip: ChipKind) -> Result<Self, ImageError> {
        let bytes = fs::read(path).map_err(|error| ImageError {
            path: path.to_owned(),
            problem: ImageProblem::Read(error),
        })?;
        Self::new(path, bytes, chip)
    }

    /// Checks `bytes`, which are the content of `path`.
    ///
    /// # Errors
    /// [`ImageError`].
    pub fn new(path: &Path, bytes: Vec<u8>, chip: ChipKind) -> Result<Self, ImageError> {
        let problem = |problem| ImageError {
            path: path.to_owned(),
            problem,
        };
        let (entry, stored) = check(&bytes, chip).map_err(problem)?;
        Ok(Self {
            path: path.to_owned(),
            bytes,
            chip,
            entry,
            stored,
        })
    }

    /// Checks that the program fits where `table` puts it.
    ///
    /// # Errors
    /// [`ImageError`] when it is certain not to. Padding may still make it too large; flashing
    /// tells that before it writes.
    pub fn check_fits(&self, table: &PartitionTable) -> Result<(), ImageError> {
        let Some(app) = table.app().filter(|app| self.stored > u64::from(app.size)) else {
            return Ok(());
        };
        Err(ImageError {
            path: self.path.clone(),
            problem: ImageProblem::TooLarge {
                needed: self.stored,
                partition: app.name.clone(),
                table: table.path().display().to_string(),
                line: app.line,
                size: app.size,
            },
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its content.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The chip it was checked for.
    pub const fn chip(&self) -> ChipKind {
        self.chip
    }

    /// Where execution starts after the bootloader.
    pub const fn entry(&self) -> u64 {
        self.entry
    }

    /// Address of a section, and its size in bytes.
    pub fn section(&self, name: &str) -> Option<(u64, u64)> {
        let file = object::File::parse(self.bytes.as_slice()).ok()?;
        let section = file.section_by_name(name)?;
        Some((section.address(), section.size()))
    }

    /// Address of a symbol, and its size in bytes.
    pub fn symbol(&self, name: &str) -> Option<(u64, u64)> {
        let file = object::File::parse(self.bytes.as_slice()).ok()?;
        let symbol = file.symbols().find(|symbol| symbol.name() == Ok(name))?;
        Some((symbol.address(), symbol.size()))
    }
}

/// Checks everything; returns the entry, and the least size of the flashed image in bytes.
fn check(bytes: &[u8], chip: ChipKind) -> Result<(u64, u64), ImageProblem> {
    architecture(bytes, chip)?;
    let header = Header::parse(bytes).map_err(|_| ImageProblem::NotElf)?;
    let endian = header.endian().map_err(|_| ImageProblem::NotElf)?;
    program(header, endian)?;
    complete(bytes, header, endian)?;
    metadata(bytes, chip)?;

    let segments = header
        .program_headers(endian, bytes)
        .map_err(|_| ImageProblem::NotElf)?;
    let entry = u64::from(header.e_entry(endian));
    let (mut stored, mut loaded, mut enters) = (IMAGE_OVERHEAD, 0_u64, false);
    for segment in segments {
        let (start, size) = (
            u64::from(segment.p_vaddr(endian)),
            u64::from(segment.p_memsz(endian)),
        );
        if segment.p_type(endian) != elf::PT_LOAD || size == 0 {
            continue;
        }
        let range = start..start + size;
        let Some(region) = chip.region_of(&range) else {
            return Err(ImageProblem::Address {
                start: range.start,
                end: range.end,
                chip,
            });
        };
        let content = u64::from(segment.p_filesz(endian));
        if content > 0 {
            loaded += content;
            stored += SEGMENT_HEADER + content;
            enters |= region.executable && (start..start + content).contains(&entry);
        }
    }
    if loaded == 0 {
        return Err(ImageProblem::Empty);
    }
    if !enters {
        return Err(ImageProblem::Entry { entry });
    }
    descriptor(bytes, chip)?;
    Ok((entry, stored))
}

fn architecture(bytes: &[u8], chip: ChipKind) -> Result<(), ImageProblem> {
    let magic = bytes.get(..4).ok_or(ImageProblem::NotElf)?;
    if magic != elf::ELFMAG {
        return Err(ImageProblem::NotElf);
    }
    let (Some(class), Some(order), Some(low), Some(high)) =
        (bytes.get(4), bytes.get(5), bytes.get(18), bytes.get(19))
    else {
        return Err(truncated("the header", 52, bytes));
    };
    let big = *order == elf::ELFDATA2MSB;
    let machine = if big {
        u16::from_be_bytes([*low, *high])
    } else {
        u16::from_le_bytes([*low, *high])
    };
    let wide = *class == elf::ELFCLASS64;
    if machine == elf::EM_RISCV && !wide && !big {
        return Ok(());
    }
    let name = match machine {
        elf::EM_RISCV => "RISC-V",
        elf::EM_XTENSA => "Xtensa (ESP32, ESP32-S2, ESP32-S3)",
        elf::EM_X86_64 => "x86-64 (a program for this computer?)",
        elf::EM_AARCH64 => "AArch64",
        elf::EM_ARM => "Arm",
        _ => "another processor",
    };
    let bits = if wide { 64 } else { 32 };
    let ends = if big { ", big endian" } else { "" };
    Err(ImageProblem::Architecture {
        found: format!("{name}, {bits}-bit{ends} (ELF machine {machine})"),
        chip,
    })
}

fn program(header: &Header, endian: Endianness) -> Result<(), ImageProblem> {
    let found = match header.e_type(endian) {
        elf::ET_EXEC => return Ok(()),
        elf::ET_REL => "an object file",
        elf::ET_DYN => "a shared or relocatable program",
        elf::ET_CORE => "a memory dump",
        _ => "an unknown kind of ELF file",
    };
    Err(ImageProblem::NotProgram { found })
}

/// Whether everything the tables name is in the file. A file cut short lacks its end first, where
/// linkers put the table of sections.
fn complete(bytes: &[u8], header: &Header, endian: Endianness) -> Result<(), ImageProblem> {
    let within = |what: &dyn Fn() -> String, start: u64, length: u64| {
        let end = start.saturating_add(length);
        if end > bytes.len() as u64 {
            return Err(truncated(&what(), end, bytes));
        }
        Ok(())
    };
    let table = |count: u16, entry: u16| u64::from(count) * u64::from(entry);
    within(
        &|| "the table of segments".to_owned(),
        header.e_phoff(endian).into(),
        table(header.e_phnum(endian), header.e_phentsize(endian)),
    )?;
    within(
        &|| "the table of sections".to_owned(),
        header.e_shoff(endian).into(),
        table(header.e_shnum(endian), header.e_shentsize(endian)),
    )?;
    let unreadable = |_| ImageProblem::NotElf;
    let segments = header.program_headers(endian, bytes).map_err(unreadable)?;
    for (index, segment) in segments.iter().enumerate() {
        let (start, length) = segment.file_range(endian);
        within(&|| format!("segment {index}"), start, length)?;
    }
    let sections = header.section_headers(endian, bytes).map_err(unreadable)?;
    for (index, section) in sections.iter().enumerate() {
        if let Some((start, length)) = section.file_range(endian) {
            within(&|| format!("section {index}"), start, length)?;
        }
    }
    Ok(())
}

fn truncated(what: &str, end: u64, bytes: &[u8]) -> ImageProblem {
    ImageProblem::Truncated {
        what: what.to_owned(),
        end,
        size: bytes.len() as u64,
    }
}

/// Programs on esp-hal say which chip they were built for; what others are built for shows in
/// their addresses.
fn metadata(bytes: &[u8], chip: ChipKind) -> Result<(), ImageProblem> {
    let file = object::File::parse(bytes).map_err(|_| ImageProblem::NotElf)?;
    let Some(section) = file.section_by_name(METADATA) else {
        return Ok(());
    };
    let symbol = file.symbols().find(|symbol| symbol.name() == Ok(CHIP_NAME));
    let found = symbol
        .and_then(|symbol| section.data_range(symbol.address(), symbol.size()).ok()?)
        .map(String::from_utf8_lossy);
    match found {
        Some(found) if found != chip.name() => Err(ImageProblem::Chip {
            found: found.into_owned(),
            chip,
        }),
        _ => Ok(()),
    }
}

fn descriptor(bytes: &[u8], chip: ChipKind) -> Result<(), ImageProblem> {
    let file = object::File::parse(bytes).map_err(|_| ImageProblem::NotElf)?;
    let in_flash = |range: Range<u64>| {
        chip.region_of(&range)
            .is_some_and(|region| region.kind == RegionKind::Flash)
    };
    file.section_by_name(APP_DESCRIPTOR)
        .filter(|section| section.size() >= APP_DESCRIPTOR_SIZE)
        .filter(|section| in_flash(section.address()..section.address() + section.size()))
        .map(|_| ())
        .ok_or(ImageProblem::NoDescriptor)
}

#[cfg(test)]
#[path = "image_tests.rs"]
pub(in crate::board) mod tests;
