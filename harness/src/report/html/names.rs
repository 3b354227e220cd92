//! Names that are safe where they stand, and words for times and counts.

use std::collections::HashSet;
use std::time::Duration;

use crate::report::text::Seconds;

/// Hands out fragment identifiers, each once.
#[derive(Debug, Default)]
pub(super) struct Anchors(HashSet<String>);

impl Anchors {
    /// An identifier made of `name`: letters, digits, `-` and `_`.
    pub(super) fn of(&mut self, name: &str) -> String {
        let plain: String = name
            .chars()
            .map(|letter| match letter {
                letter if letter.is_ascii_alphanumeric() || letter == '_' => letter,
                _ => '-',
            })
            .collect();
        // A letter first, so that it never meets an identifier of the page's own.
        let base = format!("s-{plain}");
        let mut anchor = base.clone();
        let mut number = 1;
        while !self.0.insert(anchor.clone()) {
            number += 1;
            anchor = format!("{base}-{number}");
        }
        anchor
    }
}

/// The first line of a reason.
pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// The first letters of a commit's identifier.
pub(super) fn short_commit(id: &str) -> String {
    id.chars().take(10).collect()
}

/// `2026-01-15 10:00 UTC` of an RFC 3339 time; what is none as it is.
pub(super) fn moment(rfc3339: &str) -> String {
    match (rfc3339.get(..10), rfc3339.get(11..16)) {
        (Some(day), Some(time)) if rfc3339.is_ascii() && rfc3339.ends_with('Z') => {
            format!("{day} {time} UTC")
        }
        _ => rfc3339.to_owned(),
    }
}

/// Milliseconds as people read them.
pub(super) fn millis(millis: u64) -> String {
    Seconds(Duration::from_millis(millis)).to_string()
}

/// Nanoseconds as people read them.
pub(super) fn nanos(nanos: u64) -> String {
    Seconds(Duration::from_nanos(nanos)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_harmless_and_differ() {
        let mut anchors = Anchors::default();
        assert_eq!(anchors.of("native::T01::x"), "s-native--T01--x");
        assert_eq!(anchors.of("native::T01::x"), "s-native--T01--x-2");
        assert_eq!(anchors.of("\"><script>é"), "s----script--");
    }

    #[test]
    fn times_are_for_people() {
        assert_eq!(moment("2026-01-15T10:00:00Z"), "2026-01-15 10:00 UTC");
        assert_eq!(moment("yesterday"), "yesterday");
        assert_eq!(moment("é026-01-15T10:00:00Z"), "é026-01-15T10:00:00Z");
    }
}
