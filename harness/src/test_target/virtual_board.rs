//! The virtual board for tests: a chip in virtual time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use virtual_esp32c3::chip::{Death, Stop};
use virtual_esp32c3::config::ChipConfig;
use virtual_esp32c3::debug::DebugTarget as _;
use virtual_esp32c3::flash::Flash;
use virtual_esp32c3::reset::ResetCause;
use virtual_esp32c3::signal::Signal;
use virtual_esp32c3::time::Ticks;
use virtual_esp32c3_probe::{Pace, VirtualBoard};

use super::line::Line;
use super::test_board::{AWAKE_LIMIT, Event, RESET_LIMIT, TestBoard};
use crate::board::{
    BoardError, ChipKind, CoreState, CrashKind, CrashReport, Halted, ProbeBoard, Program, frame_at,
};

/// The register with the interrupt enable bit (RISC-V privileged specification, "mstatus").
const MSTATUS: u16 = 0x300;
const MIE: u32 = 1 << 3;

/// How often a program that computes is looked at.
const LOOK: Ticks = Ticks(Ticks::PER_SECOND / 4);

/// No two boards of a process have the same serial.
static SERIAL: AtomicU64 = AtomicU64::new(1);

/// A chip with a program, and the flash that every test begins with.
#[derive(Debug)]
pub(super) struct VirtualTestBoard {
    board: VirtualBoard,
    program: Program,
    flash: Arc<Flash>,
    /// Attached from power-up on. Dropped before the board is.
    probe: Option<ProbeBoard>,
    /// The chip's time at power-up.
    epoch: Ticks,
    log: Vec<Line>,
    /// The line that the console has not ended yet.
    console: Vec<u8>,
    resets: usize,
    boot_error: Option<String>,
}

/// Flash with `program` in it, written through probe-rs.
pub(super) fn flashed(program: &Program, seed: u64) -> Result<Arc<Flash>, BoardError> {
    let board = chip(seed);
    attach(&board)?.flash(program, None, &mut |_| {})?;
    Ok(Arc::new(board.with_chip(|chip| chip.flash().clone())))
}

fn chip(seed: u64) -> VirtualBoard {
    let serial = format!("test-{}", SERIAL.fetch_add(1, Ordering::Relaxed));
    let config = ChipConfig {
        seed,
        ..ChipConfig::default()
    };
    VirtualBoard::new(serial, config)
}

fn attach(board: &VirtualBoard) -> Result<ProbeBoard, BoardError> {
    let name = virtual_esp32c3_probe::selector(board.serial());
    ProbeBoard::attach(virtual_esp32c3_probe::open(board), &name, ChipKind::Esp32c3)
}

impl VirtualTestBoard {
    /// A board whose flash is `flash`, which holds `program`. It is off.
    pub(super) fn new(program: &Program, flash: &Arc<Flash>, seed: u64) -> Self {
        let board = chip(seed);
        board.set_pace(Pace::Owner);
        board.with_chip(|chip| *chip.flash_mut() = (**flash).clone());
        Self {
            board,
            program: program.clone(),
            flash: Arc::clone(flash),
            probe: None,
            epoch: Ticks::ZERO,
            log: Vec::new(),
            console: Vec::new(),
            resets: 0,
            boot_error: None,
        }
    }

    fn drain(&mut self) -> Result<(), BoardError> {
        if let Some(probe) = &mut self.probe {
            self.log
                .extend(probe.drain_log()?.into_iter().map(Line::from));
        }
        Ok(())
    }

    /// Takes note of what happened on the chip. Tells when it resets too often.
    fn collect(&mut self) -> Result<Option<CrashReport>, BoardError> {
        let mut circles = None;
        while let Some(signal) = self.board.take_signal() {
            match signal {
                Signal::Reset(cause) => {
                    // What it has said before is in a memory that the program is about to lose.
                    self.log
                        .push(Line::remark(format_args!("reset, {cause:?}")));
                    self.resets += 1;
                    if self.resets >= RESET_LIMIT {
                        let words = format!("{RESET_LIMIT} resets, the last by {cause:?}");
                        let mut crash = CrashReport::new(CrashKind::ResetLoop, words);
                        let at = self.board.with_chip(|chip| chip.reset_at());
                        // What resets the chip is most often a call that never returns, so that
                        // what it would return to is another function.
                        crash.frames.extend(at.map(|at| {
                            frame_at(self.program.image(), at.return_address.saturating_sub(2))
                        }));
                        circles = Some(crash);
                    }
                    if let Some(probe) = &mut self.probe {
                        probe.restarted();
                        probe.catch_breakpoints()?;
                    }
                }
                Signal::BootFailed(error) => self.boot_error = Some(error.to_string()),
                Signal::Console(b'\n') => {
                    let text = String::from_utf8_lossy(&self.console).into_owned();
                    self.log.push(Line::output("console", text.trim_end()));
                    self.console.clear();
                }
                Signal::Console(byte) => self.console.push(byte),
                Signal::Unmodelled {
                    register, address, ..
                } => self.log.push(Line::remark(format_args!(
                    "the register {register} at {address:#010x} has no model"
                ))),
                Signal::UartOverflow { uart, .. } => self.log.push(Line::remark(format_args!(
                    "uart{uart}: receive FIFO overflow, bytes are lost"
                ))),
                // What leaves on a pin nobody is wired to. An unknown function of the mask ROM is
                // the chip's end, which says the same.
                Signal::UartSent { .. }
                | Signal::UartLost { .. }
                | Signal::PadDriven { .. }
                | Signal::UnknownRomCall { .. } => {}
            }
        }
        Ok(circles)
    }

    fn dead(&mut self) -> Option<CrashReport> {
        let death = self.board.with_chip(|chip| chip.death().cloned())?;
        let kind = match death {
            Death::TrapStorm { .. } => CrashKind::TrapStorm,
            Death::NothingToBoot => CrashKind::NothingToBoot,
            Death::UnknownRomCall { .. } | Death::RomFault { .. } => CrashKind::NotModelled,
        };
        let words = match self.boot_error.take() {
            Some(error) => format!("{death}: {error}"),
            None => death.to_string(),
        };
        Some(CrashReport::new(kind, words))
    }

    fn hangs(&self, from: Duration) -> Option<CrashReport> {
        let (awake, status) = self
            .board
            .with_chip(|chip| (chip.awake_for(), chip.read_register(MSTATUS)));
        let awake = awake.to_duration().min(self.now().saturating_sub(from));
        let interrupts = match status {
            Ok(status) if status & MIE == 0 => "off",
            _ => "on",
        };
        (awake >= AWAKE_LIMIT).then(|| {
            let words = format!(
                "hangs: the processor has not slept for {} s, with interrupts {interrupts}",
                AWAKE_LIMIT.as_secs()
            );
            CrashReport::new(CrashKind::Hang, words)
        })
    }
}

impl TestBoard for VirtualTestBoard {
    /// Power goes and comes, so that no test finds anything of another in memory; then the reset by
    /// the debugger that every board gets.
    fn start(&mut self) -> Result<(), BoardError> {
        let flash = &self.flash;
        self.board.with_chip(|chip| {
            // Only what a test has written is different.
            if chip.flash().generation() != flash.generation() {
                *chip.flash_mut() = (**flash).clone();
            }
        });
        let probe = match &mut self.probe {
            // The debug module stays as it is: attaching takes longer than many a test.
            Some(probe) => {
                self.board.with_chip(|chip| chip.reset(ResetCause::PowerOn));
                probe
            }
            None => {
                self.board.power_cycle();
                let mut probe = attach(&self.board)?;
                probe.set_program(&self.program)?;
                self.probe.insert(probe)
            }
        };
        probe.reset_and_halt()?;
        let watched = probe.log_write_offset();
        probe.run()?;
        self.board.with_chip(|chip| chip.watch(watched));
        self.epoch = self.board.with_chip(|chip| chip.now());
        // How it came here is no news.
        while self.board.take_signal().is_some() {}
        self.log.clear();
        self.console.clear();
        self.resets = 0;
        self.boot_error = None;
        Ok(())
    }

    fn run(&mut self, until: Duration, hangs_from: Option<Duration>) -> Result<Event, BoardError> {
        let end = self.epoch + Ticks::at_or_after(until);
        loop {
            let now = self.board.with_chip(|chip| chip.now());
            let slice = end.min(now + LOOK);
            let stop = self.board.run(slice);
            if matches!(stop, Stop::Deadline) {
                if let Some(crash) = hangs_from.and_then(|from| self.hangs(from)) {
                    self.drain()?;
                    return Ok(Event::Ended(crash));
                }
                if slice < end {
                    continue;
                }
            }
            self.drain()?;
            let ended = match stop {
                Stop::Deadline => return Ok(Event::Deadline),
                Stop::Watched => None,
                Stop::Signal => match self.collect()? {
                    Some(crash) => return Ok(Event::GoesRound(crash)),
                    None => self.dead(),
                },
                Stop::Dead(_) => {
                    self.collect()?;
                    self.dead()
                }
                Stop::Halted => match self.probe()?.state()? {
                    CoreState::Halted(Halted::Semihosting(command)) => {
                        return Ok(Event::Asked(command));
                    }
                    state => {
                        let words = format!("the processor stopped: {state:?}");
                        Some(CrashReport::new(CrashKind::Halted, words))
                    }
                },
            };
            if let Some(crash) = ended {
                return Ok(Event::Ended(crash));
            }
            if !self.log.is_empty() {
                return Ok(Event::Logged);
            }
        }
    }

    fn now(&self) -> Duration {
        let now = self.board.with_chip(|chip| chip.now());
        now.since(self.epoch).to_duration()
    }

    fn take_log(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.log)
    }

    fn probe(&mut self) -> Result<&mut ProbeBoard, BoardError> {
        self.probe.as_mut().ok_or_else(|| BoardError::Probe {
            action: "use the board's probe",
            chain: "the board is off".to_owned(),
        })
    }
}
