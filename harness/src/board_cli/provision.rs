//! `hil provision`.

use super::choose::choose;
use super::error::BoardCliError;
use super::firmware::Sources;
use super::settings_file::SettingsFile;
use crate::board::{FlashReport, Lease, OnProgress, ProbeBoard};
use crate::config::Config;

/// Writes settings into a board's settings partition and starts it. Everything that can be wrong
/// with files is found before the board is touched.
///
/// # Errors
/// See [`BoardCliError`].
pub fn provision(
    config: &Config,
    name: Option<&str>,
    settings: &SettingsFile,
    sources: &Sources,
    on_progress: OnProgress<'_>,
) -> Result<FlashReport, BoardCliError> {
    let partition = settings.partition().map_err(BoardCliError::Encode)?;
    let offset = sources.table()?.settings()?.offset;
    let board = choose(config, name)?;
    let _lease = Lease::take(&board.name, &board.probe)?;
    let mut probe = ProbeBoard::open(&board.probe, board.chip)?;
    let report = probe.flash_bytes(offset, &partition, on_progress)?;
    probe.start()?;
    Ok(report)
}
