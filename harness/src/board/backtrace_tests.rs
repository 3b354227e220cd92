use std::collections::HashMap;
use std::path::Path;

use super::*;

#[test]
fn registers_read_like_a_debuggers() {
    let mut x = [0; 32];
    x[2] = 0x3fcc_e400;
    let text = CoreRegisters { pc: 0x4201_0072, x }.to_string();
    assert!(
        text.starts_with("pc   0x42010072 ra   0x00000000 sp   0x3fcce400"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 8);
}

#[test]
fn without_tables_frame_pointers_lead_out() {
    // A stack of two frames: at 0x3fc9_0000 and 0x3fc9_0020.
    let memory = HashMap::from([
        (0x3fc9_001c_u32, 0x4201_0100_u32),
        (0x3fc9_0018, 0x3fc9_0040),
        (0x3fc9_003c, 0),
        (0x3fc9_0038, 0),
    ]);
    let mut x = [None; REGISTERS];
    x[SP] = Some(0x3fc9_0000);
    x[FP] = Some(0x3fc9_0020);
    let mut unwinder = Unwinder {
        frames: DebugFrame::new(&[], LittleEndian),
        context: Box::new(UnwindContext::new()),
        chip: ChipKind::Esp32c3,
        pc: 0x4201_0050,
        x,
    };
    let mut read = |address| memory.get(&address).copied();
    assert!(unwinder.step(0x4201_0050, true, &mut read));
    assert_eq!(
        (unwinder.pc, unwinder.x[SP]),
        (0x4201_0100, Some(0x3fc9_0020))
    );
    assert!(!unwinder.step(0x4201_00ff, false, &mut read), "ends at 0");
}

/// With the firmware's own ELF, where somebody points at one: its start code and a function.
#[test]
fn nothing_panics_on_a_program_without_debug_information() {
    let image = Image::new(
        Path::new("fw"),
        super::super::image::tests::program(64),
        ChipKind::Esp32c3,
    )
    .unwrap();
    let registers = CoreRegisters {
        pc: 0x4201_0020,
        x: [0; 32],
    };
    let stack = backtrace(&image, &registers, |_| Some(0));
    assert_eq!(stack.len(), 1);
    assert_eq!(stack[0].function, "?");
    assert_eq!(frame_at(&image, 0x1000).function, OUTSIDE);
}
