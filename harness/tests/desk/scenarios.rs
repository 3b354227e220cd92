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

/// A host with two boards keeps both busy.
#[test]
fn two_boards_of_one_host_run_at_the_same_time() {
    let (one, two) = (Desk::serve(&[]), Desk::serve(&[]));
    let config = |desk: &Desk| std::fs::read_to_string(desk.config()).expect("it was written");
    let both = format!(
        "{}\n{}",
        config(&one),
        config(&two).replace("name = \"desk\"", "name = \"bench\"")
    );
    std::fs::write(one.config(), both).expect("the folder is ours");
    let filters = ["TLS4::no_certificate"];
    let output = one
        .run(&filters)
        .args(["--json", "--jobs", "2"])
        .output()
        .unwrap();
    let text = text(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let told = |line: &str| -> Option<(String, String)> {
        let event: serde_json::Value = serde_json::from_str(line).ok()?;
        let board = event["path"].as_str()?.split("::").next()?.to_owned();
        Some((event["event"].as_str()?.to_owned(), board))
    };
    let told: Vec<(String, String)> = text.lines().filter_map(told).collect();
    let count = |event: &str, board: &str| {
        let same = |told: &&(String, String)| told.0 == event && told.1 == board;
        told.iter().filter(same).count()
    };
    for board in ["desk", "bench"] {
        assert_eq!(count("scenario_finished", board), 1, "{text}");
    }
    // Both have begun before either is done.
    let first_two: Vec<&str> = told
        .iter()
        .take(2)
        .map(|(event, _)| event.as_str())
        .collect();
    assert_eq!(
        first_two,
        ["scenario_started", "scenario_started"],
        "{text}"
    );
    assert_ne!(told[0].1, told[1].1, "{text}");
    one.end(Signal::SIGINT);
    two.end(Signal::SIGINT);
}
