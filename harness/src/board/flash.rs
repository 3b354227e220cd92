//! Writing a program and its settings, and only what differs.

use std::io::Cursor;
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use probe_rs::flashing::{
    DownloadOptions, FileDownloadError, FlashError, FlashLoader, FlashProgress, ProgressEvent,
    ProgressOperation,
};
use probe_rs::{InstructionSet, Session};
use probe_rs_espressif::image_format::{EspIdfFormatError, IdfLoader};

use super::error::{BoardError, chain};
use super::program::Program;

/// What is being done to a part of flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlashStep {
    /// Reading, to see whether it differs, or whether it was written right.
    Verify,
    /// Reading what has to survive the erasing of its sector.
    Keep,
    /// Erasing sectors.
    Erase,
    /// Writing.
    Program,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlashProgressReport {
    /// The step.
    pub step: FlashStep,
    /// Bytes done in this call.
    pub bytes: u64,
}

/// A stretch of flash, in whole erase sectors apart from every other one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlashedPart {
    /// From the first to the last byte, from the start of flash.
    pub range: Range<u64>,
    /// Bytes in it that were compared or written.
    pub bytes: u64,
    /// False when it was there already.
    pub written: bool,
}

/// What flashing did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlashReport {
    /// In the order of flash.
    pub parts: Vec<FlashedPart>,
    /// Wall time.
    pub took: Duration,
}

impl FlashReport {
    /// Bytes written.
    pub fn written(&self) -> u64 {
        let written = self.parts.iter().filter(|part| part.written);
        written.map(|part| part.bytes).sum()
    }

    /// Bytes that were there already.
    pub fn unchanged(&self) -> u64 {
        let unchanged = self.parts.iter().filter(|part| !part.written);
        unchanged.map(|part| part.bytes).sum()
    }
}

/// Takes progress.
pub type OnProgress<'a> = &'a mut dyn FnMut(FlashProgressReport);

/// An image of more than this many bytes is compared by its beginning and its end.
const LONG: usize = 32 * 1024;
/// Bytes of the beginning: image and segment header, then the application's description.
const HEAD: usize = 32 + 256;
/// Bytes of the end: SHA-256.
const TAIL: usize = 32;

/// Bytes of a flash sector, and of its ends that show whether it is in use.
const SECTOR: usize = 4096;
const END: usize = 16;

/// Bytes for one place in flash.
type Piece = (u64, Vec<u8>);

/// Writes bootloader, partition table, program and, if given, settings. The core stands still
/// afterwards.
pub(super) fn program(
    session: &mut Session,
    program: &Program,
    settings: Option<&[u8]>,
    on_progress: OnProgress<'_>,
) -> Result<FlashReport, BoardError> {
    let start = Instant::now();
    let table = program.table();
    let mut loader = image(session, program)?;
    if let Some(settings) = settings {
        let offset = u64::from(table.settings()?.offset);
        loader.add_data(offset, settings).map_err(failed)?;
    }
    let pieces: Vec<Piece> = loader
        .data()
        .map(|(address, bytes)| (address, bytes.to_vec()))
        .collect();
    // Partitions that are not written here.
    let others: Vec<Range<u64>> = table
        .partitions()
        .iter()
        .map(|partition| u64::from(partition.offset)..u64::from(partition.end()))
        .filter(|range| !pieces.iter().any(|(address, _)| range.contains(address)))
        .collect();
    write(session, pieces, Some(&others), start, on_progress)
}

/// Writes `bytes` at `offset` and keeps everything around them.
pub(super) fn bytes(
    session: &mut Session,
    offset: u32,
    bytes: &[u8],
    on_progress: OnProgress<'_>,
) -> Result<FlashReport, BoardError> {
    let pieces = vec![(u64::from(offset), bytes.to_vec())];
    write(session, pieces, None, Instant::now(), on_progress)
}

/// Erases `size` bytes at `offset`, both in whole flash sectors of 4096 bytes, unless they are erased
/// already: what is in use shows at the first or the last bytes of a sector.
pub(super) fn erase(
    session: &mut Session,
    offset: u32,
    size: u32,
    on_progress: OnProgress<'_>,
) -> Result<FlashReport, BoardError> {
    let start = Instant::now();
    let range = u64::from(offset)..u64::from(offset) + u64::from(size);
    let ends = range.clone().step_by(SECTOR).flat_map(|sector| {
        let last = sector + (SECTOR - END) as u64;
        [(sector, vec![0xff; END]), (last, vec![0xff; END])]
    });
    let ends: Vec<Piece> = ends.collect();
    if is_there(session, &ends, on_progress)? {
        let part = FlashedPart {
            bytes: range.end - range.start,
            range,
            written: false,
        };
        return Ok(FlashReport {
            parts: vec![part],
            took: start.elapsed(),
        });
    }
    // In sectors, so that all of it is compared.
    let blank = range.step_by(SECTOR).map(|at| (at, vec![0xff; SECTOR]));
    write(session, blank.collect(), None, start, on_progress)
}

/// The flash image of a program, made by probe-rs as for any `idf` download.
fn image(session: &mut Session, program: &Program) -> Result<FlashLoader, BoardError> {
    let mut loader = session.target().flash_loader();
    let format = IdfLoader {
        partition_table: Some(program.table().path().to_owned()),
        ..IdfLoader::default()
    };
    let mut elf = Cursor::new(program.image().bytes());
    let set = Some(InstructionSet::RV32C);
    loader
        .load_image(session, &mut elf, format, set)
        .map_err(|error| load_error(&error, program.image().path()))?;
    Ok(loader)
}

/// A program that makes no image is told from a chip that does not answer.
fn load_error(error: &FileDownloadError, path: &Path) -> BoardError {
    let bench = match error {
        FileDownloadError::Flash(FlashError::NoSuitableNvm { .. }) => false,
        FileDownloadError::Flash(_) | FileDownloadError::Other(_) => true,
        FileDownloadError::ImageFormatSpecific { source, .. } => matches!(
            source.downcast_ref::<EspIdfFormatError>(),
            None | Some(EspIdfFormatError::FlashSizeDetection(_))
        ),
        _ => false,
    };
    let chain = chain(error);
    if bench {
        BoardError::Flash { chain }
    } else {
        BoardError::Format {
            path: path.to_owned(),
            chain,
        }
    }
}

/// Writes what differs. `others` is what has to survive the erasing of its sector; everything where
/// nothing is said.
fn write(
    session: &mut Session,
    pieces: Vec<Piece>,
    others: Option<&[Range<u64>]>,
    start: Instant,
    on_progress: OnProgress<'_>,
) -> Result<FlashReport, BoardError> {
    let sector = sector_size(session);
    let mut parts = Vec::new();
    for group in groups(pieces, sector) {
        let range = range(&group);
        let same = is_there(session, &marks(&group), on_progress)?;
        if !same {
            let mut options = DownloadOptions::default();
            options.progress = progress(on_progress);
            options.verify = true;
            options.keep_unwritten_bytes = others.is_none_or(|others| {
                let erased = erased(&range, sector);
                let meets =
                    |other: &Range<u64>| other.start < erased.end && erased.start < other.end;
                others.iter().any(meets)
            });
            let loader = loader(session, &group)?;
            loader.commit(session, options).map_err(failed)?;
        }
        parts.push(FlashedPart {
            range,
            bytes: group.iter().map(|(_, bytes)| bytes.len() as u64).sum(),
            written: !same,
        });
    }
    Ok(FlashReport {
        parts,
        took: start.elapsed(),
    })
}

/// What tells a group from every other one. An image begins with its headers, the digest of its ELF
/// among them, and ends with a digest of itself, which is written last (ESP-IDF, "App Image
/// Format"): those stand for it. Small groups stand for themselves.
fn marks(group: &[Piece]) -> Vec<Piece> {
    match group {
        [(address, bytes)] if bytes.len() > LONG => {
            let end = bytes.len() - TAIL;
            vec![
                (*address, bytes[..HEAD].to_vec()),
                (address + end as u64, bytes[end..].to_vec()),
            ]
        }
        _ => group.to_vec(),
    }
}

fn is_there(
    session: &mut Session,
    pieces: &[Piece],
    on_progress: OnProgress<'_>,
) -> Result<bool, BoardError> {
    let loader = loader(session, pieces)?;
    match loader.verify(session, &mut progress(on_progress)) {
        Ok(()) => Ok(true),
        Err(FlashError::Verify) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

fn loader(session: &Session, pieces: &[Piece]) -> Result<FlashLoader, BoardError> {
    let mut loader = session.target().flash_loader();
    for (address, bytes) in pieces {
        loader.add_data(*address, bytes).map_err(failed)?;
    }
    Ok(loader)
}

/// The whole sectors around `range`.
const fn erased(range: &Range<u64>, sector: u64) -> Range<u64> {
    range.start / sector * sector..range.end.next_multiple_of(sector)
}

/// Largest erase sector of the target's flash algorithm, in bytes.
fn sector_size(session: &Session) -> u64 {
    let algorithms = session.target().flash_algorithms.iter();
    algorithms
        .flat_map(|algorithm| &algorithm.flash_properties.sectors)
        .map(|sector| sector.size)
        .max()
        .unwrap_or(1)
        .max(1)
}

/// Pieces that share an erase sector belong together; the others are compared and written apart.
fn groups(mut pieces: Vec<Piece>, sector: u64) -> Vec<Vec<Piece>> {
    pieces.retain(|(_, bytes)| !bytes.is_empty());
    pieces.sort_by_key(|(address, _)| *address);
    let mut groups: Vec<Vec<Piece>> = Vec::new();
    for piece in pieces {
        match groups.last_mut() {
            Some(group) if (range(group).end - 1) / sector == piece.0 / sector => group.push(piece),
            _ => groups.push(vec![piece]),
        }
    }
    groups
}

/// From the first to the last byte of a group, which has one at least.
fn range(group: &[Piece]) -> Range<u64> {
    let start = group.first().map_or(0, |(address, _)| *address);
    let end = group
        .last()
        .map_or(start, |(address, bytes)| address + bytes.len() as u64);
    start..end.max(start + 1)
}

fn progress<'a>(on_progress: &'a mut dyn FnMut(FlashProgressReport)) -> FlashProgress<'a> {
    FlashProgress::new(move |event| {
        if let ProgressEvent::Progress {
            operation, size, ..
        } = event
        {
            let step = match operation {
                ProgressOperation::Fill => FlashStep::Keep,
                ProgressOperation::Erase => FlashStep::Erase,
                ProgressOperation::Program => FlashStep::Program,
                ProgressOperation::Verify => FlashStep::Verify,
            };
            on_progress(FlashProgressReport { step, bytes: size });
        }
    })
}

fn failed(error: FlashError) -> BoardError {
    BoardError::Flash {
        chain: chain(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shares_a_sector_is_one_part() {
        let piece = |address, length| (address, vec![0; length]);
        let pieces = vec![
            piece(0x1_0000, 0x2_8000),
            piece(0x9000, 0x2000),
            piece(0, 0x5000),
            piece(0x8000, 0xc00),
            piece(0x3_9000, 16),
            piece(0x5_0000, 0),
        ];
        let groups = groups(pieces, 0x1_0000);
        let ranges: Vec<Range<u64>> = groups.iter().map(|group| range(group)).collect();
        assert_eq!(ranges, [0..0xb000, 0x1_0000..0x3_9010]);
        assert_eq!(groups[0].len(), 3);
    }

    #[test]
    fn a_long_image_is_known_by_its_ends() {
        let image: Vec<u8> = (0..100_000_u32).map(|index| index as u8).collect();
        let marks = marks(&[(0x1_0000, image.clone())]);
        assert_eq!(marks.len(), 2);
        assert_eq!(marks[0], (0x1_0000, image[..288].to_vec()));
        assert_eq!(marks[1], (0x1_0000 + 99_968, image[99_968..].to_vec()));
        let small = vec![(0, vec![1; 20_000]), (0x8000, vec![2; 4096])];
        assert_eq!(super::marks(&small), small);
    }

    #[test]
    fn whole_sectors_are_erased() {
        assert_eq!(erased(&(0x9000..0xb000), 0x1_0000), 0..0x1_0000);
        assert_eq!(erased(&(0x1_0000..0x2_0001), 0x1_0000), 0x1_0000..0x3_0000);
    }

    #[test]
    fn a_report_counts_what_was_written() {
        let part = |bytes, written| FlashedPart {
            range: 0..bytes,
            bytes,
            written,
        };
        let report = FlashReport {
            parts: vec![part(10, true), part(300, false), part(5, true)],
            took: Duration::ZERO,
        };
        assert_eq!((report.written(), report.unchanged()), (15, 300));
    }
}
