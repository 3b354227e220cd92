//! Programs are made here, byte by byte: headers, one segment each in flash and memory, sections.

use super::*;

/// Offsets of fields of the ELF header, by the specification.
const E_TYPE: usize = 16;
const E_MACHINE: usize = 18;
const E_ENTRY: usize = 24;

/// A program of two segments: a descriptor in flash, `code` bytes of code, at least 4.
pub(crate) fn program(code: u32) -> Vec<u8> {
    let mut elf = Vec::new();
    let put32 = |elf: &mut Vec<u8>, words: &[u32]| {
        words
            .iter()
            .for_each(|word| elf.extend_from_slice(&word.to_le_bytes()));
    };
    let names = b"\0.flash.appdesc\0.text\0.shstrtab\0";
    let (data, text) = (0x100_u32, 0x200_u32);
    let strings = text + code;
    let sections = (strings + names.len() as u32).next_multiple_of(4);
    elf.extend_from_slice(b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0");
    elf.extend_from_slice(&[2, 0, 243, 0]);
    put32(&mut elf, &[1, 0x4201_0020, 52, sections, 0]);
    for half in [52_u16, 32, 2, 40, 4, 3] {
        elf.extend_from_slice(&half.to_le_bytes());
    }
    put32(
        &mut elf,
        &[1, data, 0x3c00_0020, 0x3c00_0020, 256, 256, 4, 4],
    );
    put32(
        &mut elf,
        &[1, text, 0x4201_0020, 0x4201_0020, code, code, 5, 4],
    );
    elf.resize(data as usize, 0);
    // First word of a description, by ESP-IDF's `esp_app_desc.h`.
    put32(&mut elf, &[0xabcd_5432]);
    elf.resize(text as usize, 0);
    // `j .`: stays where it is.
    put32(&mut elf, &[0x6f]);
    elf.resize(strings as usize, 0);
    elf.extend_from_slice(names);
    elf.resize(sections as usize, 0);
    put32(&mut elf, &[0; 10]);
    put32(&mut elf, &[1, 1, 2, 0x3c00_0020, data, 256, 0, 0, 4, 0]);
    put32(&mut elf, &[16, 1, 6, 0x4201_0020, text, code, 0, 0, 4, 0]);
    put32(
        &mut elf,
        &[22, 3, 0, 0, strings, names.len() as u32, 0, 0, 1, 0],
    );
    elf
}

fn patched(offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut elf = program(64);
    elf[offset..offset + bytes.len()].copy_from_slice(bytes);
    elf
}

fn refused(elf: Vec<u8>) -> String {
    let error = Image::new(Path::new("fw"), elf, ChipKind::Esp32c3).map(|_| ());
    error.unwrap_err().to_string()
}

#[test]
fn a_program_for_the_chip_passes() {
    let image = Image::new(Path::new("fw"), program(64), ChipKind::Esp32c3).unwrap();
    assert_eq!(image.entry(), 0x4201_0020);
    assert_eq!(image.symbol("main"), None);
}

#[test]
fn other_files_are_told_apart() {
    insta::assert_snapshot!(refused(Vec::new()), @"fw: this is no ELF file: give the program as the linker wrote it, not a binary of it");
    insta::assert_snapshot!(refused(vec![0xe9; 4096]), @"fw: this is no ELF file: give the program as the linker wrote it, not a binary of it");
    insta::assert_snapshot!(refused(patched(E_TYPE, &[1, 0])), @"fw: this is an object file, not a linked program");
    insta::assert_snapshot!(refused(patched(E_TYPE, &[3, 0])), @"fw: this is a shared or relocatable program, not a linked program");
    let host = fs::read(std::env::current_exe().unwrap()).unwrap();
    assert!(refused(host).starts_with("fw: built for "));
}

#[test]
fn other_processors_are_named() {
    insta::assert_snapshot!(refused(patched(E_MACHINE, &[94, 0])), @"fw: built for Xtensa (ESP32, ESP32-S2, ESP32-S3), 32-bit (ELF machine 94), the esp32c3 needs 32-bit RISC-V, little endian");
    insta::assert_snapshot!(refused(patched(4, &[2])), @"fw: built for RISC-V, 64-bit (ELF machine 243), the esp32c3 needs 32-bit RISC-V, little endian");
    insta::assert_snapshot!(refused(patched(4, &[1, 2])), @"fw: built for another processor, 32-bit, big endian (ELF machine 62208), the esp32c3 needs 32-bit RISC-V, little endian");
}

#[test]
fn other_chips_show_in_their_addresses() {
    // The ESP32-C6 has its memory at 0x4080_0000.
    let load_address = 52 + 32 + 8;
    let mut elf = patched(load_address, &0x4080_0000_u32.to_le_bytes());
    elf[E_ENTRY..E_ENTRY + 4].copy_from_slice(&0x4080_0000_u32.to_le_bytes());
    insta::assert_snapshot!(refused(elf), @"fw: bytes 0x40800000 to 0x40800040 lie in no memory of the esp32c3: built for another chip?");
    // Half inside is outside.
    let elf = patched(load_address, &0x427f_ffe0_u32.to_le_bytes());
    assert!(refused(elf).contains("bytes 0x427fffe0 to 0x42800020"));
}

#[test]
fn the_entry_lies_in_code() {
    let elf = patched(E_ENTRY, &0x3c00_0020_u32.to_le_bytes());
    insta::assert_snapshot!(refused(elf), @"fw: its entry 0x3c000020 lies in no executable segment: a wrong linker script?");
}

#[test]
fn a_missing_descriptor_is_named() {
    let mut elf = program(64);
    let name = elf
        .windows(8)
        .position(|bytes| bytes == b".appdesc")
        .unwrap();
    elf[name] = b'_';
    assert!(refused(elf).contains("no application descriptor (section .flash.appdesc)"));
}

#[test]
fn every_shorter_file_is_refused() {
    let elf = program(64);
    for length in 0..elf.len() {
        let error = refused(elf[..length].to_vec());
        let expected = if length < 4 { "no ELF" } else { "" };
        assert!(error.contains(expected), "{length}: {error}");
        if length >= 52 {
            assert!(error.contains("cut short"), "{length}: {error}");
        }
    }
}

#[test]
fn one_wrong_byte_never_panics() {
    let elf = program(64);
    for offset in 0..elf.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut elf = elf.clone();
            elf[offset] = value;
            let _ = Image::new(Path::new("fw"), elf, ChipKind::Esp32c3);
        }
    }
}

#[test]
fn too_large_names_the_partitions_line() {
    let table = "settings,data,undefined,0x9000,0x2000\nfactory,app,factory,0x10000,64K";
    let table = PartitionTable::parse(table, Path::new("p.csv")).unwrap();
    let image = |code| Image::new(Path::new("fw"), program(code), ChipKind::Esp32c3).unwrap();
    assert!(image(64).check_fits(&table).is_ok());
    insta::assert_snapshot!(image(65_536).check_fits(&table).unwrap_err(), @"fw: its image takes at least 65865 bytes, the partition `factory` (p.csv, line 2) has 65536: make the program smaller or the partition larger");
}
