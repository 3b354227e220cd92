//! Every scenario on every simulated board, one test each, named `virtual::T01::factory_fresh`.
//!
//! The first test for the virtual board builds the firmware's image. A machine that cannot build it
//! fails here, with the remedy: `cargo test -p harness -- native` leaves the image out.

use std::fmt::Write as _;
use std::sync::OnceLock;

use harness::board::Firmware;
use harness::firmware_build;
use harness::runner::Job;
use harness::scenario::{Board, Options, Outcome, Verdict, catalogue, execute};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

/// Lines of each log shown under a failure.
const TAIL_LINES: usize = 25;

fn main() {
    let arguments = Arguments::from_args();
    let scenarios = harness::scenarios::all();
    let trials = Board::SIMULATED
        .iter()
        .flat_map(|board| {
            scenarios.iter().map(move |&scenario| Job {
                scenario,
                board: board.clone(),
            })
        })
        .map(|job| Trial::ignorable_test(job.path(), move || run(&job)))
        .chain([Trial::test("catalogue", catalogue_is_current)])
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

/// `fixtures/SCENARIOS.md` says what the scenarios say.
fn catalogue_is_current() -> Result<(), Failed> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/SCENARIOS.md");
    let written = std::fs::read_to_string(path).unwrap_or_default();
    if written == catalogue::markdown(harness::scenarios::all()) {
        return Ok(());
    }
    let command = catalogue::COMMAND;
    Err(
        format!("fixtures/SCENARIOS.md is out of date: run `{command}` in the project's folder")
            .into(),
    )
}

/// The image, built once for all tests of this process.
fn firmware() -> Result<Firmware, String> {
    static FIRMWARE: OnceLock<Result<Firmware, String>> = OnceLock::new();
    let built = FIRMWARE.get_or_init(|| {
        Firmware::build(&firmware_build::Options::default(), &mut |_| {})
            .map_err(|error| error.to_string())
    });
    built.clone()
}

fn run(job: &Job) -> Result<Completion, Failed> {
    let firmware = match job.board.needs_image() {
        true => Some(firmware()?),
        false => None,
    };
    let options = Options::new(job.board.clone(), firmware, env!("CARGO_BIN_EXE_hil"));
    let outcome = execute(&job.scenario, &options);
    match &outcome.verdict {
        Verdict::Pass => Ok(Completion::Completed),
        Verdict::Skipped(reason) => Ok(Completion::ignored_with(reason)),
        Verdict::Fail(reason) => Err(explain(reason, &outcome)),
        Verdict::Infra(reason) => Err(explain(&format!("infrastructure: {reason}"), &outcome)),
    }
}

fn explain(reason: &str, outcome: &Outcome) -> Failed {
    let mut text = reason.to_owned();
    let logs = [
        ("UART", &outcome.transcript),
        ("MQTT", &outcome.messages),
        ("TLS", &outcome.connections),
        ("device log", &outcome.device_log),
    ];
    for (name, log) in logs {
        let lines: Vec<&str> = log.lines().collect();
        let shown = &lines[lines.len().saturating_sub(TAIL_LINES)..];
        // Writing to a string cannot fail.
        let (shown_count, all) = (shown.len(), lines.len());
        let _ = write!(text, "\n--- {name}, last {shown_count} of {all} lines\n");
        text.push_str(&shown.join("\n"));
    }
    text.into()
}
