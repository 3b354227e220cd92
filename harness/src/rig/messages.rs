//! Received messages and device log as text: in full, and as the story that snapshots compare.

use std::fmt::Write;
use std::time::Duration;

use super::board::LogRecord;
use super::world::Delivered;
use crate::broker::{Published, Publisher};

/// A line a message: time, topic, how it was published, payload (text where it is UTF-8).
pub(super) fn render(messages: &[Delivered]) -> String {
    let mut text = String::new();
    for Delivered { at, message, .. } in messages {
        let payload = std::str::from_utf8(&message.payload).map_or_else(
            |_| {
                format!(
                    "{} bytes: {}",
                    message.payload.len(),
                    message.payload.escape_ascii()
                )
            },
            str::to_owned,
        );
        let how = message
            .published
            .as_ref()
            .map_or_else(|| "unseen".to_owned(), published);
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

/// The same without times; boot identifiers are numbered in the order in which they appear.
pub(super) fn story(messages: &[Delivered]) -> String {
    let mut boots = Vec::new();
    let mut text = String::new();
    for Delivered { message, .. } in messages {
        let payload = story_payload(&message.payload, &mut boots);
        let how = message
            .published
            .as_ref()
            .map_or_else(|| "unseen".to_owned(), published);
        let _ = writeln!(text, "{} ({how}) {payload}", message.topic);
    }
    text
}

/// The story of messages that [`render`] wrote, as [`story`] tells it; lines that are none stay.
pub fn messages_story(rendered: &str) -> String {
    let mut boots = Vec::new();
    let mut text = String::new();
    for line in rendered.lines() {
        let message = line.trim_start().split_once(' ').and_then(|(time, rest)| {
            time.parse::<f64>().ok()?;
            rest.split_once(") ")
        });
        // Writing to a string cannot fail.
        let _ = match message {
            Some((how, payload)) => {
                let payload = match payload.starts_with('{') {
                    true => story_payload(payload.as_bytes(), &mut boots),
                    false => payload.to_owned(),
                };
                writeln!(text, "{how}) {payload}")
            }
            None => writeln!(text, "{line}"),
        };
    }
    text
}

fn story_payload(payload: &[u8], boots: &mut Vec<u64>) -> String {
    let Ok(serde_json::Value::Object(mut object)) = serde_json::from_slice(payload) else {
        return payload.escape_ascii().to_string();
    };
    if let Some(boot) = object.get("boot").and_then(serde_json::Value::as_u64) {
        let number = boots
            .iter()
            .position(|known| *known == boot)
            .unwrap_or_else(|| {
                boots.push(boot);
                boots.len() - 1
            });
        object["boot"] = format!("<boot {}>", number + 1).into();
    }
    for (field, shown) in [
        ("uptime_ms", "<ms>"),
        ("time", "<time>"),
        ("temp_c", "<degrees>"),
    ] {
        if let Some(value) = object.get_mut(field).filter(|value| !value.is_null()) {
            *value = shown.into();
        }
    }
    serde_json::Value::Object(object).to_string()
}

/// The application's log without times.
pub(super) fn story_log(log: &[LogRecord]) -> String {
    let mut text = String::new();
    for record in log.iter().filter(|record| record.is_of_application()) {
        let _ = writeln!(text, "{:<5} {}", record.level, record.text);
    }
    text
}

/// A line a record: time, level, text, and where in the source.
pub(super) fn render_log(log: &[LogRecord]) -> String {
    let mut text = String::new();
    for record in log {
        let _ = writeln!(text, "{record}");
    }
    text
}

fn stamp(at: Duration) -> String {
    format!("{:>5}.{:03}", at.as_secs(), at.subsec_millis())
}
