//! What the image takes of flash and memory, section by section.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;

use object::{Object as _, ObjectSection as _, SectionFlags, elf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::BuildError;
use super::crates::{self, CrateSize};

/// A part of the image that has an address on the chip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Section {
    /// Its name, such as `.text`.
    pub name: String,
    /// Where the chip sees it.
    pub address: u64,
    /// Its size in bytes.
    pub size: u64,
    /// Whether its content comes from flash.
    pub stored: bool,
}

impl Section {
    /// Whether it is memory in use from the start.
    pub(super) fn is_ram(&self) -> bool {
        is_ram(self.address) && self.name != STACK
    }
}

/// Sizes of an image, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sizes {
    /// Every section with an address and a size, by address.
    pub sections: Vec<Section>,
    /// What each crate takes of them, the largest in flash first, what is no crate's last: their
    /// flash adds up to [`flash`](Self::flash), their memory to [`ram`](Self::ram).
    pub crates: Vec<CrateSize>,
}

/// Where esp-hal's linker script leaves what is left of the memory.
const STACK: &str = ".stack";
/// Sections of that script that only keep addresses free, under this suffix.
const PLACEHOLDER: &str = "_dummy";

impl Sizes {
    /// Reads an ELF file.
    ///
    /// # Errors
    /// [`BuildError::Elf`] when it cannot be read or is none.
    pub fn of_file(path: &Path) -> Result<Self, BuildError> {
        let problem = |reason: String| BuildError::Elf {
            path: path.to_path_buf(),
            reason,
        };
        let bytes = fs::read(path).map_err(|error| problem(error.to_string()))?;
        Self::of_elf(&bytes).map_err(|error| problem(error.to_string()))
    }

    /// Reads the content of an ELF file.
    ///
    /// # Errors
    /// When it is none.
    pub fn of_elf(bytes: &[u8]) -> Result<Self, object::Error> {
        let file = object::File::parse(bytes)?;
        let mut sections = Vec::new();
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags } = section.flags() else {
                continue;
            };
            let name = section.name()?;
            let on_chip = sh_flags & u64::from(elf::SHF_ALLOC) != 0;
            if !on_chip || section.size() == 0 || name.ends_with(PLACEHOLDER) {
                continue;
            }
            sections.push(Section {
                name: name.to_owned(),
                address: section.address(),
                size: section.size(),
                // Sections without content in the file have no range in it.
                stored: section.file_range().is_some(),
            });
        }
        sections.sort_by_key(|section| section.address);
        let crates = crates::of_file(&file, &sections);
        Ok(Self { sections, crates })
    }

    /// Bytes of flash: everything that is stored. Headers and padding of the image come on top.
    #[must_use]
    pub fn flash(&self) -> u64 {
        self.total(|section| section.stored)
    }

    /// Bytes of memory in use from the start, code in memory included, the stack not.
    #[must_use]
    pub fn ram(&self) -> u64 {
        self.total(Section::is_ram)
    }

    /// Bytes of memory left for the stack.
    #[must_use]
    pub fn stack(&self) -> u64 {
        self.total(|section| section.name == STACK)
    }

    /// The table of the crates: those that take most of the flash, `limit` of them, the rest in
    /// one row.
    #[must_use]
    pub fn crates_table(&self, limit: usize) -> String {
        let mut text = format!("{:<22} {:>10} {:>11}", "crate", "flash", "RAM");
        let mut row = |name: &str, flash: u64, ram: u64| {
            let (flash, ram) = (grouped(flash), grouped(ram));
            // Writing to a string cannot fail.
            let _ = write!(text, "\n{name:<22} {flash:>10} {ram:>11}");
        };
        let (shown, rest) = self.crates.split_at(self.crates.len().min(limit));
        for size in shown {
            row(&size.name, size.flash, size.ram);
        }
        if !rest.is_empty() {
            let (flash, ram) = rest.iter().fold((0, 0), |(flash, ram), size| {
                (flash + size.flash, ram + size.ram)
            });
            row(&format!("{} more", rest.len()), flash, ram);
        }
        text
    }

    /// Size of the section `name`, 0 if there is none.
    #[must_use]
    pub fn section(&self, name: &str) -> u64 {
        self.total(|section| section.name == name)
    }

    fn total(&self, counts: impl Fn(&Section) -> bool) -> u64 {
        self.sections
            .iter()
            .filter(|section| counts(section))
            .map(|section| section.size)
            .sum()
    }
}

/// Whether the ESP32-C3 has its memory there, on the data bus or on the instruction bus
/// (Technical Reference Manual, "System and Memory"). RTC memory is not counted.
fn is_ram(address: u64) -> bool {
    (0x3fc8_0000..0x3fce_0000).contains(&address) || (0x4037_c000..0x403e_0000).contains(&address)
}

impl fmt::Display for Sizes {
    /// A table: a row for each section, then the totals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<22} {:>10} {:>11}", "section", "address", "bytes")?;
        for section in &self.sections {
            let address = format!("0x{:08x}", section.address);
            writeln!(
                f,
                "{:<22} {:>10} {:>11}",
                section.name,
                address,
                grouped(section.size)
            )?;
        }
        writeln!(f, "{:<33} {:>11}", "flash", grouped(self.flash()))?;
        writeln!(f, "{:<33} {:>11}", "RAM", grouped(self.ram()))?;
        write!(
            f,
            "{:<33} {:>11}",
            "RAM left for the stack",
            grouped(self.stack())
        )
    }
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(name: &str, address: u64, size: u64, stored: bool) -> Section {
        Section {
            name: name.to_owned(),
            address,
            size,
            stored,
        }
    }

    #[test]
    fn totals_follow_from_where_a_section_lies() {
        let sizes = Sizes {
            sections: vec![
                section(".rodata", 0x3c00_0120, 60_000, true),
                section(".data", 0x3fc8_4000, 1_000, true),
                section(".bss", 0x3fc8_5000, 70_000, false),
                section(".stack", 0x3fc9_8000, 200_000, false),
                section(".rwtext", 0x4038_0800, 4_000, true),
                section(".text", 0x4201_0020, 280_000, true),
                section(".rtc_fast.persistent", 0x5000_0000, 4, false),
            ],
            crates: Vec::new(),
        };
        assert_eq!(sizes.flash(), 345_000);
        assert_eq!(sizes.ram(), 75_000);
        assert_eq!(sizes.stack(), 200_000);
        insta::assert_snapshot!(sizes, @"
        section                   address       bytes
        .rodata                0x3c000120      60,000
        .data                  0x3fc84000       1,000
        .bss                   0x3fc85000      70,000
        .stack                 0x3fc98000     200,000
        .rwtext                0x40380800       4,000
        .text                  0x42010020     280,000
        .rtc_fast.persistent   0x50000000           4
        flash                                 345,000
        RAM                                    75,000
        RAM left for the stack                200,000
        ");
    }

    #[test]
    fn a_real_elf_is_read() {
        let own = std::env::current_exe().unwrap();
        let sizes = Sizes::of_file(&own).unwrap();
        assert!(sizes.section(".text") > 10_000, "{sizes}");
        assert!(sizes.section(".bss") > 0);
        let stored = |name: &str| {
            sizes
                .sections
                .iter()
                .find(|section| section.name == name)
                .map(|section| section.stored)
        };
        assert_eq!(stored(".text"), Some(true));
        assert_eq!(stored(".bss"), Some(false));
        assert_eq!(stored(".symtab"), None, "has no address at run time");
        assert!(sizes.sections.is_sorted_by_key(|section| section.address));
        let flash: u64 = sizes.crates.iter().map(|size| size.flash).sum();
        assert_eq!(flash, sizes.flash(), "what no crate has is `other`");
        assert!(sizes.crates.iter().any(|size| size.name == "harness"));
    }

    #[test]
    fn what_is_no_elf_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("firmware");
        let error = Sizes::of_file(&path).unwrap_err().to_string();
        assert!(error.starts_with("cannot read the sizes of ") && error.contains("firmware"));
        for bytes in [
            &b""[..],
            b"\x7fELF",
            b"no ELF at all, but long enough to look at, 64 bytes or more",
        ] {
            fs::write(&path, bytes).unwrap();
            assert!(Sizes::of_file(&path).is_err());
        }
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
    }
}
