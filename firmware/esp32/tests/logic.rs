//! The application's pure logic on the 32-bit target: one image, one test after the other.
#![no_std]
#![no_main]

mod support;

#[defmt_test::tests]
mod tests {
    use crate::support;
    use firmware_app::ring::Ring;

    #[init]
    fn init() {
        let _ = support::chip();
    }

    #[test]
    fn a_full_ring_counts_what_it_drops() {
        let ring = Ring::<4>::new();
        for byte in *b"abcdef" {
            ring.push(byte);
        }
        let mut out = [0; 8];
        defmt::assert_eq!(ring.pop(&mut out), 4);
        defmt::assert_eq!(out[..4], *b"abcd");
        defmt::assert_eq!(ring.overruns(), 2);
    }
}
