//! Lines of a test's log.

use std::fmt;

use crate::board::DeviceRecord;

/// How a panic is told, by the standard library and by defmt.
const PANICKED: &str = "panicked at";
/// How embedded-test tells of a test that returned an error.
const RETURNED_ERROR: &str = "Test exited with Err";

/// Whether the last words of a test are those of embedded-test for an error it returned.
pub(super) fn is_error(words: &str) -> bool {
    words.starts_with(RETURNED_ERROR)
}

/// One line: of the device, or about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The bare message of the device; nothing for a remark about it.
    message: Option<String>,
    text: String,
}

impl Line {
    /// A remark of the bench.
    pub(super) fn remark(text: impl fmt::Display) -> Self {
        Self {
            message: None,
            text: format!("({text})"),
        }
    }

    /// What the device wrote elsewhere than to its log; `origin` is where.
    pub(super) fn output(origin: &str, text: &str) -> Self {
        Self {
            message: None,
            text: format!("{origin}: {text}"),
        }
    }

    /// The device's message.
    pub(super) fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The message, if it tells why a test ended badly.
    pub(super) fn last_words(&self) -> Option<&str> {
        let message = self.message()?;
        let told = message.contains(PANICKED) || is_error(message);
        told.then_some(message)
    }
}

impl From<DeviceRecord> for Line {
    fn from(record: DeviceRecord) -> Self {
        Self {
            text: record.to_string(),
            message: Some(record.text),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}
