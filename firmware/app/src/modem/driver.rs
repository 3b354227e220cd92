//! One exchange with the modem at a time.

use core::fmt::Write as _;

use embassy_time::{Duration, Instant, with_deadline};
use embedded_io_async::ErrorKind;
use heapless::String;

use super::error::{ModemError, SimFault};
use super::timing::{IDLE_GAP, REPLY, SETTLE};
use super::transport::{RestartWatch, Transport};
use crate::at::{AtError, Codec, Event, Unsolicited};
use crate::platform::ModemUart;

/// Longest command line that is sent, in bytes: `AT+APN` with three texts of 50 bytes takes 164.
const COMMAND: usize = 192;

/// Driver of the modem behind one UART.
///
/// It owns the modem's mode: commands are only sent in command mode, payload only in transparent
/// mode. All waits are bounded.
#[derive(Debug)]
pub struct Modem<U> {
    pub(super) uart: U,
    pub(super) codec: Codec,
    /// A byte that was read behind the last reply: the first of the transparent stream.
    pub(super) pending: Option<u8>,
    pub(super) watch: RestartWatch,
    /// Socket A's connection may have carried bytes of an earlier session.
    pub(super) stale: bool,
    /// When the modem last said that it had started, until it is in command mode again. As long
    /// as this is set the modem is known to be in its working mode.
    pub(super) started_at: Option<Instant>,
    /// Any byte at all has come since this was last cleared.
    pub(super) heard: bool,
    /// `Net Reg Fail` has come since this was last cleared.
    pub(super) registration_failed: bool,
}

impl<U: ModemUart> Modem<U> {
    /// A driver that knows nothing of the modem yet and has sent nothing.
    pub const fn new(uart: U) -> Self {
        Self {
            uart,
            codec: Codec::new(),
            pending: None,
            watch: RestartWatch::new(),
            stale: false,
            started_at: None,
            heard: false,
            registration_failed: false,
        }
    }

    /// Tells that the modem went on while the device restarted: the connection it holds, if any,
    /// belongs to a session that is gone. The next bring-up then waits for a new one.
    pub const fn assume_stale_link(&mut self) {
        self.stale = true;
    }

    /// The transparent byte stream. It leads to the broker after [`bring_up`](Self::bring_up) or
    /// [`recover_link`](Self::recover_link) returned `Ok`.
    pub const fn transport(&mut self) -> Transport<'_, U> {
        Transport {
            uart: &mut self.uart,
            pending: &mut self.pending,
            watch: &mut self.watch,
        }
    }

    /// Bytes lost on the way from the modem since boot.
    pub fn overruns(&self) -> u32 {
        self.uart.overruns()
    }

    /// Sends `bytes` and waits until they have left the line.
    pub(super) async fn send(&mut self, mut bytes: &[u8]) -> Result<(), ModemError> {
        while !bytes.is_empty() {
            match self.uart.write(bytes).await.map_err(uart_error)? {
                0 => return Err(ModemError::Uart(ErrorKind::WriteZero)),
                count => bytes = bytes.get(count..).unwrap_or_default(),
            }
        }
        self.uart.flush().await.map_err(uart_error)
    }

    /// Reads one byte. Not more: what follows the reply to `AT+ENTM` belongs to the payload.
    async fn receive(&mut self) -> Result<u8, ModemError> {
        if let Some(byte) = self.pending.take() {
            return Ok(byte);
        }
        let mut byte = [0];
        match self.uart.read(&mut byte).await.map_err(uart_error)? {
            0 => Err(ModemError::Uart(ErrorKind::BrokenPipe)),
            _ => {
                self.heard = true;
                Ok(byte[0])
            }
        }
    }

    /// Reads until `want` finds what it wants or `deadline` is reached (`None`).
    ///
    /// What the modem says about itself meanwhile is noted. A missing SIM ends every wait.
    pub(super) async fn wait_for<T>(
        &mut self,
        deadline: Instant,
        mut want: impl FnMut(&Event<'_>) -> Option<T>,
    ) -> Result<Option<T>, ModemError> {
        let mut idle = false;
        loop {
            let now = Instant::now();
            let wake = if idle {
                deadline
            } else {
                deadline.min(now + IDLE_GAP)
            };
            let received = if now < deadline {
                with_deadline(wake, self.receive()).await.ok().transpose()?
            } else {
                None
            };

            let mut found = None;
            let mut notes = Notes::default();
            let mut sink = |event: Event<'_>| {
                notes.take(&event);
                if found.is_none() {
                    found = want(&event);
                }
            };
            match received {
                Some(byte) => {
                    idle = false;
                    self.codec.push(byte, &mut sink);
                }
                None => {
                    idle = true;
                    self.codec.idle(&mut sink);
                }
            }
            self.registration_failed |= notes.registration_failed;
            if notes.restarted {
                self.note_start();
            }
            if notes.no_sim {
                return Err(ModemError::SimFault(SimFault::NotUsable));
            }
            if found.is_some() {
                return Ok(found);
            }
            if received.is_none() && Instant::now() >= deadline {
                return Ok(None);
            }
        }
    }

    /// Waits for `duration` and takes note of what the modem says meanwhile.
    pub(super) async fn pause(&mut self, duration: Duration) -> Result<(), ModemError> {
        match self.wait_for(Instant::now() + duration, restarted).await? {
            Some(()) => Err(ModemError::Restarted),
            None => Ok(()),
        }
    }

    /// Reads what has already arrived. It is old: only a restart is noted.
    pub(super) async fn discard_backlog(&mut self) -> Result<(), ModemError> {
        let limit = Instant::now() + SETTLE;
        while Instant::now() < limit {
            let Ok(byte) = with_deadline(Instant::now(), self.receive()).await else {
                break;
            };
            let byte = byte?;
            let mut notes = Notes::default();
            self.codec.push(byte, &mut |event| notes.take(&event));
            // The start of the banner may have ended the session, as a byte that is none of TLS.
            let known = self.watch.restarted();
            self.watch.see(&[byte]);
            if notes.restarted || (self.watch.restarted() && !known) {
                self.note_start();
            }
        }
        Ok(())
    }

    /// The modem has just started: whatever connection there will be is a new one.
    pub(super) fn note_start(&mut self) {
        self.started_at = Some(Instant::now());
        self.stale = false;
    }

    /// Sends `AT+<command><rest>` and waits for the final reply. The first value with the
    /// command's name is handed to `value`; of several, `value` sees each.
    async fn exchange(
        &mut self,
        command: &'static str,
        line: &str,
        bound: Duration,
        mut value: impl FnMut(&str),
    ) -> Result<(), ModemError> {
        self.discard_backlog().await?;
        self.codec.reset();
        self.send(line.as_bytes()).await?;
        let reply = self
            .wait_for(Instant::now() + bound, |event| match *event {
                Event::Value { name, fields } if name.eq_ignore_ascii_case(command) => {
                    value(fields);
                    None
                }
                Event::Ok => Some(Ok(())),
                Event::Error(code) => Some(Err(ModemError::CommandRejected { command, code })),
                _ => restarted(event).map(|()| Err(ModemError::Restarted)),
            })
            .await?;
        reply.unwrap_or(Err(ModemError::ReplyTimeout {
            command,
            seconds: bound.as_secs(),
        }))
    }

    /// Sends `AT+<command>` and waits for `OK`. It is not repeated: it changes something.
    pub(super) async fn act(
        &mut self,
        command: &'static str,
        bound: Duration,
    ) -> Result<(), ModemError> {
        let line = command_line(command, "", |_| Ok(()))?;
        self.exchange(command, &line, bound, |_| {}).await
    }

    /// Sends `AT+<command>=<value>` and waits for `OK`.
    pub(super) async fn set(
        &mut self,
        command: &'static str,
        value: impl FnOnce(&mut String<COMMAND>) -> core::fmt::Result,
    ) -> Result<(), ModemError> {
        let line = command_line(command, "=", value)?;
        self.exchange(command, &line, REPLY, |_| {}).await
    }

    /// Asks `AT+<command>?` and reads the answer with `parse`. A question changes nothing, so one
    /// that was lost or came back damaged is asked once more.
    pub(super) async fn query<T>(
        &mut self,
        command: &'static str,
        mut parse: impl FnMut(&str) -> Option<T>,
    ) -> Result<T, ModemError> {
        let line = command_line(command, "?", |_| Ok(()))?;
        let mut again = true;
        loop {
            let mut answer = None;
            let result = self
                .exchange(command, &line, REPLY, |fields| {
                    if answer.is_none() {
                        answer = parse(fields);
                    }
                })
                .await;
            let error = match (result, answer) {
                (Ok(()), Some(answer)) => return Ok(answer),
                (Ok(()), None) => ModemError::Unreadable { command },
                (Err(error), _) => error,
            };
            let lost = matches!(
                error,
                ModemError::Unreadable { .. }
                    | ModemError::ReplyTimeout { .. }
                    | ModemError::CommandRejected {
                        code: AtError::UnknownCommand,
                        ..
                    }
            );
            if !lost || !again {
                return Err(error);
            }
            again = false;
            self.pause(SETTLE).await?;
        }
    }

    /// Like [`query`](Self::query), and `None` if the modem does not answer the question with a value.
    pub(super) async fn query_if_known<T>(
        &mut self,
        command: &'static str,
        parse: impl FnMut(&str) -> Option<T>,
    ) -> Result<Option<T>, ModemError> {
        match self.query(command, parse).await {
            Ok(value) => Ok(Some(value)),
            Err(ModemError::CommandRejected { .. } | ModemError::Unreadable { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What the modem says about itself in passing.
#[derive(Default)]
struct Notes {
    restarted: bool,
    no_sim: bool,
    registration_failed: bool,
}

impl Notes {
    fn take(&mut self, event: &Event<'_>) {
        let Event::Unsolicited(text) = event else {
            return;
        };
        match text {
            Unsolicited::Banner(_) => self.restarted = true,
            Unsolicited::NoSim => self.no_sim = true,
            Unsolicited::RegistrationFailed => self.registration_failed = true,
            Unsolicited::Heartbeat | Unsolicited::Text(_) => {}
        }
    }
}

/// For [`Modem::wait_for`]: wants the banner.
pub(super) fn restarted(event: &Event<'_>) -> Option<()> {
    matches!(event, Event::Unsolicited(Unsolicited::Banner(_))).then_some(())
}

fn command_line(
    command: &str,
    form: &str,
    value: impl FnOnce(&mut String<COMMAND>) -> core::fmt::Result,
) -> Result<String<COMMAND>, ModemError> {
    let mut line = String::new();
    // The limits of the settings keep every line within `COMMAND`.
    write!(line, "AT+{command}{form}")
        .and_then(|()| value(&mut line))
        .and_then(|()| line.write_str("\r\n"))
        .map_err(|_| ModemError::Uart(ErrorKind::OutOfMemory))?;
    Ok(line)
}

fn uart_error(error: impl embedded_io_async::Error) -> ModemError {
    ModemError::Uart(error.kind())
}
