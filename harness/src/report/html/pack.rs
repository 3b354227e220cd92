//! A timeline as the page carries it: small, and bounded.
//!
//! Events are arrays instead of objects, strings stand in a table, times are microseconds. What
//! reads it is `templates/report/script/data.js`.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::rig::timeline::{Event, Excerpt, Lane, Level, Side, Timeline};

/// Bytes of JSON for an attempt that did not pass.
pub(super) const FAILED: usize = 512 * 1024;
/// Bytes of JSON for an attempt that passed: there are many, and few are looked at.
pub(super) const PASSED: usize = 24 * 1024;

/// The bytes are the title.
const SAME: u8 = 1;
/// The bytes are the title and a line end.
const SAME_LINE: u8 = 2;

/// How much of the events is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    All,
    /// No bytes of what is encrypted, nor of what only says that something arrived.
    Plain,
    /// No bytes, no details.
    Titles,
}

/// The JSON of `timeline`, safe in a script element, of about `most` bytes at most; `file` is where
/// the whole of it is.
pub(super) fn pack(timeline: &Timeline, most: usize, file: &str) -> String {
    let mut text = String::new();
    for keep in [Keep::All, Keep::Plain, Keep::Titles] {
        text = with(timeline, &timeline.events, keep, timeline.left_out, file);
        if text.len() <= most {
            return text;
        }
    }
    // The beginning and the end tell most.
    let mut share = timeline.events.len();
    while text.len() > most && share > 16 {
        let fits = share.saturating_mul(most) / text.len().max(1);
        share = fits.min(share * 9 / 10).max(16);
        let (head, rest) = timeline.events.split_at(share / 2);
        let tail = &rest[rest.len() - (share - share / 2)..];
        let missing = timeline.events.len() - share;
        let events: Vec<Event> = head.iter().chain(tail).cloned().collect();
        let missing = timeline.left_out.saturating_add(missing as u64);
        text = with(timeline, &events, Keep::Titles, missing, file);
    }
    text
}

fn with(timeline: &Timeline, events: &[Event], keep: Keep, missing: u64, file: &str) -> String {
    let mut table = Table::default();
    let packed: Vec<Value> = events
        .iter()
        .map(|event| one(event, keep, &mut table))
        .collect();
    let mut notes = Vec::new();
    match keep {
        Keep::All => {}
        Keep::Plain => notes.push("Bytes of encrypted and routine events are left out".to_owned()),
        Keep::Titles => notes.push("Bytes and details are left out".to_owned()),
    }
    if missing > 0 {
        notes.push(format!("{missing} events in the middle are left out"));
    }
    let note = match notes.is_empty() {
        true => String::new(),
        false => format!(
            "{} to keep this page small: {file} has more.",
            notes.join(", and ")
        ),
    };
    let value = json!({
        "end": micros(timeline.end_ns),
        "note": note,
        "s": table.strings,
        "e": packed,
    });
    in_script(&value.to_string())
}

/// JSON cannot leave its script element without a `<`.
pub(super) fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
}

#[derive(Debug, Default)]
struct Table {
    strings: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Table {
    /// The number of `text`, from 1; 0 for nothing.
    fn number(&mut self, text: Option<&str>) -> usize {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return 0;
        };
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        self.strings.push(text.to_owned());
        self.numbers.insert(text.to_owned(), self.strings.len());
        self.strings.len()
    }
}

fn one(event: &Event, keep: Keep, table: &mut Table) -> Value {
    let lane = match event.lane {
        Lane::Fault => 0,
        Lane::At => 1,
        Lane::Modem => 2,
        Lane::Tls => 3,
        Lane::Mqtt => 4,
        Lane::Log => 5,
    };
    let level = match event.level {
        Level::Debug => 0,
        Level::Info => 1,
        Level::Warn => 2,
        Level::Error => 3,
    };
    let from = match event.from {
        None => 0,
        Some(Side::Device) => 1,
        Some(Side::Modem) => 2,
        Some(Side::Broker) => 3,
    };
    let start = micros(event.start_ns);
    let length = match event.end_ns {
        None => json!(-1),
        Some(end) => json!(micros(end).saturating_sub(start)),
    };
    let routine = event.lane == Lane::Tls || event.level == Level::Debug;
    let has_bytes = match keep {
        Keep::All => true,
        Keep::Plain => !routine,
        Keep::Titles => false,
    };
    let excerpt = event.bytes.as_ref();
    let (bytes, cut) = match excerpt.filter(|_| has_bytes) {
        Some(excerpt) => (bytes(event, excerpt), excerpt.left_out),
        None => (
            json!(0),
            excerpt.map_or(0, |excerpt| excerpt.hex.len() / 2 + excerpt.left_out),
        ),
    };
    let details = match keep {
        Keep::Titles => None,
        _ => event.details.as_deref(),
    };
    let mut fields = vec![
        json!(lane),
        json!(start),
        length,
        json!(level),
        json!(from),
        json!(table.number(Some(&event.title))),
        json!(table.number(event.track.as_deref())),
        json!(table.number(details)),
        bytes,
        json!(cut),
    ];
    while fields.last().is_some_and(|field| *field == json!(0)) {
        fields.pop();
    }
    Value::Array(fields)
}

fn bytes(event: &Event, excerpt: &Excerpt) -> Value {
    let bytes = from_hex(&excerpt.hex);
    if event.title.is_ascii() && excerpt.left_out == 0 {
        let title = event.title.as_bytes();
        if bytes == title {
            return json!(SAME);
        }
        if bytes.strip_suffix(b"\r\n") == Some(title) {
            return json!(SAME_LINE);
        }
    }
    json!(STANDARD.encode(bytes))
}

/// What is no hexadecimal digit ends it: the file may be anybody's.
fn from_hex(hex: &str) -> Vec<u8> {
    let digits = hex.chars().map_while(|digit| digit.to_digit(16));
    let digits: Vec<u8> = digits
        .filter_map(|digit| u8::try_from(digit).ok())
        .collect();
    let pairs = digits.chunks_exact(2);
    pairs.map(|pair| (pair[0] << 4) | pair[1]).collect()
}

const fn micros(nanos: u64) -> u64 {
    nanos / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(title: &str, hex: &str) -> Event {
        Event {
            lane: Lane::At,
            start_ns: 1_500_000,
            end_ns: Some(2_500_000),
            level: Level::Info,
            from: Some(Side::Device),
            title: title.to_owned(),
            track: None,
            details: None,
            bytes: Some(Excerpt {
                hex: hex.to_owned(),
                left_out: 0,
            }),
        }
    }

    fn timeline(events: Vec<Event>) -> Timeline {
        Timeline {
            end_ns: 3_000_000,
            events,
            ..Timeline::default()
        }
    }

    #[test]
    fn what_is_said_twice_is_carried_once() {
        let events = vec![
            event("AT", "41540d0a"),
            event("AT", "4154"),
            event("AT", "ff"),
        ];
        let text = pack(&timeline(events), FAILED, "timeline.json");
        let value: Value = serde_json::from_str(&text).unwrap();
        let expected = json!({
            "end": 3000, "note": "", "s": ["AT"],
            "e": [
                [1, 1500, 1000, 1, 1, 1, 0, 0, 2],
                [1, 1500, 1000, 1, 1, 1, 0, 0, 1],
                [1, 1500, 1000, 1, 1, 1, 0, 0, "/w=="],
            ],
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn it_is_bounded_and_says_what_is_missing() {
        let events: Vec<_> = (0..5000)
            .map(|number| event(&number.to_string(), "00ff"))
            .collect();
        for most in [4_000, 20_000, 120_000] {
            let text = pack(&timeline(events.clone()), most, "x/timeline.json");
            assert!(text.len() <= most, "{} of {most}", text.len());
            let value: Value = serde_json::from_str(&text).unwrap();
            let note = value["note"].as_str().unwrap();
            assert!(note.contains("left out"), "{note}");
            assert!(note.contains("x/timeline.json"), "{note}");
            let kept = value["e"].as_array().unwrap();
            assert!(kept.len() > most / 100, "{} of {most}", kept.len());
        }
    }

    #[test]
    fn it_cannot_leave_its_element() {
        let mut hostile = event("</script><script>alert(1)", "00");
        hostile.details = Some("<!--".to_owned());
        let text = pack(&timeline(vec![hostile]), FAILED, "</script>");
        assert!(!text.contains('<'), "{text}");
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["s"][0], "</script><script>alert(1)");
    }

    #[test]
    fn damaged_hex_is_cut_where_it_is_damaged() {
        assert_eq!(from_hex("00ff1"), [0, 255]);
        assert_eq!(from_hex("00zz11"), [0]);
    }
}
