//! The receive ring between the UART interrupt and the task that reads.
//!
//! One producer (the interrupt), one consumer (the reader). The ESP32-C3 has atomic loads and
//! stores but no compare-and-swap, so each index is written by one side only: nothing is locked and
//! nothing can be torn. A byte that finds the ring full is dropped and counted, because a byte lost
//! in silence shows up much later, as a TLS record that never ends.

use core::sync::atomic::{AtomicU8, AtomicU32, AtomicUsize, Ordering};

/// A ring of `N` bytes (`N` a power of two, all of it usable) that counts what it had to drop.
///
/// Two producers, or two consumers, at a time would lose or repeat bytes; memory stays safe.
///
/// ```
/// use firmware_app::ring::Ring;
///
/// static RING: Ring<4> = Ring::new();
/// for byte in *b"abcdef" {
///     RING.push(byte);
/// }
/// let mut out = [0; 8];
/// assert_eq!(RING.pop(&mut out), 4);
/// assert_eq!(&out[..4], b"abcd");
/// assert_eq!(RING.overruns(), 2);
/// ```
#[derive(Debug)]
pub struct Ring<const N: usize> {
    bytes: [AtomicU8; N],
    /// Bytes ever written, wrapping. Written by the producer only.
    written: AtomicUsize,
    /// Bytes ever read, wrapping. Written by the consumer only.
    read: AtomicUsize,
    /// Written by the producer only.
    overruns: AtomicU32,
}

impl<const N: usize> Ring<N> {
    /// An empty ring, fit for a `static`.
    #[must_use]
    pub const fn new() -> Self {
        const {
            // Indices run freely and wrap at `usize::MAX`: only a power of two divides that range.
            assert!(
                N.is_power_of_two(),
                "the size of a ring must be a power of two"
            );
        }
        Self {
            bytes: [const { AtomicU8::new(0) }; N],
            written: AtomicUsize::new(0),
            read: AtomicUsize::new(0),
            overruns: AtomicU32::new(0),
        }
    }

    /// Adds a byte; when the ring is full the byte is dropped and counted. Producer side.
    ///
    /// Returns whether the byte was kept.
    pub fn push(&self, byte: u8) -> bool {
        let written = self.written.load(Ordering::Relaxed);
        // Acquire: the slot about to be reused has been read before `read` moved past it.
        let read = self.read.load(Ordering::Acquire);
        if written.wrapping_sub(read) == N {
            self.count_overruns(1);
            return false;
        }
        self.slot(written).store(byte, Ordering::Relaxed);
        // Release: who sees the new index sees the byte.
        self.written
            .store(written.wrapping_add(1), Ordering::Release);
        true
    }

    /// Counts `lost` bytes that never reached the ring, for example dropped by the hardware FIFO.
    /// The count stops at `u32::MAX`. Producer side.
    pub fn count_overruns(&self, lost: u32) {
        let before = self.overruns.load(Ordering::Relaxed);
        self.overruns
            .store(before.saturating_add(lost), Ordering::Relaxed);
    }

    /// Moves the oldest bytes to the front of `into` and returns how many. Consumer side.
    pub fn pop(&self, into: &mut [u8]) -> usize {
        let read = self.read.load(Ordering::Relaxed);
        let written = self.written.load(Ordering::Acquire);
        let count = written.wrapping_sub(read).min(into.len());
        for (offset, byte) in into.iter_mut().take(count).enumerate() {
            *byte = self.slot(read.wrapping_add(offset)).load(Ordering::Relaxed);
        }
        // Release: the producer may overwrite the slots only after they were read.
        self.read.store(read.wrapping_add(count), Ordering::Release);
        count
    }

    /// Bytes that wait to be read, 0 to `N`. Exact for the consumer and for the producer; for
    /// others an instant's view.
    pub fn len(&self) -> usize {
        // `read` first: were it loaded second, it could have overtaken the `written` seen here.
        let read = self.read.load(Ordering::Acquire);
        let written = self.written.load(Ordering::Acquire);
        written.wrapping_sub(read).min(N)
    }

    /// Whether nothing waits to be read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes lost so far: those [`push`](Self::push) dropped and those counted by
    /// [`count_overruns`](Self::count_overruns).
    pub fn overruns(&self) -> u32 {
        self.overruns.load(Ordering::Relaxed)
    }

    fn slot(&self, index: usize) -> &AtomicU8 {
        // In range by the mask: `N` is a power of two.
        &self.bytes[index & (N - 1)]
    }
}

impl<const N: usize> Default for Ring<N> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::collections::VecDeque;
    use std::thread;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keeps_order_and_uses_every_slot() {
        let ring = Ring::<4>::new();
        for byte in 0..4 {
            assert!(ring.push(byte));
        }
        assert_eq!(ring.len(), 4);
        let mut out = [0xff; 3];
        assert_eq!(ring.pop(&mut out), 3);
        assert_eq!(out, [0, 1, 2]);
        assert_eq!(ring.pop(&mut out), 1);
        assert_eq!(out[0], 3);
        assert!(ring.is_empty());
        assert_eq!(ring.overruns(), 0);
    }

    #[test]
    fn an_empty_ring_or_an_empty_buffer_gives_nothing() {
        let ring = Ring::<2>::new();
        assert_eq!(ring.pop(&mut [0; 4]), 0);
        ring.push(7);
        assert_eq!(ring.pop(&mut []), 0);
        assert_eq!(ring.len(), 1);
    }

    #[test]
    fn full_drops_the_newest_and_counts_it() {
        let ring = Ring::<2>::new();
        assert!(ring.push(1));
        assert!(ring.push(2));
        assert!(!ring.push(3));
        assert!(!ring.push(4));
        assert_eq!(ring.overruns(), 2);
        let mut out = [0; 4];
        assert_eq!(ring.pop(&mut out), 2);
        assert_eq!(&out[..2], [1, 2]);
        assert!(ring.push(5), "space again once read");
    }

    #[test]
    fn bytes_lost_before_the_ring_count_too_and_the_count_saturates() {
        let ring = Ring::<1>::new();
        ring.count_overruns(u32::MAX - 1);
        ring.push(1);
        ring.push(2);
        ring.push(3);
        assert_eq!(ring.overruns(), u32::MAX);
    }

    #[test]
    fn indices_survive_the_wrap_of_usize() {
        let ring = Ring::<8>::new();
        ring.written.store(usize::MAX - 2, Ordering::Relaxed);
        ring.read.store(usize::MAX - 2, Ordering::Relaxed);
        let mut out = [0; 8];
        for round in 0..4u8 {
            for byte in 0..8 {
                assert!(ring.push(round * 8 + byte));
            }
            assert!(!ring.push(99));
            assert_eq!(ring.len(), 8);
            assert_eq!(ring.pop(&mut out), 8);
            assert_eq!(out[0], round * 8);
            assert_eq!(out[7], round * 8 + 7);
        }
    }

    #[test]
    fn a_producer_and_a_consumer_at_once_lose_nothing_that_was_kept() {
        static RING: Ring<16> = Ring::new();
        const SENT: u32 = 200_000;
        let producer = thread::spawn(|| {
            let mut kept = Vec::new();
            for i in 0..SENT {
                let byte = i as u8;
                if RING.push(byte) {
                    kept.push(byte);
                }
                if i % 64 == 0 {
                    thread::yield_now();
                }
            }
            kept
        });
        let mut got = Vec::new();
        let mut chunk = [0; 5];
        loop {
            // Asked before the pop: once the producer is done, an empty pop is the last one.
            let done = producer.is_finished();
            let count = RING.pop(&mut chunk);
            got.extend_from_slice(&chunk[..count]);
            if done && count == 0 {
                break;
            }
        }
        let kept = producer.join().unwrap();
        assert_eq!(got, kept);
        assert_eq!(kept.len() + RING.overruns() as usize, SENT as usize);
    }

    #[derive(Debug, Clone)]
    enum Op {
        Push(Vec<u8>),
        Pop(usize),
        Lost(u32),
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40).prop_map(Op::Push),
            (0usize..40).prop_map(Op::Pop),
            (0u32..5).prop_map(Op::Lost),
        ]
    }

    proptest! {
        /// Any sequence behaves as a bounded queue that counts what it refused, wherever the
        /// free-running indices start.
        #[test]
        fn behaves_as_a_bounded_queue(start: usize, ops in prop::collection::vec(op(), 0..200)) {
            let ring = Ring::<16>::new();
            ring.written.store(start, Ordering::Relaxed);
            ring.read.store(start, Ordering::Relaxed);
            let mut model = VecDeque::new();
            let mut lost = 0u32;
            for op in ops {
                match op {
                    Op::Push(bytes) => for byte in bytes {
                        let room = model.len() < 16;
                        prop_assert_eq!(ring.push(byte), room);
                        if room { model.push_back(byte) } else { lost += 1 }
                    },
                    Op::Pop(want) => {
                        let mut out = std::vec![0; want];
                        let got = ring.pop(&mut out);
                        let expected: Vec<u8> = model.drain(..want.min(model.len())).collect();
                        prop_assert_eq!(&out[..got], &expected[..]);
                    }
                    Op::Lost(count) => {
                        ring.count_overruns(count);
                        lost += count;
                    }
                }
                prop_assert_eq!(ring.len(), model.len());
                prop_assert_eq!(ring.overruns(), lost);
            }
        }
    }
}
