//! A board in wall time: a chip on a desk behind a debug probe and a serial port.

use std::time::{Duration, Instant};

use super::board::{Board, End, LogRecord, Progress, Sent};
use super::error::RigError;
use crate::board::{
    BoardError, CoreState, CrashKind, CrashReport, DeviceClock, Firmware, Lease, ProbeBoard,
    Program, WallLine,
};
use crate::config::BoardConfig;

/// How often the probe is asked for log and state while nothing else happens. A device that logs
/// fills its buffer of 8 KiB in much more than this.
const POLL: Duration = Duration::from_millis(20);

/// A chip on a desk, or one that looks the same from here.
#[derive(Debug)]
pub(super) struct WallBoard {
    /// None only before power-up.
    probe: Option<ProbeBoard>,
    config: BoardConfig,
    program: Program,
    line: WallLine,
    /// The world's time at an instant of the wall clock.
    start: Option<(Instant, Duration)>,
    polled: Instant,
    clock: DeviceClock,
    ended: bool,
    _lease: Lease,
}

impl WallBoard {
    /// Takes the board, and writes firmware and `settings` into its flash where they differ. The
    /// device stands still. The serial port is opened at `baud`, which the settings tell the device
    /// too.
    pub(super) fn new(
        config: &BoardConfig,
        firmware: &Firmware,
        settings: &[u8],
        baud: u32,
    ) -> Result<Self, RigError> {
        let lease = Lease::take(&config.name, &config.probe).map_err(BoardError::from)?;
        let port = config
            .modem_port
            .as_deref()
            .ok_or_else(|| RigError::NoModemPort {
                board: config.name.clone(),
            })?;
        let mut probe = ProbeBoard::open(&config.probe, config.chip)?;
        probe.flash(firmware.program(), Some(settings), &mut |_| {})?;
        // What an earlier run left there is no business of this one's broker.
        if let Some(outbox) = firmware.program().table().outbox() {
            probe.erase_flash(outbox.offset, outbox.size, &mut |_| {})?;
        }
        drop(probe);
        let line = WallLine::open(port, baud)?;
        Ok(Self {
            probe: None,
            config: config.clone(),
            program: firmware.program().clone(),
            line,
            start: None,
            polled: Instant::now(),
            clock: DeviceClock::default(),
            ended: false,
            _lease: lease,
        })
    }

    fn now(&self) -> Duration {
        self.start
            .map_or(Duration::ZERO, |(instant, world)| world + instant.elapsed())
    }

    fn instant(&self, at: Duration) -> Instant {
        let (instant, world) = self.start.unwrap_or_else(|| (Instant::now(), at));
        instant + at.saturating_sub(world)
    }

    /// Asks the probe what the device logged, and whether it still runs.
    fn poll(&mut self, progress: &mut Progress) -> Result<(), RigError> {
        self.polled = Instant::now();
        let now = self.now();
        let Some(probe) = &mut self.probe else {
            return Ok(());
        };
        let mut panic = None;
        let records = probe.drain_log()?;
        let times: Vec<_> = records.iter().map(|record| record.time).collect();
        let instants = self.clock.place(now, &times);
        for (at, record) in instants.into_iter().zip(records) {
            if record.text.starts_with("halted: ") {
                progress.end = Some(End::Halted);
            }
            if record.is_panic() {
                panic.get_or_insert_with(|| record.text.clone());
            }
            progress.log.push(LogRecord::of_device(at, record));
        }
        if self.ended {
            return Ok(());
        }
        let crash = match (panic, probe.state()?) {
            // The handler still waits for the log to be read, or has reached its breakpoint.
            (Some(words), state) => {
                if state == CoreState::Running {
                    probe.halt()?;
                }
                CrashReport::panic(words)
            }
            (None, CoreState::Halted(why)) => {
                let words = format!("the processor stopped: {why:?}");
                CrashReport::new(CrashKind::Halted, words)
            }
            (None, CoreState::Running) => return Ok(()),
        };
        self.ended = true;
        let crash = crash.at_halt(self.program.image(), probe.halt_report());
        progress.end = Some(End::Crashed(Box::new(crash)));
        Ok(())
    }
}

impl Board for WallBoard {
    fn power_up(&mut self, now: Duration) -> Result<Progress, RigError> {
        // What an earlier program has said is nobody's.
        while self.line.try_receive()?.is_some() {}
        self.start = Some((Instant::now(), now));
        let (probe, chip) = (&self.config.probe, self.config.chip);
        self.probe = Some(ProbeBoard::open_with_reset(probe, chip, &self.program)?);
        self.clock = DeviceClock::started(self.now());
        Ok(Progress {
            now,
            idle_until: Some(now),
            ..Progress::default()
        })
    }

    fn power_cycle(&mut self, _now: Duration) -> Result<Progress, RigError> {
        Err(RigError::NoPowerSwitch {
            board: self.config.name.clone(),
        })
    }

    fn brown_out(&mut self, now: Duration) -> Result<Progress, RigError> {
        self.power_cycle(now)
    }

    /// Waits in wall time. The world's clock never runs ahead of the wall's: whoever is due at
    /// `until` acts when that instant has come.
    fn advance(
        &mut self,
        until: Duration,
        receive: Vec<(Duration, u8)>,
    ) -> Result<Progress, RigError> {
        if !receive.is_empty() {
            self.line
                .send(receive.into_iter().map(|(_, byte)| byte).collect());
        }
        let mut progress = Progress::default();
        let deadline = self.instant(until);
        loop {
            if let Some(heard) = self.line.try_receive()? {
                progress.sent = Sent::Queued(heard.bytes);
                break;
            }
            if self.polled.elapsed() >= POLL {
                self.poll(&mut progress)?;
                if progress.end.is_some() || !progress.log.is_empty() {
                    break;
                }
            }
            let now = Instant::now();
            if now >= deadline {
                break;
            }
            if let Some(heard) = self.line.receive_until(deadline.min(now + POLL))? {
                progress.sent = Sent::Queued(heard.bytes);
                break;
            }
        }
        progress.now = self.now().min(until);
        // Always awake: nobody knows when it will speak next.
        progress.idle_until = Some(progress.now);
        Ok(progress)
    }
}
