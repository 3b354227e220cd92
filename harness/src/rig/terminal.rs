//! Somebody at a serial terminal in the device's place, or the sketch that somebody wrote first.
//!
//! It knows no protocol: it types one thing after the other, each when the modem has said what it
//! has to say to the one before, as a person does who looks at the screen.

use std::collections::VecDeque;
use std::time::Duration;

use super::board::{Board, End, LogRecord, Progress, Sent};
use super::error::RigError;

/// A screen on which nothing has changed for so long shows the whole answer. Less than the three
/// seconds within which the modem's `a` is to be answered (MODEM.md 1.2).
const STILL: Duration = Duration::from_secs(1);

/// What is typed, in order.
#[derive(Debug, Clone, Default)]
pub struct Typing(VecDeque<Key>);

#[derive(Debug, Clone)]
enum Key {
    Bytes(Vec<u8>),
    Pause(Duration),
}

impl Typing {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A line, with CR LF behind it.
    #[must_use]
    pub fn line(self, line: &str) -> Self {
        self.bytes([line.as_bytes(), b"\r\n"].concat())
    }

    /// Bytes as they are.
    #[must_use]
    pub fn bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.0.push_back(Key::Bytes(bytes.into()));
        self
    }

    /// Hands off the keyboard for `time`.
    #[must_use]
    pub fn pause(mut self, time: Duration) -> Self {
        self.0.push_back(Key::Pause(time));
        self
    }

    /// `+++`, and `a` behind the modem's `a`: the way into command mode (MODEM.md 1.2).
    #[must_use]
    pub fn escape(self) -> Self {
        self.bytes("+++").bytes("a")
    }

    /// `AT+S`, and the time that the restart takes.
    #[must_use]
    pub fn save(self) -> Self {
        self.line("AT+S").pause(Duration::from_secs(20))
    }
}

/// The terminal as a board.
#[derive(Debug)]
pub(super) struct Terminal {
    typing: VecDeque<Key>,
    /// When the next key is due, unless the modem says something until then.
    next: Duration,
    done: bool,
}

impl Terminal {
    pub(super) fn new(typing: Typing) -> Self {
        Self {
            typing: typing.0,
            next: Duration::ZERO,
            done: false,
        }
    }

    fn start(&mut self, now: Duration) -> Progress {
        self.next = now + STILL;
        let remark = "terminal: in the device's place, no firmware runs";
        Progress {
            now,
            idle_until: Some(self.next),
            remarks: vec![(now, remark.to_owned())],
            ..Progress::default()
        }
    }
}

impl Board for Terminal {
    fn power_up(&mut self, now: Duration) -> Result<Progress, RigError> {
        Ok(self.start(now))
    }

    fn power_cycle(&mut self, now: Duration) -> Result<Progress, RigError> {
        // What was typed is typed; the keyboard has its own supply.
        Ok(self.start(now))
    }

    fn brown_out(&mut self, now: Duration) -> Result<Progress, RigError> {
        Ok(self.start(now))
    }

    fn advance(
        &mut self,
        until: Duration,
        receive: Vec<(Duration, u8)>,
    ) -> Result<Progress, RigError> {
        for (at, _) in receive {
            // A byte after the key was due is the answer to that key, and is seen below.
            self.next = self.next.max(at + STILL);
        }
        let mut progress = Progress {
            now: until,
            ..Progress::default()
        };
        if self.done {
            return Ok(progress);
        }
        if self.next > until {
            progress.idle_until = Some(self.next);
            return Ok(progress);
        }
        progress.now = self.next;
        match self.typing.pop_front() {
            Some(Key::Bytes(bytes)) => {
                progress.sent = Sent::Queued(bytes);
                self.next += STILL;
            }
            Some(Key::Pause(time)) => self.next += time,
            None => {
                self.done = true;
                progress.log.push(LogRecord {
                    at: self.next,
                    level: "INFO".to_owned(),
                    module: None,
                    text: "terminal: all is typed".to_owned(),
                    place: None,
                    lost: 0,
                    awake_cycles: None,
                });
                progress.end = Some(End::Halted);
                return Ok(progress);
            }
        }
        progress.idle_until = Some(self.next);
        Ok(progress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_next_key_waits_for_the_end_of_the_answer() {
        let mut terminal = Terminal::new(Typing::new().line("AT").bytes("x"));
        let first = terminal.power_up(Duration::ZERO).unwrap();
        assert_eq!(first.idle_until, Some(STILL));
        let typed = terminal.advance(5 * SECOND, Vec::new()).unwrap();
        assert_eq!(typed.now, STILL);
        assert_eq!(typed.sent, Sent::Queued(b"AT\r\n".to_vec()));
        let answer = vec![(2 * SECOND - Duration::from_millis(1), b'O')];
        let waiting = terminal.advance(2 * SECOND, answer).unwrap();
        assert_eq!(waiting.sent, Sent::default());
        let due = waiting.idle_until.unwrap();
        assert_eq!(due, 3 * SECOND - Duration::from_millis(1));
        let typed = terminal.advance(due, Vec::new()).unwrap();
        assert_eq!(typed.sent, Sent::Queued(b"x".to_vec()));
        let end = terminal.advance(10 * SECOND, Vec::new()).unwrap();
        assert_eq!(end.end, Some(End::Halted));
    }
}
