//! Same seed, same transcript: byte for byte, although every run has its own certificates.

use std::path::PathBuf;

use harness::scenario::{Board, Cancel, Options, Outcome, Verdict, execute};
use harness::scenarios;

fn run(name: &str, seed: u64) -> Outcome {
    let scenario = scenarios::all()
        .iter()
        .find(|scenario| scenario.name == name)
        .unwrap_or_else(|| panic!("no scenario {name}"));
    let options = Options {
        board: Board::Native,
        firmware: None,
        seed,
        hil_exe: PathBuf::from(env!("CARGO_BIN_EXE_hil")),
        cancel: Cancel::default(),
    };
    execute(scenario, &options)
}

#[test]
fn two_runs_with_one_seed_are_equal() {
    for name in ["factory_fresh", "broker_restart", "no_certificate"] {
        let (first, second) = (run(name, 1), run(name, 1));
        assert_eq!(first.verdict, Verdict::Pass, "{name}");
        assert_eq!(
            first.transcript, second.transcript,
            "{name}: UART transcript"
        );
        assert_eq!(first.messages, second.messages, "{name}: MQTT messages");
        assert_eq!(first.device_log, second.device_log, "{name}: device log");
        assert_eq!(first.connections, second.connections, "{name}: TLS facts");
        assert_eq!(
            first.virtual_time, second.virtual_time,
            "{name}: virtual time"
        );
    }
}

#[test]
fn another_seed_is_another_run() {
    let first = run("factory_fresh", 1);
    let second = run("factory_fresh", 2);
    assert_ne!(
        first.transcript, second.transcript,
        "the seed changes nothing"
    );
}
