//! A test of embedded-test: from a reset to its exit.
//!
//! The program asks for its command line, is told the address of the test's function, calls it and
//! exits: well when the function returned (or returned `Ok`), with an error when it panicked or
//! returned an error.

use std::time::Duration;

use super::attempt::{Attempt, DEFAULT_LIMIT, Step};
use super::image::TargetTest;
use super::line::Line;
use super::outcome::{Outcome, Verdict};
use super::test_board::TestBoard;
use crate::board::{BoardError, Program};
use crate::scenario::Cancel;

/// How the names of tests end that reset the chip themselves and go on after it.
const ACROSS_RESET: &str = "_across_reset";

/// Runs `test`. Errors are the bench's.
pub(super) fn run(
    board: &mut dyn TestBoard,
    program: &Program,
    test: &TargetTest,
    cancel: &Cancel,
) -> Result<Outcome, BoardError> {
    let mut attempt = Attempt::start(board, program, cancel)?;
    let verdict = judge(&mut attempt, test)?;
    let took = attempt.now();
    Ok(Outcome {
        verdict,
        took,
        overhead: attempt.overhead(),
        log: attempt.log.iter().map(Line::to_string).collect(),
    })
}

fn judge(attempt: &mut Attempt<'_>, test: &TargetTest) -> Result<Verdict, BoardError> {
    let command = format!("run_addr {}", test.address.unwrap_or_default());
    let limit = test.timeout.unwrap_or(DEFAULT_LIMIT);
    let mut until = DEFAULT_LIMIT;
    let mut words = format!(
        "timed out: the program did not ask within {} s which test to run",
        DEFAULT_LIMIT.as_secs()
    );
    // Who names a limit may compute for as long.
    let mut hangs_from = Some(Duration::ZERO);
    let mut asked = false;
    loop {
        let step = attempt.step(until, &words, hangs_from, &command)?;
        return Ok(match step {
            Step::Logged => continue,
            // A watchdog that bites, say, must not give a test a second chance.
            Step::Asked if asked && !test.name.ends_with(ACROSS_RESET) => Verdict::Failed(format!(
                "the chip was reset in the middle of the test; only tests whose names end in \
                 `{ACROSS_RESET}` may be"
            )),
            Step::Asked => {
                // Its time begins here: how long a chip takes to start is not the test's affair.
                // After a reset of its own it goes on.
                if !asked {
                    asked = true;
                    until = attempt.now() + limit;
                    hangs_from = test.timeout.is_none().then(|| attempt.now());
                    words = timed_out(test.timeout);
                }
                continue;
            }
            Step::Success | Step::Error(_) | Step::Panic(_) if !asked => {
                let words = match step {
                    Step::Error(words) | Step::Panic(words) => words,
                    _ => "it ended as if all were well".to_owned(),
                };
                let words = format!("before the program asked which test to run: {words}");
                Verdict::Failed(attempt.describe(&words))
            }
            Step::Success if test.should_panic => {
                Verdict::Failed("it should have panicked, and did not".to_owned())
            }
            Step::Success => Verdict::Passed,
            Step::Error(_) | Step::Panic(_) if test.should_panic => Verdict::Passed,
            Step::Error(words) => Verdict::Failed(words),
            Step::Panic(words) => Verdict::Failed(attempt.describe(&words)),
            Step::Stuck(words) => Verdict::Failed(words),
            Step::Cancelled => Verdict::NotRun("interrupted".to_owned()),
        });
    }
}

fn timed_out(limit: Option<Duration>) -> String {
    match limit {
        Some(limit) => format!("timed out: its own limit is {} s", limit.as_secs()),
        None => format!(
            "timed out: no end within {} s, the limit of a test that names none",
            DEFAULT_LIMIT.as_secs()
        ),
    }
}
