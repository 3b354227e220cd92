//! `hil flash` and `hil provision`.

use std::io::{self, Write as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::board_args::{BoardChoice, FlashArgs, ProvisionArgs};
use super::error::CliError;
use super::exit::Exit;
use crate::board::{FlashProgressReport, FlashReport, FlashStep};
use crate::board_cli::{self, BoardCliError, SettingsFile, Sources};
use crate::config::{self, Config};

/// Writes a program to a board and starts it.
pub(super) fn flash(args: &FlashArgs) -> Result<Exit, CliError> {
    let config = load(&args.choice)?;
    let sources = Sources {
        elf: args.elf.clone(),
        partitions: args.partitions.clone(),
    };
    let name = args.choice.board.as_deref();
    let report =
        with_progress(|on_progress| board_cli::flash(&config, name, &sources, on_progress))?;
    tell(&config, &args.choice, &report);
    Ok(Exit::Success)
}

/// Writes settings to a board and starts it.
pub(super) fn provision(args: &ProvisionArgs) -> Result<Exit, CliError> {
    let settings = SettingsFile::read(&args.settings).map_err(BoardCliError::from)?;
    if args.check {
        let _ = writeln!(io::stdout(), "{}: ok", args.settings.display());
        return Ok(Exit::Success);
    }
    let config = load(&args.choice)?;
    let sources = Sources {
        elf: None,
        partitions: args.partitions.clone(),
    };
    let name = args.choice.board.as_deref();
    let report = with_progress(|on_progress| {
        board_cli::provision(&config, name, &settings, &sources, on_progress)
    })?;
    tell(&config, &args.choice, &report);
    Ok(Exit::Success)
}

fn load(choice: &BoardChoice) -> Result<Config, CliError> {
    Ok(config::load(choice.config.as_deref()).map_err(BoardCliError::from)?)
}

fn tell(config: &Config, choice: &BoardChoice, report: &FlashReport) {
    let board = board_cli::choose(config, choice.board.as_deref());
    let name = board.map_or("board", |board| &board.name);
    // A reader that went away has seen enough; the exit code still tells.
    let _ = writeln!(io::stdout(), "{}", board_cli::describe(name, report));
}

/// A line on the terminal that says what is being done; nothing where there is no terminal.
fn with_progress(
    work: impl FnOnce(&mut dyn FnMut(FlashProgressReport)) -> Result<FlashReport, BoardCliError>,
) -> Result<FlashReport, CliError> {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    let (mut step, mut done) = (None, 0);
    let result = work(&mut |progress| {
        if step != Some(progress.step) {
            (step, done) = (Some(progress.step), 0);
        }
        done += progress.bytes;
        let what = match progress.step {
            FlashStep::Verify => "comparing",
            FlashStep::Keep => "reading what stays",
            FlashStep::Erase => "erasing",
            FlashStep::Program => "writing",
        };
        bar.set_message(format!("{what}: {} KB", done / 1024));
        bar.tick();
    });
    bar.finish_and_clear();
    Ok(result?)
}
