//! Every UART byte of a run, and its rendering as lines a person reads.
//!
//! ```text
//!   12.480 > AT+SOCKA?
//!   12.500 < +SOCKA:TCP,socket.usr.cn,2317
//!   31.015 > TLS handshake ClientHello, 238 bytes
//!   31.900 # modem: heartbeat of 10 bytes into socket A
//! ```
//! Time is in seconds since the world began. `>` is the device, `<` the modem, `#` a remark of
//! the bench that is not on the line. Command-mode traffic is shown as lines (blank ones left
//! out), anything else as text with escapes, TLS records by type and length.

mod redact;
mod render;
mod story;
mod tls_records;

use std::fmt::Write as _;
use std::time::Duration;

pub use redact::Redactions;
pub(in crate::rig) use render::Line;

/// The story of a transcript that [`Transcript::render`] wrote, as [`Transcript::story`] tells it.
/// Lines that are none of a transcript are left out.
pub fn story_of(rendered: &str) -> String {
    let lines: Vec<Line> = rendered.lines().filter_map(Line::parse).collect();
    let mut text = story::story(&lines).join("\n");
    text.push('\n');
    text
}

/// Who put bytes on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum From {
    /// The device: board towards modem.
    Device,
    /// The modem: modem towards board.
    Modem,
}

/// One event of the transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Bytes on the line, one after the other without a gap.
    Bytes {
        /// Direction.
        from: From,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Something the bench did or noticed.
    Remark(String),
}

/// What happened on the UART, in order of time.
#[derive(Debug, Clone)]
pub struct Transcript {
    byte_time: Duration,
    events: Vec<(Duration, Event)>,
    redactions: Redactions,
}

impl Transcript {
    /// An empty transcript of a line on which a byte takes `byte_time`.
    pub fn new(byte_time: Duration, redactions: Redactions) -> Self {
        Self {
            byte_time,
            events: Vec::new(),
            redactions,
        }
    }

    /// Bytes whose first start bit was at `at`.
    pub fn bytes(&mut self, at: Duration, from: From, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.push(
                at,
                Event::Bytes {
                    from,
                    bytes: bytes.to_vec(),
                },
            );
        }
    }

    /// A remark of the bench.
    pub fn remark(&mut self, at: Duration, text: impl Into<String>) {
        self.push(at, Event::Remark(text.into()));
    }

    /// The events in order of time.
    pub fn events(&self) -> &[(Duration, Event)] {
        &self.events
    }

    /// How long a byte takes.
    pub fn byte_time(&self) -> Duration {
        self.byte_time
    }

    /// The lines of the transcript with their bytes, secrets and all.
    pub(in crate::rig) fn lines(&self) -> Vec<Line> {
        render::lines(self.byte_time, &self.events)
    }

    /// The whole transcript as text, secrets redacted.
    pub fn render(&self) -> String {
        let mut text = String::new();
        for line in self.lines() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{line}");
        }
        self.redactions.apply(&text)
    }

    /// The part of the transcript that every board and every seed share, for snapshots: without
    /// times, repetitions and the cut of encrypted records.
    pub fn story(&self) -> String {
        let lines = self.lines();
        let mut text = story::story(&lines).join("\n");
        text.push('\n');
        self.redactions.apply(&text)
    }

    /// A backlog on the line can start later than events that follow: keep order of time.
    fn push(&mut self, at: Duration, event: Event) {
        let place = self.events.partition_point(|(earlier, _)| *earlier <= at);
        self.events.insert(place, (at, event));
    }
}
