//! How much of a virtual chip's main stack was ever used, seen from outside.
//!
//! At power-up memory holds what nobody put there, and a word that still does was not used. A
//! firmware that fills its stack with a pattern of its own is followed: what holds the pattern, from
//! the far end on, was not used either.

use super::costs::StackUse;
use crate::board::Image;

/// So many equal words at the far end of the stack are a pattern.
const PATTERN_WORDS: usize = 16;

/// The stack as it was at power-up.
#[derive(Debug)]
pub(super) struct StackWatch {
    low: u32,
    words: Vec<u32>,
}

impl StackWatch {
    /// Looks at the stack of `image` (symbols of esp-hal's linker scripts) through `read`, which
    /// reads a word of memory. Nothing for a program that has no such stack.
    pub(super) fn new(image: &Image, read: impl FnMut(u32) -> Option<u32>) -> Option<Self> {
        let address = |name| u32::try_from(image.symbol(name)?.0).ok();
        let high = address("_stack_start")? & !3;
        // What lies below the guard's word is not for the stack.
        let low = address("__stack_chk_guard").or_else(|| address("_stack_end"))? & !3;
        let low = low.checked_add(4)?;
        let words = (low..high).step_by(4).map(read).collect::<Option<_>>()?;
        Some(Self { low, words })
    }

    /// How much of it was used since.
    pub(super) fn used(&self, mut read: impl FnMut(u32) -> Option<u32>) -> Option<StackUse> {
        let now = (self.low..)
            .step_by(4)
            .take(self.words.len())
            .map(&mut read)
            .collect::<Option<Vec<u32>>>()?;
        let size = self.words.len() as u64 * 4;
        let used = size - untouched(&self.words, &now) as u64 * 4;
        Some(StackUse { size, used })
    }
}

/// How many words from the low end on nobody has used.
fn untouched(before: &[u32], now: &[u32]) -> usize {
    let pattern = now.first().filter(|first| {
        let equal = now.iter().take_while(|word| word == first).count();
        equal >= PATTERN_WORDS
    });
    let kept = |(before, now): &(&u32, &u32)| before == now || Some(*now) == pattern;
    before.iter().zip(now).take_while(kept).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_its_first_content_or_the_pattern_is_unused() {
        let before: Vec<u32> = (0..100_u32).map(|n| n.wrapping_mul(0x9e37_79b9)).collect();
        assert_eq!(untouched(&before, &before), 100);
        let mut now = before.clone();
        now[70..].fill(7);
        assert_eq!(untouched(&before, &now), 70);
        // Painted by the program, up to where its stack was then, and used in part.
        now[..90].fill(0x5ac3_96a5);
        now[60] = 1;
        assert_eq!(untouched(&before, &now), 60);
        // All of it in use.
        now[0] = 1;
        assert_eq!(untouched(&before, &now), 0);
    }
}
