//! One clock for everybody: whoever has the next event acts next.
//!
//! A component is only ever advanced to an instant before which no other can reach it: the board
//! to the next event of modem and network at the latest, and it stops where it writes.

mod faults;

use std::collections::VecDeque;
use std::time::Duration;

use modem_sim::{Modem, ModemConfig, ModemNote, Network, Output};

use super::board::{Board, End, LogRecord, Progress, Sent};
use super::costs::StackUse;
use super::edge::{Edge, Hosts};
use super::error::RigError;
use super::link::{Direction, byte_time};
use super::sightings::Sightings;
use super::transcript::{Event, From, Redactions, Transcript};
use crate::board::{CrashKind, CrashReport};
use crate::broker::{Broker, Message};
use crate::fault::{Fault, Schedule, Way};
use crate::scenario::Cancel;

/// Steps at one instant after which the world counts as stuck.
const MAX_STEPS_AT_ONE_INSTANT: u32 = 100_000;

/// How long the modem's reset line must be low (MODEM.md 4.7, pin 19).
const RESET_PULSE: Duration = Duration::from_millis(500);

/// Longest time for which a board is given bytes in one go: a line full of noise never rests.
const LONGEST_BURST: Duration = Duration::from_secs(1);

/// How the device's log and the board's remarks begin where bytes from the modem were lost.
const LOSS: &str = "uart";

/// Lines of log and UART that are kept with a crash.
const LAST_LINES: usize = 8;

/// What a world is made of.
#[derive(Debug)]
pub(super) struct WorldConfig {
    pub(super) modem: ModemConfig,
    pub(super) redactions: Redactions,
    pub(super) hosts: Hosts,
    /// How long peers wait for a client's first byte.
    pub(super) patience: Option<Duration>,
    pub(super) cancel: Cancel,
    /// Rate of the device's end of the UART; `None` where there is a real line.
    pub(super) device_baud: Option<u32>,
    /// Seed of the faults' dice.
    pub(super) seed: u64,
    /// Topic on which a flood comes.
    pub(super) command_topic: String,
    pub(super) faults: Vec<Fault>,
}

/// A message, with the virtual time at which the broker delivered it.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// Virtual time.
    pub at: Duration,
    /// The message.
    pub message: Message,
    /// Cycles up to then in which the device's processor did not sleep, where the board counts them.
    pub awake_cycles: Option<u64>,
    pub(super) taken: bool,
}

/// A text message that the modem sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextMessage {
    /// Virtual time.
    pub at: Duration,
    /// The text.
    pub text: String,
}

/// State of the device.
#[derive(Debug)]
enum Device {
    /// Until when it does nothing without input; nothing: for ever.
    Running { idle_until: Option<Duration> },
    /// It does nothing more on purpose, which is still to be seen.
    Halted { idle_until: Option<Duration> },
    /// It came to an end, which [`World::crash`] tells.
    Crashed,
}

/// Board, modem, network and broker.
#[derive(Debug)]
pub struct World {
    now: Duration,
    steps_at_now: u32,
    cancel: Cancel,
    board: Box<dyn Board>,
    device: Device,
    modem: Modem,
    edge: Edge,
    broker: Broker,
    to_modem: Direction,
    to_board: Direction,
    /// Rate of the device's end of the line; `None`: a real line sees to it.
    device_baud: Option<u32>,
    /// Rate of the modem's end, whatever its settings say.
    forced_baud: Option<u32>,
    seed: u64,
    command_topic: String,
    schedule: Schedule,
    redactions: Redactions,
    pub(super) sightings: Sightings,
    crash: Option<Box<CrashReport>>,
    awake_cycles: Option<u64>,
    pub(super) transcript: Transcript,
    pub(super) log: Vec<LogRecord>,
    pub(super) messages: Vec<Delivered>,
    /// Since when the device has pulled the modem's reset line.
    reset_pulled: Option<Duration>,
    pub(super) text_messages: Vec<TextMessage>,
}

impl World {
    /// Powers modem and board up at time zero.
    pub(super) fn start(
        config: WorldConfig,
        board: Box<dyn Board>,
        broker: Broker,
    ) -> Result<Self, RigError> {
        let mut edge = Edge::default();
        for ((host, port), address) in &config.hosts {
            edge.name(host, *port, *address);
        }
        edge.set_patience(config.patience);
        let modem = Modem::new(config.modem, Duration::ZERO);
        let baud = modem.uart_format().baud;
        let mut world = Self {
            now: Duration::ZERO,
            steps_at_now: 0,
            cancel: config.cancel,
            board,
            device: Device::Running { idle_until: None },
            modem,
            edge,
            broker,
            to_modem: Direction::new(Way::ToModem, baud),
            to_board: Direction::new(Way::ToDevice, baud),
            device_baud: config.device_baud,
            forced_baud: None,
            seed: config.seed,
            command_topic: config.command_topic,
            schedule: Schedule::default(),
            transcript: Transcript::new(byte_time(baud), config.redactions.clone()),
            redactions: config.redactions,
            sightings: Sightings::default(),
            crash: None,
            awake_cycles: None,
            log: Vec::new(),
            messages: Vec::new(),
            reset_pulled: None,
            text_messages: Vec::new(),
        };
        for fault in config.faults {
            world.add_fault(fault);
        }
        world.drain_modem();
        let first = world.board.power_up(world.now)?;
        world.absorb(first);
        Ok(world)
    }

    /// Virtual time.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// The simulated modem, to look at.
    pub fn modem(&self) -> &Modem {
        &self.modem
    }

    /// The broker, to look at.
    pub fn broker(&self) -> &Broker {
        &self.broker
    }

    /// The device's log so far.
    pub fn log(&self) -> &[LogRecord] {
        &self.log
    }

    /// Whether the device has stopped for good.
    pub fn is_halted(&self) -> bool {
        matches!(self.device, Device::Halted { .. })
    }

    /// How the device came to its end, if it did.
    pub fn death(&self) -> Option<&CrashReport> {
        self.crash()
            .filter(|_| matches!(self.device, Device::Crashed))
    }

    /// Cycles so far in which the device's processor did not sleep, where the board counts them.
    pub fn awake_cycles(&self) -> Option<u64> {
        self.awake_cycles
    }

    /// How much of its stack the device has ever used, where the board can look.
    pub fn stack_use(&self) -> Option<StackUse> {
        self.board.stack_use()
    }

    /// How many records of the device's log are known to be lost.
    pub fn lost_log_frames(&self) -> u64 {
        self.log.iter().map(|record| u64::from(record.lost)).sum()
    }

    /// The last crash of the device, also one that a reset has mended.
    pub fn crash(&self) -> Option<&CrashReport> {
        self.crash.as_deref()
    }

    /// The board's remarks on bytes that its UART lost.
    pub(super) fn losses(&self) -> Vec<String> {
        let remarks = self.transcript.events().iter().map(|(_, event)| event);
        remarks
            .filter_map(|event| match event {
                Event::Remark(text) if text.starts_with(LOSS) => Some(text.clone()),
                _ => None,
            })
            .collect()
    }

    /// What is known of bytes that the device lost, for whoever waits in vain: the last words of
    /// bench and device.
    pub(super) fn loss_hint(&self) -> String {
        let mut told = self.log.iter().map(|record| record.text.as_str());
        let told = told.rfind(|text| text.starts_with(LOSS));
        let seen = self.losses().pop();
        let words = seen.into_iter().chain(told.map(str::to_owned));
        words.map(|word| format!("; {word}")).collect()
    }

    /// Does something to the broker, then lets what it says without being asked travel.
    pub(super) fn with_broker<T>(
        &mut self,
        act: impl FnOnce(&mut Broker) -> Result<T, crate::broker::BrokerError>,
    ) -> Result<T, RigError> {
        let value = act(&mut self.broker)?;
        self.edge.collect(self.now, &self.broker)?;
        self.collect_messages();
        Ok(value)
    }

    /// Changes the modem's surroundings.
    pub(super) fn change_network(&mut self, change: impl FnOnce(&mut Network)) {
        let mut network = self.modem.network().clone();
        change(&mut network);
        self.modem.set_network(self.now, network);
        let text = "network: changed by the scenario".to_owned();
        self.sightings.interventions.push((self.now, text));
        self.drain_modem();
    }

    /// Takes the power from device and modem, which share one supply, and gives it back at once.
    /// What both hold in flash stays.
    pub(super) fn power_cycle(&mut self) -> Result<(), RigError> {
        self.transcript.remark(self.now, "power: cut and back");
        self.to_modem.cut(self.now);
        self.to_board.cut(self.now);
        self.modem.power_cycle(self.now);
        self.drain_modem();
        self.reset_pulled = None;
        let first = self.board.power_cycle(self.now)?;
        self.absorb(first);
        Ok(())
    }

    /// The device's supply sags for a moment; the modem has its own.
    pub(super) fn brown_out(&mut self) -> Result<(), RigError> {
        self.transcript
            .remark(self.now, "power: the device's supply sags");
        self.to_modem.cut(self.now);
        self.reset_pulled = None;
        let first = self.board.brown_out(self.now)?;
        self.absorb(first);
        self.drain_modem();
        Ok(())
    }

    /// The wire from the device to the modem's reset pin.
    fn reset_line(&mut self, at: Duration, pulled: bool) {
        match (pulled, self.reset_pulled.take()) {
            (true, before) => {
                self.reset_pulled = before.or(Some(at));
                if before.is_none() {
                    self.transcript.remark(at, "wire: modem reset pulled");
                }
            }
            (false, Some(since)) if at.saturating_sub(since) >= RESET_PULSE => {
                self.transcript.remark(at, "wire: modem reset let go");
                self.modem.reset(self.now.max(at));
            }
            (false, Some(_)) => {
                let text = "wire: modem reset let go too soon, the modem goes on";
                self.transcript.remark(at, text);
            }
            (false, None) => {}
        }
    }

    /// Carries out the next event, or moves the clock to `until` when there is none before.
    pub(super) fn step(&mut self, until: Duration) -> Result<(), RigError> {
        if self.cancel.is_cancelled() {
            return Err(RigError::Cancelled(self.now));
        }
        let modem = earliest([self.modem.next_deadline(), self.to_modem.next_arrival()]);
        let edge = self.edge.next_deadline();
        let board = self.board_event();
        let faults = self.schedule.next();
        // A chip counts in ticks: what it is going to do may lie a part of one behind the clock,
        // and must not keep the others from acting now.
        let next = earliest([faults, modem, edge, board]).map(|next| next.max(self.now));
        let Some(next) = next.filter(|next| *next <= until) else {
            self.now = self.now.max(until);
            return Ok(());
        };
        let due = |event: Option<Duration>| event.is_some_and(|at| at <= next);
        let actor = if due(faults) {
            "fault"
        } else if due(modem) {
            "modem"
        } else if due(edge) {
            "network"
        } else {
            "board"
        };
        self.move_clock(next, actor)?;
        match actor {
            "fault" => self.step_faults()?,
            "modem" => self.step_modem(),
            "network" => self.step_edge()?,
            _ => {
                let horizon = earliest([faults, modem, edge, Some(until)]).unwrap_or(until);
                self.step_board(horizon)?;
            }
        }
        self.drain_modem();
        Ok(())
    }

    fn move_clock(&mut self, next: Duration, actor: &'static str) -> Result<(), RigError> {
        if next > self.now {
            self.now = next;
            self.steps_at_now = 0;
        }
        self.steps_at_now += 1;
        if self.steps_at_now > MAX_STEPS_AT_ONE_INSTANT {
            let steps = self.steps_at_now;
            return Err(RigError::Stuck {
                at: self.now,
                steps,
                last: actor,
            });
        }
        Ok(())
    }

    fn board_event(&self) -> Option<Duration> {
        match &self.device {
            Device::Running { idle_until } | Device::Halted { idle_until } => {
                earliest([*idle_until, self.to_board.next_arrival()])
            }
            Device::Crashed => self.to_board.next_arrival(),
        }
    }

    fn step_modem(&mut self) {
        for (at, byte) in self.to_modem.arrived(self.now) {
            self.modem.uart_receive(at, byte);
        }
        self.modem.advance(self.now);
    }

    fn step_edge(&mut self) -> Result<(), RigError> {
        for event in self.edge.advance(self.now, &self.broker)? {
            self.modem.net_event(self.now, event);
        }
        self.collect_messages();
        Ok(())
    }

    fn step_board(&mut self, horizon: Duration) -> Result<(), RigError> {
        let horizon = match self.to_board.next_arrival() {
            Some(_) => horizon.min(self.now + LONGEST_BURST),
            None => horizon,
        };
        let receive = self.to_board.arrived(horizon);
        if matches!(self.device, Device::Crashed) {
            return Ok(());
        }
        let progress = self.board.advance(horizon, receive)?;
        self.absorb(progress);
        Ok(())
    }

    fn absorb(&mut self, progress: Progress) {
        self.now = self.now.max(progress.now);
        self.awake_cycles = progress.awake_cycles.or(self.awake_cycles);
        let redactions = &self.redactions;
        self.log.extend(progress.log.into_iter().map(|mut record| {
            record.text = redactions.apply(&record.text);
            record
        }));
        for (at, remark) in progress.remarks {
            self.transcript.remark(at, remark);
        }
        for (at, pulled) in progress.modem_reset {
            self.reset_line(at, pulled);
        }
        match progress.sent {
            Sent::Queued(bytes) => {
                let start = self.to_modem.send(progress.now, &bytes);
                self.transcript.bytes(start, From::Device, &bytes);
            }
            Sent::Paced(bytes) => {
                for (at, byte) in bytes {
                    let start = self.to_modem.deliver(at, byte);
                    self.transcript.bytes(start, From::Device, &[byte]);
                }
            }
        }
        if let Some(crash) = progress.survived {
            self.crashed(crash);
        }
        let idle_until = progress.idle_until;
        self.device = match progress.end {
            None if self.is_halted() => Device::Halted { idle_until },
            None => Device::Running { idle_until },
            Some(End::Halted) => Device::Halted { idle_until },
            Some(End::Crashed(crash)) => {
                let how = match crash.kind {
                    CrashKind::Hang => "device: hangs",
                    _ => "device: died",
                };
                self.crashed(crash);
                self.transcript.remark(self.now, how);
                Device::Crashed
            }
        };
    }

    /// Keeps a crash, with what was logged and sent before it.
    fn crashed(&mut self, mut crash: Box<CrashReport>) {
        // Log and transcript are redacted already.
        crash.redact(|text| self.redactions.apply(text));
        crash.redact_registers(|word| self.redactions.is_part(word));
        let told = |record: &&LogRecord| !crash.message.contains(&record.text);
        let last = self.log.iter().rev().filter(told).take(LAST_LINES);
        crash.log_lines = last
            .map(|line| line.to_string().trim_start().to_owned())
            .collect();
        crash.log_lines.reverse();
        let transcript = self.transcript.render();
        let skipped = transcript.lines().count().saturating_sub(LAST_LINES);
        let lines = transcript.lines().skip(skipped);
        crash.at_lines = lines.map(|line| line.trim_start().to_owned()).collect();
        let known = (self.now, crash.kind.name(), crash.to_string());
        self.sightings.crashes.push(known);
        self.crash = Some(crash);
    }

    fn drain_modem(&mut self) {
        self.set_rates();
        let mut outputs = VecDeque::new();
        while let Some(output) = self.modem.poll_output() {
            outputs.push_back(output);
        }
        for (at, output) in outputs {
            match output {
                Output::Uart(bytes) => {
                    let start = self.to_board.send(at, &bytes);
                    self.transcript.bytes(start, From::Modem, &bytes);
                }
                Output::Connect {
                    conn, host, port, ..
                } => self.edge.connect(at, conn, host, port),
                Output::Send { conn, bytes } => self.edge.send(at, conn, bytes),
                Output::Close { conn } => self.edge.close(at, conn),
                Output::Note(note) => {
                    if let ModemNote::SmsSent { text } = &note {
                        let text = String::from_utf8_lossy(text).into_owned();
                        self.text_messages.push(TextMessage { at, text });
                    }
                    self.transcript.remark(at, format!("modem: {note}"));
                    self.sightings.notes.push((at, note));
                }
            }
        }
    }

    fn collect_messages(&mut self) {
        let at = self.now;
        self.sightings.broker(at, &self.broker.progress());
        let new = self.broker.take_messages();
        let awake_cycles = self.awake_cycles;
        self.messages
            .extend(new.into_iter().map(|message| Delivered {
                at,
                message,
                awake_cycles,
                taken: false,
            }));
    }
}

fn earliest<const N: usize>(instants: [Option<Duration>; N]) -> Option<Duration> {
    instants.into_iter().flatten().min()
}
