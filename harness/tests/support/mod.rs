//! Images, boards and scenarios for tests that run them one by one.

#![allow(dead_code, reason = "each test takes what it needs")]

use harness::board::Firmware;
use harness::firmware_build::{self, Variant};
use harness::scenario::{Board, Options, Outcome, Scenario, execute};
use harness::scenarios;

/// The image of `variant`; a machine that cannot build it fails here, with the remedy.
pub(crate) fn build(variant: Variant) -> Firmware {
    let options = firmware_build::Options {
        variant,
        ..firmware_build::Options::default()
    };
    Firmware::build(&options, &mut |_| {}).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs `scenario` as `hil run` does when nothing else is asked for.
pub(crate) fn run(scenario: &Scenario, board: Board, firmware: &Firmware) -> Outcome {
    let hil = env!("CARGO_BIN_EXE_hil");
    execute(scenario, &Options::new(board, Some(firmware.clone()), hil))
}

/// The scenario of this name.
pub(crate) fn scenario(name: &str) -> Scenario {
    let mut scenarios = scenarios::all().iter();
    *scenarios
        .find(|scenario| scenario.name == name)
        .unwrap_or_else(|| panic!("no scenario {name}"))
}
