//! Same seed, same transcript, although every run has its own certificates: byte for byte on the
//! native board, and but for the time a chip computes on them on the virtual one.

use std::sync::OnceLock;
use std::time::Duration;

use harness::board::Firmware;
use harness::firmware_build;
use harness::scenario::{Board, Options, Outcome, Verdict, execute};
use harness::scenarios;

/// The image, built once for all tests of this process.
fn firmware() -> Firmware {
    static FIRMWARE: OnceLock<Firmware> = OnceLock::new();
    let build = || {
        Firmware::build(&firmware_build::Options::default(), &mut |_| {})
            .unwrap_or_else(|error| panic!("{error}"))
    };
    FIRMWARE.get_or_init(build).clone()
}

fn run(name: &str, board: Board, seed: u64) -> Outcome {
    let scenario = scenarios::all()
        .iter()
        .find(|scenario| scenario.name == name)
        .unwrap_or_else(|| panic!("no scenario {name}"));
    let firmware = board.needs_image().then(firmware);
    let options = Options {
        seed,
        ..Options::new(board, firmware, env!("CARGO_BIN_EXE_hil"))
    };
    execute(scenario, &options)
}

/// How far the same event of two runs may lie apart. Each run has certificates and keys of its own,
/// and how long a chip computes on a signature depends on its value: some microseconds per
/// handshake. The native board computes in no time.
fn tolerance(board: &Board) -> Duration {
    match board {
        Board::Native => Duration::ZERO,
        _ => Duration::from_millis(1),
    }
}

/// A line without what the tolerance leaves open: its own time, the device's `uptime_ms`, and how
/// long the device measured that its tasks wait.
fn without_times(line: &str) -> (Option<f64>, String) {
    let (time, text) = match line.trim_start().split_once(' ') {
        Some((first, rest)) if first.parse::<f64>().is_ok() => (first.parse().ok(), rest),
        _ => (None, line),
    };
    const MEASURED: [&str; 3] = ["\"uptime_ms\":", "urgent tasks waited ", "others "];
    let mut text = text.to_owned();
    for words in MEASURED {
        if let Some((before, after)) = text.split_once(words) {
            let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
            text = format!("{before}{words}_{after}");
        }
    }
    (time, text)
}

/// Says where two texts part instead of showing both. Texts have times in milliseconds.
fn assert_same(what: &str, tolerance: Duration, first: &str, second: &str) {
    if tolerance.is_zero() && first == second {
        return;
    }
    // The last digit may be rounded either way.
    let bound = match tolerance.is_zero() {
        true => 0.0,
        false => tolerance.as_secs_f64() + 0.001_5,
    };
    for (index, (first, second)) in first.lines().zip(second.lines()).enumerate() {
        let ((first_time, first_text), (second_time, second_text)) =
            (without_times(first), without_times(second));
        let apart = match (first_time, second_time) {
            (Some(first), Some(second)) => (first - second).abs(),
            (first, second) if first == second => 0.0,
            _ => f64::INFINITY,
        };
        assert!(
            first_text == second_text && apart <= bound,
            "{what}, line {}:\n  {first}\n  {second}",
            index + 1
        );
    }
    assert_eq!(
        first.lines().count(),
        second.lines().count(),
        "{what}: number of lines"
    );
    assert!(!tolerance.is_zero() || first == second, "{what}");
}

fn two_runs_are_equal(name: &str, board: &Board) {
    let (first, second) = (run(name, board.clone(), 1), run(name, board.clone(), 1));
    assert_eq!(first.verdict, Verdict::Pass, "{name} on {board}");
    assert_eq!(second.verdict, Verdict::Pass, "{name} on {board}, again");
    let tolerance = tolerance(board);
    for (part, first_text, second_text) in [
        ("UART transcript", &first.transcript, &second.transcript),
        ("MQTT messages", &first.messages, &second.messages),
        ("device log", &first.device_log, &second.device_log),
        ("TLS facts", &first.connections, &second.connections),
    ] {
        let what = format!("{name} on {board}, {part}");
        assert_same(&what, tolerance, first_text, second_text);
    }
    let (first, second) = (first.virtual_time, second.virtual_time);
    assert!(
        first.abs_diff(second) <= tolerance,
        "{name} on {board}: virtual time {first:?} and {second:?}"
    );
}

fn seeds_differ(board: &Board) {
    let first = run("factory_fresh", board.clone(), 1);
    let second = run("factory_fresh", board.clone(), 2);
    assert_ne!(
        first.transcript, second.transcript,
        "the seed changes nothing on {board}"
    );
}

#[test]
fn two_runs_with_one_seed_are_equal_on_native() {
    for name in ["factory_fresh", "broker_restart", "no_certificate"] {
        two_runs_are_equal(name, &Board::Native);
    }
}

#[test]
fn two_runs_with_one_seed_are_equal_on_virtual() {
    for name in ["factory_fresh", "broker_restart"] {
        two_runs_are_equal(name, &Board::Virtual);
    }
}

#[test]
fn another_seed_is_another_run_on_native() {
    seeds_differ(&Board::Native);
}

#[test]
fn another_seed_is_another_run_on_virtual() {
    seeds_differ(&Board::Virtual);
}
