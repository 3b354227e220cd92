//! The virtual board: a chip in virtual time, flashed and watched through probe-rs.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use virtual_esp32c3::chip::{Chip, Death, ResetAt, Stop};
use virtual_esp32c3::config::ChipConfig;
use virtual_esp32c3::debug::{AccessSize, DebugTarget as _};
use virtual_esp32c3::flash::Flash;
use virtual_esp32c3::reset::ResetCause;
use virtual_esp32c3::signal::Signal;
use virtual_esp32c3::time::Ticks;
use virtual_esp32c3_probe::{Pace, VirtualBoard};

use super::board::{Board, End, LogRecord, Progress, Sent};
use super::costs::StackUse;
use super::error::RigError;
use super::stack_use::StackWatch;
use crate::board::{
    BoardError, ChipKind, CoreState, CrashKind, CrashReport, ProbeBoard, Program, frame_at,
};

/// The UART that leads to the modem.
const MODEM_UART: u8 = 1;

/// The pad that leads to the modem's reset pin, as in `firmware-esp32`.
const MODEM_RESET: u8 = 4;
/// A supply that the brown-out detector takes for one that fails, and a good one, in millivolts.
const SAGGING: u16 = 2_000;
const SUPPLY: u16 = 3_300;

/// The register with the interrupt enable bit (RISC-V privileged specification, "mstatus").
const MSTATUS: u16 = 0x300;
const MIE: u32 = 1 << 3;

/// Resets within [`RESET_WINDOW`] after which a device is said to go round in circles.
const RESET_LIMIT: usize = 10;
const RESET_WINDOW: Duration = Duration::from_secs(30);

/// Longest time without sleep before a device counts as hung: far above any computation of the
/// firmware, the longest of which is a signature check of less than 0.1 s, and below the 60 s of
/// its watchdog.
const AWAKE_LIMIT: Duration = Duration::from_secs(10);
/// How often that is looked at.
const LOOK: Ticks = Ticks(Ticks::PER_SECOND / 4);
/// How often the end of a burst of log lines is looked for: 0.1 ms, and for how long: 5 ms.
const LOG_LOOK: Ticks = Ticks(Ticks::PER_SECOND / 10_000);
const LOG_BOUND: Ticks = Ticks(Ticks::PER_SECOND / 200);

/// Flash chips of boards that are not in use: who takes one finds the program of the last scenario
/// in it, as on a desk, and has less to write.
static SHELF: Mutex<Vec<Flash>> = Mutex::new(Vec::new());
/// No two boards of a process have the same serial.
static SERIAL: AtomicU64 = AtomicU64::new(1);

/// A chip, its probe, and where both stand in the world's time.
#[derive(Debug)]
pub(super) struct VirtualChip {
    board: VirtualBoard,
    program: Program,
    /// Attached from power-up on. Dropped before the board is.
    probe: Option<ProbeBoard>,
    /// The chip's time at the beginning of the world, and the world's at power-up.
    epoch: (Ticks, Duration),
    /// When the device started last: its own clock began then.
    booted_at: Duration,
    resets: Vec<Duration>,
    /// Why the last start found nothing to run.
    boot_error: Option<String>,
    /// It resets again and again: where it is says nothing.
    loops: bool,
    /// Instructions before the first power-up: those of flashing.
    before: u64,
    /// The stack as it was at power-up.
    stack: Option<StackWatch>,
}

impl VirtualChip {
    /// A board with `program` and `settings` in flash, written through probe-rs where they were
    /// not there already. It is off.
    pub(super) fn new(program: &Program, settings: &[u8], seed: u64) -> Result<Self, RigError> {
        let serial = format!("virtual-{}", SERIAL.fetch_add(1, Ordering::Relaxed));
        let board = VirtualBoard::new(
            serial,
            ChipConfig {
                seed,
                ..ChipConfig::default()
            },
        );
        if let Some(flash) = shelf().pop() {
            board.with_chip(|chip| *chip.flash_mut() = flash);
        }
        let mut probe = attach(&board)?;
        probe.flash(program, Some(settings), &mut |_| {})?;
        // What the last scenario's device left there belongs to another story.
        if let Some(outbox) = program.table().outbox() {
            probe.erase_flash(outbox.offset, outbox.size, &mut |_| {})?;
        }
        // Its memory is gone with the power: attached anew in `power_up`.
        drop(probe);
        Ok(Self {
            board,
            program: program.clone(),
            probe: None,
            epoch: (Ticks::ZERO, Duration::ZERO),
            booted_at: Duration::ZERO,
            resets: Vec::new(),
            boot_error: None,
            loops: false,
            before: 0,
            stack: None,
        })
    }

    fn to_ticks(&self, at: Duration) -> Ticks {
        let (ticks, start) = self.epoch;
        ticks + Ticks::at_or_before(at.saturating_sub(start))
    }

    fn to_world(&self, ticks: Ticks) -> Duration {
        let (epoch, start) = self.epoch;
        start + ticks.since(epoch).to_duration()
    }

    /// A word of the chip's memory.
    fn word(&self, address: u32) -> Option<u32> {
        let read = |chip: &mut Chip| chip.bus_read(address, AccessSize::Word);
        self.board.with_chip(read).ok()
    }

    fn now(&self) -> Duration {
        self.to_world(self.board.with_chip(|chip| chip.now()))
    }

    /// Collects what happened on the chip.
    fn collect(&mut self, progress: &mut Progress) -> Result<(), RigError> {
        let mut bytes = Vec::new();
        while let Some(signal) = self.board.take_signal() {
            match signal {
                Signal::UartSent { uart, at, byte } if uart == MODEM_UART => {
                    bytes.push((self.to_world(at), byte));
                }
                Signal::UartSent { .. } | Signal::Console(_) => {}
                Signal::PadDriven { pin, at, level } if pin == MODEM_RESET => {
                    let pulled = level == Some(false);
                    progress.modem_reset.push((self.to_world(at), pulled));
                }
                Signal::PadDriven { .. } => {}
                Signal::UartOverflow { uart, at } => progress.remarks.push((
                    self.to_world(at),
                    format!("uart{uart}: receive FIFO overflow, bytes are lost"),
                )),
                Signal::UartLost {
                    uart,
                    at,
                    overrun,
                    discarded,
                } => progress.remarks.push((
                    self.to_world(at),
                    format!(
                        "uart{uart}: {} bytes lost: {overrun} found the receive FIFO full, \
                         {discarded} were thrown away with it",
                        overrun.saturating_add(discarded)
                    ),
                )),
                Signal::Reset(cause) => {
                    progress
                        .log
                        .push(self.remark("DEBUG", format!("reset, {cause:?}")));
                    self.restarted(progress)?;
                }
                Signal::BootFailed(error) => {
                    progress.log.push(self.remark("ERROR", error.to_string()));
                    self.boot_error = Some(error.to_string());
                }
                // Its end, which says the same.
                Signal::UnknownRomCall { .. } => {}
                Signal::Unmodelled {
                    register,
                    address,
                    written,
                } => {
                    let access = match written {
                        Some(value) => format!("{value:#x} was written to it"),
                        None => "it was read".to_owned(),
                    };
                    let text = format!(
                        "the register {register} at {address:#010x} has no model: {access}"
                    );
                    progress.log.push(self.remark("WARN", text));
                }
            }
        }
        progress.sent.append(Sent::Paced(bytes));
        Ok(())
    }

    /// What the simulator itself has to say: not the device's words, and in no snapshot.
    fn remark(&self, level: &str, text: String) -> LogRecord {
        LogRecord {
            at: self.now(),
            level: level.to_owned(),
            module: Some("virtual_esp32c3".to_owned()),
            text,
            place: None,
            lost: 0,
            awake_cycles: None,
        }
    }

    fn restarted(&mut self, progress: &mut Progress) -> Result<(), RigError> {
        let now = self.now();
        progress.remarks.push((now, "device: reset".to_owned()));
        self.booted_at = now;
        self.resets
            .retain(|at| now.saturating_sub(*at) < RESET_WINDOW);
        self.resets.push(now);
        if let Some(probe) = &mut self.probe {
            probe.restarted();
            probe.catch_breakpoints()?;
        }
        let (cause, at) = self
            .board
            .with_chip(|chip| (chip.reset_cause(), chip.reset_at()));
        if let Some(kind) = unwanted(cause) {
            let crash = CrashReport::new(kind, format!("{}: {cause:?}", kind.name()));
            progress.survived = Some(Box::new(self.at_reset(crash, at)));
        }
        if self.resets.len() >= RESET_LIMIT {
            let words = format!(
                "{RESET_LIMIT} resets within {} s, the last by {cause:?}",
                RESET_WINDOW.as_secs()
            );
            let crash = self.at_reset(CrashReport::new(CrashKind::ResetLoop, words), at);
            progress.end = Some(End::Crashed(Box::new(crash)));
            self.loops = true;
        }
        Ok(())
    }

    /// Adds where the processor was when it was reset. What resets the chip is most often a call
    /// that never returns, so that what it would return to is another function.
    fn at_reset(&self, crash: CrashReport, at: Option<ResetAt>) -> CrashReport {
        let Some(at) = at else { return crash };
        let image = self.program.image();
        let mut crash = crash.at_pc(image, at.pc);
        let call = frame_at(image, at.return_address.saturating_sub(2));
        crash.notes.push("the last call and the reset:".to_owned());
        crash.frames.insert(0, call);
        crash
    }

    /// Takes the log. A panic in it is the device's end.
    fn drain(&mut self, progress: &mut Progress) -> Result<(), RigError> {
        let Some(probe) = &mut self.probe else {
            return Ok(());
        };
        let awake = self.board.with_chip(|chip| chip.instructions());
        let awake_cycles = Some(awake.saturating_sub(self.before));
        for record in probe.drain_log()? {
            if record.is_panic() {
                // A panic of `defmt::panic!` is told twice: by defmt, and as "explicit panic".
                let first = progress.log.last();
                let first = first.filter(|last| {
                    last.text.starts_with("panicked at") && record.text.ends_with("explicit panic")
                });
                let words = first.map_or(&record.text, |first| &first.text);
                let crash = CrashReport::panic(words.clone());
                progress.end = Some(End::Crashed(Box::new(crash)));
            } else if record.text.starts_with("halted: ") {
                progress.end = Some(End::Halted);
            }
            let at = record.time.map(|time| self.booted_at + time);
            let last = progress.log.last().map(|last: &LogRecord| last.at);
            let at = at.or(last).unwrap_or(self.booted_at);
            progress.log.push(LogRecord {
                awake_cycles,
                ..LogRecord::of_device(at, record)
            });
        }
        Ok(())
    }

    /// Adds where the processor is, for a device that came to its end: halts it.
    fn locate(&mut self, crash: CrashReport) -> CrashReport {
        let Some(probe) = self.probe.as_mut().filter(|_| !self.loops) else {
            return crash;
        };
        let halt = probe.halt().and_then(|()| probe.halt_report());
        let unknown = halt.is_err();
        let crash = crash.at_halt(self.program.image(), halt);
        match unknown {
            true => {
                let pc = self.board.with_chip(|chip| chip.pc());
                crash.at_pc(self.program.image(), pc)
            }
            false => crash,
        }
    }

    fn run(&mut self, until: Duration) -> Result<Progress, RigError> {
        let mut progress = Progress {
            sent: Sent::Paced(Vec::new()),
            ..Progress::default()
        };
        let mut end = self.to_ticks(until);
        let mut look = LOOK;
        let stop = loop {
            let (now, asleep) = self.board.with_chip(|chip| (chip.now(), chip.is_asleep()));
            if asleep && !progress.log.is_empty() {
                break Ended::No { at_horizon: false };
            }
            let slice = end.min(now + look);
            let stop = self.board.run(slice);
            if self.board.with_chip(|chip| chip.awake_for()) > Ticks::at_or_after(AWAKE_LIMIT) {
                break Ended::Spins;
            }
            match stop {
                Stop::Deadline if slice < end => {}
                Stop::Deadline => break Ended::No { at_horizon: true },
                // Whatever ended the processor may have told something, too.
                Stop::Signal => match self.board.with_chip(|chip| chip.death().cloned()) {
                    Some(death) => break Ended::Dead(death),
                    None => break Ended::No { at_horizon: false },
                },
                // Drained at once, since a device whose buffer is full waits for the reader; and
                // told soon, since somebody may wait for this very line: when the device sleeps
                // again, or in the middle of a long computation.
                Stop::Watched => {
                    self.drain(&mut progress)?;
                    if look == LOOK && !progress.log.is_empty() {
                        look = LOG_LOOK;
                        end = end.min(self.board.with_chip(|chip| chip.now()) + LOG_BOUND);
                    }
                    if progress.end.is_some() {
                        break Ended::No { at_horizon: false };
                    }
                }
                Stop::Halted => break Ended::Halted,
                Stop::Dead(death) => break Ended::Dead(death),
            }
        };
        self.collect(&mut progress)?;
        self.drain(&mut progress)?;
        match stop {
            Ended::No { at_horizon: true } if end == self.to_ticks(until) => progress.now = until,
            Ended::No { .. } => progress.now = self.now(),
            Ended::Halted => self.halted(&mut progress)?,
            Ended::Dead(death) => {
                let crash = CrashReport::new(kind_of(&death), self.last_words(&death));
                progress.end = Some(End::Crashed(Box::new(crash)));
            }
            Ended::Spins => {
                let words = format!(
                    "the processor has not slept for {} s, with interrupts {}",
                    AWAKE_LIMIT.as_secs(),
                    self.interrupts()
                );
                let crash = CrashReport::new(CrashKind::Hang, words);
                progress.end = Some(End::Crashed(Box::new(crash)));
            }
        }
        progress.now = progress.now.max(self.now()).min(until.max(self.now()));
        progress.end = progress.end.map(|end| match end {
            End::Halted => End::Halted,
            End::Crashed(crash) => End::Crashed(Box::new(self.locate(*crash))),
        });
        let idle = self.board.with_chip(|chip| chip.idle_until());
        progress.idle_until = idle.map(|ticks| self.to_world(ticks));
        let awake = self.board.with_chip(|chip| chip.instructions());
        progress.awake_cycles = Some(awake.saturating_sub(self.before));
        Ok(progress)
    }

    fn last_words(&self, death: &Death) -> String {
        match (death, &self.boot_error) {
            (Death::NothingToBoot, Some(error)) => format!("{death}: {error}"),
            _ => death.to_string(),
        }
    }

    /// Whether the processor takes interrupts.
    fn interrupts(&self) -> &'static str {
        let status = self.board.with_chip(|chip| chip.read_register(MSTATUS));
        match status {
            Ok(status) if status & MIE == 0 => "off",
            _ => "on",
        }
    }

    /// The processor stands at a breakpoint of its own: the end of a panic, or an exception.
    fn halted(&mut self, progress: &mut Progress) -> Result<(), RigError> {
        let state = match &mut self.probe {
            Some(probe) => probe.state()?,
            None => CoreState::Running,
        };
        if progress.end.is_none() {
            let words = format!("the processor stopped: {state:?}");
            let crash = CrashReport::new(CrashKind::Halted, words);
            progress.end = Some(End::Crashed(Box::new(crash)));
        }
        Ok(())
    }
}

/// What a reset stands for that the program did not ask for.
fn unwanted(cause: ResetCause) -> Option<CrashKind> {
    match cause {
        ResetCause::CoreMainWatchdog0
        | ResetCause::CoreMainWatchdog1
        | ResetCause::CoreRtcWatchdog
        | ResetCause::CpuMainWatchdog0
        | ResetCause::CpuMainWatchdog1
        | ResetCause::CpuRtcWatchdog
        | ResetCause::SystemRtcWatchdog
        | ResetCause::SystemSuperWatchdog => Some(CrashKind::Watchdog),
        ResetCause::SystemBrownOut => Some(CrashKind::BrownOut),
        _ => None,
    }
}

fn kind_of(death: &Death) -> CrashKind {
    match death {
        Death::TrapStorm { .. } => CrashKind::TrapStorm,
        Death::NothingToBoot => CrashKind::NothingToBoot,
        Death::UnknownRomCall { .. } | Death::RomFault { .. } => CrashKind::NotModelled,
    }
}

enum Ended {
    No { at_horizon: bool },
    Halted,
    Dead(Death),
    Spins,
}

impl Board for VirtualChip {
    fn power_up(&mut self, now: Duration) -> Result<Progress, RigError> {
        self.board.power_cycle();
        self.board.set_pace(Pace::Owner);
        if self.probe.is_none() && self.before == 0 {
            self.before = self.board.with_chip(|chip| chip.instructions());
        }
        self.stack = StackWatch::new(self.program.image(), |address| self.word(address));
        self.epoch = (self.board.with_chip(|chip| chip.now()), now);
        self.booted_at = now;
        let mut probe = attach(&self.board)?;
        probe.set_program(&self.program)?;
        probe.catch_breakpoints()?;
        let watched = probe.log_write_offset();
        self.probe = Some(probe);
        self.board.with_chip(|chip| chip.watch(watched));
        // What flashing and power-up told is no part of the story.
        while self.board.take_signal().is_some() {}
        Ok(Progress {
            now,
            idle_until: Some(now),
            sent: Sent::Paced(Vec::new()),
            ..Progress::default()
        })
    }

    fn power_cycle(&mut self, now: Duration) -> Result<Progress, RigError> {
        self.probe = None;
        self.power_up(now)
    }

    fn brown_out(&mut self, now: Duration) -> Result<Progress, RigError> {
        self.board.with_chip(|chip| {
            chip.set_supply_millivolts(SAGGING);
            chip.set_supply_millivolts(SUPPLY);
        });
        let mut progress = Progress {
            now,
            idle_until: Some(now),
            sent: Sent::Paced(Vec::new()),
            ..Progress::default()
        };
        self.collect(&mut progress)?;
        Ok(progress)
    }

    fn advance(
        &mut self,
        until: Duration,
        receive: Vec<(Duration, u8)>,
    ) -> Result<Progress, RigError> {
        let (epoch, start) = self.epoch;
        self.board.with_chip(|chip| {
            for (at, byte) in receive {
                let at = epoch + Ticks::at_or_after(at.saturating_sub(start));
                chip.uart_receive(at, MODEM_UART, byte);
            }
        });
        self.run(until)
    }

    fn stack_use(&self) -> Option<StackUse> {
        let stack = self.stack.as_ref()?;
        stack.used(|address| self.word(address))
    }
}

impl Drop for VirtualChip {
    fn drop(&mut self) {
        self.probe = None;
        shelf().push(self.board.with_chip(|chip| chip.flash().clone()));
    }
}

fn attach(board: &VirtualBoard) -> Result<ProbeBoard, BoardError> {
    let name = virtual_esp32c3_probe::selector(board.serial());
    ProbeBoard::attach(virtual_esp32c3_probe::open(board), &name, ChipKind::Esp32c3)
}

fn shelf() -> std::sync::MutexGuard<'static, Vec<Flash>> {
    SHELF.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "virtual_board_tests.rs"]
mod tests;
