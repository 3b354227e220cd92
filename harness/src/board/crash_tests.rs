use std::path::Path;

use serde_json::json;

use super::*;
use crate::board::ChipKind;

fn frame(function: &str) -> StackFrame {
    StackFrame {
        pc: 0x4200_0000,
        function: function.to_owned(),
        place: Some(("firmware/app/src/lib.rs".to_owned(), 7)),
        inlined: false,
    }
}

#[test]
fn a_panic_is_shown_from_its_cause_on() {
    let stack = [
        "defmt_rtt::release",
        "__rustc::rust_begin_unwind",
        "core::panicking::panic_fmt",
        "core::panicking::panic",
        "firmware::fault",
        "main",
    ]
    .map(frame);
    assert_eq!(after_telling(&stack, None), 4);
    assert_eq!(after_telling(&stack[4..], None), 0);
}

#[test]
fn an_exception_is_shown_from_the_failing_instruction_on() {
    let stack = [
        "__rustc::rust_begin_unwind",
        "core::panicking::panic_fmt",
        "ExceptionHandler",
        "_start_trap_rust_hal",
        "_pre_default_start_trap_ret",
        "firmware::fault",
    ]
    .map(frame);
    let interrupted = |frame| Interrupted {
        frame,
        pc: 0x4200_0010,
        x: [None; 32],
    };
    assert_eq!(after_telling(&stack, Some(&interrupted(5))), 5);
    // A panic in an interrupt's handler is the handler's.
    assert_eq!(after_telling(&stack[..2], Some(&interrupted(5))), 2);
}

#[test]
fn words_tell_a_panic_from_an_exception_and_a_stack_overflow() {
    let kinds = [
        "panicked at src/a.rs:1:2:\nno Exception here",
        "panicked at '[ProCpu] Exception 'Illegal instruction (2)' mepc=0x42000000, mtval=0x0",
        "panicked at '[ProCpu] Detected a write to the main stack's guard value at 0x1",
        "panicked at '[ProCpu] Stack overflow detected at 0x1",
    ]
    .map(CrashKind::of_panic);
    let expected = [
        CrashKind::Panic,
        CrashKind::Exception,
        CrashKind::StackOverflow,
        CrashKind::StackOverflow,
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn a_report_is_data() {
    let image = Image::new(
        Path::new("fw"),
        crate::board::image_for_tests(64),
        ChipKind::Esp32c3,
    )
    .unwrap();
    let mut x = [0; 32];
    x[2] = 0x3fcc_0000;
    let halt = HaltReport {
        registers: CoreRegisters { pc: 0x4200_0000, x },
        stack: vec![frame("fault")],
        interrupted: None,
    };
    let mut crash = CrashReport::new(CrashKind::Hang, "tiger").at_halt(&image, Ok(halt));
    crash.log_lines = vec!["password tiger".to_owned()];
    crash.redact(|text| text.replace("tiger", "<redacted>"));
    let data = serde_json::to_value(&crash).unwrap();
    assert_eq!(data["kind"], "hang");
    assert_eq!(data["message"], "<redacted>");
    assert_eq!(data["pc"], "0x42000000");
    assert_eq!(data["registers"]["sp"], "0x3fcc0000");
    assert_eq!(data["registers"].as_object().unwrap().len(), 32);
    assert_eq!(
        data["frames"],
        json!([{
            "pc": "0x42000000",
            "function": "fault",
            "file": "firmware/app/src/lib.rs",
            "line": 7,
            "inlined": false
        }])
    );
    assert_eq!(data["log_lines"], json!(["password <redacted>"]));
}
