//! Arguments of the commands that touch boards.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Which of the boards.
#[derive(Debug, Args)]
pub(super) struct BoardChoice {
    /// Board of hil.toml [default: its only one]
    #[arg(long, value_name = "NAME")]
    pub(super) board: Option<String>,
    /// File that lists the boards [default: hil.toml in the current folder]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct BoardsArgs {
    /// File that lists the boards [default: hil.toml in the current folder]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct FlashArgs {
    /// Program to write, as the linker wrote it [default: the firmware, built first]
    #[arg(value_name = "ELF")]
    pub(super) elf: Option<PathBuf>,
    #[command(flatten)]
    pub(super) choice: BoardChoice,
    /// Partition table in ESP-IDF's CSV form [default: firmware/esp32/partitions.csv]
    #[arg(long, value_name = "FILE")]
    pub(super) partitions: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ProvisionArgs {
    /// Settings of the device; secrets stand in files or environment variables that it names
    #[arg(value_name = "SETTINGS.toml")]
    pub(super) settings: PathBuf,
    #[command(flatten)]
    pub(super) choice: BoardChoice,
    /// Partition table in ESP-IDF's CSV form [default: firmware/esp32/partitions.csv]
    #[arg(long, value_name = "FILE")]
    pub(super) partitions: Option<PathBuf>,
    /// Check the settings and write nothing
    #[arg(long)]
    pub(super) check: bool,
}

#[derive(Debug, Args)]
pub(super) struct MonitorArgs {
    /// Program that the board runs, for its log's texts [default: the firmware, built first]
    #[arg(value_name = "ELF")]
    pub(super) elf: Option<PathBuf>,
    #[command(flatten)]
    pub(super) choice: BoardChoice,
    /// Reset the board first, to see its start
    #[arg(long)]
    pub(super) reset: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum BoardCommand {
    /// Run a virtual board as if it stood on the desk: a probe port and a serial port
    Serve(ServeArgs),
}

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// TCP port of the debug probe, on 127.0.0.1; 0 is any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(super) probe_port: u16,
    /// Also make the serial port known under this path, as a symbolic link
    #[arg(long, value_name = "LINK")]
    pub(super) pty: Option<PathBuf>,
    /// Program to start with; without one the flash is empty
    #[arg(long, value_name = "ELF")]
    pub(super) flash: Option<PathBuf>,
    /// Settings to start with, as for `hil provision`
    #[arg(long, value_name = "SETTINGS.toml", requires = "flash")]
    pub(super) settings: Option<PathBuf>,
    /// Partition table in ESP-IDF's CSV form [default: firmware/esp32/partitions.csv]
    #[arg(long, value_name = "FILE")]
    pub(super) partitions: Option<PathBuf>,
    /// Rate of the serial port, in bits per second
    #[arg(long, value_name = "BAUD", default_value_t = crate::config::DEFAULT_BAUD)]
    pub(super) baud: u32,
    /// Seed of everything random in the chip
    #[arg(long, value_name = "N", default_value_t = crate::scenario::DEFAULT_SEED)]
    pub(super) seed: u64,
}

#[derive(Debug, Args)]
pub(super) struct EmulateArgs {
    /// A bare rv32imc program
    #[arg(value_name = "ELF")]
    pub(super) elf: PathBuf,
    /// Symbol of the word that the program writes its result to: 1 passed, other odd numbers
    /// failed [default: tohost, where the program has it]
    #[arg(long, value_name = "SYMBOL")]
    pub(super) tohost: Option<String>,
    /// Give up after so many instructions
    #[arg(long, value_name = "N", default_value_t = 1_000_000_000)]
    pub(super) max_instructions: u64,
    /// Give up after so many traps
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub(super) max_traps: u64,
}
