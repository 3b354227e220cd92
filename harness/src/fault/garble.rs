//! What a receiver makes of bytes that were sent at another rate.

/// Bits of a frame: start, eight data bits with the lowest first, stop (8N1).
const BITS: u64 = 10;

/// The bytes that a receiver at `receiver` bits per second reads in a frame that was sent at
/// `sender`, with idle line before and after it.
///
/// The receiver waits for a falling edge, samples each bit in its middle, and looks for the next
/// edge after its own stop bit. A stop bit that reads low is a framing error, of which receivers
/// pass the byte on all the same.
pub(crate) fn garble(byte: u8, sender: u32, receiver: u32) -> Vec<u8> {
    // Time in units of half a receiver's bit times the sender's rate, so that nothing is rounded:
    // a sent bit lasts 2 * receiver, a received one 2 * sender.
    let (sent_bit, read_bit) = (2 * u64::from(receiver.max(1)), 2 * u64::from(sender.max(1)));
    let frame = (u64::from(byte) << 1) | (1 << (BITS - 1));
    let level = |at: u64| {
        let bit = at / sent_bit;
        bit >= BITS || (frame >> bit) & 1 == 1
    };
    let falling_edge = |from: u64| {
        (from.div_ceil(sent_bit)..BITS)
            .map(|bit| bit * sent_bit)
            .find(|&at| !level(at) && (at == 0 || level(at - 1)))
    };
    let mut bytes = Vec::new();
    let mut at = 0;
    while let Some(edge) = falling_edge(at) {
        let sample = |bit: u64| level(edge + bit * read_bit + read_bit / 2);
        // A start bit that is gone by its middle was a spike.
        if sample(0) {
            at = edge + 1;
            continue;
        }
        bytes.push((0..8).fold(0, |byte, bit| byte | (u8::from(sample(bit + 1)) << bit)));
        at = edge + (BITS - 1) * read_bit + read_bit / 2;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rates_leave_bytes_alone() {
        for byte in 0..=u8::MAX {
            assert_eq!(garble(byte, 115_200, 115_200), [byte]);
            // The usual tolerance of 8N1 is about 5 %.
            assert_eq!(garble(byte, 115_200, 118_000), [byte]);
        }
    }

    #[test]
    fn a_slow_sender_reads_as_many_bytes() {
        // Twelve received bits for each sent one: the start bit alone is longer than a frame.
        assert_eq!(garble(0xFF, 9_600, 115_200), [0x00]);
        assert_eq!(garble(0x55, 9_600, 115_200).len(), 5);
    }

    #[test]
    fn a_fast_sender_reads_as_one_byte_or_none() {
        // The start bit is a spike to a receiver at a twelfth of the rate.
        assert!(garble(0xFF, 115_200, 9_600).is_empty());
        // A whole frame of low bits is shorter than the start bit, but covers its middle.
        assert_eq!(garble(0x00, 115_200, 9_600), [0xFF]);
    }
}
