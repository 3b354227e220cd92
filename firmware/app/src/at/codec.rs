//! Bytes in, events out.

use core::str;

use heapless::{String, Vec};

use super::line::{self, Ended, Event, Unsolicited};
use super::texts::{self, Texts};

/// Longest line that is kept whole, in bytes. The longest the driver asks for is `+SOCKA` with a
/// host of 100 bytes.
pub const LINE_CAPACITY: usize = 256;

/// `AT+CMDPW` takes 1 to 10 bytes (MODEM.md 1.4).
const PASSWORD: usize = 10;

/// Line codec for the modem's side of the UART.
///
/// It takes echo or none, CR, LF or CR LF, values with and without a space or quotes, texts
/// without a line end, and noise: NUL bytes are dropped, other bytes outside printable ASCII
/// become `?`, lines longer than `N` are cut and reported. It never panics and never stalls: the
/// next line end ends whatever was there.
///
/// The events depend on the bytes only, not on how they were split, and on where [`idle`] is
/// called.
///
/// [`idle`]: Codec::idle
#[derive(Debug, Clone)]
pub struct Codec<const N: usize = LINE_CAPACITY> {
    line: Vec<u8, N>,
    overlong: Overlong,
    expects_attention: bool,
    texts: Texts,
    password: String<PASSWORD>,
}

/// Whether the line at hand has outgrown the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overlong {
    No,
    /// A value or an echo: nothing in the rest of it matters.
    Structured,
    /// Text: known texts may still be in it.
    Text,
}

impl<const N: usize> Codec<N> {
    const ROOM: () = assert!(
        N > 2 * texts::LONGEST,
        "a line must hold any known text twice"
    );

    /// A codec that has seen nothing yet.
    pub const fn new() -> Self {
        let () = Self::ROOM;
        Self {
            line: Vec::new(),
            overlong: Overlong::No,
            expects_attention: false,
            texts: Texts::new(),
            password: String::new(),
        }
    }

    /// Tells the text that the modem prints when it starts (`AT+STMSG`), besides those from the
    /// factory. Texts of less than 4 or more than 20 bytes are ignored.
    pub fn set_banner(&mut self, banner: &str) {
        self.texts.set_banner(banner);
    }

    /// Tells the password in front of commands (MODEM.md 1.4), so that an echo of the password
    /// alone is recognised. One of more than 10 bytes is ignored.
    pub fn set_password(&mut self, password: &str) {
        self.password = String::try_from(password).unwrap_or_default();
    }

    /// Tells that `+++` was sent: from now on a gap behind an `a` means [`Event::Attention`],
    /// once.
    pub const fn expect_attention(&mut self) {
        self.expects_attention = true;
    }

    /// Forgets the line at hand and the expected `a`.
    pub fn reset(&mut self) {
        self.line.clear();
        self.overlong = Overlong::No;
        self.expects_attention = false;
    }

    /// Takes all of `bytes`, in order.
    pub fn feed(&mut self, bytes: &[u8], mut sink: impl FnMut(Event<'_>)) {
        for byte in bytes {
            self.push(*byte, &mut sink);
        }
    }

    /// Takes one byte. Most bytes yield nothing; a line end yields what the line holds.
    pub fn push(&mut self, byte: u8, sink: &mut impl FnMut(Event<'_>)) {
        match byte {
            b'\r' | b'\n' => self.end_line(sink),
            0 => {}
            _ => {
                let byte = if matches!(byte, b' '..=b'~') {
                    byte
                } else {
                    b'?'
                };
                if self.line.is_full() {
                    self.overflow(sink);
                }
                // There is room now: `overflow` leaves less than half of the line.
                let _ = self.line.push(byte);
            }
        }
    }

    /// Tells that nothing came for a while, longer than a gap within a reply: a banner needs no
    /// line end, nor does the `a`. A reply or an echo that ends in a banner was cut off by a
    /// restart, and nothing more of it will come. Anything else that waits for its line end stays.
    pub fn idle(&mut self, sink: &mut impl FnMut(Event<'_>)) {
        if self.line.is_empty() || self.overlong == Overlong::Structured {
            return;
        }
        if self.overlong == Overlong::No
            && let Some(banner) = line::cut_by_banner(as_str(&self.line), &self.texts, Ended::Not)
        {
            sink(Event::Unsolicited(Unsolicited::Banner(banner)));
            self.line.clear();
            return;
        }
        if self.overlong == Overlong::Text || !line::is_structured(as_str(&self.line)) {
            let found = self.report_known(self.overlong == Overlong::No, sink);
            if found {
                self.overlong = Overlong::No;
            }
        }
        if self.expects_attention && self.line.last() == Some(&b'a') {
            self.reset();
            sink(Event::Attention);
        }
    }

    fn end_line(&mut self, sink: &mut impl FnMut(Event<'_>)) {
        match self.overlong {
            Overlong::No => {
                line::classify(as_str(&self.line), &self.texts, &self.password, sink);
            }
            Overlong::Structured => {}
            Overlong::Text => {
                self.report_known(false, sink);
            }
        }
        self.line.clear();
        self.overlong = Overlong::No;
    }

    /// The line is full: reports its start once, then keeps only what a known text may end in.
    fn overflow(&mut self, sink: &mut impl FnMut(Event<'_>)) {
        if self.overlong == Overlong::No {
            let kept = as_str(&self.line);
            sink(Event::Overlong(kept));
            self.overlong = if line::is_structured(kept) {
                Overlong::Structured
            } else {
                Overlong::Text
            };
        }
        match self.overlong {
            Overlong::Structured => self.line.clear(),
            Overlong::No | Overlong::Text => {
                self.report_known(false, sink);
                let surplus = self.line.len().saturating_sub(texts::LONGEST - 1);
                self.drop_front(surplus);
            }
        }
    }

    /// Reports the known texts in the line and drops everything up to the end of the last one.
    /// `with_text`: other text in front of a known one is reported as well.
    fn report_known(&mut self, with_text: bool, sink: &mut impl FnMut(Event<'_>)) -> bool {
        let line = as_str(&self.line);
        let mut rest = line;
        while let Some((before, known, after)) = self.texts.find(rest) {
            if with_text && !before.trim().is_empty() {
                sink(Event::Unsolicited(Unsolicited::Text(before.trim())));
            }
            sink(Event::Unsolicited(known));
            rest = after;
        }
        let end = line.len() - rest.len();
        self.drop_front(end);
        end > 0
    }

    fn drop_front(&mut self, count: usize) {
        self.line.copy_within(count.., 0);
        self.line.truncate(self.line.len() - count);
    }
}

impl<const N: usize> Default for Codec<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// The line as text. `push` lets only ASCII in, so nothing is ever lost here.
fn as_str(line: &[u8]) -> &str {
    str::from_utf8(line).unwrap_or_default()
}
