//! The bench sees a receive path that loses bytes: firmware with such a path fails the scenarios
//! that the product passes, and the failure says what was lost.
//!
//! A machine that cannot build the images fails here, with the remedy.

mod support;

use std::sync::OnceLock;

use harness::board::Firmware;
use harness::firmware_build::Variant;
use harness::scenario::{Board, Outcome, Verdict};
use support::{build, scenario};

/// What the bench says of a byte that the chip's UART had no room for.
const SEEN: &str = "# uart1: receive FIFO overflow";
/// What the device says.
const TOLD: &str = "WARN  uart: at least ";

fn firmware(variant: Variant) -> Firmware {
    static PRODUCT: OnceLock<Firmware> = OnceLock::new();
    static PLANTED: OnceLock<Firmware> = OnceLock::new();
    let built = match variant {
        Variant::Product => &PRODUCT,
        Variant::PlantedUart => &PLANTED,
        Variant::PlantedSentinel | Variant::PlantedCrash => {
            unreachable!("this file is about two of the images")
        }
    };
    built.get_or_init(|| build(variant)).clone()
}

fn run(name: &str, variant: Variant) -> Outcome {
    support::run(&scenario(name), Board::Virtual, &firmware(variant))
}

/// Runs the scenario at `baud` with both images. The planted one fails by name.
fn compare(baud: u32) {
    let name = format!("certificate_flight_{baud}");
    let product = run(&name, Variant::Product);
    assert_eq!(product.verdict, Verdict::Pass, "{}", product.device_log);
    for text in [&product.transcript, &product.device_log] {
        assert!(!text.contains("uart"), "the product lost bytes:\n{text}");
    }

    let planted = run(&name, Variant::PlantedUart);
    let Verdict::Fail(reason) = &planted.verdict else {
        panic!("{baud} baud: {:?}\n{}", planted.verdict, planted.transcript);
    };
    println!("{baud} baud: {reason}");
    for line in planted
        .transcript
        .lines()
        .filter(|line| line.contains("# uart"))
    {
        println!("  {line}");
    }
    assert!(planted.transcript.contains(SEEN), "{}", planted.transcript);
    assert!(planted.device_log.contains(TOLD), "{}", planted.device_log);
    for words in ["uart1: ", "uart: at least "] {
        assert!(reason.contains(words), "the failure hides it: {reason}");
    }
}

#[test]
fn the_planted_receive_path_fails_at_115200() {
    compare(115_200);
}

#[test]
fn the_planted_receive_path_fails_at_460800() {
    compare(460_800);
}

#[test]
fn the_planted_receive_path_fails_at_921600() {
    compare(921_600);
}
