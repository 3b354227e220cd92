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
        defmt::assert_eq!(1 + 1, 3, "a planted failure");
    }

    #[test]
    fn is_never_run() {}
}
