//! What the device said.

use super::collect::Collector;
use super::event::{Lane, Level};
use crate::rig::LogRecord;

/// Adds `log`.
pub(super) fn collect(events: &mut Collector<'_>, log: &[LogRecord]) {
    for record in log {
        let place = match (&record.module, &record.place) {
            (Some(module), Some((file, line))) => format!("{module}, {file}:{line}"),
            (Some(module), None) => module.clone(),
            (None, Some((file, line))) => format!("{file}:{line}"),
            (None, None) => String::new(),
        };
        // A message of several lines is shown by its first.
        let title = record.text.lines().next().unwrap_or_default();
        let details = match title.len() == record.text.len() {
            true => place,
            false => format!("{}\n{place}", record.text),
        };
        let details = events.details(&details);
        let event = events.instant(Lane::Log, record.at, title);
        event.details = details;
        event.level = match record.level.as_str() {
            "ERROR" => Level::Error,
            "WARN" => Level::Warn,
            "INFO" => Level::Info,
            _ => Level::Debug,
        };
    }
}
