//! The chips that boards carry, as far as a program's addresses and a probe need them.

use std::fmt;
use std::ops::Range;

/// A kind of chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChipKind {
    /// ESP32-C3: one RV32IMC core.
    Esp32c3,
}

/// What lies in a range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegionKind {
    /// Flash, through the cache.
    Flash,
    /// Memory that the bootloader fills from the image.
    Ram,
}

/// A range of addresses a program may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// What it is, for messages.
    pub name: &'static str,
    /// What lies there.
    pub kind: RegionKind,
    /// Whether the core fetches instructions from it.
    pub executable: bool,
    /// The addresses.
    pub range: Range<u64>,
}

const fn region(
    name: &'static str,
    kind: RegionKind,
    executable: bool,
    range: Range<u64>,
) -> Region {
    Region {
        name,
        kind,
        executable,
        range,
    }
}

/// ESP32-C3 Technical Reference Manual, "System and Memory", tables of internal and external
/// memory.
const ESP32C3: &[Region] = &[
    region(
        "flash (data bus)",
        RegionKind::Flash,
        false,
        0x3c00_0000..0x3c80_0000,
    ),
    region(
        "SRAM (data bus)",
        RegionKind::Ram,
        false,
        0x3fc8_0000..0x3fce_0000,
    ),
    region(
        "SRAM (instruction bus)",
        RegionKind::Ram,
        true,
        0x4037_c000..0x403e_0000,
    ),
    region(
        "flash (instruction bus)",
        RegionKind::Flash,
        true,
        0x4200_0000..0x4280_0000,
    ),
    region(
        "RTC memory",
        RegionKind::Ram,
        true,
        0x5000_0000..0x5000_2000,
    ),
];

impl ChipKind {
    /// Every kind.
    pub const ALL: &[Self] = &[Self::Esp32c3];

    /// The name in `hil.toml`, on the command line, and of the probe-rs target.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Esp32c3 => "esp32c3",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|chip| chip.name() == name)
    }

    /// What a program may use.
    pub const fn regions(self) -> &'static [Region] {
        match self {
            Self::Esp32c3 => ESP32C3,
        }
    }

    /// The region that holds the whole of `range`.
    pub fn region_of(self, range: &Range<u64>) -> Option<&'static Region> {
        self.regions()
            .iter()
            .find(|region| region.range.start <= range.start && range.end <= region.range.end)
    }
}

impl fmt::Display for ChipKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
