//! What passes on the modem's UART, as lines.

use std::time::Duration;

use crate::modem_cli::mask;

/// Longest line shown, in characters; more is cut.
const SHOWN: usize = 120;

/// A line that does not end within this time is shown as it is.
const PATIENCE: Duration = Duration::from_millis(200);

/// One direction of the line.
#[derive(Debug)]
pub(super) struct Traffic {
    mark: char,
    waiting: Vec<u8>,
    began: Duration,
}

impl Traffic {
    /// `mark` stands in front of each line: `>` for the firmware, `<` for the modem.
    pub(super) const fn new(mark: char) -> Self {
        Self {
            mark,
            waiting: Vec::new(),
            began: Duration::ZERO,
        }
    }

    /// Bytes that came at `at`. Returns the lines that are complete.
    pub(super) fn bytes(&mut self, at: Duration, bytes: &[u8]) -> Vec<String> {
        if self.waiting.is_empty() {
            self.began = at;
        }
        self.waiting.extend_from_slice(bytes);
        let end = self.waiting.iter().rposition(|byte| *byte == b'\n');
        let mut complete: Vec<u8> =
            end.map_or_else(Vec::new, |end| self.waiting.drain(..=end).collect());
        if complete.is_empty() && self.waiting.len() > SHOWN {
            complete = std::mem::take(&mut self.waiting);
        }
        let lines = self.render(&complete);
        self.began = at;
        lines
    }

    /// What has waited too long for its end, at `now`.
    pub(super) fn overdue(&mut self, now: Duration) -> Vec<String> {
        if self.waiting.is_empty() || now.saturating_sub(self.began) < PATIENCE {
            return Vec::new();
        }
        let waiting = std::mem::take(&mut self.waiting);
        self.render(&waiting)
    }

    fn render(&self, bytes: &[u8]) -> Vec<String> {
        let (seconds, millis) = (self.began.as_secs(), self.began.subsec_millis());
        let line = |text: &str| format!("{seconds:>5}.{millis:03} {} {text}", self.mark);
        if bytes.iter().any(|byte| !is_text(*byte)) {
            let plural = if bytes.len() == 1 { "" } else { "s" };
            return vec![line(&format!("{} byte{plural} of payload", bytes.len()))];
        }
        bytes
            .split(|byte| matches!(byte, b'\r' | b'\n'))
            .filter(|text| !text.is_empty())
            .map(|text| {
                let text = mask(&String::from_utf8_lossy(text));
                line(&text.chars().take(SHOWN).collect::<String>())
            })
            .collect()
    }
}

const fn is_text(byte: u8) -> bool {
    byte.is_ascii_graphic() || matches!(byte, b' ' | b'\r' | b'\n' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Duration = Duration::from_millis(12_480);

    #[test]
    fn commands_are_lines_and_payload_is_counted() {
        let mut traffic = Traffic::new('>');
        assert_eq!(traffic.bytes(AT, b"AT+SO"), [""; 0]);
        assert_eq!(
            traffic.bytes(AT * 2, b"CKA?\r\nAT+V"),
            ["   12.480 > AT+SOCKA?"]
        );
        assert_eq!(traffic.bytes(AT * 2, b"ER?\r\n"), ["   24.960 > AT+VER?"]);
        assert_eq!(
            traffic.bytes(AT, &[0x16; 300]),
            ["   12.480 > 300 bytes of payload"]
        );
    }

    #[test]
    fn what_never_ends_is_shown_after_a_while() {
        let mut traffic = Traffic::new('<');
        traffic.bytes(AT, b"a");
        assert_eq!(traffic.overdue(AT), [""; 0]);
        assert_eq!(traffic.overdue(AT + PATIENCE), ["   12.480 < a"]);
        assert_eq!(traffic.overdue(AT * 9), [""; 0]);
    }
}
