//! A defmt-test image whose third test fails (feature `planted-tests`): the fourth is never run.
#![no_std]
#![no_main]

mod support;

#[defmt_test::tests]
mod tests {
    use crate::support;

    #[init]
    fn init() {
        let _ = support::chip();
    }

    #[test]
    fn passes() {}

    #[test]
    #[should_error]
    fn errs_as_it_should() -> Result<(), &'static str> {
        Err("a planted error")
    }

    #[test]
    fn fails() {
        // Were it known to fail, the compiler would leave out the test behind it.
        defmt::assert_eq!(core::hint::black_box(1) + 1, 3, "a planted failure");
    }

    #[test]
    fn is_never_run() {}
}
