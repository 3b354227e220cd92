//! A board of `hil.toml` for tests: a chip behind a debug probe, in wall time.

use std::thread;
use std::time::{Duration, Instant};

use super::line::Line;
use super::test_board::{Event, TestBoard};
use crate::board::{
    BoardError, CoreState, CrashKind, CrashReport, Halted, Lease, LeaseError, ProbeBoard, Program,
};
use crate::config::BoardConfig;

/// How often the probe is asked whether something has happened. Each question takes about as long
/// over USB.
const POLL: Duration = Duration::from_millis(2);

/// How often somebody who waits for a board looks whether it is free.
const GLANCE: Duration = Duration::from_millis(50);

/// A chip on a desk, or one that looks the same from here.
#[derive(Debug)]
pub(super) struct WallTestBoard {
    probe: ProbeBoard,
    started: Instant,
    log: Vec<Line>,
    _lease: Lease,
}

impl WallTestBoard {
    /// Takes the board and attaches to it. Waits for `patience` if somebody else has it.
    pub(super) fn open(config: &BoardConfig, patience: Duration) -> Result<Self, BoardError> {
        let begun = Instant::now();
        let lease = loop {
            match Lease::take(&config.name, &config.probe) {
                Err(LeaseError::Held { .. }) if begun.elapsed() < patience => thread::sleep(GLANCE),
                taken => break taken?,
            }
        };
        Ok(Self {
            probe: ProbeBoard::open(&config.probe, config.chip)?,
            started: Instant::now(),
            log: Vec::new(),
            _lease: lease,
        })
    }

    /// Brings `program` into its flash, as far as it differs.
    pub(super) fn load(&mut self, program: &Program) -> Result<(), BoardError> {
        self.probe.flash(program, None, &mut |_| {})?;
        Ok(())
    }

    fn drain(&mut self) -> Result<(), BoardError> {
        let records = self.probe.drain_log()?;
        self.log.extend(records.into_iter().map(Line::from));
        Ok(())
    }
}

impl TestBoard for WallTestBoard {
    fn start(&mut self) -> Result<(), BoardError> {
        self.probe.reset_and_halt()?;
        self.log.clear();
        self.probe.run()?;
        self.started = Instant::now();
        Ok(())
    }

    fn run(&mut self, until: Duration, _hangs_from: Option<Duration>) -> Result<Event, BoardError> {
        loop {
            // First the state: what was logged before a halt is then read, too.
            let state = self.probe.state()?;
            self.drain()?;
            match state {
                CoreState::Halted(Halted::Semihosting(command)) => {
                    return Ok(Event::Asked(command));
                }
                CoreState::Halted(_) => {
                    let words = format!("the processor stopped: {state:?}");
                    return Ok(Event::Ended(CrashReport::new(CrashKind::Halted, words)));
                }
                CoreState::Running => {}
            }
            if !self.log.is_empty() {
                return Ok(Event::Logged);
            }
            if self.now() >= until {
                return Ok(Event::Deadline);
            }
            thread::sleep(POLL);
        }
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn take_log(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.log)
    }

    fn probe(&mut self) -> Result<&mut ProbeBoard, BoardError> {
        Ok(&mut self.probe)
    }
}
