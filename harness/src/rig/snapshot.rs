//! Snapshots of a scenario, the same files for every board.

use std::cell::Cell;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::PathBuf;
use std::sync::Once;

use anyhow::{Result, anyhow};

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
pub(super) fn compare(name: &str, text: &str) -> Result<()> {
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
    compared.map_err(|_| {
        anyhow!(
            "snapshot `{name}` differs from {}/{name}.snap (see the difference above)",
            folder().display()
        )
    })
}
