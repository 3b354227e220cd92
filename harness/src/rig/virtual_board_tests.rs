//! Chips that never get as far as a program.

use std::fs;

use super::*;
use crate::board::image_for_tests;

/// Powers a board up whose flash holds no more than `keep` bytes of what was flashed.
fn end_with(keep: usize) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (elf, table) = (folder.path().join("fw"), folder.path().join("p.csv"));
    fs::write(&elf, image_for_tests(64)).unwrap();
    let rows = "settings,data,undefined,0x9000,0x2000\nfactory,app,factory,0x10000,128K";
    fs::write(&table, rows).unwrap();
    let program = Program::load(&elf, &table, ChipKind::Esp32c3).unwrap();
    let mut chip = VirtualChip::new(&program, &[0xff; 0x2000], 1).unwrap();
    chip.board.with_chip(|chip| {
        let erased = vec![0xff; 0x2_0000 - keep];
        chip.flash_mut().load(keep as u32, &erased).unwrap();
    });
    let mut now = chip.power_up(Duration::ZERO).unwrap().now;
    // The boot's end is an event: it takes a few steps, not the whole second.
    for _ in 0..100 {
        let progress = chip.advance(Duration::from_secs(1), Vec::new()).unwrap();
        now = now.max(progress.now);
        match progress.end {
            Some(End::Died(words)) => return words,
            Some(other) => panic!("{other:?}"),
            None => {}
        }
    }
    panic!("still running at {now:?}");
}

#[test]
fn an_erased_flash_is_told() {
    let words = end_with(0);
    assert!(words.starts_with("nothing to boot: "), "{words}");
    assert!(words.contains("bootloader: "), "{words}");
    assert!(words.contains("pc 0x40000000"), "{words}");
}

#[test]
fn a_missing_application_is_told() {
    let words = end_with(0x1_0000);
    assert!(words.starts_with("nothing to boot: "), "{words}");
    assert!(
        words.contains("application in partition `factory`"),
        "{words}"
    );
}
