//! From the bytes of a defmt log to records.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use defmt_decoder::{DecodeError, Locations, Table};

use super::error::BoardError;
use super::image::Image;

/// Bytes that may wait for the end of their frame. Frames hold one message each; more than this
/// is no log.
const FRAME_LIMIT: usize = 64 * 1024;

/// One record of the device's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRecord {
    /// The device's own clock, from its start, where the program logs it in seconds.
    pub time: Option<Duration>,
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

impl fmt::Display for DeviceRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(time) = self.time {
            write!(f, "{:>5}.{:06} ", time.as_secs(), time.subsec_micros())?;
        }
        write!(f, "{:<5} {}", self.level, self.text)?;
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

    /// Decodes one frame, without the zero that ends it. Nothing for an empty one.
    fn frame(&self, frame: &[u8]) -> Option<DeviceRecord> {
        let mut stream = self.table.new_stream_decoder();
        stream.received(frame);
        stream.received(&[0]);
        match stream.decode() {
            Ok(frame) => {
                let location = self.locations.get(&frame.index());
                let time = frame
                    .display_timestamp()
                    .and_then(|time| seconds(&time.to_string()));
                Some(DeviceRecord {
                    time,
                    level: level(&frame),
                    text: frame.display_message().to_string(),
                    module: location.map(|location| location.module.clone()),
                    place: location.map(|location| (shortened(&location.file), location.line)),
                })
            }
            Err(DecodeError::UnexpectedEof) => None,
            Err(DecodeError::Malformed) => Some(DeviceRecord {
                time: None,
                level: "WARN",
                text: format!("(a damaged log frame of {} bytes)", frame.len()),
                module: None,
                place: None,
            }),
        }
    }
}

/// The bytes of one device's log, cut into frames.
#[derive(Debug, Default)]
pub struct LogStream {
    waiting: Vec<u8>,
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
                records.extend(decoder.frame(&self.waiting[start..end]));
            }
            start = end + 1;
        }
        self.waiting.drain(..start);
        if self.waiting.len() > FRAME_LIMIT {
            self.waiting.clear();
        }
        records
    }

    /// Forgets a frame that will never end: the device started anew.
    pub fn restart(&mut self) {
        self.waiting.clear();
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
    }

    #[test]
    fn a_record_reads_like_a_line() {
        let mut record = DeviceRecord {
            time: Some(Duration::from_micros(1_250)),
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
