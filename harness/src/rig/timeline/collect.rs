//! Takes events of all sources, without their secrets, and puts them in order.

use std::fmt::Write as _;
use std::time::Duration;

use super::event::{Event, Excerpt, Lane, Level, Timeline};
use crate::rig::transcript::Redactions;

/// Events that are kept: noise on a line makes no end of them.
const MOST: usize = 20_000;

/// Bytes that are kept of anything in plain.
pub(super) const PLAIN: usize = 1024;
/// Bytes that are kept of what is encrypted: nobody can read it.
pub(super) const ENCRYPTED: usize = 64;

/// Collects events.
#[derive(Debug)]
pub(super) struct Collector<'a> {
    redactions: &'a Redactions,
    end: Duration,
    events: Vec<Event>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(redactions: &'a Redactions, end: Duration) -> Self {
        Self {
            redactions,
            end,
            events: Vec::new(),
        }
    }

    /// The last instant.
    pub(super) fn end(&self) -> Duration {
        self.end
    }

    /// Something at an instant; the rest of it is set on what this returns. Titles are redacted
    /// here, details and bytes are to be given to [`details`](Self::details) and
    /// [`bytes`](Self::bytes) first.
    pub(super) fn instant(&mut self, lane: Lane, at: Duration, title: &str) -> &mut Event {
        self.events.push(Event {
            lane,
            start_ns: nanos(at),
            end_ns: None,
            level: Level::Info,
            from: None,
            title: self.redactions.apply(title),
            track: None,
            details: None,
            bytes: None,
        });
        let last = self.events.len() - 1;
        &mut self.events[last]
    }

    /// Something that lasted.
    pub(super) fn span(
        &mut self,
        lane: Lane,
        (from, to): (Duration, Duration),
        title: &str,
    ) -> &mut Event {
        let event = self.instant(lane, from, title);
        event.end_ns = Some(nanos(to.max(from)));
        event
    }

    /// `text` without secrets.
    pub(super) fn details(&self, text: &str) -> Option<String> {
        let text = self.redactions.apply(text.trim_end());
        (!text.is_empty()).then_some(text)
    }

    /// The first `most` of `bytes`, without secrets; `unseen` more are known to follow.
    pub(super) fn bytes(&self, bytes: &[u8], most: usize, unseen: usize) -> Option<Excerpt> {
        // What is cut first could leave a part of a secret.
        let bytes = self.redactions.apply_bytes(bytes);
        let (kept, rest) = bytes.split_at(bytes.len().min(most));
        let mut hex = String::with_capacity(kept.len() * 2);
        for byte in kept {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        let left_out = rest.len().saturating_add(unseen);
        (!kept.is_empty() || left_out > 0).then_some(Excerpt { hex, left_out })
    }

    /// The timeline: its beginning and its end when there is too much of it.
    pub(super) fn finish(self) -> Timeline {
        self.finish_with(MOST)
    }

    fn finish_with(mut self, most: usize) -> Timeline {
        self.events.sort_by_key(|event| {
            let length = event.end_ns.map_or(0, |end| end - event.start_ns);
            (event.start_ns, std::cmp::Reverse(length))
        });
        let left_out = self.events.len().saturating_sub(most);
        let from = (self.events.len() - left_out) / 2;
        self.events.drain(from..from + left_out);
        Timeline {
            end_ns: nanos(self.end),
            events: self.events,
            left_out: u64::try_from(left_out).unwrap_or(u64::MAX),
            ..Timeline::default()
        }
    }
}

/// More than five hundred years fit.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_before_anything_is_cut() {
        let redactions = Redactions::new(["tiger".to_owned()]);
        let mut collector = Collector::new(&redactions, Duration::from_secs(1));
        let bytes = collector.bytes(b"a tiger", 4, 2).unwrap();
        assert_eq!((bytes.hex.as_str(), bytes.left_out), ("61203c72", 10));
        assert_eq!(collector.details("the tiger\n").unwrap(), "the <redacted>");
        assert_eq!(collector.bytes(b"", 4, 0), None);
        let event = collector.instant(Lane::At, Duration::ZERO, "AT+APN=x,tiger");
        assert_eq!(event.title, "AT+APN=x,<redacted>");
    }

    #[test]
    fn events_are_in_order_and_the_middle_of_too_many_is_left_out() {
        let redactions = Redactions::default();
        let mut collector = Collector::new(&redactions, Duration::from_secs(9));
        for second in [5, 1, 4, 2, 3] {
            let at = Duration::from_secs(second);
            collector.instant(Lane::Log, at, &second.to_string());
        }
        let all = (Duration::from_secs(1), Duration::from_secs(9));
        collector.span(Lane::Modem, all, "span");
        let timeline = collector.finish_with(4);
        let titles: Vec<_> = timeline.events.iter().map(|event| &event.title).collect();
        assert_eq!(titles, ["span", "1", "4", "5"]);
        assert_eq!((timeline.left_out, timeline.end_ns), (2, 9_000_000_000));
    }
}
