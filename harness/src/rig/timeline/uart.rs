//! What was on the UART, and the bench's remarks beside it.

use std::time::Duration;

use super::collect::{Collector, ENCRYPTED, PLAIN};
use super::event::{Lane, Level, Side};
use crate::rig::transcript::Line;

/// How remarks begin that other sources tell better.
const TOLD_ELSEWHERE: &[&str] = &["modem:", "fault:"];

/// How remarks begin on what is done to the device and its wires.
const DONE: &[&str] = &["power:", "wire:", "peer:"];

/// Adds `lines`, in which a byte takes `byte_time`.
pub(super) fn collect(events: &mut Collector<'_>, lines: &[Line], byte_time: Duration) {
    for line in lines {
        match line.mark {
            '#' => remark(events, line),
            mark => said(events, line, mark == '>', byte_time),
        }
    }
}

fn said(events: &mut Collector<'_>, line: &Line, by_device: bool, byte_time: Duration) {
    let tls = line.text.starts_with("TLS ");
    let (lane, most) = match tls {
        // A hello is in plain, and tells much.
        true if line.text.contains("Hello") => (Lane::Tls, PLAIN),
        true => (Lane::Tls, ENCRYPTED),
        false => (Lane::At, PLAIN),
    };
    let bytes = events.bytes(&line.bytes, most, 0);
    let count = u32::try_from(line.bytes.len()).unwrap_or(u32::MAX);
    let end = line.at.saturating_add(byte_time.saturating_mul(count));
    let event = events.span(lane, (line.at, end), &line.text);
    event.bytes = bytes;
    event.from = Some(match by_device {
        true => Side::Device,
        false => Side::Modem,
    });
    let bad = ["+CME ERROR", "ERROR", "TLS alert"];
    if bad.iter().any(|start| line.text.starts_with(start)) || line.text.contains("cut short") {
        event.level = Level::Warn;
    }
}

fn remark(events: &mut Collector<'_>, line: &Line) {
    let begins = |starts: &[&str]| starts.iter().any(|start| line.text.starts_with(start));
    if begins(TOLD_ELSEWHERE) {
        return;
    }
    let (lane, level) = if begins(DONE) {
        (Lane::Fault, Level::Info)
    } else if begins(&["device: died", "device: hangs"]) {
        (Lane::Log, Level::Error)
    } else {
        (Lane::Log, Level::Warn)
    };
    events.instant(lane, line.at, &line.text).level = level;
}
