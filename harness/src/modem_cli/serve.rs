//! The modem's thread.

use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use modem_sim::{ConnId, Mode, Modem, ModemNote, NetEvent, Output, UartFormat};

use super::config::{Config, LineKind};
use super::error::ModemCliError;
use super::input::{self, Input, What};
use super::line::Line;
use super::show::{From, Show};
use super::sockets::Sockets;

/// Ends [`serve`] from another thread.
#[derive(Debug, Clone)]
pub struct Stop(Sender<Input>);

impl Stop {
    /// Asks the modem to end.
    pub fn stop(&self) {
        // It has ended already when nobody listens.
        let _ = self.0.send(Input::now(What::Stop));
    }
}

/// Runs the modem until it is stopped or its line goes away.
///
/// `ready` gets the means to stop it. The path of a new pseudo-terminal goes to standard output
/// as `pty: PATH`, the transcript to standard error.
///
/// # Errors
/// [`ModemCliError`] when there is no line, or no longer one.
pub fn serve(
    config: &Config,
    ready: impl FnOnce(Stop) -> Result<(), ModemCliError>,
) -> Result<(), ModemCliError> {
    let (sender, inputs) = mpsc::channel();
    ready(Stop(sender.clone()))?;
    let start = Instant::now();
    let modem = Modem::new(config.modem(), Duration::ZERO);
    let line = match &config.line {
        LineKind::Port(path) => Line::port(path, modem.uart_format(), sender.clone())?,
        LineKind::Pty => {
            let (line, path) = Line::pty(sender.clone())?;
            let mut out = io::stdout().lock();
            writeln!(out, "pty: {path}")
                .and_then(|()| out.flush())
                .map_err(ModemCliError::Announce)?;
            line
        }
    };
    let mut session = Session {
        start,
        last: Duration::ZERO,
        format: modem.uart_format(),
        mode: Mode::Starting,
        modem,
        line,
        sockets: Sockets::new(config.hosts.clone(), sender),
        show: Show::new(io::stderr()),
    };
    session.run(&inputs)
}

struct Session<W> {
    start: Instant,
    /// The modem's time never goes back, whatever order the threads report in.
    last: Duration,
    format: UartFormat,
    /// The mode at the output shown last: the modem's own may have moved on.
    mode: Mode,
    modem: Modem,
    line: Line,
    sockets: Sockets,
    show: Show<W>,
}

impl<W: Write> Session<W> {
    fn run(&mut self, inputs: &Receiver<Input>) -> Result<(), ModemCliError> {
        self.drain()?;
        loop {
            let now = self.start.elapsed();
            let left = self
                .modem
                .next_deadline()
                .map(|deadline| deadline.saturating_sub(now));
            let mut next = input::next(inputs, left);
            if next.is_none() {
                // Woken by the deadline. Bytes may have come before it while this thread was not
                // given the processor: they count first.
                next = inputs.try_recv().ok();
            }
            match next {
                Some(input) => {
                    if self.take(input)?.is_break() {
                        return Ok(());
                    }
                }
                None => {
                    let now = self.monotonic(Instant::now());
                    self.modem.advance(now);
                }
            }
            self.drain()?;
        }
    }

    fn monotonic(&mut self, at: Instant) -> Duration {
        self.last = self.last.max(at.saturating_duration_since(self.start));
        self.last
    }

    fn take(&mut self, input: Input) -> Result<std::ops::ControlFlow<()>, ModemCliError> {
        let at = self.monotonic(input.at);
        match input.what {
            What::Line(bytes) => {
                // What was due before has to be shown, and has to change the mode, before.
                self.modem.advance(at);
                self.drain()?;
                let command = self.mode.is_command();
                self.show.bytes(at, From::Firmware, &bytes, command);
                bytes
                    .iter()
                    .for_each(|byte| self.modem.uart_receive(at, *byte));
            }
            What::Opened(conn, stream) => {
                if let Some(event) = self.sockets.opened(conn, stream) {
                    self.modem.net_event(at, event);
                }
            }
            What::Net(event) => {
                if let Some(conn) = ended(&event) {
                    self.sockets.close(conn);
                }
                self.modem.net_event(at, event);
            }
            What::Unread(count) => {
                self.show.remark(
                    at,
                    &format!("bench: the line is not read, {count} bytes lost"),
                );
            }
            What::Remark(text) => self.show.remark(at, &text),
            What::LineGone(error) => return Err(ModemCliError::Gone(error)),
            What::Stop => return Ok(std::ops::ControlFlow::Break(())),
        }
        Ok(std::ops::ControlFlow::Continue(()))
    }

    fn drain(&mut self) -> Result<(), ModemCliError> {
        while let Some((at, output)) = self.modem.poll_output() {
            match output {
                Output::Uart(bytes) => {
                    let command = self.mode != Mode::Working;
                    self.show.bytes(at, From::Modem, &bytes, command);
                    self.line.send(bytes);
                }
                Output::Connect {
                    conn,
                    proto,
                    host,
                    port,
                    tls,
                } => {
                    if !self.sockets.connect(conn, proto, &host, port, tls) {
                        let text = format!(
                            "bench: {host}:{port} is not mapped; map it with \
                             --host {host}=ADDR:PORT, or open the network with --network"
                        );
                        self.show.remark(at, &text);
                    }
                }
                Output::Send { conn, bytes } => self.sockets.send(conn, bytes),
                Output::Close { conn } => self.sockets.close(conn),
                Output::Note(note) => {
                    if let ModemNote::ModeChanged { to, .. } = &note {
                        self.mode = *to;
                    }
                    self.show.remark(at, &format!("modem: {note}"));
                }
            }
        }
        let format = self.modem.uart_format();
        if format != self.format {
            self.format = format;
            self.line.set_format(format)?;
        }
        Ok(())
    }
}

/// The connection that this event ends.
fn ended(event: &NetEvent) -> Option<ConnId> {
    match event {
        NetEvent::Refused { conn }
        | NetEvent::Unreachable { conn }
        | NetEvent::TlsFailed { conn }
        | NetEvent::Closed { conn }
        | NetEvent::Reset { conn } => Some(*conn),
        _ => None,
    }
}
