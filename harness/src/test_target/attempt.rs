//! One run of a program from its start, and what is said of it afterwards.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::line::{Line, is_error};
use super::test_board::{Event, TestBoard};
use crate::board::{BoardError, CrashKind, CrashReport, Program, Request};
use crate::scenario::Cancel;

/// How long a test may take that does not say so itself, in the board's time: embedded-test's own
/// default.
pub(super) const DEFAULT_LIMIT: Duration = Duration::from_secs(60);

/// How far a board runs before somebody looks whether the user wants to stop.
const SLICE: Duration = Duration::from_secs(1);

/// What `defmt::panic!` panics with after it has told why.
const EXPLICIT_PANIC: &str = "explicit panic";

/// What a step of a run led to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// There are new lines in the log.
    Logged,
    /// The program wanted its command line, and has it.
    Asked,
    /// The program ended well.
    Success,
    /// The program ended otherwise, since the test returned an error: which.
    Error(String),
    /// The program ended otherwise, by itself: a panic, or another exit code than 0.
    Panic(String),
    /// The program does not go on, or does not come to an end.
    Stuck(String),
    /// The user wants no more.
    Cancelled,
}

/// A program that runs.
pub(super) struct Attempt<'a> {
    board: &'a mut dyn TestBoard,
    program: &'a Program,
    cancel: &'a Cancel,
    /// What the device has logged.
    pub(super) log: Vec<Line>,
    /// What the device said of its own end.
    last_words: Option<String>,
    begun: Instant,
    /// When the program had its first answer, and when it ended.
    own: (Option<Instant>, Option<Instant>),
    /// Wall time spent on looking where the processor is.
    looking: Duration,
}

impl<'a> Attempt<'a> {
    /// Starts the chip.
    pub(super) fn start(
        board: &'a mut dyn TestBoard,
        program: &'a Program,
        cancel: &'a Cancel,
    ) -> Result<Self, BoardError> {
        let begun = Instant::now();
        board.start()?;
        Ok(Self {
            board,
            program,
            cancel,
            log: Vec::new(),
            last_words: None,
            begun,
            own: (None, None),
            looking: Duration::ZERO,
        })
    }

    /// The board's clock.
    pub(super) fn now(&self) -> Duration {
        self.board.now()
    }

    /// Wall time beside what the program did between its answer and its end, and beside the look
    /// at where it failed.
    pub(super) fn overhead(&self) -> Option<Duration> {
        let (Some(answered), Some(ended)) = self.own else {
            return None;
        };
        let own = ended.saturating_duration_since(answered);
        Some(self.begun.elapsed().saturating_sub(own + self.looking))
    }

    /// Runs on, to the instant `until` at most, and answers what the program asks for;
    /// `command_line` is what it is told when it asks for that. `limit` is the words for a program
    /// that does not come to an end by then.
    pub(super) fn step(
        &mut self,
        until: Duration,
        limit: &str,
        hangs_from: Option<Duration>,
        command_line: &str,
    ) -> Result<Step, BoardError> {
        loop {
            if self.cancel.is_cancelled() {
                return Ok(Step::Cancelled);
            }
            let slice = until.min(self.board.now() + SLICE);
            let event = self.board.run(slice, hangs_from)?;
            self.hear();
            match event {
                Event::Deadline if slice < until => {}
                Event::Deadline => {
                    let crash = CrashReport::new(CrashKind::Hang, limit);
                    return Ok(Step::Stuck(self.locate(crash)));
                }
                Event::Logged => return Ok(Step::Logged),
                Event::Ended(mut crash) => {
                    self.own.1 = Some(Instant::now());
                    if let Some(words) = self.last_words.take() {
                        crash.kind = CrashKind::of_panic(&words);
                        crash.message = format!("{words}\n  {}", crash.message);
                    }
                    return Ok(Step::Stuck(self.locate(crash)));
                }
                // Where it stands now, at its start, says nothing.
                Event::GoesRound(crash) => return Ok(Step::Stuck(crash.to_string())),
                Event::Asked(command) => match self.board.probe()?.serve(command)? {
                    Request::CommandLine => {
                        let probe = self.board.probe()?;
                        probe.answer_command_line(command, command_line)?;
                        probe.run()?;
                        // After a reset in mid-test it asks once more.
                        self.own.0.get_or_insert_with(Instant::now);
                        return Ok(Step::Asked);
                    }
                    Request::Success => {
                        self.own.1 = Some(Instant::now());
                        return Ok(Step::Success);
                    }
                    Request::Failure(details) => {
                        self.own.1 = Some(Instant::now());
                        return Ok(match self.last_words.take() {
                            Some(words) if is_error(&words) => Step::Error(words),
                            Some(words) => Step::Panic(words),
                            None => Step::Panic(format!("the program ended with {details}")),
                        });
                    }
                    Request::Output(text) => {
                        self.log.push(Line::output("stdout", text.trim_end()));
                        self.board.probe()?.run()?;
                    }
                    _ => self.board.probe()?.run()?,
                },
            }
        }
    }

    /// Takes what the device has logged.
    fn hear(&mut self) {
        for line in self.board.take_log() {
            if let Some(words) = line.last_words() {
                // A panic of `defmt::panic!` is told twice: by defmt, and as "explicit panic".
                let again = self.last_words.is_some() && words.ends_with(EXPLICIT_PANIC);
                if !again {
                    self.last_words = Some(words.to_owned());
                }
            }
            self.log.push(line);
        }
    }

    /// The end of a program that ended by itself with `words`, and where it was: halts it.
    pub(super) fn describe(&mut self, words: &str) -> String {
        self.locate(CrashReport::panic(words))
    }

    /// `crash` and where the processor is, with its registers.
    fn locate(&mut self, crash: CrashReport) -> String {
        let begun = Instant::now();
        let halt = self
            .board
            .probe()
            .and_then(|probe| probe.halt().and_then(|()| probe.halt_report()));
        let crash = crash.at_halt(self.program.image(), halt);
        let mut text = crash.to_string();
        for (index, (name, value)) in crash.registers.iter().enumerate() {
            let separator = match index {
                0 => "\n  registers:\n    ",
                _ if index.is_multiple_of(4) => "\n    ",
                _ => " ",
            };
            // Writing to a string cannot fail.
            let _ = write!(text, "{separator}{name:<4} {value:#010x}");
        }
        self.looking += begun.elapsed();
        text
    }
}
