//! On virtual boards, whose chips run probe-rs's own flash algorithm.

use std::fs;

use tempfile::TempDir;
use virtual_esp32c3::config::ChipConfig;
use virtual_esp32c3_probe::VirtualBoard;

use super::*;
use crate::board::FlashStep;
use crate::board::image;

const TABLE: &str = "settings,data,undefined,0x9000,0x2000\nfactory,app,factory,0x10000,128K";

/// A program that is no use to run: it starts with a description for the bootloader.
/// probe-rs reads its partition table again when it flashes: hold the folder.
fn program(code: u32) -> (TempDir, Program) {
    let folder = tempfile::tempdir().unwrap();
    let (elf, table) = (folder.path().join("fw"), folder.path().join("p.csv"));
    fs::write(&elf, image::tests::program(code)).unwrap();
    fs::write(&table, TABLE).unwrap();
    let program = Program::load(&elf, &table, ChipKind::Esp32c3).unwrap();
    (folder, program)
}

fn attach(board: &VirtualBoard) -> ProbeBoard {
    let probe = virtual_esp32c3_probe::open(board);
    ProbeBoard::attach(probe, board.serial(), ChipKind::Esp32c3).unwrap()
}

fn flash_of(board: &VirtualBoard, range: Range<usize>) -> Vec<u8> {
    board.with_chip(|chip| chip.flash().bytes()[range].to_vec())
}

#[test]
fn only_what_differs_is_written() {
    let board = VirtualBoard::new("differs", ChipConfig::default());
    let mut probe = attach(&board);
    let written = |report: &FlashReport| -> Vec<bool> {
        report.parts.iter().map(|part| part.written).collect()
    };
    let (_folder, first) = program(64);
    let mut flash = |program: &Program, settings: Option<u8>| {
        let settings = settings.map(|byte| vec![byte; 0x2000]);
        let report = probe.flash(program, settings.as_deref(), &mut |_| {});
        written(&report.unwrap())
    };
    assert_eq!(flash(&first, Some(0x5a)), [true, true]);
    assert_eq!(flash_of(&board, 0x9000..0xb000), [0x5a; 0x2000]);
    let boot = flash_of(&board, 0..0x9000);
    assert_eq!(boot[0], 0xe9, "the bootloader's image begins so");
    assert_eq!(
        boot[0x8000..0x8002],
        [0xaa, 0x50],
        "as a partition table does"
    );
    assert_eq!(flash_of(&board, 0x1_0000..0x1_0001), [0xe9]);

    assert_eq!(flash(&first, Some(0x5a)), [false, false]);
    assert_eq!(flash(&first, None), [false, false]);
    // Settings share an erase sector with the bootloader, which stays.
    assert_eq!(flash(&first, Some(0xa5)), [true, false]);
    assert_eq!(flash_of(&board, 0..0x9000), boot);
    let (_other, second) = program(128);
    assert_eq!(flash(&second, None), [false, true]);
    assert_eq!(flash_of(&board, 0x9000..0xb000), [0xa5; 0x2000]);
}

#[test]
fn settings_alone_keep_what_is_around_them() {
    let board = VirtualBoard::new("settings", ChipConfig::default());
    let mut probe = attach(&board);
    let (_folder, program) = program(64);
    probe.flash(&program, None, &mut |_| {}).unwrap();
    let (before, after) = (
        flash_of(&board, 0..0x9000),
        flash_of(&board, 0xb000..0x2_0000),
    );
    let mut steps = Vec::new();
    let report = probe
        .flash_bytes(0x9000, &[7; 0x2000], &mut |progress| {
            steps.push(progress.step)
        })
        .unwrap();
    assert_eq!((report.written(), report.unchanged()), (0x2000, 0));
    assert_eq!(flash_of(&board, 0x9000..0xb000), [7; 0x2000]);
    assert_eq!(flash_of(&board, 0..0x9000), before);
    assert_eq!(flash_of(&board, 0xb000..0x2_0000), after);
    for step in [FlashStep::Erase, FlashStep::Program, FlashStep::Verify] {
        assert!(steps.contains(&step), "{step:?} was not told");
    }
}

#[test]
fn a_probe_that_vanishes_is_infrastructure() {
    let board = VirtualBoard::new("vanishes", ChipConfig::default());
    let mut probe = attach(&board);
    let (_folder, program) = program(4096);
    let error = probe
        .flash(&program, Some(&[1; 0x2000]), &mut |progress| {
            if progress.step == FlashStep::Erase {
                board.unplug();
            }
        })
        .unwrap_err();
    assert!(!error.is_usage(), "{error}");
    let text = error.to_string();
    assert!(text.starts_with("flashing failed: "), "{text}");
    assert!(
        text.contains("virtual board vanishes was unplugged"),
        "{text}"
    );
    let error = probe.start().unwrap_err().to_string();
    assert!(error.contains("unplugged"), "{error}");
}

#[test]
fn a_program_too_large_for_flash_is_the_users() {
    let config = ChipConfig {
        flash_bytes: 1024 * 1024,
        ..ChipConfig::default()
    };
    let board = VirtualBoard::new("small", config);
    let mut probe = attach(&board);
    let folder = tempfile::tempdir().unwrap();
    let (elf, table) = (folder.path().join("fw"), folder.path().join("p.csv"));
    fs::write(&elf, image::tests::program(64)).unwrap();
    fs::write(&table, TABLE.replace("128K", "2M")).unwrap();
    let program = Program::load(&elf, &table, ChipKind::Esp32c3).unwrap();
    let error = probe.flash(&program, None, &mut |_| {}).unwrap_err();
    assert!(error.is_usage(), "{error}");
    assert!(error.to_string().contains("partition table"), "{error}");
}

#[test]
fn a_halted_core_tells_its_registers() {
    let board = VirtualBoard::new("halted", ChipConfig::default());
    let mut probe = attach(&board);
    probe.reset_and_halt().unwrap();
    assert!(matches!(probe.state().unwrap(), CoreState::Halted(_)));
    let report = probe.halt_report().unwrap();
    assert_eq!(report.registers.pc, 0x4000_0000, "the reset vector");
    assert_eq!(report.stack, [], "the program is not known");
}

#[test]
fn a_board_is_found_by_its_selector() {
    let board = VirtualBoard::new("by-selector", ChipConfig::default());
    let selector = virtual_esp32c3_probe::register(&board).unwrap();
    let probe = ProbeBoard::open(&selector, ChipKind::Esp32c3).unwrap();
    assert_eq!(probe.selector(), selector);
    drop(probe);
    board.unplug();
    let error = ProbeBoard::open(&selector, ChipKind::Esp32c3).unwrap_err();
    assert!(!error.is_usage(), "{error}");
}

#[test]
fn a_running_program_is_recognised() {
    let board = VirtualBoard::new("runs", ChipConfig::default());
    let mut probe = attach(&board);
    let (_folder, program_here) = program(64);
    let (_other, another) = program(128);
    probe.flash(&program_here, None, &mut |_| {}).unwrap();
    assert_eq!(probe.runs_program().unwrap(), None, "nothing is mapped yet");
    probe.start().unwrap();
    // Each look lets the chip run on.
    while !(0x4200_0000..0x4280_0000).contains(&board.with_chip(|chip| chip.pc())) {
        assert_eq!(probe.state().unwrap(), CoreState::Running);
    }
    assert_eq!(probe.runs_program().unwrap(), Some(true));
    assert_eq!(probe.state().unwrap(), CoreState::Running);
    probe.set_program(&another).unwrap();
    assert_eq!(probe.runs_program().unwrap(), Some(false));
}
