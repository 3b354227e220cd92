//! What each crate takes of flash and memory, by the symbols of the program.
//!
//! A symbol belongs to the crate that its path begins with: for generic code the one that wrote it,
//! not the one that uses it. What no path names (the compiler's own functions, assembly, constants
//! without a name, padding) is [`OTHER`], so that the crates add up to the sections.

use std::collections::BTreeMap;

use object::{Object as _, ObjectSymbol as _, SymbolKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sizes::Section;

/// What stands in the place of a crate where no path names one.
pub const OTHER: &str = "other";

/// What one crate takes, in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CrateSize {
    /// Its name as in paths, such as `firmware_app`, or [`OTHER`].
    pub name: String,
    /// Of what is stored in flash.
    pub flash: u64,
    /// Of the memory in use from the start.
    pub ram: u64,
}

/// The crates of `file`, the largest in flash first, [`OTHER`] last.
pub(super) fn of_file(file: &object::File<'_>, sections: &[Section]) -> Vec<CrateSize> {
    let mut symbols: Vec<(u64, u64, String)> = file
        .symbols()
        .filter(|symbol| matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data))
        .filter(|symbol| symbol.size() > 0)
        .filter_map(|symbol| {
            let name = addr2line::demangle_auto(symbol.name().ok()?.into(), None);
            Some((symbol.address(), symbol.size(), crate_of(&name)?.to_owned()))
        })
        .collect();
    // Of two symbols at one place, the longer; the order of names decides between equals.
    symbols.sort_by(|a, b| (a.0, b.1, &a.2).cmp(&(b.0, a.1, &b.2)));
    let mut crates: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut other = (0, 0);
    for section in sections {
        let end = section.address.saturating_add(section.size);
        let mut cursor = section.address;
        let mut named = 0;
        let first = symbols.partition_point(|(address, ..)| *address < section.address);
        for (address, size, name) in symbols.iter().skip(first) {
            if *address >= end {
                break;
            }
            // A byte that two symbols name counts once.
            let from = cursor.max(*address);
            let to = address.saturating_add(*size).min(end);
            let bytes = to.saturating_sub(from);
            cursor = cursor.max(to);
            named += bytes;
            add(crates.entry(name.clone()).or_default(), section, bytes);
        }
        add(&mut other, section, section.size.saturating_sub(named));
    }
    let mut crates: Vec<CrateSize> = crates
        .into_iter()
        .map(|(name, (flash, ram))| CrateSize { name, flash, ram })
        .filter(|size| size.flash + size.ram > 0)
        .collect();
    crates.sort_by_key(|size| std::cmp::Reverse((size.flash, size.ram)));
    let (flash, ram) = other;
    crates.push(CrateSize {
        name: OTHER.to_owned(),
        flash,
        ram,
    });
    crates
}

fn add((flash, ram): &mut (u64, u64), section: &Section, bytes: u64) {
    if section.stored {
        *flash += bytes;
    }
    if section.is_ram() {
        *ram += bytes;
    }
}

/// The first segment of the first path in a demangled name: that of the type of
/// `<firmware_app::Life as core::future::Future>::poll`, that of the trait of
/// `<&str as core::fmt::Display>::fmt`.
fn crate_of(name: &str) -> Option<&str> {
    let mut rest = name;
    while let Some(at) = rest.find("::") {
        let head = &rest[..at];
        let start = head
            .rfind(|c: char| !c.is_alphanumeric() && c != '_')
            .map_or(0, |last| {
                last + head[last..].chars().next().map_or(1, char::len_utf8)
            });
        if start < head.len() {
            return Some(&head[start..]);
        }
        rest = &rest[at + 2..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_names_the_crate() {
        for (name, expected) in [
            ("firmware_app::modem::run", Some("firmware_app")),
            (
                "<firmware_app::Life as core::future::future::Future>::poll",
                Some("firmware_app"),
            ),
            ("<&str as core::fmt::Display>::fmt", Some("core")),
            ("<[u8; 4] as core::fmt::Debug>::fmt", Some("core")),
            ("core::ptr::drop_in_place::<firmware_app::A>", Some("core")),
            ("memcpy", None),
            ("<>::x", None),
            ("", None),
        ] {
            assert_eq!(crate_of(name), expected, "{name}");
        }
    }
}
