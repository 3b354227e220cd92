//! The device process: answers lockstep requests until its stdin ends.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use firmware_app::Memory;
use firmware_app::platform::{Device, Exit, uart_baud};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use crate::executor::Virtual;
use crate::flash::NativeFlash;
use crate::lockstep::{self, ExitKind, LockstepError, Request, Response, Start};
use crate::system::NativeSystem;
use crate::uart::Line;
use crate::{logger, time_driver};

/// Why the process ended early.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The pipe to the rig broke or carried something else.
    #[error(transparent)]
    Lockstep(#[from] LockstepError),
    /// The first request was not `Start`, or a later one was.
    #[error("lockstep request out of order: {0}; `Start` comes first and once")]
    OutOfOrder(&'static str),
}

/// Serves one device over stdin and stdout. This is all that `hil __native-board` does.
///
/// # Errors
/// [`ProcessError`] when the pipe breaks or the rig speaks another protocol.
pub fn run_stdio() -> Result<(), ProcessError> {
    serve(&mut std::io::stdin().lock(), &mut std::io::stdout().lock())
}

/// Serves one device over any pair of pipes.
///
/// # Errors
/// [`ProcessError`] when a pipe breaks or the rig speaks another protocol.
pub fn serve(input: &mut impl Read, output: &mut impl Write) -> Result<(), ProcessError> {
    logger::install();
    let start = match lockstep::receive(input)? {
        Some(Request::Start(start)) => start,
        Some(Request::Advance { .. }) => return Err(ProcessError::OutOfOrder("Advance")),
        None => return Ok(()),
    };
    time_driver::restart(start.now);
    let line = Line::new(byte_time(uart_baud(&start.settings)));
    let mut memory = Box::new(Memory::new());
    let flash = NativeFlash::new(start.outbox.clone());
    let modem_reset = Rc::new(Cell::new(false));
    let device = device(&start, &line, flash.clone(), Rc::clone(&modem_reset));
    let mut board = Board {
        task: Virtual::new(firmware_app::run(device, &mut memory)),
        line,
        flash,
        modem_reset,
        told_reset: false,
        pending: VecDeque::new(),
        exit: None,
    };
    lockstep::send(output, &board.advance(start.now))?;
    while let Some(request) = lockstep::receive(input)? {
        let Request::Advance { until, receive } = request else {
            return Err(ProcessError::OutOfOrder("Start"));
        };
        board.pending.extend(receive);
        lockstep::send(output, &board.advance(until))?;
    }
    Ok(())
}

/// Time of one byte on the line: ten bits at 8N1.
fn byte_time(baud: u32) -> Duration {
    Duration::from_nanos(10_000_000_000 / u64::from(baud.max(1)))
}

fn device<'a>(
    start: &'a Start,
    line: &Line,
    flash: NativeFlash,
    modem_reset: Rc<Cell<bool>>,
) -> Device<'a, crate::uart::NativeUart, ChaCha8Rng, NativeSystem, NativeFlash> {
    let mut rng = ChaCha8Rng::seed_from_u64(start.seed);
    let system = NativeSystem {
        boot_id: rng.next_u32(),
        reset: start.reset,
        build_time: start.build_time,
        modem_reset,
    };
    Device {
        uart: line.uart(),
        rng,
        system,
        settings: &start.settings,
        outbox: Some(flash),
    }
}

struct Board<'a> {
    task: Virtual<'a, Exit>,
    line: Line,
    flash: NativeFlash,
    modem_reset: Rc<Cell<bool>>,
    told_reset: bool,
    pending: VecDeque<(Duration, u8)>,
    exit: Option<ExitKind>,
}

impl Board<'_> {
    fn advance(&mut self, until: Duration) -> Response {
        loop {
            let now = time_driver::now();
            while let Some((_, byte)) = self.pending.pop_front_if(|(at, _)| *at <= now) {
                self.line.receive(byte);
            }
            self.poll();
            let sent = self.line.take_sent();
            // Also when it has logged: whoever waits for a line acts when it is written.
            let reset = self.modem_reset.get();
            let modem_reset = (reset != self.told_reset).then_some(reset);
            self.told_reset = reset;
            if modem_reset.is_some()
                || !sent.is_empty()
                || logger::has_records()
                || now >= until
                || self.exit.is_some()
            {
                if self.exit.is_some() {
                    time_driver::set_now(until);
                }
                return Response {
                    now: time_driver::now(),
                    sent,
                    idle_until: self.next_event(),
                    log: logger::take(),
                    flash: self.flash.take_changes(),
                    modem_reset,
                    exit: self.exit,
                };
            }
            let next = self.next_event().map_or(until, |at| at.min(until));
            time_driver::set_now(next);
        }
    }

    fn poll(&mut self) {
        if self.exit.is_none()
            && let Poll::Ready(exit) = self.task.run_until_idle()
        {
            self.exit = Some(match exit {
                Exit::Reboot => ExitKind::Reboot,
                _ => ExitKind::Halt,
            });
        }
    }

    fn next_event(&self) -> Option<Duration> {
        if self.exit.is_some() {
            return None;
        }
        let byte = self.pending.front().map(|(at, _)| *at);
        [byte, time_driver::next_deadline()]
            .into_iter()
            .flatten()
            .min()
    }
}
