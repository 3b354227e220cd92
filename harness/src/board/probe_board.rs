//! A board behind a debug probe: attach, flash, run, listen, look.

use std::ops::Range;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use probe_rs::probe::{Probe, WireProtocol};
use probe_rs::semihosting::SemihostingCommand;
use probe_rs::{
    BreakpointCause, Core, CoreStatus, HaltReason, MemoryInterface as _, Permissions, RegisterId,
    Session,
};

use super::backtrace::{CoreRegisters, Interrupted, StackFrame, walk};
use super::chip::ChipKind;
use super::error::{BoardError, chain};
use super::flash::{self, FlashReport, OnProgress};
use super::guard::{GuardedSession, caught};
use super::log_decoder::DeviceRecord;
use super::probes;
use super::program::Program;
use super::rtt::RttLog;

/// How long a core may take to halt.
const HALT_WITHIN: Duration = Duration::from_millis(500);

/// How long opening a probe and attaching to its chip may take. Attaching takes tens of
/// milliseconds; a probe behind TCP that was stopped never answers.
pub const ATTACH_WITHIN: Duration = Duration::from_secs(10);

/// The register that holds the address which the last trap interrupted (RISC-V privileged
/// specification, "mepc").
const MEPC: RegisterId = RegisterId(0x341);

/// What the core is doing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CoreState {
    /// It runs, or sleeps until an interrupt.
    Running,
    /// It stands still.
    Halted(Halted),
}

/// Why a core stands still.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Halted {
    /// At an `ebreak` of the program: the end of the firmware's panic handler.
    Breakpoint,
    /// At an `ebreak` that asks the host for something.
    Semihosting(SemihostingCommand),
    /// Because a debugger wanted it, or for a reason the chip does not tell.
    Other,
}

/// Everything to know about a core that stands still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HaltReport {
    /// Its registers.
    pub registers: CoreRegisters,
    /// The stack, innermost function first; empty when the program is not known.
    pub stack: Vec<StackFrame>,
    /// What an exception or an interrupt on that stack has interrupted.
    pub interrupted: Option<Interrupted>,
}

/// An attached board. Dropping it lets the chip run on without a debugger.
#[derive(Debug)]
pub struct ProbeBoard {
    session: GuardedSession,
    selector: String,
    program: Option<Program>,
    log: Option<RttLog>,
}

impl ProbeBoard {
    /// Opens the probe `selector` and attaches to the `chip` behind it, which goes on with what it
    /// does. A chip that does not let anybody attach is reset by the probe's own line and tried
    /// once more. Waits for [`ATTACH_WITHIN`] at most.
    ///
    /// # Errors
    /// [`BoardError::Open`], [`BoardError::Attach`] or [`BoardError::NoAnswer`].
    pub fn open(selector: &str, chip: ChipKind) -> Result<Self, BoardError> {
        let (sender, receiver) = mpsc::channel();
        let owned = selector.to_owned();
        thread::spawn(move || {
            let board = Self::open_stubborn(&owned, chip);
            // Nobody waits any more: the board is let go.
            let _ = sender.send(board);
        });
        match receiver.recv_timeout(ATTACH_WITHIN) {
            Ok(board) => board,
            Err(RecvTimeoutError::Timeout) => Err(BoardError::NoAnswer {
                selector: selector.to_owned(),
                action: "attaching",
                within: ATTACH_WITHIN,
            }),
            Err(RecvTimeoutError::Disconnected) => Err(BoardError::Attach {
                selector: selector.to_owned(),
                chip: chip.name(),
                chain: "probe-rs gave up".to_owned(),
            }),
        }
    }

    fn open_stubborn(selector: &str, chip: ChipKind) -> Result<Self, BoardError> {
        match Self::attach(probes::open(selector)?, selector, chip) {
            Err(BoardError::Attach { .. }) => {
                let mut probe = probes::open(selector)?;
                // Not every probe has the line, or has it wired.
                let _ = caught(|| probe.target_reset());
                Self::attach(probe, selector, chip)
            }
            attached => attached,
        }
    }

    /// Starts the chip anew and attaches to it: by the probe's reset line, which a chip takes for
    /// power coming up, else through the debug module. The program runs when this returns.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with_reset(
        selector: &str,
        chip: ChipKind,
        program: &Program,
    ) -> Result<Self, BoardError> {
        let mut probe = probes::open(selector)?;
        // Most built-in probes have none, and say so by an error.
        let pulsed = matches!(caught(|| probe.target_reset()), Ok(Ok(())));
        let mut board = Self::attach(probe, selector, chip)?;
        board.set_program(program)?;
        if pulsed {
            board.catch_breakpoints()?;
        } else {
            board.start()?;
        }
        Ok(board)
    }

    /// Attaches through `probe`, for probes that are not found by a selector; `name` stands for it
    /// in messages.
    ///
    /// # Errors
    /// [`BoardError::Attach`] with what probe-rs says.
    pub fn attach(mut probe: Probe, name: &str, chip: ChipKind) -> Result<Self, BoardError> {
        probes::register();
        let failed = |chain| BoardError::Attach {
            selector: name.to_owned(),
            chip: chip.name(),
            chain,
        };
        // The chips know no other; probes that know two would try the wrong one.
        probe
            .select_protocol(WireProtocol::Jtag)
            .map_err(|error| failed(chain(&error)))?;
        let session = caught(|| probe.attach(chip.name(), Permissions::default()))
            .map_err(|words| failed(format!("probe-rs panicked: {words}")))?
            .map_err(|error| failed(chain(&error)))?;
        Ok(Self {
            session: GuardedSession::new(session),
            selector: name.to_owned(),
            program: None,
            log: None,
        })
    }

    /// The probe's selector.
    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// Does something with the probe-rs session that is not offered here; `action` is what, for
    /// errors.
    ///
    /// # Errors
    /// That of `work`, or [`BoardError::Probe`] when the probe has gone.
    pub fn with_session<T>(
        &mut self,
        action: &'static str,
        work: impl FnOnce(&mut Session) -> Result<T, BoardError>,
    ) -> Result<T, BoardError> {
        self.session.with(action, work)
    }

    /// Says which program the board runs, so that its log can be read and its stack named.
    /// [`flash`](Self::flash) does so by itself.
    ///
    /// # Errors
    /// [`BoardError::LogFormat`].
    pub fn set_program(&mut self, program: &Program) -> Result<(), BoardError> {
        let decoder = program.log_decoder()?;
        self.log = decoder.and_then(|decoder| RttLog::new(program.image(), decoder));
        self.program = Some(program.clone());
        Ok(())
    }

    /// Whether what runs is the program that [`set_program`](Self::set_program) named, by the
    /// digest of its ELF that flashing puts into its description. Nothing when there is no telling:
    /// before the bootloader has mapped the program, or when another tool flashed it. A core that
    /// runs stands still for a moment.
    ///
    /// # Errors
    /// [`BoardError::Probe`].
    pub fn runs_program(&mut self) -> Result<Option<bool>, BoardError> {
        let Some((address, expected)) = self.program.as_ref().and_then(Program::identity) else {
            return Ok(None);
        };
        let running = self.state()? == CoreState::Running;
        if running {
            self.halt()?;
        }
        let mut words = [0_u32; 8];
        let read = self.on_core("read the program's description", |core| {
            // Not mapped is an answer, too.
            Ok(core.read_32(address, &mut words).is_ok())
        })?;
        if running {
            self.run()?;
        }
        let found: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let told = read && found.iter().any(|byte| *byte != 0);
        Ok(told.then_some(found == expected))
    }

    /// Brings bootloader, partition table, `program` and, if given, the content of the settings
    /// partition into flash, each part only if it differs, and verifies what was written. The core
    /// stands still afterwards: [`start`](Self::start) it.
    ///
    /// # Errors
    /// [`BoardError::Flash`] when the bench fails, with probe-rs's words;
    /// [`BoardError::Format`] or [`BoardError::Table`] when the program cannot be flashed.
    pub fn flash(
        &mut self,
        program: &Program,
        settings: Option<&[u8]>,
        on_progress: OnProgress<'_>,
    ) -> Result<FlashReport, BoardError> {
        self.set_program(program)?;
        self.session.with("flash the program", |session| {
            flash::program(session, program, settings, on_progress)
        })
    }

    /// Writes `bytes` at `offset` of flash, if they differ, and verifies them; everything around
    /// them stays. The core stands still afterwards.
    ///
    /// # Errors
    /// [`BoardError::Flash`].
    pub fn flash_bytes(
        &mut self,
        offset: u32,
        bytes: &[u8],
        on_progress: OnProgress<'_>,
    ) -> Result<FlashReport, BoardError> {
        self.session.with("write to flash", |session| {
            flash::bytes(session, offset, bytes, on_progress)
        })
    }

    /// Erases `size` bytes at `offset` of flash, both in whole sectors of 4096 bytes, unless they are
    /// erased already. The core stands still afterwards.
    ///
    /// # Errors
    /// [`BoardError::Flash`].
    pub fn erase_flash(
        &mut self,
        offset: u32,
        size: u32,
        on_progress: OnProgress<'_>,
    ) -> Result<FlashReport, BoardError> {
        self.session.with("erase flash", |session| {
            flash::erase(session, offset, size, on_progress)
        })
    }

    /// Resets the chip and runs it from its reset vector, with an empty log.
    ///
    /// # Errors
    /// [`BoardError::Probe`].
    pub fn start(&mut self) -> Result<(), BoardError> {
        self.reset_and_halt()?;
        self.run()
    }

    /// Resets the chip; the core stands still at its reset vector, the log is empty.
    ///
    /// # Errors
    /// [`BoardError::Probe`].
    pub fn reset_and_halt(&mut self) -> Result<(), BoardError> {
        let log = &mut self.log;
        self.session.with("reset the chip", |session| {
            let mut core = core(session)?;
            core.reset_and_halt(HALT_WITHIN)
                .map_err(BoardError::probe("reset the chip"))?;
            match log {
                Some(log) => log.clear(&mut core),
                None => Ok(()),
            }
        })
    }

    /// Lets a halted core go on.
    ///
    /// # Errors
    /// [`BoardError::Probe`].
    pub fn run(&mut self) -> Result<(), BoardError> {
        self.on_core("run the core", |core| core.run())
    }

    /// Stops the core where it is.
    ///
    /// # Errors
    /// [`BoardError::Probe`].
    pub fn halt(&mut self) -> Result<(), BoardError> {
        self.on_core("halt the core", |core| core.halt(HALT_WITHIN).map(|_| ()))
    }

    /// Makes the breakpoints of a running program halt the core, which probe-rs arranges at its
    /// first halt; for those who attach without a reset.
    ///
    /// # Errors
    /// [`BoardError::Probe`].
    pub fn catch_breakpoints(&mut self) -> Result<(), BoardError> {
        if self.state()? == CoreState::Running {
            self.halt()?;
            self.run()?;
        }
        Ok(())
    }

    /// What the core is doing.
    ///
    /// # Errors
    /// [`BoardError::Probe`].
    pub fn state(&mut self) -> Result<CoreState, BoardError> {
        let status = self.on_core("ask for the core's state", |core| core.status())?;
        Ok(match status {
            CoreStatus::Halted(HaltReason::Breakpoint(cause)) => CoreState::Halted(match cause {
                BreakpointCause::Semihosting(command) => Halted::Semihosting(command),
                BreakpointCause::Hardware => Halted::Other,
                BreakpointCause::Software | BreakpointCause::Unknown => Halted::Breakpoint,
            }),
            CoreStatus::Halted(_) => CoreState::Halted(Halted::Other),
            _ => CoreState::Running,
        })
    }

    /// Takes what the device has logged since the last call; nothing before its program has set
    /// its log up. The device waits for this once its buffer is full: call it often.
    ///
    /// # Errors
    /// [`BoardError::Probe`].
    pub fn drain_log(&mut self) -> Result<Vec<DeviceRecord>, BoardError> {
        let Some(log) = &mut self.log else {
            return Ok(Vec::new());
        };
        self.session.with("read the device's log", |session| {
            log.drain(&mut core(session)?)
        })
    }

    /// Says that the device has started anew, so that half a record of before is forgotten.
    pub fn restarted(&mut self) {
        if let Some(log) = &mut self.log {
            log.restarted();
        }
    }

    /// The addresses the device writes to whenever it has logged something; nothing when its
    /// program is not known or does not log.
    pub fn log_write_offset(&self) -> Option<Range<u32>> {
        self.log.as_ref().map(RttLog::write_offset)
    }

    /// Registers and stack of a core that stands still; of one that runs they are not of one
    /// moment.
    ///
    /// # Errors
    /// [`BoardError::Probe`].
    pub fn halt_report(&mut self) -> Result<HaltReport, BoardError> {
        let program = self.program.as_ref();
        self.session.with("look at the core", |session| {
            let mut core = core(session)?;
            let registers = registers(&mut core)?;
            let mepc = core.read_core_reg(MEPC).ok();
            let (stack, interrupted) = program.map_or_else(Default::default, |program| {
                walk(program.image(), &registers, mepc, |address| {
                    core.read_word_32(address.into()).ok()
                })
            });
            Ok(HaltReport {
                registers,
                stack,
                interrupted,
            })
        })
    }

    fn on_core<T>(
        &mut self,
        action: &'static str,
        work: impl FnOnce(&mut Core<'_>) -> Result<T, probe_rs::Error>,
    ) -> Result<T, BoardError> {
        self.session.with(action, |session| {
            work(&mut core(session)?).map_err(BoardError::probe(action))
        })
    }
}

impl Drop for ProbeBoard {
    fn drop(&mut self) {
        // Whoever comes next finds a device that runs and does not wait for a reader. A board that
        // is gone takes no harm.
        let log = &mut self.log;
        let _ = self.session.with("let the board go", |session| {
            let mut core = core(session)?;
            if let Some(log) = log {
                log.release(&mut core);
            }
            if matches!(core.core_halted(), Ok(true)) {
                let _ = core.run();
            }
            Ok(())
        });
    }
}

fn core(session: &mut Session) -> Result<Core<'_>, BoardError> {
    session
        .core(0)
        .map_err(BoardError::probe("talk to the core"))
}

fn registers(core: &mut Core<'_>) -> Result<CoreRegisters, BoardError> {
    let action = "read the core's registers";
    let pc_register = core.program_counter().id();
    let pc = core
        .read_core_reg(pc_register)
        .map_err(BoardError::probe(action))?;
    let mut x = [0_u32; 32];
    for (number, value) in (0_u16..).zip(&mut x).skip(1) {
        // The number of x0 in abstract commands (RISC-V External Debug Support 0.13, table 3.3).
        *value = core
            .read_core_reg(RegisterId(0x1000 + number))
            .map_err(BoardError::probe(action))?;
    }
    Ok(CoreRegisters { pc, x })
}

#[cfg(test)]
#[path = "probe_board_tests.rs"]
mod tests;
