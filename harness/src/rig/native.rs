//! The native board: the firmware's application as a host process.

use std::path::PathBuf;
use std::time::Duration;

use firmware_native::flash::PARTITION_SIZE;
use firmware_native::lockstep::{self, ExitKind, Reset, Response, Start};

use super::board::{Board, End, LogRecord, Progress, Sent};
use super::error::RigError;
use super::native_process::{Advanced, NativeProcess};
use crate::board::{CrashKind, CrashReport};

/// Build time of the device in the time of [`Rig::modem`](super::Rig::modem)'s network, in seconds
/// since 1970-01-01 UTC: 2025-06-01T00:00:00Z. Of a board that runs an image built later, the
/// network's time is later by as much.
pub const BUILD_TIME: u64 = 1_748_736_000;

/// A device that a reset starts anew as another process.
#[derive(Debug)]
pub(super) struct NativeBoard {
    hil_exe: PathBuf,
    seed: u64,
    partition: Vec<u8>,
    /// The flash partition for samples: it outlives every process.
    outbox: Vec<u8>,
    boots: u64,
    /// None before power-up, and after the application has returned.
    process: Option<NativeProcess>,
}

impl NativeBoard {
    /// A device with these settings, off. `hil_exe` is the program whose `__native-board` it is.
    pub(super) fn new(hil_exe: PathBuf, seed: u64, partition: Vec<u8>) -> Self {
        Self {
            hil_exe,
            seed,
            partition,
            outbox: vec![0xff; PARTITION_SIZE],
            boots: 0,
            process: None,
        }
    }

    fn start(&mut self, now: Duration, reset: Reset) -> Result<Progress, RigError> {
        let start = Start {
            now,
            settings: self.partition.clone(),
            outbox: self.outbox.clone(),
            // Each boot draws other numbers, and the same ones in the next run.
            seed: self
                .seed
                .wrapping_add(self.boots.wrapping_mul(0x9E37_79B9_7F4A_7C15)),
            reset,
            build_time: BUILD_TIME,
        };
        self.boots += 1;
        let (process, first) = NativeProcess::start(&self.hil_exe, start)?;
        self.process = Some(process);
        self.absorb(now, first)
    }

    fn absorb(&mut self, now: Duration, advanced: Advanced) -> Result<Progress, RigError> {
        let crash = match advanced {
            Advanced::Ran(response) => return self.ran(response),
            Advanced::Died(words) if words.contains("panicked at") => CrashReport::panic(words),
            Advanced::Died(words) => CrashReport::new(CrashKind::ProcessEnded, words),
            Advanced::Hung => {
                CrashReport::new(CrashKind::Hang, "it computed for 30 s without an answer")
            }
        };
        self.process = None;
        Ok(Progress {
            now,
            end: Some(End::Crashed(Box::new(crash))),
            ..Progress::default()
        })
    }

    fn ran(&mut self, response: Response) -> Result<Progress, RigError> {
        for change in &response.flash {
            change.apply(&mut self.outbox);
        }
        let mut progress = Progress {
            now: response.now,
            idle_until: response.idle_until,
            sent: Sent::Queued(response.sent),
            log: response.log.into_iter().map(LogRecord::from).collect(),
            modem_reset: response
                .modem_reset
                .map(|pulled| (response.now, pulled))
                .into_iter()
                .collect(),
            ..Progress::default()
        };
        match response.exit {
            None => {}
            Some(ExitKind::Halt) => {
                self.process = None;
                progress.idle_until = None;
                progress.end = Some(End::Halted);
            }
            Some(ExitKind::Reboot) => {
                let first = self.start(progress.now, Reset::Software)?;
                progress.now = first.now;
                progress.idle_until = first.idle_until;
                progress.log.extend(first.log);
                progress.modem_reset.extend(first.modem_reset);
                progress
                    .remarks
                    .push((response.now, "device: reset".to_owned()));
                progress.remarks.extend(first.remarks);
                progress.end = first.end;
                progress.sent.append(first.sent);
            }
        }
        Ok(progress)
    }
}

impl Board for NativeBoard {
    fn power_up(&mut self, now: Duration) -> Result<Progress, RigError> {
        self.start(now, Reset::PowerOn)
    }

    fn power_cycle(&mut self, now: Duration) -> Result<Progress, RigError> {
        self.process = None;
        self.start(now, Reset::PowerOn)
    }

    fn brown_out(&mut self, now: Duration) -> Result<Progress, RigError> {
        self.process = None;
        self.start(now, Reset::BrownOut)
    }

    fn advance(
        &mut self,
        until: Duration,
        receive: Vec<(Duration, u8)>,
    ) -> Result<Progress, RigError> {
        let Some(process) = &mut self.process else {
            return Ok(Progress {
                now: until,
                ..Progress::default()
            });
        };
        let advanced = process.advance(until, receive)?;
        self.absorb(until, advanced)
    }
}

impl From<lockstep::LogRecord> for LogRecord {
    fn from(record: lockstep::LogRecord) -> Self {
        Self {
            at: record.at,
            level: record.level,
            module: None,
            text: record.text,
            place: None,
            lost: 0,
            awake_cycles: None,
        }
    }
}
