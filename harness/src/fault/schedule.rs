//! When faults begin and end, for those that are events and for the transcript.

use std::collections::VecDeque;
use std::time::Duration;

use super::spec::Fault;

/// The beginning or the end of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Its window begins.
    Begin(Fault),
    /// Its window ends.
    End(Fault),
}

/// The moments to come, in order.
#[derive(Debug, Default)]
pub(crate) struct Schedule(VecDeque<(Duration, Moment)>);

impl Schedule {
    /// Adds the moments of `fault`. A window that has begun begins now.
    pub(crate) fn add(&mut self, fault: Fault) {
        self.insert(fault.window.from, Moment::Begin(fault));
        if let Some(to) = fault.window.to {
            self.insert(to, Moment::End(fault));
        }
    }

    fn insert(&mut self, at: Duration, moment: Moment) {
        let place = self.0.partition_point(|(other, _)| *other <= at);
        self.0.insert(place, (at, moment));
    }

    /// When the next moment is.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.0.front().map(|(at, _)| *at)
    }

    /// Takes the next moment that has come by `now`.
    pub(crate) fn take(&mut self, now: Duration) -> Option<Moment> {
        if self.next()? > now {
            return None;
        }
        self.0.pop_front().map(|(_, moment)| moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_come_in_order() {
        let mut schedule = Schedule::default();
        for text in ["uart:stall@2s..4s", "net:reset@3s"] {
            schedule.add(text.parse().unwrap());
        }
        let mut moments = Vec::new();
        for second in 1..=4 {
            while let Some(moment) = schedule.take(Duration::from_secs(second)) {
                moments.push(match moment {
                    Moment::Begin(fault) => format!("{second} + {fault}"),
                    Moment::End(fault) => format!("{second} - {fault}"),
                });
            }
        }
        let expected = [
            "2 + uart:stall@2s..4s",
            "3 + net:reset@3s",
            "4 - uart:stall@2s..4s",
        ];
        assert_eq!(moments, expected);
        assert_eq!(schedule.next(), None);
    }
}
