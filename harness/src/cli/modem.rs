//! `hil modem`.

use super::args::ModemArgs;
use super::error::CliError;
use super::exit::Exit;
use super::interrupt::on_interrupt;
use crate::modem_cli::{self, Config, Hosts, LineKind, ModemCliError};

/// Runs the modem until Ctrl-C, which is its ordinary end.
pub(super) fn modem(args: &ModemArgs) -> Result<Exit, CliError> {
    let config = Config {
        settings: Config::settings(Config::profile(&args.profile)?, &args.settings)?,
        seed: args.seed,
        line: args.port.clone().map_or(LineKind::Pty, LineKind::Port),
        hosts: Hosts::parse(&args.hosts, args.network).map_err(ModemCliError::from)?,
    };
    modem_cli::serve(&config, |stop| {
        on_interrupt(move || stop.stop()).map_err(ModemCliError::from)
    })?;
    Ok(Exit::Success)
}
