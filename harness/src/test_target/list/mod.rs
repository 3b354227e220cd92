//! Which tests a program holds, read from its ELF file.

mod defmt_test;
mod embedded_test;

pub(super) use defmt_test::{defmt_test, line};
pub(super) use embedded_test::embedded_test;

/// `tests::uart` of `on_chip::tests::uart`: a test program is a crate, which says nothing.
fn without_crate(path: &str) -> &str {
    path.split_once("::").map_or(path, |(_, rest)| rest)
}
