//! Checks that one field can fail.

use core::ops::RangeInclusive;

use heapless::{String, Vec};
use thiserror::Error;

/// A field of the settings holds what the device cannot use. The value itself is never shown: it
/// may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FieldError {
    /// Longer than the device can hold.
    #[error("settings field {field} takes {size} bytes, the limit is {limit}: shorten it")]
    TooLong {
        /// Name as in [`Settings`](crate::Settings), for example `broker.host`.
        field: &'static str,
        /// Size of the value, in bytes.
        size: usize,
        /// Largest size, in bytes.
        limit: usize,
    },
    /// Empty where a value is needed.
    #[error("settings field {field} is empty: give it a value")]
    Empty {
        /// Name of the field.
        field: &'static str,
    },
    /// A character that cannot be sent where the field goes.
    #[error("settings field {field} holds a character it must not, at byte {position}: {rule}")]
    Character {
        /// Name of the field.
        field: &'static str,
        /// Offset of the character in the value, in bytes.
        position: usize,
        /// What the field may hold.
        rule: &'static str,
    },
    /// A number outside its range.
    #[error("settings field {field} is {value}, it must lie between {min} and {max}")]
    OutOfRange {
        /// Name of the field.
        field: &'static str,
        /// The value.
        value: u32,
        /// Smallest value.
        min: u32,
        /// Largest value.
        max: u32,
    },
    /// Only one half of a pair was given.
    #[error("settings field {field} is missing: {other} was given, they go together")]
    Incomplete {
        /// Name of the missing field.
        field: &'static str,
        /// Name of the field that was given.
        other: &'static str,
    },
}

/// Which characters a text may hold, in words for the error and as a test.
#[derive(Clone, Copy)]
pub(crate) struct Charset {
    rule: &'static str,
    allows: fn(char) -> bool,
}

/// What goes into an AT command as one of several fields: a comma or a line end would become
/// another field or another command.
pub(crate) const AT_FIELD: Charset = Charset {
    rule: "printable ASCII without comma, quote or space",
    allows: |c| c.is_ascii_graphic() && c != ',' && c != '"',
};

/// What goes into MQTT and TLS: any printable text.
pub(crate) const TEXT: Charset = Charset {
    rule: "no control characters",
    allows: |c| !c.is_control(),
};

/// Topic to publish to: wildcards are for subscriptions (MQTT 5, 4.7.1).
pub(crate) const TOPIC: Charset = Charset {
    rule: "no control characters, no wildcard + or #",
    allows: |c| !c.is_control() && c != '+' && c != '#',
};

/// Host part of a URL or a certificate name.
pub(crate) const NAME: Charset = Charset {
    rule: "letters, digits, dot, hyphen, underscore or colon",
    allows: |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'),
};

/// Phone number in the form the modem takes.
pub(crate) const DIGITS: Charset = Charset {
    rule: "digits only, country code first",
    allows: |c| c.is_ascii_digit(),
};

pub(crate) fn check(field: &'static str, value: &str, charset: Charset) -> Result<(), FieldError> {
    match value.char_indices().find(|(_, c)| !(charset.allows)(*c)) {
        None => Ok(()),
        Some((position, _)) => Err(FieldError::Character {
            field,
            position,
            rule: charset.rule,
        }),
    }
}

pub(crate) const fn filled(field: &'static str, size: usize) -> Result<(), FieldError> {
    if size == 0 {
        Err(FieldError::Empty { field })
    } else {
        Ok(())
    }
}

pub(crate) fn range(
    field: &'static str,
    value: u32,
    range: RangeInclusive<u32>,
) -> Result<(), FieldError> {
    let (min, max) = range.into_inner();
    if (min..=max).contains(&value) {
        Ok(())
    } else {
        Err(FieldError::OutOfRange {
            field,
            value,
            min,
            max,
        })
    }
}

pub(crate) fn text<const N: usize>(
    field: &'static str,
    value: &str,
) -> Result<String<N>, FieldError> {
    String::try_from(value).map_err(|_| FieldError::TooLong {
        field,
        size: value.len(),
        limit: N,
    })
}

pub(crate) fn bytes<const N: usize>(
    field: &'static str,
    value: &[u8],
) -> Result<Vec<u8, N>, FieldError> {
    Vec::from_slice(value).map_err(|_| FieldError::TooLong {
        field,
        size: value.len(),
        limit: N,
    })
}
