//! `hil test-target` tells every way in which a test, an image or a bench can fail.
//!
//! The planted images of firmware/esp32/tests are built first. A machine that cannot build them
//! fails here, with the remedy.

mod images;
mod planted;
mod runner;
mod usage;

use std::path::Path;
use std::process::{Command, Stdio};

/// What a run of `hil` left.
struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Run {
    fn text(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// The verdict of a test: `ok`, `FAILED`, `ignored`, or what stands there.
    fn verdict(&self, name: &str) -> &str {
        let line = self.stdout.lines().find_map(|line| {
            let rest = line.strip_prefix("test ")?.strip_prefix(name)?;
            rest.trim_start().strip_prefix("... ")
        });
        line.unwrap_or_else(|| panic!("no verdict of {name}:\n{}", self.text()))
    }

    /// What is told of a failure.
    fn failure(&self, name: &str) -> &str {
        let head = format!("---- {name} ----\n");
        let Some((_, rest)) = self.stdout.split_once(&head) else {
            panic!("no failure of {name}:\n{}", self.text());
        };
        let end = ["\n---- ", "\n\nfailures:\n"]
            .iter()
            .filter_map(|end| rest.find(end))
            .min();
        &rest[..end.unwrap_or(rest.len())]
    }
}

/// Runs `hil test-target` with `image` and `arguments`.
fn test_target(image: &Path, arguments: &[&str]) -> Run {
    hil(&[&[image.to_str().expect("a path in UTF-8")], arguments].concat())
}

/// Runs `hil test-target` with `arguments`.
fn hil(arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_hil"))
        .arg("test-target")
        .args(arguments)
        .stdin(Stdio::null())
        .env("NO_COLOR", "1")
        .env_remove("HIL_BOARD")
        .output()
        .expect("hil starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Run {
        code: output.status.code(),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    }
}

/// Whether all `words` stand in `text`, in this order.
fn in_order(text: &str, words: &[&str]) -> Result<(), String> {
    let mut rest = text;
    for word in words {
        match rest.find(word) {
            Some(at) => rest = &rest[at + word.len()..],
            None => return Err(format!("not in its place: {word:?}\n{text}")),
        }
    }
    Ok(())
}
