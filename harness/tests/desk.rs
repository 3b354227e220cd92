//! A virtual board in desk mode is a board on a desk: hil.toml names its probe and its serial port,
//! and scenarios run on it in wall time, through probe-rs over TCP and serialport on a
//! pseudo-terminal, with the snapshots of every other board.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn hil() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hil"));
    command
        .stdin(Stdio::null())
        .env("NO_COLOR", "1")
        .env("INSTA_UPDATE", "no");
    command
}

/// A served board, and the folder with the hil.toml that names it.
struct Desk {
    board: Child,
    said: BufReader<ChildStderr>,
    folder: tempfile::TempDir,
}

impl Desk {
    fn serve() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut board = hil()
            .args(["board", "serve"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("hil starts");
        let (Some(stdout), Some(stderr)) = (board.stdout.take(), board.stderr.take()) else {
            unreachable!("both were asked to be pipes")
        };
        // What it prints is the configuration: up to the last line of the board's table.
        let mut config = String::new();
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            config.push_str(&line);
            config.push('\n');
            if line.starts_with("baud") {
                break;
            }
        }
        fs::write(folder.path().join("hil.toml"), config).expect("the folder is ours");
        Self {
            board,
            said: BufReader::new(stderr),
            folder,
        }
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("hil.toml")
    }

    fn run(&self, filters: &[&str]) -> Command {
        let mut command = hil();
        command
            .arg("run")
            .args(filters)
            .arg("--config")
            .arg(self.config())
            .env("HIL_LOCK_DIR", self.folder.path());
        command
    }

    /// Waits until the board says a line that contains `text`.
    fn wait_for(&mut self, text: &str) {
        let mut line = String::new();
        while self.said.read_line(&mut line).is_ok_and(|count| count > 0) {
            if line.contains(text) {
                return;
            }
            line.clear();
        }
        panic!("the board ended without a word of `{text}`");
    }

    fn end(mut self, signal: Signal) {
        let id = i32::try_from(self.board.id()).expect("process identifiers are positive");
        kill(Pid::from_raw(id), signal).expect("it runs");
        self.board.wait().expect("it is our child");
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // Only where a test has failed before it ended the board.
        let _ = self.board.kill();
        let _ = self.board.wait();
    }
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn scenarios_run_on_a_served_board_with_the_same_snapshots() {
    let desk = Desk::serve();
    let output = desk
        .run(&["factory_fresh", "expired", "no_certificate"])
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
    let mut desk = Desk::serve();
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
