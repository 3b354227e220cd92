//! The command line.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::board_args::{
    BoardCommand, BoardsArgs, EmulateArgs, FlashArgs, MonitorArgs, ProvisionArgs,
};
use super::report_args::ReportCommand;
use super::test_target_args::TestTargetArgs;
use crate::fault::Fault;
use crate::runner::Partition;
use crate::scenario::DEFAULT_SEED;

/// End-to-end tests of a device whose only way out is an LTE modem on a UART.
#[derive(Debug, Parser)]
#[command(
    name = "hil",
    bin_name = "cargo hil",
    version,
    propagate_version = true
)]
#[command(
    after_help = "Exit codes: 0 as expected; 1 a scenario or test failed; 2 wrong usage or \
configuration; 3 infrastructure (toolchain, port, broker, disk); 130 interrupted."
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run scenarios, print the verdicts, write the report
    Run(RunArgs),
    /// Reports of earlier runs
    Report {
        #[command(subcommand)]
        command: ReportCommand,
    },
    /// Many virtual hours of random faults, and what must hold all the same
    Soak(SoakArgs),
    /// Run scenarios, and again whenever the sources they depend on change
    Watch(WatchArgs),
    /// Build the firmware for the ESP32-C3 and print its sizes
    Build(BuildArgs),
    /// Run tests on the chip itself: on-target tests of embedded-test and defmt-test
    TestTarget(TestTargetArgs),
    /// Run the simulated modem alone, in wall time, for anybody's firmware
    Modem(ModemArgs),
    /// Check this machine: each line is ok, or says how to fix it
    Doctor,
    /// List the boards scenarios can run on, and what is plugged in
    Boards(BoardsArgs),
    /// Write a program into a board's flash, as far as it differs, and start it
    Flash(FlashArgs),
    /// Write settings into a board's settings partition, and start it
    Provision(ProvisionArgs),
    /// Show a board's log, and what its firmware sends to its modem
    Monitor(MonitorArgs),
    /// Virtual boards that stay
    Board {
        #[command(subcommand)]
        command: BoardCommand,
    },
    /// Run a bare rv32imc program on the virtual core
    Emulate(EmulateArgs),
    /// The native board's process, driven over standard input and output
    #[command(name = "__native-board", hide = true)]
    NativeBoard,
}

#[derive(Debug, Args)]
pub(super) struct BuildArgs {
    /// Print what each crate takes, not only the largest ones
    #[arg(long)]
    pub(super) crates: bool,
    /// Say nothing unless something has to be fetched or goes wrong
    #[arg(long, short)]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Scenarios whose `ID::name` contains this, letter case aside [default: all]
    #[arg(value_name = "FILTER")]
    pub(super) filters: Vec<String>,
    /// A filter is the whole `ID::name`
    #[arg(long)]
    pub(super) exact: bool,
    /// Board to run on; may be given several times [default: those of hil.toml, else virtual]
    #[arg(long = "board", value_name = "NAME")]
    pub(super) boards: Vec<String>,
    /// The boards' configuration [default: hil.toml in this folder, if there is one]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Scenarios that run at the same time [default: one per core]
    #[arg(long, short, value_name = "N")]
    pub(super) jobs: Option<NonZeroUsize>,
    /// Run this image of the firmware instead of building one; its partition table is the file
    /// partitions.csv beside it, else that of the project
    #[arg(long, value_name = "ELF")]
    pub(super) firmware: Option<PathBuf>,
    /// Write the report into this folder, replacing an earlier report
    #[arg(long, value_name = "DIR")]
    pub(super) report: Option<PathBuf>,
    /// Seed of everything random that is simulated
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED)]
    pub(super) seed: u64,
    /// Let something go wrong besides, such as `uart.to-device:loss=1%@30s..60s`: WHERE:WHAT[=VALUE]
    /// with an optional @FROM[..TO] after power-up; may be given several times. `--fault help`
    /// lists what there is
    #[arg(long = "fault", value_name = "FAULT")]
    pub(super) faults: Vec<Fault>,
    /// Try a scenario that did not pass up to N times more; if it passes then, it is flaky
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) retries: u32,
    /// A flaky scenario is a failure
    #[arg(long)]
    pub(super) strict: bool,
    /// Only part I of N: `I/N` or `slice:I/N` deals the scenarios out in turn, `hash:I/N` keeps each
    /// in its part when others come and go
    #[arg(long, value_name = "I/N")]
    pub(super) partition: Option<Partition>,
    /// Report of an earlier run (folder or report.json): tells since when a scenario fails, and to
    /// execute fewer scenarios is a failure
    #[arg(long, value_name = "PATH")]
    pub(super) baseline: Option<PathBuf>,
    /// Scenarios that do not gate for a while [default: quarantine.toml beside hil.toml, if there is
    /// one]
    #[arg(long, value_name = "FILE")]
    pub(super) quarantine: Option<PathBuf>,
    /// List the scenarios instead of running them
    #[arg(long)]
    pub(super) list: bool,
    /// Tell what the scenarios of this ID, or the one of this name, are about, instead of running
    /// them
    #[arg(long, value_name = "ID", conflicts_with_all = ["list", "filters"])]
    pub(super) explain: Option<String>,
    /// Print the catalogue of all scenarios in Markdown
    #[arg(long, hide = true)]
    pub(super) catalogue: bool,
    /// Print only what did not pass, and the summary
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// Print what happens as JSON lines instead, for programs
    #[arg(long, conflicts_with_all = ["quiet", "list", "explain"])]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct WatchArgs {
    /// Scenarios whose `ID::name` contains this, letter case aside [default: all]
    #[arg(value_name = "FILTER")]
    pub(super) filters: Vec<String>,
    /// Board to run on; may be given several times [default: virtual]
    #[arg(long = "board", value_name = "NAME")]
    pub(super) boards: Vec<String>,
    /// The boards' configuration [default: hil.toml in this folder, if there is one]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Scenarios that run at the same time [default: one per core]
    #[arg(long, short, value_name = "N")]
    pub(super) jobs: Option<NonZeroUsize>,
    /// Write the report of each run into this folder, replacing that of the last one
    #[arg(long, value_name = "DIR")]
    pub(super) report: Option<PathBuf>,
    /// Seed of everything random that is simulated
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED)]
    pub(super) seed: u64,
}

#[derive(Debug, Args)]
pub(super) struct SoakArgs {
    /// Board to run on: native or virtual
    #[arg(long, value_name = "NAME", default_value = "native")]
    pub(super) board: String,
    /// Virtual hours of a round, the recovery after it apart
    #[arg(long, value_name = "N", default_value = "2")]
    pub(super) hours: NonZeroU64,
    /// Rounds, each with its own faults
    #[arg(long, value_name = "N", default_value = "20")]
    pub(super) rounds: NonZeroUsize,
    /// Begin no round after so many minutes of wall time
    #[arg(long, value_name = "N")]
    pub(super) minutes: Option<NonZeroU64>,
    /// Rounds that run at the same time [default: one per core]
    #[arg(long, short, value_name = "N")]
    pub(super) jobs: Option<NonZeroUsize>,
    /// Seed of the first round; the next ones count up
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED)]
    pub(super) seed: u64,
    /// One round with these faults instead of random ones, as `hil run` takes them
    #[arg(long = "fault", value_name = "FAULT")]
    pub(super) faults: Vec<Fault>,
}

#[derive(Debug, Args)]
pub(super) struct ModemArgs {
    /// Serial port whose other end the firmware takes for its modem (115200 8N1)
    #[arg(
        long,
        value_name = "PATH",
        required_unless_present = "pty",
        conflicts_with = "pty"
    )]
    pub(super) port: Option<PathBuf>,
    /// Make a pseudo-terminal and print its path as the first line
    #[arg(long)]
    pub(super) pty: bool,
    /// Modem to simulate: WH-LTE-7S1-E, USR-DR154-E, or USR-DR154-E-OLD, whose firmware does not
    /// know AT+SSLCFG; 7s1, usr-dr154 and usr-dr154-old for short
    #[arg(long, value_name = "NAME", default_value = "WH-LTE-7S1-E")]
    pub(super) profile: String,
    /// A setting in the modem's flash, as `AT+NAME=VALUE` would set it; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(super) settings: Vec<String>,
    /// Where the modem finds a host; `NAME=ADDR:PORT`, may be given several times
    #[arg(long = "host", value_name = "NAME=ADDR:PORT")]
    pub(super) hosts: Vec<String>,
    /// Let the modem reach any other host through this machine's network
    #[arg(long)]
    pub(super) network: bool,
    /// Seed of everything random in the modem
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED)]
    pub(super) seed: u64,
}
