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
            Some(End::Crashed(crash)) => {
                assert_eq!(crash.kind, CrashKind::NothingToBoot);
                return crash.to_string();
            }
            Some(other) => panic!("{other:?}"),
            None => {}
        }
    }
    panic!("still running at {now:?}");
}

/// The flash that a board leaves on the shelf holds the samples of its scenario.
#[test]
fn samples_of_one_scenario_do_not_reach_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let (elf, table) = (folder.path().join("fw"), folder.path().join("p.csv"));
    fs::write(&elf, image_for_tests(64)).unwrap();
    let rows = "settings,data,undefined,0x9000,0x2000\nfactory,app,factory,0x10000,128K\n\
                outbox,data,undefined,0x190000,64K";
    fs::write(&table, rows).unwrap();
    let program = Program::load(&elf, &table, ChipKind::Esp32c3).unwrap();
    // A sector in use; one whose erasing was interrupted, but for its end.
    for used in [0x19_3000, 0x19_8ff8] {
        let chip = VirtualChip::new(&program, &[0xff; 0x2000], 1).unwrap();
        chip.board
            .with_chip(|chip| chip.flash_mut().load(used, &[0; 8]))
            .unwrap();
        chip.board
            .with_chip(|chip| chip.flash_mut().load(0x18_fff8, &[7; 8]))
            .unwrap();
        let flash = chip.board.with_chip(|chip| chip.flash().clone());
        drop(chip);
        // Whoever else took it from the shelf: this one is used.
        shelf().push(flash);
        let next = VirtualChip::new(&program, &[0xff; 0x2000], 1).unwrap();
        next.board.with_chip(|chip| {
            let outbox = chip.flash().get(0x19_0000, 0x1_0000).unwrap();
            assert!(outbox.iter().all(|byte| *byte == 0xff));
            assert_eq!(chip.flash().get(0x18_fff8, 8).unwrap(), [7; 8], "beside it");
        });
    }
}

#[test]
fn an_erased_flash_is_told() {
    let words = end_with(0);
    assert!(words.starts_with("nothing to boot: "), "{words}");
    assert!(words.contains("bootloader: "), "{words}");
    assert!(
        words.contains("0x40000000 (outside of the program)"),
        "{words}"
    );
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
