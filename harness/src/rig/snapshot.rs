//! Snapshots of a scenario, the same files for every board.

use std::cell::Cell;
use std::env;
use std::fmt;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::PathBuf;
use std::sync::Once;

use regex::Regex;
use serde::{Deserialize, Serialize};

/// Where the accepted snapshots are kept, in the project this program was built from.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");

/// Names the folder for a machine that has the program but not the project.
const FOLDER_VARIABLE: &str = "HIL_SNAPSHOTS";

fn folder() -> PathBuf {
    env::var_os(FOLDER_VARIABLE).map_or_else(|| FOLDER.into(), PathBuf::from)
}

/// What varies with the run's certificates, its time or its seed.
const VARYING: &[(&str, &str)] = &[
    ("CRC-32 is [0-9a-f]{8}", "CRC-32 is <crc>"),
    ("the header says [0-9a-f]{8}", "the header says <crc>"),
    (r"now \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "now <time>"),
    (
        r"the modem says \S+Z, but it is \S+Z",
        "the modem says <time>, but it is <time>",
    ),
    (r"retry in \d+ s", "retry in <s>"),
];

thread_local! {
    static COMPARING: Cell<bool> = const { Cell::new(false) };
}

/// A snapshot that is not as accepted. Both texts are as compared: redacted, and without what varies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mismatch {
    /// Name of the snapshot, for example `wrong_apn.at`.
    pub name: String,
    /// The accepted text; `None`: none was accepted yet.
    pub expected: Option<String>,
    /// The text of this attempt.
    pub actual: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        write!(
            f,
            "snapshot `{name}` differs from {}/{name}.snap (see the difference above)",
            folder().display()
        )
    }
}

impl Mismatch {
    fn new(name: &str, text: &str) -> Self {
        let file = folder().join(format!("{name}.snap"));
        let expected = fs::read_to_string(file).ok();
        Self {
            name: name.to_owned(),
            expected: expected.as_deref().map(|text| content(text).to_owned()),
            actual: as_compared(text),
        }
    }
}

/// What stands below the header of a snapshot's file.
fn content(file: &str) -> &str {
    let behind = file.strip_prefix("---\n");
    let behind = behind.and_then(|rest| rest.split_once("\n---\n"));
    behind.map_or(file, |(_, content)| content).trim_end()
}

/// `text` as insta compares it.
fn as_compared(text: &str) -> String {
    let text = VARYING.iter().fold(text.to_owned(), |text, (pattern, by)| {
        // They are constants; insta has compiled them before.
        match Regex::new(pattern) {
            Ok(pattern) => pattern.replace_all(&text, *by).into_owned(),
            Err(_) => text,
        }
    });
    text.trim_end().to_owned()
}

/// Keeps insta's panic message and its backtrace off the terminal: it printed the difference.
fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let earlier = take_hook();
        set_hook(Box::new(move |panic| {
            if !COMPARING.get() {
                earlier(panic);
            }
        }));
    });
}

/// Compares `text` with the accepted snapshot `name`.
///
/// # Errors
/// When they differ or none was accepted yet; the difference is printed by `insta`.
pub(super) fn compare(name: &str, text: &str) -> Result<(), Box<Mismatch>> {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (pattern, replacement) in VARYING {
        settings.add_filter(pattern, *replacement);
    }
    quiet_panics();
    // insta reports by panicking; a scenario reports by its result.
    let compared = COMPARING.with(|comparing| {
        comparing.set(true);
        let compared = catch_unwind(AssertUnwindSafe(|| {
            settings.bind(|| insta::assert_snapshot!(name, text));
        }));
        comparing.set(false);
        compared
    });
    compared.map_err(|_| Box::new(Mismatch::new(name, text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mismatch_holds_what_was_compared() {
        let file = "---\nsource: x.rs\nexpression: text\n---\n> AT\n---\n< OK\n";
        assert_eq!(content(file), "> AT\n---\n< OK");
        assert_eq!(as_compared("a\nretry in 7 s\n"), "a\nretry in <s>");
        let mismatch = Mismatch::new("there_is_no_such.at", "> AT\n");
        assert_eq!(
            (mismatch.expected, mismatch.actual.as_str()),
            (None, "> AT")
        );
    }
}
