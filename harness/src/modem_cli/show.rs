//! What passes, as lines: AT commands and answers as text, payload by its length.

use std::io::Write;
use std::time::Duration;

use super::mask::mask;

/// Longest line shown; more is cut.
const SHOWN: usize = 120;

/// Who put bytes on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    Firmware,
    Modem,
}

/// Writes the transcript as it happens.
pub(super) struct Show<W> {
    out: W,
    /// An AT line of the firmware that has not ended yet, and when it began.
    unfinished: Option<(Duration, Vec<u8>)>,
}

impl<W: Write> Show<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            unfinished: None,
        }
    }

    /// Bytes on the line. `command`: whether they are AT lines, as opposed to payload.
    pub(super) fn bytes(&mut self, at: Duration, from: From, bytes: &[u8], command: bool) {
        if !command && !is_handshake(bytes) {
            let plural = if bytes.len() == 1 { "" } else { "s" };
            self.line(
                at,
                from,
                &format!("{} byte{plural} of payload", bytes.len()),
            );
        } else if from == From::Modem {
            self.text(at, from, bytes);
        } else {
            self.typed(at, bytes);
        }
    }

    /// Something that is not on the line.
    pub(super) fn remark(&mut self, at: Duration, text: &str) {
        self.flush();
        self.print(at, '#', text);
    }

    /// Bytes of the firmware come as they were typed: shown when their line ends.
    fn typed(&mut self, at: Duration, bytes: &[u8]) {
        let (began, mut line) = self.unfinished.take().unwrap_or((at, Vec::new()));
        line.extend_from_slice(bytes);
        if is_handshake(&line) || line.ends_with(b"\n") || line.len() > SHOWN {
            self.text(began, From::Firmware, &line);
        } else {
            self.unfinished = Some((began, line));
        }
    }

    /// Shows a line that something else interrupts, as the modem does after the packing time.
    fn flush(&mut self) {
        if let Some((began, line)) = self.unfinished.take() {
            self.text(began, From::Firmware, &line);
        }
    }

    fn text(&mut self, at: Duration, from: From, bytes: &[u8]) {
        for line in bytes.split(|byte| matches!(byte, b'\r' | b'\n')) {
            if !line.is_empty() {
                let text = mask(&line.escape_ascii().to_string().replace("\\\"", "\""));
                let shown: String = text.chars().take(SHOWN).collect();
                self.line(at, from, &shown);
            }
        }
    }

    fn line(&mut self, at: Duration, from: From, text: &str) {
        let mark = match from {
            From::Firmware => '>',
            From::Modem => {
                self.flush();
                '<'
            }
        };
        self.print(at, mark, text);
    }

    fn print(&mut self, at: Duration, mark: char, text: &str) {
        let (seconds, millis) = (at.as_secs(), at.subsec_millis());
        // The modem goes on when nobody reads what it prints.
        let _ = writeln!(self.out, "{seconds:>5}.{millis:03} {mark} {text}");
    }
}

/// `+++`, `a` and `+ok` lead to the command mode, and `a` may come glued to what follows.
fn is_handshake(bytes: &[u8]) -> bool {
    matches!(bytes, b"+++" | b"a" | b"+ok\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(script: impl FnOnce(&mut Show<&mut Vec<u8>>)) -> String {
        let mut out = Vec::new();
        script(&mut Show::new(&mut out));
        String::from_utf8(out).unwrap()
    }

    const AT: Duration = Duration::from_millis(8_050);

    #[test]
    fn shows_commands_as_lines_and_payload_by_length() {
        let text = shown(|show| {
            show.bytes(AT, From::Firmware, b"+++", false);
            show.bytes(AT, From::Modem, b"a", false);
            show.bytes(AT, From::Firmware, b"AT+V", true);
            show.bytes(AT * 2, From::Firmware, b"ER?\r\n", true);
            show.bytes(AT * 2, From::Modem, b"\r\n+VER:V1\r\n\r\nOK\r\n", true);
            show.remark(AT * 2, "modem: left command mode");
            show.bytes(AT * 3, From::Firmware, b"user:secret", false);
        });
        assert_eq!(
            text,
            "    8.050 > +++\n    8.050 < a\n    8.050 > AT+VER?\n   16.100 < +VER:V1\n   \
             16.100 < OK\n   16.100 # modem: left command mode\n   \
             24.150 > 11 bytes of payload\n"
        );
    }

    #[test]
    fn a_line_without_an_end_is_shown_before_its_answer() {
        let text = shown(|show| {
            show.bytes(AT, From::Firmware, b"AT+VER?", true);
            show.bytes(AT, From::Modem, b"\r\n+CME ERROR:58\r\n", true);
        });
        assert_eq!(text, "    8.050 > AT+VER?\n    8.050 < +CME ERROR:58\n");
    }
}
