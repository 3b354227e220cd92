//! From the bytes of a defmt log to records.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use defmt_decoder::{DecodeError, Locations, Table};

use super::error::BoardError;
use super::image::Image;
use super::log_count::LogCount;

/// Bytes that may wait for the end of their frame. Frames hold one message each; more than this
/// is no log.
const FRAME_LIMIT: usize = 64 * 1024;

/// Module of the remarks that the reader of a log makes in it.
const READER: &str = "harness::log";

/// One record of the device's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRecord {
    /// The device's own clock, from its start, where the program logs it in seconds.
    pub time: Option<Duration>,
    /// Its number since the device's start, where the program counts its records: they are behind
    /// the time, ` #17`.
    pub number: Option<u32>,
    /// Records that were lost before this one, which is then a remark of the reader's: its text says
    /// the same.
    pub lost: u32,
    /// Upper case: `ERROR`, `WARN`, `INFO`, `DEBUG`, `TRACE`; `PRINT` for what has no level.
    pub level: &'static str,
    /// The text.
    pub text: String,
    /// Path of the module, for example `firmware_app::modem`.
    pub module: Option<String>,
    /// Source file and line.
    pub place: Option<(String, u64)>,
}

impl DeviceRecord {
    /// Whether the panic handler wrote it. What follows is a reset, or a breakpoint.
    pub fn is_panic(&self) -> bool {
        let module = self.module.as_deref().unwrap_or_default();
        // The place may be told down to the function.
        self.level == "ERROR" && module.split("::").any(|part| part == "panic")
    }
}

impl DeviceRecord {
    /// What the reader has to say of the log itself.
    fn remark(text: String, lost: u32) -> Self {
        Self {
            time: None,
            number: None,
            lost,
            level: "WARN",
            text,
            module: Some(READER.to_owned()),
            place: None,
        }
    }
}

impl fmt::Display for DeviceRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(time) = self.time {
            write!(f, "{:>5}.{:06} ", time.as_secs(), time.subsec_micros())?;
        }
        f.write_str(&self.line())
    }
}

impl DeviceRecord {
    /// Level, text, and where in the source: everything but the time.
    pub fn line(&self) -> String {
        let mut line = format!("{:<5} {}", self.level, self.text);
        // Writing to a string cannot fail.
        let _ = self.write_place(&mut line);
        line
    }

    fn write_place(&self, f: &mut impl fmt::Write) -> fmt::Result {
        match (&self.module, &self.place) {
            (Some(module), Some((file, line))) => write!(f, "  ({module}, {file}:{line})"),
            (None, Some((file, line))) => write!(f, "  ({file}:{line})"),
            (Some(module), None) => write!(f, "  ({module})"),
            (None, None) => Ok(()),
        }
    }
}

/// The format strings of one program, and where in its source they stand.
pub struct LogDecoder {
    table: Table,
    locations: Locations,
}

impl fmt::Debug for LogDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogDecoder")
            .field("locations", &self.locations.len())
            .finish_non_exhaustive()
    }
}

impl LogDecoder {
    /// Reads the tables of `image`; nothing when it has none.
    ///
    /// # Errors
    /// [`BoardError::LogFormat`].
    pub fn new(image: &Image) -> Result<Option<Self>, BoardError> {
        let failed = |error: &dyn fmt::Display| BoardError::LogFormat {
            path: image.path().to_owned(),
            reason: error.to_string(),
        };
        let table = Table::parse(image.bytes()).map_err(|error| failed(&error))?;
        let Some(table) = table else { return Ok(None) };
        // Stripped programs have none: their records come without places.
        let locations = table.get_locations(image.bytes()).unwrap_or_default();
        Ok(Some(Self { table, locations }))
    }

    /// Module path and line of the log statement with the format string `index`.
    pub fn place(&self, index: u64) -> Option<(&str, u64)> {
        let location = self.locations.get(&index)?;
        Some((&location.module, location.line))
    }

    /// Decodes one frame, without the zero that ends it. Nothing for a damaged one.
    fn frame(&self, frame: &[u8]) -> Option<DeviceRecord> {
        let mut stream = self.table.new_stream_decoder();
        stream.received(frame);
        stream.received(&[0]);
        match stream.decode() {
            Ok(frame) => {
                let location = self.locations.get(&frame.index());
                let stamp = frame.display_timestamp().map(|stamp| stamp.to_string());
                let (time, number) = stamp.as_deref().map_or((None, None), stamped);
                Some(DeviceRecord {
                    time,
                    number,
                    lost: 0,
                    level: level(&frame),
                    text: frame.display_message().to_string(),
                    module: location.map(|location| named(&location.module)),
                    place: location.map(|location| (shortened(&location.file), location.line)),
                })
            }
            Err(DecodeError::UnexpectedEof) => None,
            Err(DecodeError::Malformed) => None,
        }
    }
}

/// The bytes of one device's log, cut into frames.
#[derive(Debug, Default)]
pub struct LogStream {
    waiting: Vec<u8>,
    count: LogCount,
}

impl LogStream {
    /// Takes bytes as they come and returns the records they complete. Frames end with a zero
    /// (defmt's rzCOBS encoding), so that a damaged one does not damage the next.
    pub fn receive(&mut self, decoder: &LogDecoder, bytes: &[u8]) -> Vec<DeviceRecord> {
        self.waiting.extend_from_slice(bytes);
        let mut records = Vec::new();
        let mut start = 0;
        while let Some(length) = self.waiting[start..].iter().position(|byte| *byte == 0) {
            let end = start + length;
            if length > 0 {
                let frame = decoder.frame(&self.waiting[start..end]);
                self.take(frame, length, &mut records);
            }
            start = end + 1;
        }
        self.waiting.drain(..start);
        if self.waiting.len() > FRAME_LIMIT {
            self.waiting.clear();
        }
        records
    }

    fn take(
        &mut self,
        frame: Option<DeviceRecord>,
        length: usize,
        records: &mut Vec<DeviceRecord>,
    ) {
        let known = match frame {
            Some(record) => self
                .count
                .next(record.number, record.time)
                .map(|gap| (record, gap)),
            None => None,
        };
        let Some((record, gap)) = known else {
            let text = format!("(a damaged log frame of {length} bytes)");
            let lost = self.count.damaged();
            records.push(DeviceRecord::remark(text, lost));
            return;
        };
        if gap > 0 {
            let frames = if gap == 1 { "frame" } else { "frames" };
            records.push(DeviceRecord::remark(
                format!("{gap} log {frames} lost"),
                gap,
            ));
        }
        records.push(record);
    }

    /// Forgets a frame that will never end: the device started anew.
    pub fn restart(&mut self) {
        self.waiting.clear();
        self.count = LogCount::default();
    }
}

fn level(frame: &defmt_decoder::Frame<'_>) -> &'static str {
    // The level's type is not exported; its words are.
    match frame.level().map(|level| level.as_str()) {
        Some("error") => "ERROR",
        Some("warn") => "WARN",
        Some("info") => "INFO",
        Some("debug") => "DEBUG",
        Some("trace") => "TRACE",
        _ => "PRINT",
    }
}

/// A path without what has no name in the source: `{impl#0}`, `{async_fn#0}`.
fn named(path: &str) -> String {
    let parts: Vec<&str> = path
        .split("::")
        .filter(|part| !part.starts_with('{'))
        .collect();
    parts.join("::")
}

/// `12.345678 #17`, or the time alone.
fn stamped(text: &str) -> (Option<Duration>, Option<u32>) {
    match text.split_once('#') {
        Some((time, number)) => (seconds(time), number.trim().parse().ok()),
        None => (seconds(text), None),
    }
}

/// `12.345678`, as defmt writes `{=u64:us}`.
fn seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.trim().split_once('.')?;
    let nanos = format!("{fraction:0<9}");
    let nanos = nanos.get(..9).filter(|_| fraction.len() <= 9)?;
    Some(Duration::new(whole.parse().ok()?, nanos.parse().ok()?))
}

/// Without the folders in front of the crate: they differ from machine to machine.
pub(super) fn shortened(path: &Path) -> String {
    let text = path.to_string_lossy();
    if let Some((_, tail)) = text.rsplit_once("/.cargo/registry/src/") {
        // Behind the registry's own folder.
        return tail
            .split_once('/')
            .map_or(tail, |(_, tail)| tail)
            .to_owned();
    }
    if let Some((_, tail)) = text.rsplit_once("/rustlib/src/rust/library/") {
        return tail.to_owned();
    }
    let ours = text.rsplit_once("/firmware/");
    ours.map_or_else(|| text.to_string(), |(_, tail)| format!("firmware/{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_time_is_read() {
        assert_eq!(seconds("1.000250"), Some(Duration::from_micros(1_000_250)));
        assert_eq!(seconds("12.5"), Some(Duration::from_millis(12_500)));
        assert_eq!(seconds("<time>"), None);
        assert_eq!(seconds("1:00:00.1"), None);
        let both = (Some(Duration::from_millis(12_500)), Some(17));
        assert_eq!(stamped("12.5 #17"), both);
        assert_eq!(stamped("12.5"), (both.0, None));
        assert_eq!(
            named("app::modem::{impl#0}::run::{async_fn#0}"),
            "app::modem::run"
        );
    }

    #[test]
    fn a_record_reads_like_a_line() {
        let mut record = DeviceRecord {
            time: Some(Duration::from_micros(1_250)),
            number: Some(0),
            lost: 0,
            level: "INFO",
            text: "boot".to_owned(),
            module: Some("firmware_esp32".to_owned()),
            place: Some(("firmware/esp32/src/main.rs".to_owned(), 40)),
        };
        insta::assert_snapshot!(record, @"    0.001250 INFO  boot  (firmware_esp32, firmware/esp32/src/main.rs:40)");
        record.module = None;
        record.place = None;
        record.time = None;
        insta::assert_snapshot!(record, @"INFO  boot");
    }

    #[test]
    fn paths_lose_what_is_the_machines() {
        assert_eq!(
            shortened(Path::new("/home/me/p/firmware/app/src/lib.rs")),
            "firmware/app/src/lib.rs"
        );
        assert_eq!(
            shortened(Path::new(
                "/r/.cargo/registry/src/index-1/esp-hal-1.2.2/src/lib.rs"
            )),
            "esp-hal-1.2.2/src/lib.rs"
        );
        assert_eq!(shortened(Path::new("src/main.rs")), "src/main.rs");
    }
}
