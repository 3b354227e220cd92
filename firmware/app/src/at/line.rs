//! What one line of the modem means.

use super::AtError;
use super::texts::Texts;

/// Something the modem said. Texts hold printable ASCII only; any other byte is shown as `?`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The modem repeats what it was sent: a command, `+++`, or only the password before one.
    Echo(&'a str),
    /// `+NAME:fields` or `+NAME: fields`, without the space.
    Value {
        /// Name of the command, without the plus sign.
        name: &'a str,
        /// Everything behind the colon; see [`values::fields`](super::values::fields).
        fields: &'a str,
    },
    /// Final reply: done.
    Ok,
    /// Final reply: not done.
    Error(AtError),
    /// Text that belongs to no command.
    Unsolicited(Unsolicited<'a>),
    /// A line longer than the codec holds: its start. The rest of the line is dropped.
    Overlong(&'a str),
    /// The `a` that answers `+++` (MODEM.md 1.2, step 2).
    Attention,
    /// The `+ok` that ends the way into command mode (MODEM.md 1.2, step 4).
    Entered,
}

/// Text that belongs to no command (MODEM.md 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unsolicited<'a> {
    /// The modem has just started.
    Banner(&'a str),
    /// `Net Reg Fail`: no registration; the modem restarts about five minutes later.
    RegistrationFailed,
    /// `No Sim.Reboot`: no SIM card, or one locked by a PIN; the modem restarts.
    NoSim,
    /// The factory heartbeat `www.usr.cn`, echoed by a server or copied to the UART.
    Heartbeat,
    /// Anything else.
    Text(&'a str),
}

/// Names the events of one complete line. `line` has no line end.
pub(crate) fn classify<'a>(
    line: &'a str,
    texts: &Texts,
    password: &str,
    sink: &mut impl FnMut(Event<'a>),
) {
    let mut rest = line.trim();
    if let Some(banner) = cut_by_banner(rest, texts, Ended::ByLineEnd) {
        return sink(Event::Unsolicited(Unsolicited::Banner(banner)));
    }
    while !rest.is_empty() {
        if let Some(event) = reply(rest) {
            return sink(event);
        }
        let echo = find_command(rest).unwrap_or(rest.len());
        let (front, command) = rest.split_at(echo);
        if front.is_empty() || front == password {
            return sink(Event::Echo(rest));
        }
        // In front of an echo, or in a line of its own, any text may stand. What follows a known
        // text is looked at afresh, because such a text has no line end of its own.
        if let Some((before, known, after)) = texts.find(front) {
            text(before, sink);
            sink(Event::Unsolicited(known));
            rest = rest[echo - after.len()..].trim_start();
        } else {
            text(front, sink);
            rest = command;
        }
    }
}

/// Whether the start of a line shows that known texts in it are part of a value or of a command,
/// for example of a host name.
pub(crate) fn is_structured(start: &str) -> bool {
    is_value(start) || find_command(start).is_some()
}

/// How a line came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// By CR or LF.
    ByLineEnd,
    /// Not at all: the modem fell silent.
    Not,
}

/// The banner that `line`, a reply or an echo, ends in: the modem restarted in the middle of it.
///
/// A banner may also be meant, as in `+STMSG:WH-LTE-7S1-E`. Such a value has its line end at once;
/// so without one only a line about `STMSG` is left alone, and with one every banner that does not
/// stand right behind a letter or a digit.
pub(crate) fn cut_by_banner<'a>(line: &'a str, texts: &Texts, ended: Ended) -> Option<&'a str> {
    if !is_structured(line) {
        return None;
    }
    let (before, banner) = texts.trailing_banner(line)?;
    let cut = match ended {
        Ended::ByLineEnd => before.ends_with(|c: char| c.is_ascii_alphanumeric()),
        Ended::Not => !before.contains("STMSG"),
    };
    cut.then_some(banner)
}

/// A reply that takes the whole line.
fn reply(line: &str) -> Option<Event<'_>> {
    if line.eq_ignore_ascii_case("OK") {
        return Some(Event::Ok);
    }
    if line.eq_ignore_ascii_case("ERROR") {
        return Some(Event::Error(AtError::Plain));
    }
    // `a` and `+ok` in one piece when the host answered `a` without waiting (MODEM.md 1.2).
    if matches!(line, "+ok" | "a+ok" | "+++a+ok") {
        return Some(Event::Entered);
    }
    let body = line.strip_prefix('+')?;
    if !is_value(line) {
        return Some(Event::Echo(line));
    }
    if let Some(code) = body.strip_prefix("CME ERROR:") {
        return Some(Event::Error(AtError::from_cme(code)));
    }
    if let Some(code) = body.strip_prefix("CMS ERROR:") {
        return Some(Event::Error(AtError::from_cms(code)));
    }
    let (name, fields) = body.split_once(':')?;
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name.then(|| Event::Value {
        name,
        fields: fields.trim_start(),
    })
}

/// Whether `line` starts like `+NAME` and not like an echoed `+++`.
fn is_value(line: &str) -> bool {
    line.starts_with('+') && !matches!(line.trim_start_matches('+'), "" | "a")
}

/// Where in `line` an echoed command starts.
fn find_command(line: &str) -> Option<usize> {
    const PREFIX: &[u8] = b"AT+";
    let bytes = line.as_bytes();
    // Short forms without a plus sign (`AT`, `ATE0`) count only if they are the whole line.
    if matches!(
        bytes,
        [b'A' | b'a', b'T' | b't'] | [b'A' | b'a', b'T' | b't', _, _]
    ) {
        return Some(0);
    }
    bytes
        .windows(PREFIX.len())
        .position(|window| window.eq_ignore_ascii_case(PREFIX))
}

fn text<'a>(text: &'a str, sink: &mut impl FnMut(Event<'a>)) {
    let text = text.trim();
    if !text.is_empty() {
        sink(Event::Unsolicited(Unsolicited::Text(text)));
    }
}
