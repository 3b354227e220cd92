//! `hil monitor`.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::choose::choose;
use super::error::BoardCliError;
use super::firmware::{Sources, program};
use super::traffic::Traffic;
use crate::board::{CoreState, DeviceClock, Halted, Lease, ProbeBoard, WallLine};
use crate::config::{BoardConfig, Config};

/// Time between two looks at the board: its log buffer holds far more than it writes in between.
const PERIOD: Duration = Duration::from_millis(20);

/// Ends [`monitor`] from another thread.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks the monitor to end.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Shows a board's log, and what its firmware sends to its modem where the port is known, until
/// `stop`. Bytes pass between the firmware and a real modem where one is configured. A halt (the
/// end of a panic) is shown with its stack, then the board goes on.
///
/// # Errors
/// See [`BoardCliError`]; also when the board goes away.
pub fn monitor(
    config: &Config,
    name: Option<&str>,
    sources: &Sources,
    reset: bool,
    out: &mut dyn Write,
    stop: &Stop,
) -> Result<(), BoardCliError> {
    let board = choose(config, name)?;
    let program = program(sources, board.chip)?;
    let _lease = Lease::take(&board.name, &board.probe)?;
    let mut lines = Lines::open(board)?;
    let mut probe = ProbeBoard::open(&board.probe, board.chip)?;
    probe.set_program(&program)?;
    if reset {
        probe.start()?;
    } else {
        probe.catch_breakpoints()?;
        if probe.runs_program()? == Some(false) {
            let given = program.image().path().display();
            print(
                out,
                format_args!("the board runs another program than {given}: its log will be wrong"),
            )?;
        }
    }
    let mut log = Log::new(lines.start);
    while !stop.is_set() {
        log.show(&mut probe, out)?;
        if let CoreState::Halted(why) = probe.state()? {
            // What it said before it halted comes first.
            log.show(&mut probe, out)?;
            show_halt(&mut probe, why, out)?;
        }
        lines.pass(out)?;
        thread::sleep(PERIOD);
    }
    if log.lost > 0 {
        print(out, format_args!("{} log frames lost in all", log.lost))?;
    }
    Ok(())
}

/// The device's log, on the time line of the UART's lines.
struct Log {
    start: Instant,
    clock: DeviceClock,
    lost: u64,
}

impl Log {
    fn new(start: Instant) -> Self {
        Self {
            start,
            clock: DeviceClock::started(start.elapsed()),
            lost: 0,
        }
    }

    /// Shows what the device has logged, and how much of it was lost.
    fn show(&mut self, probe: &mut ProbeBoard, out: &mut dyn Write) -> Result<(), BoardCliError> {
        let records = probe.drain_log()?;
        let times: Vec<_> = records.iter().map(|record| record.time).collect();
        let instants = self.clock.place(self.start.elapsed(), &times);
        for (at, record) in instants.into_iter().zip(records) {
            self.lost += u64::from(record.lost);
            let (seconds, millis) = (at.as_secs(), at.subsec_millis());
            let line = record.line();
            print(out, format_args!("{seconds:>5}.{millis:03} {line}"))?;
        }
        Ok(())
    }
}

fn show_halt(
    probe: &mut ProbeBoard,
    why: Halted,
    out: &mut dyn Write,
) -> Result<(), BoardCliError> {
    let report = probe.halt_report()?;
    let what = match why {
        Halted::Breakpoint => "a breakpoint: a panic?",
        Halted::Semihosting(_) => "a request to the debugger",
        Halted::Other => "a debugger's wish",
    };
    print(out, format_args!("halted at {what}\n{}", report.registers))?;
    for frame in &report.stack {
        print(out, format_args!("  {frame}"))?;
    }
    print(out, format_args!("going on"))?;
    Ok(probe.run()?)
}

/// The firmware's line, and that to a real modem.
struct Lines {
    start: Instant,
    firmware: Option<(WallLine, Traffic)>,
    modem: Option<(WallLine, Traffic)>,
}

impl Lines {
    fn open(board: &BoardConfig) -> Result<Self, BoardCliError> {
        let open = |port| WallLine::open(port, board.baud);
        let firmware = board.modem_port.as_deref().map(open).transpose()?;
        let modem = board.modem.as_ref().map(|modem| open(&modem.port));
        Ok(Self {
            start: Instant::now(),
            firmware: firmware.map(|line| (line, Traffic::new('>'))),
            modem: modem.transpose()?.map(|line| (line, Traffic::new('<'))),
        })
    }

    /// Shows what came, and hands it on to the other side where there is one.
    fn pass(&mut self, out: &mut dyn Write) -> Result<(), BoardCliError> {
        let other = self.modem.as_ref().map(|(line, _)| line);
        show(self.start, &mut self.firmware, other, out)?;
        let other = self.firmware.as_ref().map(|(line, _)| line);
        show(self.start, &mut self.modem, other, out)
    }
}

fn show(
    start: Instant,
    from: &mut Option<(WallLine, Traffic)>,
    to: Option<&WallLine>,
    out: &mut dyn Write,
) -> Result<(), BoardCliError> {
    let Some((line, traffic)) = from else {
        return Ok(());
    };
    while let Some(heard) = line.try_receive()? {
        let at = heard.at.saturating_duration_since(start);
        for text in traffic.bytes(at, &heard.bytes) {
            print(out, format_args!("{text}"))?;
        }
        if let Some(to) = to {
            to.send(heard.bytes);
        }
    }
    for text in traffic.overdue(start.elapsed()) {
        print(out, format_args!("{text}"))?;
    }
    Ok(())
}

fn print(out: &mut dyn Write, text: std::fmt::Arguments<'_>) -> Result<(), BoardCliError> {
    let written = writeln!(out, "{text}").and_then(|()| out.flush());
    written.map_err(BoardCliError::Output)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use serialport::{SerialPort as _, TTYPort};

    use super::*;
    use crate::board::ChipKind;
    use crate::config::RealModem;

    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn bytes_pass_between_firmware_and_modem_and_are_shown() {
        let (mut firmware, its_port) = TTYPort::pair().unwrap();
        let (mut modem, its_own) = TTYPort::pair().unwrap();
        firmware.set_timeout(LONG).unwrap();
        modem.set_timeout(LONG).unwrap();
        let board = BoardConfig {
            name: "desk".to_owned(),
            chip: ChipKind::Esp32c3,
            probe: "1:2".to_owned(),
            modem_port: its_port.name().map(Into::into),
            modem: its_own.name().map(|port| RealModem { port: port.into() }),
            baud: 115_200,
        };
        let mut lines = Lines::open(&board).unwrap();
        let mut out = Vec::new();
        let mut exchange = |from: &mut TTYPort, to: &mut TTYPort, bytes: &[u8], mark: &str| {
            from.write_all(bytes).unwrap();
            let start = Instant::now();
            while !String::from_utf8_lossy(&out).contains(mark) {
                assert!(start.elapsed() < LONG, "{mark} was not shown");
                lines.pass(&mut out).unwrap();
                thread::yield_now();
            }
            let mut received = vec![0; bytes.len()];
            to.read_exact(&mut received).unwrap();
            assert_eq!(received, bytes);
        };
        exchange(&mut firmware, &mut modem, b"AT+VER?\r\n", "> AT+VER?");
        exchange(&mut modem, &mut firmware, b"\r\n+VER:V1\r\n", "< +VER:V1");
    }
}
