//! What running a test takes of a board, whatever it is made of.

use std::fmt;
use std::time::Duration;

use probe_rs::semihosting::SemihostingCommand;

use super::line::Line;
use crate::board::{BoardError, CrashReport, ProbeBoard};

/// A board with a test image in its flash.
pub(super) trait TestBoard: fmt::Debug + Send {
    /// Starts the chip anew. Its clock begins at zero, its log is empty.
    fn start(&mut self) -> Result<(), BoardError>;

    /// Runs until something happens, to the instant `until` of the board's clock at most. Where a
    /// board can tell, computing without sleep for [`AWAKE_LIMIT`] from the instant `hangs_from`
    /// on ends the program, too.
    fn run(&mut self, until: Duration, hangs_from: Option<Duration>) -> Result<Event, BoardError>;

    /// The board's clock.
    fn now(&self) -> Duration;

    /// What was logged since the last call.
    fn take_log(&mut self) -> Vec<Line>;

    /// Its probe.
    fn probe(&mut self) -> Result<&mut ProbeBoard, BoardError>;
}

/// Longest time without sleep before a program without a limit of its own counts as hung. No test
/// computes that long: a signature check takes less than 0.1 s.
pub(super) const AWAKE_LIMIT: Duration = Duration::from_secs(10);

/// Resets in one run after which a program is said to go round in circles.
pub(super) const RESET_LIMIT: usize = 10;

/// What happened on a board.
#[derive(Debug)]
pub(super) enum Event {
    /// The instant was reached.
    Deadline,
    /// There is something in the log.
    Logged,
    /// The program stands still and asks for something.
    Asked(SemihostingCommand),
    /// The program does not go on: what is known of it, but for where the processor is.
    Ended(CrashReport),
    /// The program resets the chip again and again: what is known of it.
    GoesRound(CrashReport),
}
