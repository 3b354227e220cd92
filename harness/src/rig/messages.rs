//! Received messages and device log as text.

use std::fmt::Write;
use std::time::Duration;

use firmware_native::lockstep::LogRecord;

use super::world::Delivered;
use crate::broker::{Published, Publisher};

/// A line a message: time, topic, how it was published, payload (text where it is UTF-8).
pub(super) fn render(messages: &[Delivered]) -> String {
    let mut text = String::new();
    for Delivered { at, message, .. } in messages {
        let payload = std::str::from_utf8(&message.payload).map_or_else(
            |_| format!("{} bytes: {}", message.payload.len(), message.payload.escape_ascii()),
            str::to_owned,
        );
        let how = message.published.as_ref().map_or_else(|| "unseen".to_owned(), published);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{} {} ({how}) {payload}", stamp(*at), message.topic);
    }
    text
}

fn published(published: &Published) -> String {
    let by = match &published.publisher {
        Publisher::Device(_) => "device",
        Publisher::Will(_) => "will",
        Publisher::Harness => "harness",
    };
    let retain = if published.retain { ", retain" } else { "" };
    let dup = if published.dup { ", dup" } else { "" };
    format!("{by}, qos {}{retain}{dup}", published.qos as u8)
}

/// A line a record: time, level, text.
pub(super) fn render_log(log: &[LogRecord]) -> String {
    let mut text = String::new();
    for record in log {
        let _ = writeln!(text, "{} {:<5} {}", stamp(record.at), record.level, record.text);
    }
    text
}

fn stamp(at: Duration) -> String {
    format!("{:>5}.{:03}", at.as_secs(), at.subsec_millis())
}
