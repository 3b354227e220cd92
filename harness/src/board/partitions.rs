//! The flash's partition table in ESP-IDF's CSV form.
//!
//! probe-rs reads the file again and flashes it; it is read here first, for messages with a line
//! and for the place of the settings. The format is that of ESP-IDF's `gen_esp32part.py`
//! (Partition Tables, "Creating Custom Tables").

use std::fs;
use std::path::{Path, PathBuf};

use firmware_settings::PARTITION_SIZE;

use super::table_error::{TableError, TableProblem};

/// Where the bootloader looks for the table, in bytes from the start of flash.
pub(super) const TABLE_OFFSET: u32 = 0x8000;
/// Where the first partition lies: the table takes one sector.
pub(super) const FIRST_OFFSET: u32 = TABLE_OFFSET + SECTOR;
const SECTOR: u32 = 0x1000;
/// The cache maps programs in pages of this size.
const APP_ALIGNMENT: u32 = 0x1_0000;
/// The longest name, in bytes.
const NAME_LIMIT: usize = 16;
/// Name of the partition that holds the device's settings.
const SETTINGS: &str = "settings";

/// Name of the partition that holds samples over a reset.
const OUTBOX: &str = "outbox";

/// One partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its name.
    pub name: String,
    /// Type: 0 is a program, 1 is data.
    pub kind: u8,
    /// What it is for, within its type.
    pub subtype: String,
    /// Where it starts, in bytes from the start of flash.
    pub offset: u32,
    /// Its size in bytes.
    pub size: u32,
    /// Its line in the file, from 1.
    pub line: usize,
}

impl Partition {
    /// The first byte after it.
    pub const fn end(&self) -> u32 {
        self.offset.saturating_add(self.size)
    }

    /// Whether it holds a program.
    pub const fn is_app(&self) -> bool {
        self.kind == 0
    }
}

/// A checked table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionTable {
    path: PathBuf,
    partitions: Vec<Partition>,
}

impl PartitionTable {
    /// Reads and checks a CSV file.
    ///
    /// # Errors
    /// [`TableError`] with the line.
    pub fn read(path: &Path) -> Result<Self, TableError> {
        let bytes = fs::read(path).map_err(|source| TableError::Read {
            path: path.to_owned(),
            source,
        })?;
        let text = str::from_utf8(&bytes).map_err(|_| TableError::Lacks {
            path: path.to_owned(),
            problem: TableProblem::NotText,
        })?;
        Self::parse(text, path)
    }

    /// Checks `text`, which is the content of `path`.
    ///
    /// # Errors
    /// [`TableError`] with the line.
    pub fn parse(text: &str, path: &Path) -> Result<Self, TableError> {
        let mut partitions: Vec<Partition> = Vec::new();
        let mut next = FIRST_OFFSET;
        for (index, row) in text.lines().enumerate() {
            let row = row.trim();
            if row.is_empty() || row.starts_with('#') {
                continue;
            }
            let line = index + 1;
            let partition = parse_row(row, line, next)
                .and_then(|partition| {
                    check_against(&partition, &partitions)?;
                    Ok(partition)
                })
                .map_err(|problem| TableError::At {
                    path: path.to_owned(),
                    line,
                    problem,
                })?;
            next = partition.end();
            partitions.push(partition);
        }
        let lacks = |problem| TableError::Lacks {
            path: path.to_owned(),
            problem,
        };
        if !partitions.iter().any(Partition::is_app) {
            return Err(lacks(TableProblem::NoApp));
        }
        if let Some(first) = partitions.iter().min_by_key(|partition| partition.offset)
            && first.offset != FIRST_OFFSET
        {
            return Err(TableError::At {
                path: path.to_owned(),
                line: first.line,
                problem: TableProblem::First {
                    name: first.name.clone(),
                    offset: first.offset,
                },
            });
        }
        Ok(Self {
            path: path.to_owned(),
            partitions,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All partitions, as in the file.
    pub fn partitions(&self) -> &[Partition] {
        &self.partitions
    }

    /// Where the program goes: `factory`, or the first of type app.
    pub fn app(&self) -> Option<&Partition> {
        let apps = || {
            self.partitions
                .iter()
                .filter(|partition| partition.is_app())
        };
        apps()
            .find(|partition| partition.name == "factory")
            .or_else(|| apps().next())
    }

    /// Where the settings go.
    ///
    /// # Errors
    /// [`TableError`] when there is no such partition, or one of another size.
    pub fn settings(&self) -> Result<&Partition, TableError> {
        let settings = self
            .partitions
            .iter()
            .find(|partition| partition.name == SETTINGS && partition.kind == 1)
            .ok_or_else(|| TableError::Lacks {
                path: self.path.clone(),
                problem: TableProblem::NoSettings,
            })?;
        if usize::try_from(settings.size) != Ok(PARTITION_SIZE) {
            return Err(TableError::At {
                path: self.path.clone(),
                line: settings.line,
                problem: TableProblem::SettingsSize {
                    size: settings.size,
                },
            });
        }
        Ok(settings)
    }

    /// Where the device keeps samples over a reset, if the table has a place for them.
    pub fn outbox(&self) -> Option<&Partition> {
        let mut partitions = self.partitions.iter();
        partitions.find(|partition| partition.name == OUTBOX && partition.kind == 1)
    }
}

fn parse_row(row: &str, line: usize, next: u32) -> Result<Partition, TableProblem> {
    let columns: Vec<&str> = row.split(',').map(str::trim).collect();
    // Tables end their rows with a comma as often as not.
    let [name, kind, subtype, offset, size] = columns.get(..5).map_or([""; 5], |columns| {
        [columns[0], columns[1], columns[2], columns[3], columns[4]]
    });
    if !(5..=6).contains(&columns.len()) {
        return Err(TableProblem::Columns(columns.len()));
    }
    if name.is_empty() || name.len() > NAME_LIMIT {
        return Err(TableProblem::Name(name.to_owned()));
    }
    let kind = match kind {
        "app" => 0,
        "data" => 1,
        _ => number(kind)
            .and_then(|kind| u8::try_from(kind).ok())
            .filter(|kind| *kind < u8::MAX)
            .ok_or_else(|| TableProblem::Type(kind.to_owned()))?,
    };
    let alignment = if kind == 0 { APP_ALIGNMENT } else { SECTOR };
    let parsed = |what, value: &str| {
        number(value).ok_or_else(|| TableProblem::Number {
            what,
            value: value.to_owned(),
        })
    };
    let offset = if offset.is_empty() {
        // Left out: right behind the row before.
        next.checked_next_multiple_of(alignment).unwrap_or(u32::MAX)
    } else {
        parsed("offset", offset)?
    };
    let partition = Partition {
        name: name.to_owned(),
        kind,
        subtype: subtype.to_owned(),
        offset,
        size: parsed("size", size)?,
        line,
    };
    if !offset.is_multiple_of(alignment) {
        return Err(TableProblem::Alignment {
            name: partition.name,
            offset,
            alignment,
        });
    }
    let fits = offset.checked_add(partition.size).is_some();
    if partition.size == 0 || !partition.size.is_multiple_of(SECTOR) || !fits {
        return Err(TableProblem::Size {
            name: partition.name,
            size: partition.size,
        });
    }
    Ok(partition)
}

fn check_against(new: &Partition, before: &[Partition]) -> Result<(), TableProblem> {
    for old in before {
        if old.name == new.name {
            return Err(TableProblem::DuplicateName {
                name: new.name.clone(),
                first: old.line,
            });
        }
        if new.offset < old.end() && old.offset < new.end() {
            return Err(TableProblem::Overlap {
                name: new.name.clone(),
                offset: new.offset,
                other: old.name.clone(),
                end: old.end(),
            });
        }
    }
    Ok(())
}

/// `0x9000`, `36864`, `24K`, `1M`.
fn number(text: &str) -> Option<u32> {
    let (digits, factor) = match text.as_bytes().last()? {
        b'k' | b'K' => (&text[..text.len() - 1], 1024),
        b'm' | b'M' => (&text[..text.len() - 1], 1024 * 1024),
        _ => (text, 1),
    };
    let hexadecimal = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"));
    let value = match hexadecimal {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => digits.parse().ok()?,
    };
    value.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<PartitionTable, String> {
        PartitionTable::parse(text, Path::new("p.csv")).map_err(|error| error.to_string())
    }

    const ROWS: &str = "# Name, Type\nsettings, data, undefined, 0x9000, 0x2000\n\n\
                        factory, app, factory, 0x10000, 1M,\n";

    #[test]
    fn the_firmwares_own_table_is_read() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware/esp32/partitions.csv");
        let table = PartitionTable::read(&path).unwrap();
        let settings = table.settings().unwrap();
        assert_eq!((settings.offset, settings.size), (0x9000, 0x2000));
        let app = table.app().unwrap();
        assert_eq!((app.name.as_str(), app.offset), ("factory", 0x1_0000));
    }

    #[test]
    fn numbers_and_left_out_offsets() {
        let table = parse("nvs,data,nvs,,24K\nota,app,ota_0,,1M,\nx,0x40,0x01,,0x1000,encrypted\n")
            .unwrap();
        let places: Vec<(u32, u32)> = table
            .partitions()
            .iter()
            .map(|partition| (partition.offset, partition.size))
            .collect();
        assert_eq!(
            places,
            [(0x9000, 0x6000), (0x1_0000, 0x10_0000), (0x11_0000, 0x1000)]
        );
        assert_eq!(table.app().unwrap().name, "ota");
    }

    #[test]
    fn every_problem_has_its_line() {
        let refused = |row: &str| parse(&format!("{ROWS}{row}\n")).unwrap_err();
        insta::assert_snapshot!(refused("x"), @"p.csv:5: expected `name, type, subtype, offset, size` and perhaps flags, found 1 columns");
        insta::assert_snapshot!(refused("a,b,c,d,e,f,g"), @"p.csv:5: expected `name, type, subtype, offset, size` and perhaps flags, found 7 columns");
        insta::assert_snapshot!(refused(",data,nvs,,4K"), @"p.csv:5: `` is no partition name: 1 to 16 bytes");
        insta::assert_snapshot!(refused("x,date,nvs,,4K"), @"p.csv:5: `date` is no partition type: `app`, `data`, or a number from 0 to 254");
        insta::assert_snapshot!(refused("x,data,nvs,here,4K"), @"p.csv:5: offset `here` is no number like 0x9000, 36864, 24K or 1M");
        insta::assert_snapshot!(refused("x,data,nvs,,8192M"), @"p.csv:5: size `8192M` is no number like 0x9000, 36864, 24K or 1M");
        insta::assert_snapshot!(refused("x,app,ota_0,0x111000,4K"), @"p.csv:5: offset 0x111000 of `x` is no multiple of 0x10000");
        insta::assert_snapshot!(refused("x,data,nvs,,1"), @"p.csv:5: size 0x1 of `x` is no multiple of 0x1000, or zero, or beyond 4 GB");
        insta::assert_snapshot!(refused("x,data,nvs,0xfffff000,0x2000"), @"p.csv:5: size 0x2000 of `x` is no multiple of 0x1000, or zero, or beyond 4 GB");
        insta::assert_snapshot!(refused("x,data,nvs,0xa000,4K"), @"p.csv:5: `x` starts at 0xa000, inside `settings`, which ends at 0xb000");
        insta::assert_snapshot!(refused("factory,data,nvs,,4K"), @"p.csv:5: there is a partition `factory` already, at line 4");
    }

    #[test]
    fn what_is_not_there_is_named() {
        insta::assert_snapshot!(parse("").unwrap_err(), @"p.csv: it has no partition of type app: there is no place for the program");
        insta::assert_snapshot!(parse("f,app,factory,0x10000,1M").unwrap_err(), @"p.csv:1: the lowest partition, `f`, starts at 0x10000, expected 0x9000: the table goes into the sector before it, and the bootloader looks for it at 0x8000");
        let foreign = parse("nvs,data,nvs,0x9000,24K\nf,app,factory,0x10000,1M").unwrap();
        insta::assert_snapshot!(foreign.settings().unwrap_err(), @"p.csv: it has no row `settings, data, undefined, …, 0x2000`: this is not the table of this firmware");
        let small = parse("settings,data,undefined,0x9000,4K\nf,app,factory,0x10000,1M").unwrap();
        insta::assert_snapshot!(small.settings().unwrap_err(), @"p.csv:1: `settings` has 4096 bytes, the firmware expects 8192");
    }

    #[test]
    fn a_binary_table_is_told_apart() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), [0xaa, 0x50, 0xff, 0xff]).unwrap();
        let error = PartitionTable::read(file.path()).unwrap_err().to_string();
        assert!(error.contains("this is no text"), "{error}");
        let error = PartitionTable::read(Path::new("/nonexistent/p.csv")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot read the partition table /nonexistent/p.csv")
        );
    }
}
