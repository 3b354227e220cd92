//! Values that must not reach a log.

use core::fmt;

use heapless::Vec;
use serde::{Deserialize, Serialize};

/// A value that `Debug` never shows: a password, a private key, a phone number.
///
/// There is no `Display`; the only way to the value is [`Secret::expose`], which is easy to find
/// in a review.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps `value`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. The caller keeps it out of logs, errors and transcripts.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<hidden>")
    }
}

/// DER bytes of a certificate or of a key, at most `N` of them. `Debug` shows the size only.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Der<const N: usize>(Vec<u8, N>);

impl<const N: usize> Der<N> {
    pub(crate) const fn new(bytes: Vec<u8, N>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl<const N: usize> fmt::Debug for Der<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<DER, {} bytes>", self.0.len())
    }
}
