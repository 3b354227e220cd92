//! Collects the application's log records for the next response.

use std::cell::RefCell;

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::lockstep::LogRecord;
use crate::time_driver;

thread_local! {
    static RECORDS: RefCell<Vec<LogRecord>> = const { RefCell::new(Vec::new()) };
}

struct Collector;

impl Log for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // The device's own words only: its libraries would make the log depend on their versions.
        metadata.target().starts_with("firmware_app") && metadata.level() <= Level::Debug
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let record = LogRecord {
                at: time_driver::now(),
                level: record.level().to_string(),
                text: record.args().to_string(),
            };
            RECORDS.with_borrow_mut(|records| records.push(record));
        }
    }

    fn flush(&self) {}
}

/// Makes this process collect. A second call, or another logger, is left in place.
pub(crate) fn install() {
    static COLLECTOR: Collector = Collector;
    if log::set_logger(&COLLECTOR).is_ok() {
        log::set_max_level(LevelFilter::Debug);
    }
}

/// Whether there are records since the last call of [`take`].
pub(crate) fn has_records() -> bool {
    RECORDS.with_borrow(|records| !records.is_empty())
}

/// Records since the last call, in order.
pub(crate) fn take() -> Vec<LogRecord> {
    RECORDS.take()
}
