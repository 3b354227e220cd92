//! A board served by `hil board serve`, and the `hil.toml` that names it.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

pub(crate) fn hil() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hil"));
    command
        .stdin(Stdio::null())
        .env("NO_COLOR", "1")
        .env("INSTA_UPDATE", "no");
    command
}

/// A served board, and the folder with the hil.toml that names it.
pub(crate) struct Desk {
    pub(crate) board: Child,
    said: BufReader<ChildStderr>,
    folder: tempfile::TempDir,
}

impl Desk {
    /// Serves a board, with the further `arguments` of the command.
    pub(crate) fn serve(arguments: &[&OsStr]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut board = hil()
            .args(["board", "serve"])
            .args(arguments)
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

    /// A folder for its locks.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("hil.toml")
    }

    /// TCP port of the probe, the last part of its selector.
    pub(crate) fn probe_port(&self) -> u16 {
        let config = fs::read_to_string(self.config()).expect("it was written at the start");
        let selector = config.lines().find(|line| line.starts_with("probe = "));
        let port = selector.and_then(|line| line.trim_end_matches('"').rsplit(':').next());
        port.and_then(|port| port.parse().ok())
            .unwrap_or_else(|| panic!("no selector with a port in: {config}"))
    }

    pub(crate) fn run(&self, filters: &[&str]) -> Command {
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
    pub(crate) fn wait_for(&mut self, text: &str) {
        let mut line = String::new();
        while self.said.read_line(&mut line).is_ok_and(|count| count > 0) {
            if line.contains(text) {
                return;
            }
            line.clear();
        }
        panic!("the board ended without a word of `{text}`");
    }

    pub(crate) fn end(mut self, signal: Signal) {
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
