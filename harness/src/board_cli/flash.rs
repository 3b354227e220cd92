//! `hil flash`.

use super::choose::choose;
use super::error::BoardCliError;
use super::firmware::{Sources, program};
use crate::board::{FlashReport, Lease, OnProgress, ProbeBoard};
use crate::config::Config;

/// Writes a program to a board and starts it. Everything that can be wrong with files is found
/// before the board is touched.
///
/// # Errors
/// See [`BoardCliError`].
pub fn flash(
    config: &Config,
    name: Option<&str>,
    sources: &Sources,
    on_progress: OnProgress<'_>,
) -> Result<FlashReport, BoardCliError> {
    let board = choose(config, name)?;
    let program = program(sources, board.chip)?;
    let _lease = Lease::take(&board.name, &board.probe)?;
    let mut probe = ProbeBoard::open(&board.probe, board.chip)?;
    let report = probe.flash(&program, None, on_progress)?;
    probe.start()?;
    Ok(report)
}

/// What was done, in a line.
pub fn describe(board: &str, report: &FlashReport) -> String {
    let seconds = report.took.as_secs_f64();
    match (report.written(), report.unchanged()) {
        (0, unchanged) => {
            format!("{board}: all {unchanged} bytes were there already ({seconds:.1} s)")
        }
        (written, 0) => format!("{board}: {written} bytes written and verified ({seconds:.1} s)"),
        (written, unchanged) => format!(
            "{board}: {written} bytes written and verified, {unchanged} were there already \
             ({seconds:.1} s)"
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::board::FlashedPart;

    #[test]
    fn says_what_was_written() {
        let part = |bytes, written| FlashedPart {
            range: 0..bytes,
            bytes,
            written,
        };
        let said = |parts| {
            let took = Duration::from_millis(1_540);
            describe("desk", &FlashReport { parts, took })
        };
        assert_eq!(
            said(vec![part(8192, true), part(300_000, false)]),
            "desk: 8192 bytes written and verified, 300000 were there already (1.5 s)"
        );
        assert_eq!(
            said(vec![part(9, false)]),
            "desk: all 9 bytes were there already (1.5 s)"
        );
        assert_eq!(
            said(vec![part(9, true)]),
            "desk: 9 bytes written and verified (1.5 s)"
        );
    }
}
