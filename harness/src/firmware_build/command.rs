//! The command `hil build`.

use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::{BuildError, Options, Progress, build};

/// Crates that are named unless all are asked for.
const CRATES: usize = 10;

/// Builds the firmware, tells the steps on standard error and prints its path and sizes on standard
/// output: the sections, and the largest crates or all of them. With `quiet` it says nothing but that something is being fetched.
///
/// The caller prints the error and ends with 3 if [`BuildError::is_infrastructure`], else 1.
///
/// # Errors
/// As [`build`].
pub fn command(quiet: bool, all_crates: bool) -> Result<(), BuildError> {
    let bar = match quiet || !console::user_attended_stderr() {
        true => ProgressBar::hidden(),
        false => spinner(),
    };
    let result = build(&Options::default(), &mut |step| match step {
        Progress::FetchingRustSrc { channel } => bar.suspend(|| {
            say(
                io::stderr(),
                format_args!(
                    "The source of the standard library is missing: fetching it with\n    \
                     rustup component add rust-src --toolchain {channel}"
                ),
            );
        }),
        Progress::Cargo { line, done } if console::user_attended_stderr() => {
            bar.set_message(format!("{line} ({done} done)"));
        }
        Progress::Cargo { line, .. } if !quiet => say(io::stderr(), format_args!("{line}")),
        Progress::Cargo { .. } => {}
    });
    bar.finish_and_clear();
    let artifact = result?;
    if !quiet {
        if !artifact.warnings.is_empty() {
            say(io::stderr(), format_args!("{}", artifact.warnings));
        }
        let crates = if all_crates { usize::MAX } else { CRATES };
        let (elf, seconds) = (artifact.elf.display(), artifact.took.as_secs_f64());
        say(
            io::stdout(),
            format_args!(
                "{}\n\n{}\n\n{elf} ({seconds:.1} s)",
                artifact.sizes,
                artifact.sizes.crates_table(crates)
            ),
        );
    }
    Ok(())
}

/// Prints a line. Whoever closed our output does not want to read on: no reason to panic.
fn say(mut out: impl Write, text: fmt::Arguments<'_>) {
    let _ = writeln!(out, "{text}");
}

fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    // A wrong template would be a spinner in the default style, no more.
    if let Ok(style) = ProgressStyle::with_template("{spinner} firmware {elapsed} {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
