//! Every scenario on every board, one test each, named `native::T01::factory_fresh`.

use std::fmt::Write as _;
use std::path::PathBuf;

use harness::runner::{DEFAULT_SEED, Job};
use harness::scenario::{BoardKind, Cancel, Options, Outcome, Verdict, execute};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

/// Lines of each log shown under a failure.
const TAIL_LINES: usize = 25;

fn main() {
    let arguments = Arguments::from_args();
    let scenarios = harness::scenarios::all();
    let trials = BoardKind::ALL
        .iter()
        .flat_map(|&board| {
            scenarios
                .iter()
                .map(move |&scenario| Job { scenario, board })
        })
        .map(|job| Trial::ignorable_test(job.path(), move || run(&job)))
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn run(job: &Job) -> Result<Completion, Failed> {
    let options = Options {
        board: job.board,
        seed: DEFAULT_SEED,
        hil_exe: PathBuf::from(env!("CARGO_BIN_EXE_hil")),
        cancel: Cancel::default(),
    };
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
