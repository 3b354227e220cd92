//! The part of the store-and-forward queue in memory.

use heapless::Deque;

use super::Sample;

/// Samples that this build can hold.
pub const CAPACITY: usize = 128;

/// Samples in the order they were taken, numbered from 1 in each boot.
///
/// A sample leaves the queue when the broker acknowledged it or it was moved to flash
/// ([`Queue::acknowledge`]), or when the queue is full and it is the oldest; the latter is counted. A sample that was sent and not
/// acknowledged stays, and is sent again by the next session.
#[derive(Debug)]
pub struct Queue {
    samples: Deque<Sample, CAPACITY>,
    /// Places of the capacity that stay unused. Counted this way so that a new queue is all zeros:
    /// the static that holds it then takes no flash.
    unused: usize,
    last_seq: u32,
    dropped: u32,
}

impl Queue {
    /// An empty queue, fit for a `static`.
    pub const fn new() -> Self {
        Self {
            samples: Deque::new(),
            unused: 0,
            last_seq: 0,
            dropped: 0,
        }
    }

    /// Empties the queue and lets it hold `limit` samples, at least 1 and at most [`CAPACITY`].
    pub fn restart(&mut self, limit: usize) {
        *self = Self::new();
        self.unused = CAPACITY - limit.clamp(1, CAPACITY);
    }

    /// Adds a sample under the next sequence number, dropping the oldest one if there is no room.
    /// Returns whether one was dropped.
    pub fn push(&mut self, sample: Sample) -> bool {
        self.last_seq = self.last_seq.wrapping_add(1);
        let full = self.is_full();
        if full {
            self.samples.pop_front();
            self.dropped = self.dropped.saturating_add(1);
        }
        let sample = Sample {
            seq: self.last_seq,
            ..sample
        };
        // There is room: the limit is at most the capacity.
        let _ = self.samples.push_back(sample);
        full
    }

    /// The oldest sample that is younger than number `seq`; the oldest of all for `None`.
    pub fn next_after(&self, seq: Option<u32>) -> Option<&Sample> {
        match seq {
            None => self.samples.front(),
            Some(seq) => self.samples.iter().find(|sample| sample.seq > seq),
        }
    }

    /// The broker has sample `seq`, or flash has: removes it. To be called in order; a number that is not the
    /// oldest one (because that sample was dropped meanwhile) changes nothing.
    pub fn acknowledge(&mut self, seq: u32) {
        if self.samples.front().is_some_and(|oldest| oldest.seq == seq) {
            self.samples.pop_front();
        }
    }

    /// Samples that wait for their acknowledgement.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether the next sample drops the oldest.
    pub fn is_full(&self) -> bool {
        self.samples.len() >= CAPACITY - self.unused
    }

    /// Whether the broker has everything.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Samples that were lost because the queue was full, since boot.
    pub fn dropped(&self) -> u32 {
        self.dropped
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::VecDeque;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Push,
        /// Sends the next `n`; acknowledges the oldest `m` of those in flight.
        Send(usize),
        Acknowledge(usize),
        Reconnect,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => Just(Step::Push),
            2 => (0usize..4).prop_map(Step::Send),
            2 => (0usize..4).prop_map(Step::Acknowledge),
            1 => Just(Step::Reconnect),
        ]
    }

    proptest! {
        /// Whatever the session does: what the broker acknowledged plus what was dropped plus
        /// what still waits is what was taken, each once, and what is sent is sent in order.
        #[test]
        fn nothing_is_forgotten(
            limit in 1usize..6,
            steps in prop::collection::vec(step(), 0..200),
        ) {
            let mut queue = Queue::new();
            queue.restart(limit);
            let (mut waiting, mut dropped, mut taken) = (VecDeque::new(), 0u32, 0u32);
            let mut flying: VecDeque<u32> = VecDeque::new();
            let mut last = None;
            for step in steps {
                match step {
                    Step::Push => {
                        taken += 1;
                        if waiting.len() == limit {
                            waiting.pop_front();
                            dropped += 1;
                        }
                        waiting.push_back(taken);
                        queue.push(Sample::default());
                    }
                    Step::Send(n) => for _ in 0..n {
                        let Some(next) = queue.next_after(last) else { break };
                        let expected =
                            waiting.iter().copied().find(|seq| last.is_none_or(|l| *seq > l));
                        prop_assert_eq!(Some(next.seq), expected);
                        last = Some(next.seq);
                        flying.push_back(next.seq);
                    },
                    Step::Acknowledge(n) => for _ in 0..n {
                        let Some(seq) = flying.pop_front() else { break };
                        queue.acknowledge(seq);
                        if waiting.front() == Some(&seq) {
                            waiting.pop_front();
                        }
                    },
                    Step::Reconnect => {
                        flying.clear();
                        last = None;
                    }
                }
                prop_assert_eq!(queue.len(), waiting.len());
                prop_assert_eq!(queue.is_empty(), waiting.is_empty());
                prop_assert_eq!(queue.dropped(), dropped);
            }
            let mut left = Vec::new();
            while let Some(sample) = queue.next_after(left.last().copied()) {
                left.push(sample.seq);
            }
            prop_assert_eq!(left, waiting.into_iter().collect::<Vec<_>>());
        }
    }
}
