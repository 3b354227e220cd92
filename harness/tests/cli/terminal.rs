//! The console on a terminal: a narrow one, one without colours, and none.

use std::fs::File;
use std::io::Read as _;
use std::process::Stdio;

use nix::pty::{Winsize, openpty};

use crate::hil;

/// What a run of some scenarios shows on a terminal of so many columns.
fn shown(columns: u16, variables: &[(&str, &str)]) -> String {
    let size = Winsize {
        ws_row: 24,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pty = openpty(&size, None).unwrap();
    let mut command = hil();
    command
        .args(["run", "T1", "S0", "--board", "native", "--jobs", "2"])
        .env_remove("NO_COLOR")
        .env_remove("COLUMNS")
        .env("TERM", "xterm")
        .env("INSTA_UPDATE", "no")
        .envs(variables.iter().copied())
        .stdout(Stdio::from(pty.slave.try_clone().unwrap()))
        .stderr(Stdio::from(pty.slave));
    let mut child = command.spawn().unwrap();
    // Its ends in this process are closed, so that the terminal ends with the child.
    drop(command);
    let mut bytes = Vec::new();
    // A terminal whose other end is closed is an error to read on Linux.
    let _ = File::from(pty.master).read_to_end(&mut bytes);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `text` without control sequences, cut where the cursor goes to another line or to its start.
fn lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => {
                // CSI, parameters, a letter.
                for end in characters.by_ref().skip(1) {
                    if end.is_ascii_alphabetic() {
                        break;
                    }
                }
            }
            '\r' | '\n' => lines.push(String::new()),
            other => lines.last_mut().unwrap().push(other),
        }
    }
    lines
}

fn is_coloured(text: &str) -> bool {
    text.contains("\u{1b}[32m")
}

#[test]
fn progress_fits_a_narrow_terminal() {
    let text = shown(40, &[]);
    let lines = lines(&text);
    // Bars fill their row to the end, so that rows follow each other without a line's end.
    let rows: Vec<String> = lines
        .iter()
        .map(|line| line.chars().collect::<Vec<char>>())
        .flat_map(|line| {
            line.chunks(40)
                .map(String::from_iter)
                .collect::<Vec<String>>()
        })
        .collect();
    let progress: Vec<&String> = rows.iter().filter(|row| row.contains(" to go")).collect();
    assert!(!progress.is_empty(), "no progress in\n{text}");
    for row in progress {
        // All of it in one row: `3/34 █████░░░░ 2s to go`.
        assert!(
            row.starts_with(|c: char| c.is_ascii_digit()),
            "cut: `{row}`"
        );
        assert!(row.trim_end().ends_with(" to go"), "cut: `{row}`");
    }
    let verdict = |line: &&String| line.contains("PASS T11 echo_on [native]");
    assert_eq!(lines.iter().filter(verdict).count(), 1, "{text}");
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    assert!(is_coloured(&shown(100, &[])));
    assert!(!is_coloured(&shown(100, &[("NO_COLOR", "1")])));
    assert!(!is_coloured(&shown(100, &[("CLICOLOR", "0")])));
    assert!(!is_coloured(&shown(100, &[("TERM", "dumb")])));
    let piped = |variable: &str| {
        let mut command = hil();
        command
            .args(["run", "S02", "--board", "native"])
            .env_remove("NO_COLOR")
            .env(variable, "1");
        let output = command.output().unwrap();
        is_coloured(&String::from_utf8_lossy(&output.stdout))
    };
    assert!(!piped("CLICOLOR"));
    assert!(piped("CLICOLOR_FORCE"));
}
