//! The tests of a defmt-test program: one after the other, told apart by the log.
//!
//! Before each test the program announces it. It ends the program when the last one has passed; a
//! test that fails ends it too, so that those behind it do not run.

use std::time::Duration;

use super::attempt::{Attempt, DEFAULT_LIMIT, Step};
use super::image::TargetTest;
use super::line::Line;
use super::list;
use super::outcome::{Outcome, Verdict};
use super::test_board::TestBoard;
use crate::board::{BoardError, Program};
use crate::scenario::Cancel;

/// What the program logs behind its last test.
const ALL_PASSED: &str = "all tests passed!";

/// Runs the program until the test number `last` has ended, and tells the outcome of each test up
/// to it. Errors are the bench's.
pub(super) fn run(
    board: &mut dyn TestBoard,
    program: &Program,
    tests: &[TargetTest],
    last: usize,
    cancel: &Cancel,
) -> Result<Vec<Outcome>, BoardError> {
    let mut attempt = Attempt::start(board, program, cancel)?;
    let mut sequence = Sequence::new(tests);
    loop {
        let limit = format!(
            "timed out: no end within {} s, the limit of a test of defmt-test",
            DEFAULT_LIMIT.as_secs()
        );
        let until = sequence.began + DEFAULT_LIMIT;
        let step = attempt.step(until, &limit, Some(sequence.began), "")?;
        let now = attempt.now();
        for line in attempt.log.drain(..) {
            sequence.hear(line, now);
        }
        if sequence.is_past(last) {
            return Ok(sequence.outcomes(None, last, now));
        }
        let end = match step {
            Step::Logged | Step::Asked => continue,
            Step::Success if sequence.all_passed => None,
            Step::Success => Some("the program ended before its last test".to_owned()),
            Step::Error(words) | Step::Panic(words) => Some(attempt.describe(&words)),
            Step::Stuck(words) => Some(words),
            Step::Cancelled => {
                let interrupted = Verdict::NotRun("interrupted".to_owned());
                return Ok(vec![Outcome::without_log(interrupted); last + 1]);
            }
        };
        return Ok(sequence.outcomes(end, last, now));
    }
}

struct Sequence<'a> {
    tests: &'a [TargetTest],
    /// Which test runs; none before the first is announced.
    current: Option<usize>,
    /// When that began.
    began: Duration,
    /// Those that have ended, and well.
    passed: Vec<Outcome>,
    log: Vec<String>,
    all_passed: bool,
}

impl<'a> Sequence<'a> {
    fn new(tests: &'a [TargetTest]) -> Self {
        Self {
            tests,
            current: None,
            began: Duration::ZERO,
            passed: Vec::new(),
            log: Vec::new(),
            all_passed: false,
        }
    }

    /// Takes a line of the log, read at `now`.
    fn hear(&mut self, line: Line, now: Duration) {
        let next = self.current.map_or(0, |current| current + 1);
        if line.message() == Some(ALL_PASSED) && next == self.tests.len() {
            self.pass(now);
            self.all_passed = true;
        } else if line
            .message()
            .and_then(list::line)
            .is_some_and(|said| self.tests.get(next).is_some_and(|test| test.is(said.name)))
        {
            self.pass(now);
            self.current = Some(next);
            self.began = now;
            self.log.clear();
        }
        self.log.push(line.to_string());
    }

    fn pass(&mut self, now: Duration) {
        if self
            .current
            .is_some_and(|current| current == self.passed.len())
        {
            self.passed.push(Outcome {
                verdict: Verdict::Passed,
                log: std::mem::take(&mut self.log),
                took: now.saturating_sub(self.began),
                overhead: None,
            });
        }
    }

    /// Whether the test number `last` has passed and another has begun.
    fn is_past(&self, last: usize) -> bool {
        self.passed.len() > last && !self.all_passed
    }

    /// One outcome for each test up to `last`; `end` is what ended the program, unless all is well.
    fn outcomes(mut self, end: Option<String>, last: usize, now: Duration) -> Vec<Outcome> {
        let count = last + 1;
        if let Some(words) = end {
            let culprit = self.passed.len().min(count - 1);
            let (words, why) = match self.current {
                None => (
                    format!("before the first test: {words}"),
                    "the program ended before its first test".to_owned(),
                ),
                Some(_) if self.all_passed => {
                    // The end is that of the whole program: the last test is as good as any.
                    self.passed.truncate(culprit);
                    (format!("after the last test: {words}"), String::new())
                }
                Some(_) => {
                    let name = self.tests.get(culprit).map_or("", |test| &test.name);
                    (words, format!("`{name}` ended the program before it"))
                }
            };
            self.passed.push(Outcome {
                verdict: Verdict::Failed(words),
                log: std::mem::take(&mut self.log),
                took: now.saturating_sub(self.began),
                overhead: None,
            });
            let not_run = Outcome::without_log(Verdict::NotRun(why));
            self.passed.resize(count.max(self.passed.len()), not_run);
        }
        self.passed.truncate(count);
        self.passed
    }
}

#[cfg(test)]
#[path = "sequence_tests.rs"]
mod tests;
