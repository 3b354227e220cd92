//! hil.toml names the probe and the serial port of a served board, and scenarios run on it in wall time, through probe-rs over TCP and serialport on a
//! pseudo-terminal, with the snapshots of every other board.

use std::process::{Output, Stdio};

use nix::sys::signal::Signal;

use crate::served::Desk;

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn scenarios_run_on_a_served_board_with_the_same_snapshots() {
    let desk = Desk::serve(&[]);
    let output = desk
        .run(&[
            "T01::factory_fresh",
            "TLS2::expired",
            "TLS4::no_certificate",
        ])
        .output()
        .unwrap();
    let text = text(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for name in ["factory_fresh", "expired", "no_certificate"] {
        let passed = |line: &str| {
            line.starts_with("PASS ") && line.contains(name) && line.contains("[desk]")
        };
        assert!(text.lines().any(passed), "{name}: {text}");
    }
    assert!(
        text.contains("3 passed, 0 failed, 0 infra, 0 skipped"),
        "{text}"
    );
    desk.end(Signal::SIGINT);
}

#[test]
fn a_board_that_is_killed_in_mid_run_is_the_benchs_failure() {
    let mut desk = Desk::serve(&[]);
    let run = desk
        .run(&["factory_fresh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The device was flashed before; with this the scenario begins.
    desk.wait_for("reset (PowerOn)");
    desk.wait_for("reset (PowerOn)");
    desk.board.kill().unwrap();
    let output = run.wait_with_output().unwrap();
    let text = text(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("INFRA T01 factory_fresh [desk]"), "{text}");
    assert!(text.contains("0 passed, 0 failed, 1 infra"), "{text}");
}
