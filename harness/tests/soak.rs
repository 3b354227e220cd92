//! Some virtual hours of random faults, as `hil soak` runs them for longer.

use std::process::{Command, Output, Stdio};

fn soak(arguments: &[&str]) -> (Output, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hil"));
    command.arg("soak").args(arguments).stdin(Stdio::null());
    let output = command.output().expect("hil starts");
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (output, text)
}

#[test]
fn everything_holds_on_the_native_board() {
    let (output, text) = soak(&["--rounds", "8", "--hours", "2"]);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("8 rounds, "), "{text}");
    assert!(text.contains("session "), "where the time went: {text}");
}

#[test]
fn everything_holds_on_the_virtual_board() {
    let (output, text) = soak(&["--board", "virtual", "--rounds", "2", "--hours", "1"]);
    assert_eq!(output.status.code(), Some(0), "{text}");
}

#[test]
fn faults_that_never_end_break_the_promise_and_the_smallest_list_is_told() {
    // A network that never comes back, and two faults that have nothing to do with it.
    let (output, text) = soak(&[
        "--hours",
        "1",
        "--fault",
        "uart:corrupt=0.1%@2min..3min",
        "--fault",
        "net:half-open@10min",
        "--fault",
        "net:latency=200ms@20min..30min",
    ]);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("no new sample has arrived"), "{text}");
    let replay = "--seed 1 --fault net:half-open@10min\n";
    assert!(text.ends_with(replay), "{text}");
}

#[test]
fn what_cannot_be_soaked_is_refused() {
    for (arguments, words) in [
        (["--board", "desk"], "known boards: native, virtual"),
        (["--fault", "net:slow"], "known: latency=TIME"),
        (["--hours", "0"], "--hours"),
    ] {
        let (output, text) = soak(&arguments);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(words), "{text}");
    }
}
