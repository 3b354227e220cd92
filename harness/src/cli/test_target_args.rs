//! Arguments of `hil test-target`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use libtest_mimic::{ColorSetting, FormatSetting};

/// What `--help` says below the options.
const MORE: &str = "\
A test image is a program made of tests, built with the crate embedded-test (each test starts from
a reset) or defmt-test (all tests in one go). Those of this project are in firmware/esp32/tests.

  cargo hil test-target                     all tests, on virtual boards
  cargo hil test-target uart                those whose name contains `uart`
  cargo hil test-target --board desk-c3     on a board of hil.toml, in wall time
  cargo hil test-target build/chip-tests    those of another image

A test that fails is shown with the device's log, its backtrace and its registers. A test may take
as long as its `#[timeout]` says, else 60 s, in the board's own time; on a virtual board a test
without one that computes for 10 s without sleep has failed already. A test that resets the chip of a
virtual board begins anew with that start, up to 10 times.

As cargo's runner, for `cargo test`, IDEs and `cargo nextest`, firmware/esp32 has it configured
already: `cd firmware/esp32 && RUSTC_BOOTSTRAP=1 cargo test --release --tests [FILTER]`.

Exit codes: 0 all passed; 1 a test failed; 2 wrong usage, or an image that is damaged, for another
chip, or without tests; 3 infrastructure (toolchain, probe); 130 interrupted.";

#[derive(Debug, Args)]
#[command(after_help = MORE)]
pub(super) struct TestTargetArgs {
    /// Tests whose `image::module::name` contains this [default: all]; or, with a `/` in it or the
    /// name of a file, a test image [default: those of the project, built first]
    #[arg(value_name = "FILTER|IMAGE")]
    pub(super) what: Vec<String>,
    /// Board to run on
    #[arg(
        long,
        value_name = "NAME",
        env = "HIL_BOARD",
        default_value = "virtual"
    )]
    pub(super) board: String,
    /// File that lists the boards [default: hil.toml in the current folder]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Partition table in ESP-IDF's CSV form [default: firmware/esp32/partitions.csv]
    #[arg(long, value_name = "FILE")]
    pub(super) partitions: Option<PathBuf>,
    /// Seed of everything random in the virtual chip
    #[arg(long, value_name = "N", default_value_t = crate::scenario::DEFAULT_SEED)]
    pub(super) seed: u64,
    /// Tests that run at the same time, each on a virtual board of its own [default: one per core;
    /// on a real board 1]
    #[arg(long, short, visible_alias = "test-threads", value_name = "N")]
    pub(super) jobs: Option<NonZeroUsize>,
    /// List the tests instead of running them
    #[arg(long)]
    pub(super) list: bool,
    /// Run only the tests that are marked `#[ignore]`
    #[arg(long)]
    pub(super) ignored: bool,
    /// Run the tests that are marked `#[ignore]`, too
    #[arg(long)]
    pub(super) include_ignored: bool,
    /// Filters are whole names
    #[arg(long)]
    pub(super) exact: bool,
    /// Leave out tests whose name contains this; may be given several times
    #[arg(long, value_name = "FILTER")]
    pub(super) skip: Vec<String>,
    /// Show the device's log of tests that pass, too
    #[arg(long, visible_aliases = ["no-capture", "show-output"])]
    pub(super) nocapture: bool,
    /// How to show results
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(super) format: Option<FormatSetting>,
    /// One character for each test
    #[arg(long, short, conflicts_with = "format")]
    pub(super) quiet: bool,
    /// When to use colours
    #[arg(long, value_enum, value_name = "WHEN")]
    pub(super) color: Option<ColorSetting>,
    /// Be the test program that cargo has started: tests bear their bare names, and a filter need
    /// not match, since cargo gives it to every test program
    #[arg(long)]
    pub(super) runner: bool,
    /// What cargo and IDEs give to test programs, without effect here
    #[arg(short = 'Z', hide = true)]
    pub(super) unstable: Option<String>,
    /// Likewise
    #[arg(long, hide = true)]
    pub(super) test: bool,
    /// Likewise
    #[arg(long, hide = true)]
    pub(super) report_time: bool,
}
