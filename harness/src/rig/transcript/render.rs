//! From bytes to lines.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::time::Duration;

use super::tls_records::{self, Front};
use super::{Event, From};

/// Silence that ends a run of bytes which carries no line end of its own.
const GAP: Duration = Duration::from_millis(5);

/// Longest text shown of bytes that are neither AT nor TLS.
const SHOWN: usize = 80;

/// One line of a rendered transcript.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::rig) struct Line {
    pub(in crate::rig) at: Duration,
    /// `>` device, `<` modem, `#` bench.
    pub(in crate::rig) mark: char,
    pub(in crate::rig) text: String,
    /// What was on the line; nothing of a remark.
    pub(in crate::rig) bytes: Vec<u8>,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.at.as_secs(), self.at.subsec_millis());
        write!(f, "{seconds:>5}.{millis:03} {} {}", self.mark, self.text)
    }
}

impl Line {
    /// A line as it is displayed, without its bytes.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let (time, rest) = line.trim_start().split_once(' ')?;
        let (seconds, millis) = time.split_once('.')?;
        let millis: u32 = millis.parse().ok().filter(|millis| *millis < 1000)?;
        let (mark, text) = rest.split_once(' ').unwrap_or((rest, ""));
        let mark = mark.chars().next().filter(|_| mark.len() == 1)?;
        Some(Self {
            at: Duration::new(seconds.parse().ok()?, millis * 1_000_000),
            mark,
            text: text.to_owned(),
            bytes: Vec::new(),
        })
    }
}

/// Renders events that are in order of time.
pub(super) fn lines(byte_time: Duration, events: &[(Duration, Event)]) -> Vec<Line> {
    let mut renderer = Renderer {
        byte_time,
        mode: Mode::Data,
        lines: Vec::new(),
        device: VecDeque::new(),
        modem: VecDeque::new(),
    };
    for (at, event) in events {
        renderer.settle(*at);
        match event {
            Event::Remark(text) => {
                renderer.lines.push(Line {
                    at: *at,
                    mark: '#',
                    text: text.clone(),
                    bytes: Vec::new(),
                });
            }
            Event::Bytes { from, bytes } => renderer.bytes(*at, *from, bytes),
        }
    }
    renderer.drain(From::Device);
    renderer.drain(From::Modem);
    renderer.lines.sort_by_key(|line| line.at);
    renderer.lines
}

/// What the bytes on the line mean, inferred from the line itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Payload.
    Data,
    /// The device answered the modem's `a`; `+ok` comes next.
    Confirming,
    /// AT lines.
    Command,
    /// AT lines, and the modem's next `OK` ends the mode.
    Leaving,
}

struct Renderer {
    byte_time: Duration,
    mode: Mode,
    lines: Vec<Line>,
    device: VecDeque<(Duration, u8)>,
    modem: VecDeque<(Duration, u8)>,
}

impl Renderer {
    fn pending(&mut self, from: From) -> &mut VecDeque<(Duration, u8)> {
        match from {
            From::Device => &mut self.device,
            From::Modem => &mut self.modem,
        }
    }

    fn bytes(&mut self, at: Duration, from: From, bytes: &[u8]) {
        let byte_time = self.byte_time;
        let stamped = (0_u32..)
            .zip(bytes)
            .map(|(index, byte)| (at + byte_time * index, *byte));
        self.pending(from).extend(stamped);
        while self.take_complete(from) {}
    }

    /// Ends whatever has been followed by silence.
    fn settle(&mut self, now: Duration) {
        for from in [From::Device, From::Modem] {
            let last = self.pending(from).back().map(|(at, _)| *at);
            if last.is_some_and(|last| last + GAP < now) && !self.inside_record(from) {
                self.drain(from);
            }
        }
    }

    fn inside_record(&mut self, from: From) -> bool {
        let data = self.mode == Mode::Data;
        data && matches!(
            tls_records::front(&values(self.pending(from))),
            Front::Partial(_)
        )
    }

    /// Takes one finished line or record. False when what is left is not finished.
    fn take_complete(&mut self, from: From) -> bool {
        let bytes = values(self.pending(from));
        if bytes.is_empty() {
            return false;
        }
        if self.mode == Mode::Data
            && let Front::Record(length) = tls_records::front(&bytes)
        {
            let at = self.take(from, length);
            let record = &bytes[..length];
            self.push(at, from, tls_records::describe(record), record);
            return true;
        }
        if self.mode == Mode::Data {
            return false;
        }
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            return false;
        };
        let skipped = bytes
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        let at = if skipped > end {
            self.take(from, end + 1)
        } else {
            self.take(from, skipped);
            self.take(from, end + 1 - skipped)
        };
        self.text(at, from, &bytes[..=end]);
        true
    }

    /// Shows everything that is pending in one direction, finished or not.
    fn drain(&mut self, from: From) {
        while self.take_complete(from) {}
        let bytes = values(self.pending(from));
        if bytes.is_empty() {
            return;
        }
        let at = self.take(from, bytes.len());
        match tls_records::front(&bytes) {
            Front::Partial(total) if self.mode == Mode::Data && bytes.len() > 4 => {
                let shown = format!("TLS record cut short, {} of {total} bytes", bytes.len());
                self.push(at, from, shown, &bytes);
            }
            _ => self.text(at, from, &bytes),
        }
    }

    fn take(&mut self, from: From, count: usize) -> Duration {
        let pending = self.pending(from);
        let at = pending.front().map_or(Duration::ZERO, |(at, _)| *at);
        pending.drain(..count);
        at
    }

    fn push(&mut self, at: Duration, from: From, text: String, bytes: &[u8]) {
        let mark = match from {
            From::Device => '>',
            From::Modem => '<',
        };
        let bytes = bytes.to_vec();
        self.lines.push(Line {
            at,
            mark,
            text,
            bytes,
        });
    }

    fn text(&mut self, at: Duration, from: From, bytes: &[u8]) {
        let line = bytes.trim_ascii();
        if line.is_empty() {
            return;
        }
        self.follow(from, line);
        let shown = line.len().min(SHOWN);
        let mut text = line[..shown]
            .escape_ascii()
            .to_string()
            .replace("\\\"", "\"");
        if shown < line.len() {
            // Writing to a string cannot fail.
            let _ = write!(text, "… ({} bytes)", line.len());
        }
        self.push(at, from, text, bytes);
    }

    fn follow(&mut self, from: From, line: &[u8]) {
        let leaves = [&b"AT+ENTM"[..], b"AT+S", b"AT+Z", b"AT+CLEAR"];
        self.mode = match (from, self.mode, line) {
            (From::Device, Mode::Data, b"a") => Mode::Confirming,
            (From::Modem, Mode::Confirming | Mode::Data, b"+ok") => Mode::Command,
            // `+++` inside the command mode; the device takes it as "already in".
            (From::Modem, Mode::Data, b"+CME ERROR:58") => Mode::Command,
            (From::Device, _, line) if leaves.iter().any(|end| line.eq_ignore_ascii_case(end)) => {
                Mode::Leaving
            }
            (From::Modem, Mode::Leaving, b"OK") => Mode::Data,
            (_, mode, _) => mode,
        };
    }
}

fn values(pending: &VecDeque<(Duration, u8)>) -> Vec<u8> {
    pending.iter().map(|(_, byte)| *byte).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Redactions, Transcript};
    use super::From;
    use std::time::Duration;

    fn transcript(events: &[(u64, From, &[u8])]) -> String {
        let mut transcript = Transcript::new(Duration::from_nanos(86_805), Redactions::default());
        for (millis, from, bytes) in events {
            transcript.bytes(Duration::from_millis(*millis), *from, bytes);
        }
        transcript.render()
    }

    #[test]
    fn a_conversation() {
        let text = transcript(&[
            (7_000, From::Modem, b"WH-LTE-7S1-E"),
            (8_000, From::Device, b"+++"),
            (8_050, From::Modem, b"a"),
            (8_060, From::Device, b"a"),
            (8_110, From::Modem, b"+ok\r\n"),
            (8_200, From::Device, b"AT+E?\r\n"),
            (8_220, From::Modem, b"AT+E?\r\n\r\n+E:ON\r\n\r\nOK\r\n"),
            (9_000, From::Device, b"AT+ENTM\r\n"),
            (9_020, From::Modem, b"\r\nOK\r\n"),
            (9_100, From::Device, &[22, 3, 1, 0, 2, 1, 0]),
            (9_200, From::Modem, &[23, 3, 3, 0, 9, 0]),
        ]);
        insta::assert_snapshot!(text, @r"
            7.000 < WH-LTE-7S1-E
            8.000 > +++
            8.050 < a
            8.060 > a
            8.110 < +ok
            8.200 > AT+E?
            8.220 < AT+E?
            8.220 < +E:ON
            8.221 < OK
            9.000 > AT+ENTM
            9.020 < OK
            9.100 > TLS handshake ClientHello, 7 bytes
            9.200 < TLS record cut short, 6 of 14 bytes
        ");
    }

    #[test]
    fn a_heartbeat_between_records_is_seen() {
        let text = transcript(&[
            (1, From::Device, &[23, 3, 3, 0, 1, 0]),
            (30_000, From::Modem, b"www.usr.cn"),
            (40_000, From::Modem, b"\0\0\xff"),
        ]);
        insta::assert_snapshot!(text, @r"
            0.001 > TLS application data, 6 bytes
           30.000 < www.usr.cn
           40.000 < \x00\x00\xff
        ");
    }
}
