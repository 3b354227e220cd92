//! A transcript without what varies from board to board and from seed to seed.
//!
//! Snapshots compare this form, so that a native, a virtual and a real board share one snapshot.
//! Left out: times, the number of times a question was repeated until its answer changed, remarks
//! whose place among the lines is a matter of timing, and how encrypted data was cut into records.

use super::render::Line;

/// Remarks that stand where they stand because of what was said on the line.
const TOLD: &[&str] = &[
    "device:",
    "terminal:",
    "power:",
    "wire:",
    "modem: flash written",
    "modem: restart",
    "modem: heartbeat",
    "modem: registration packet",
    "modem: text message",
];

/// Records whose number and size depend on timing and payload.
const ENCRYPTED: &[&str] = &["TLS application data", "TLS change cipher spec"];

/// The story that `lines` tell, a line each.
pub(super) fn story(lines: &[Line]) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    let mut powering_up = false;
    for line in lines {
        if powering_up && line.mark == '<' && is_noise(&line.text) {
            continue;
        }
        // A fault that begins with the power says so in between.
        powering_up = line.mark == '#'
            && (line.text == "modem: restart: power-up"
                || (powering_up && line.text.starts_with("fault:")));
        if line.mark == '#' && !TOLD.iter().any(|start| line.text.starts_with(start)) {
            continue;
        }
        if ENCRYPTED.iter().any(|start| line.text.starts_with(start)) {
            told.push("= TLS data".to_owned());
        } else {
            told.push(format!("{} {}", line.mark, hide_clock(&line.text)));
        }
    }
    told.dedup_by(|later, earlier| later == "= TLS data" && later == earlier);
    without_repetitions(&told)
}

/// The supply coming up gives up to four bytes of noise (MODEM.md 7), escaped here.
fn is_noise(text: &str) -> bool {
    let mut bytes = 0;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let escape = match rest.as_bytes() {
            [b'\\', b'x', ..] => 4,
            [b'\\', ..] => 2,
            _ => first.len_utf8(),
        };
        rest = rest.get(escape..).unwrap_or_default();
        bytes += 1;
    }
    bytes <= 4
}

fn hide_clock(text: &str) -> &str {
    if text.starts_with("+CCLK:") {
        "+CCLK: <time>"
    } else {
        text
    }
}

/// Drops every exchange (a line of the device and what follows it) that repeats the one before.
fn without_repetitions(lines: &[String]) -> Vec<String> {
    let mut kept: Vec<&[String]> = Vec::new();
    let starts = (0..lines.len()).filter(|at| *at == 0 || lines[*at].starts_with('>'));
    let starts: Vec<_> = starts.collect();
    for (index, start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(lines.len());
        let exchange = &lines[*start..end];
        if kept.last() != Some(&exchange) {
            kept.push(exchange);
        }
    }
    kept.concat()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{From, Redactions, Transcript};

    fn story(events: &[(u64, From, &[u8])]) -> String {
        let mut transcript = Transcript::new(Duration::from_nanos(86_805), Redactions::default());
        for (millis, from, bytes) in events {
            transcript.bytes(Duration::from_millis(*millis), *from, bytes);
        }
        transcript.remark(Duration::ZERO, "modem: restart: power-up");
        transcript.remark(
            Duration::from_millis(20),
            "modem: packet of 3 bytes, by gap",
        );
        transcript.story()
    }

    #[test]
    fn polling_is_told_once_and_a_changed_answer_again() {
        let answer = |text: &str| format!("\r\n+SOCKALK:{text}\r\n\r\nOK\r\n").into_bytes();
        let (down, up) = (answer("Disconnected"), answer("Connected"));
        let text = story(&[
            (100, From::Device, b"a"),
            (150, From::Modem, b"+ok\r\n"),
            (1_000, From::Device, b"AT+SOCKALK?\r\n"),
            (1_030, From::Modem, &down),
            (2_000, From::Device, b"AT+SOCKALK?\r\n"),
            (2_030, From::Modem, &down),
            (3_000, From::Device, b"AT+SOCKALK?\r\n"),
            (3_030, From::Modem, &up),
        ]);
        insta::assert_snapshot!(text, @r"
        # modem: restart: power-up
        > a
        < +ok
        > AT+SOCKALK?
        < +SOCKALK:Disconnected
        < OK
        > AT+SOCKALK?
        < +SOCKALK:Connected
        < OK
        ");
    }

    #[test]
    fn noise_at_power_up_and_the_cut_of_records_do_not_matter() {
        let record: &[u8] = &[23, 3, 3, 0, 1, 0];
        let text = story(&[
            (10, From::Modem, b"0_\xff\\"),
            (7_000, From::Modem, b"WH-LTE-7S1-E"),
            (8_000, From::Device, record),
            (8_100, From::Modem, record),
            (8_200, From::Device, record),
        ]);
        insta::assert_snapshot!(text, @r"
        # modem: restart: power-up
        < WH-LTE-7S1-E
        = TLS data
        ");
    }
}
