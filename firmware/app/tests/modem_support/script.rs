//! What the modem says to what.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::{now, secs};

const BYTE: Duration = Duration::from_micros(87);
const PACKING: Duration = Duration::from_millis(50);
/// The longest packing interval that can be configured (MODEM.md 3.3).
const LONGEST_PACKING: Duration = Duration::from_millis(500);
const BOOT: Duration = secs(7);

/// Settings of a module from the factory (MODEM.md 3).
const FACTORY: [(&str, &str); 20] = [
    ("E", "ON"),
    ("HEARTEN", "ON"),
    ("REGEN", "OFF"),
    ("WKMOD", "NET"),
    ("APN", "CMNET,,,0"),
    ("SOCKA", "TCP,socket.usr.cn,2317"),
    ("SOCKAEN", "ON"),
    ("SOCKBEN", "OFF"),
    ("SOCKCEN", "OFF"),
    ("SOCKDEN", "OFF"),
    ("SOCKASL", "LONG"),
    ("SDPEN", "OFF"),
    ("CACHEN", "ON"),
    ("NATEN", "ON"),
    ("UATEN", "ON"),
    ("RSTIM", "1800"),
    ("UARTFT", "50"),
    ("UARTFL", "1024"),
    ("KEEPALIVEA", "1,60,15,3"),
    ("STMSG", "WH-LTE-7S1-E"),
];

/// Settings as the driver wants them.
const RIGHT: [(&str, &str); 9] = [
    ("E", "OFF"),
    ("HEARTEN", "OFF"),
    ("APN", "free,me,hush,0"),
    ("SOCKA", "TCP,broker.example,8883"),
    ("CACHEN", "OFF"),
    ("NATEN", "OFF"),
    ("UATEN", "OFF"),
    ("RSTIM", "0"),
    ("UARTFT", "10"),
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    Transparent,
    /// `a` was sent at this time.
    Attention(Duration),
    Command,
}

/// A scripted modem.
pub(crate) struct Script {
    pub(crate) mode: Mode,
    pub(crate) stored: BTreeMap<String, String>,
    staged: BTreeMap<String, String>,
    /// Values of read-only commands over time: the last one whose time has come.
    timeline: BTreeMap<&'static str, Vec<(Duration, &'static str)>>,
    /// Replies to exact command lines, in order; the last one stays.
    canned: BTreeMap<&'static str, VecDeque<String>>,
    /// `+++` in command mode waits in the line buffer (MODEM.md 1.2, GM800TF).
    pub(crate) buffers_plus: bool,
    /// Never says anything.
    pub(crate) silent: bool,
    /// The last byte of the reply to `AT+ENTM` comes 60 ms late.
    pub(crate) late_line_feed: bool,
    /// Sent by the peer as soon as the mode is transparent again.
    pub(crate) downlink: &'static [u8],
    out: VecDeque<(Duration, u8)>,
    line_free_at: Duration,
    last_byte_at: Option<Duration>,
    line: Vec<u8>,
    /// Every command line, as it came.
    pub(crate) commands: Vec<String>,
    /// Bytes that went to the peer.
    pub(crate) payload: Vec<u8>,
    pub(crate) saves: u32,
    pub(crate) restarts: u32,
}

impl Script {
    /// A module from the factory that has been on the network for a while.
    pub(crate) fn factory() -> Self {
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let always = |value| vec![(Duration::ZERO, value)];
        Self {
            mode: Mode::Transparent,
            stored: FACTORY.into_iter().map(own).collect(),
            staged: BTreeMap::new(),
            timeline: BTreeMap::from([
                ("SYSINFO", always("2,LTE")),
                ("CSQ", always(" 18,99")),
                ("SOCKALK", always("Connected")),
                ("CCLK", always(" \"26/06/15,02:00:00+08\"")),
                ("CPIN", always(" READY")),
                ("CEREG", always(" 0,1")),
                ("CGACT", always(" 1, 1")),
            ]),
            canned: BTreeMap::new(),
            buffers_plus: false,
            silent: false,
            late_line_feed: false,
            downlink: b"",
            out: VecDeque::new(),
            line_free_at: Duration::ZERO,
            last_byte_at: None,
            line: Vec::new(),
            commands: Vec::new(),
            payload: Vec::new(),
            saves: 0,
            restarts: 0,
        }
    }

    /// A module that was set up before.
    pub(crate) fn set_up() -> Self {
        let mut script = Self::factory();
        for (name, value) in RIGHT {
            script.stored.insert(name.into(), value.into());
        }
        script
    }

    /// From `from` on, `AT+name?` says `value`.
    pub(crate) fn at(mut self, from: Duration, name: &'static str, value: &'static str) -> Self {
        let values = self.timeline.entry(name).or_default();
        values.retain(|(time, _)| *time < from);
        values.push((from, value));
        self
    }

    /// The next time `command` comes, the modem says `reply` instead; several in order, the last
    /// one for ever. An empty reply is silence.
    pub(crate) fn reply(mut self, command: &'static str, reply: &str) -> Self {
        self.canned
            .entry(command)
            .or_default()
            .push_back(reply.to_owned());
        self
    }

    /// The modem prints `text` at `at` by itself.
    pub(crate) fn prints(mut self, at: Duration, text: impl AsRef<[u8]>) -> Self {
        self.say(at, text.as_ref());
        self
    }

    /// How often a command line came.
    pub(crate) fn count(&self, command: &str) -> usize {
        self.commands.iter().filter(|line| *line == command).count()
    }

    /// The settings that were written, by name.
    pub(crate) fn writes(&self) -> Vec<&str> {
        let names = self
            .commands
            .iter()
            .filter_map(|line| line.strip_prefix("AT+")?.split_once('='));
        names.map(|(name, _)| name).collect()
    }

    pub(super) fn next_byte_at(&self) -> Option<Duration> {
        self.out.front().map(|(at, _)| *at)
    }

    pub(super) const fn line_free_at(&self) -> Duration {
        self.line_free_at
    }

    /// Bytes that have arrived by now.
    pub(super) fn take(&mut self, buffer: &mut [u8]) -> usize {
        let mut count = 0;
        while count < buffer.len() && self.next_byte_at().is_some_and(|at| at <= now()) {
            buffer[count] = self.out.pop_front().map_or(0, |(_, byte)| byte);
            count += 1;
        }
        count
    }

    pub(super) fn receive(&mut self, bytes: &[u8]) {
        let mut at = now().max(self.line_free_at);
        let fresh = self
            .last_byte_at
            .is_none_or(|last| at - last >= LONGEST_PACKING);
        self.last_byte_at = Some(at + BYTE * u32::try_from(bytes.len()).unwrap());
        if self.silent {
            return;
        }
        if bytes == b"+++" {
            at += BYTE * 3;
            self.line_free_at = at;
            return self.plus(at, fresh);
        }
        for byte in bytes {
            at += BYTE;
            self.byte(at, *byte);
        }
        self.line_free_at = at;
    }

    fn plus(&mut self, at: Duration, guarded: bool) {
        match self.mode {
            Mode::Transparent if guarded => {
                self.mode = Mode::Attention(at + PACKING);
                self.say(at + PACKING, b"a");
            }
            Mode::Command if self.buffers_plus => self.line.extend(b"+++"),
            Mode::Command => self.say(at + PACKING, b"\r\n+CME ERROR:58\r\n"),
            Mode::Transparent | Mode::Attention(_) => self.payload.extend(b"+++"),
        }
    }

    fn byte(&mut self, at: Duration, byte: u8) {
        self.settle(at);
        match self.mode {
            Mode::Attention(_) if byte == b'a' => {
                self.mode = Mode::Command;
                self.say(at + PACKING, b"+ok\r\n");
            }
            Mode::Transparent | Mode::Attention(_) => self.payload.push(byte),
            Mode::Command => {
                self.line.push(byte);
                if byte == b'\n' {
                    let line = std::mem::take(&mut self.line);
                    let line = String::from_utf8(line).unwrap().trim().to_owned();
                    if !line.is_empty() {
                        self.command(at + Duration::from_millis(20), &line);
                    }
                }
            }
        }
    }

    /// Time has passed: an unanswered `a` ends, a start is over.
    fn settle(&mut self, at: Duration) {
        match self.mode {
            Mode::Attention(since) if at > since + secs(3) => self.mode = Mode::Transparent,
            _ => {}
        }
    }

    fn command(&mut self, at: Duration, line: &str) {
        self.commands.push(line.to_owned());
        if self.stored.get("E").is_some_and(|echo| echo == "ON") {
            self.say(at, format!("{line}\r\n").as_bytes());
        }
        if let Some(replies) = self.canned.get_mut(line) {
            let reply = if replies.len() > 1 {
                replies.pop_front()
            } else {
                replies.front().cloned()
            };
            return self.say(at, reply.unwrap_or_default().as_bytes());
        }
        let reply = match line {
            "AT" => "\r\nOK\r\n".to_owned(),
            "AT+ENTM" => {
                self.mode = Mode::Transparent;
                if self.late_line_feed {
                    self.say(at, b"\r\nOK\r");
                    return self.say(at + Duration::from_millis(60), b"\n");
                }
                format!("\r\nOK\r\n{}", String::from_utf8_lossy(self.downlink))
            }
            "AT+S" | "AT+Z" => return self.restart(at, line == "AT+S"),
            _ => self
                .setting(at, line)
                .unwrap_or_else(|| "\r\n+CME ERROR:58\r\n".to_owned()),
        };
        self.say(at, reply.as_bytes());
    }

    fn setting(&mut self, at: Duration, line: &str) -> Option<String> {
        let body = line.strip_prefix("AT+")?;
        if let Some((name, value)) = body.split_once('=') {
            let known = self.stored.contains_key(name);
            if name == "E" {
                self.stored.insert(name.to_owned(), value.to_owned());
            } else if known {
                self.staged.insert(name.to_owned(), value.to_owned());
            }
            return known.then(|| "\r\nOK\r\n".to_owned());
        }
        let name = body.strip_suffix('?')?;
        let live = self.timeline.get(name).and_then(|values| {
            values
                .iter()
                .rev()
                .find(|(from, _)| *from <= at)
                .map(|(_, value)| *value)
        });
        let value = live.or_else(|| self.stored.get(name).map(String::as_str))?;
        Some(format!("\r\n+{name}:{value}\r\n\r\nOK\r\n"))
    }

    fn restart(&mut self, at: Duration, save: bool) {
        if save {
            self.saves += 1;
            self.stored.append(&mut self.staged);
        }
        self.staged.clear();
        self.restarts += 1;
        self.say(at, b"\r\nOK\r\n");
        let banner = self.stored["STMSG"].clone();
        self.say(at + BOOT, banner.as_bytes());
        // Nothing is typed into a module that is starting: the driver waits for the banner.
        self.mode = Mode::Transparent;
        let connected = vec![
            (Duration::ZERO, "Disconnected"),
            (at + BOOT + secs(4), "Connected"),
        ];
        self.timeline.insert("SOCKALK", connected);
    }

    /// Puts `bytes` on the line, at `at` or as soon as the line is free for all of them.
    fn say(&mut self, at: Duration, bytes: &[u8]) {
        let length = BYTE * u32::try_from(bytes.len()).unwrap();
        let mut start = at;
        let mut index = 0;
        for (position, (taken, _)) in self.out.iter().enumerate() {
            if *taken >= start + length {
                break;
            }
            if *taken + BYTE > start {
                start = *taken + BYTE;
            }
            index = position + 1;
        }
        for byte in bytes {
            self.out.insert(index, (start, *byte));
            start += BYTE;
            index += 1;
        }
    }
}
