//! Tests of the crate defmt-test (0.5).
//!
//! `DEFMT_TEST_COUNT` tells such a program. Which tests there are shows in the texts of its log:
//! before each test it writes a line such as ``(2/5) running `parses_a_line`...``, whose text lies
//! in the ELF file with the name of the test in it. The places of these lines in the source are the
//! order in which they run.

use object::{Object as _, ObjectSymbol as _};
use serde::Deserialize;

use super::super::error::TestImageError;
use super::super::image::TargetTest;
use super::without_crate;
use crate::board::Program;

const COUNT_SYMBOL: &str = "DEFMT_TEST_COUNT";
/// The function that the crate's macro makes around all tests.
const ENTRY: &str = "::__defmt_test_entry";
/// Where the line's text has its two numbers.
const NUMBERS: &str = "({=usize}/{=usize}) ";

/// The JSON object that the symbol of a text in a defmt log is named.
#[derive(Deserialize)]
struct Text {
    tag: String,
    data: String,
}

/// The tests of `file`, the ELF file of `program`, in the order they run; nothing when it has none
/// of this kind.
pub(in crate::test_target) fn defmt_test(
    file: &object::File<'_>,
    program: &Program,
) -> Result<Option<Vec<TargetTest>>, TestImageError> {
    if !file
        .symbols()
        .any(|symbol| symbol.name() == Ok(COUNT_SYMBOL))
    {
        return Ok(None);
    }
    let decoder = program.log_decoder()?;
    let mut tests = Vec::new();
    for symbol in file.symbols() {
        let Some(text) = symbol
            .name()
            .ok()
            .filter(|name| name.starts_with('{') && name.contains(NUMBERS))
            .and_then(|name| serde_json::from_str::<Text>(name).ok())
            .filter(|text| text.tag == "defmt_println")
        else {
            continue;
        };
        let Some(said) = text.data.strip_prefix(NUMBERS).and_then(announced) else {
            continue;
        };
        let place = decoder
            .as_ref()
            .and_then(|decoder| decoder.place(symbol.address()));
        let (module, line) = place.unwrap_or(("", 0));
        let module = module.strip_suffix(ENTRY).unwrap_or(module);
        let name = match without_crate(module) {
            "" => said.name.to_owned(),
            module => format!("{module}::{}", said.name),
        };
        let test = TargetTest {
            name,
            address: None,
            should_panic: false,
            ignored: said.ignored,
            timeout: None,
        };
        tests.push((line, symbol.address(), test));
    }
    tests.sort_by_key(|(line, address, _)| (*line, *address));
    Ok(Some(tests.into_iter().map(|(_, _, test)| test).collect()))
}

/// What a line of the log says of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::test_target) struct Announced<'a> {
    /// The function's name.
    pub(in crate::test_target) name: &'a str,
    /// Its outcome is not looked at.
    pub(in crate::test_target) ignored: bool,
}

/// Reads a line of the log such as ``(2/5) running `parses_a_line`...``.
pub(in crate::test_target) fn line(text: &str) -> Option<Announced<'_>> {
    let (numbers, rest) = text.strip_prefix('(')?.split_once(") ")?;
    let (number, count) = numbers.split_once('/')?;
    number.parse::<u32>().ok()?;
    count.parse::<u32>().ok()?;
    announced(rest)
}

fn announced(text: &str) -> Option<Announced<'_>> {
    let (verb, rest) = text.split_once(" `")?;
    let name = rest.strip_suffix("`...")?;
    let ignored = match verb {
        "running" => false,
        "ignoring" => true,
        _ => return None,
    };
    Some(Announced { name, ignored })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_log_tell_the_test() {
        let expected = |name, ignored| Some(Announced { name, ignored });
        assert_eq!(line("(2/5) running `crc`..."), expected("crc", false));
        assert_eq!(line("(12/50) ignoring `slow`..."), expected("slow", true));
        for other in [
            "all tests passed!",
            "(2/5) running `crc`",
            "(a/5) running `crc`...",
            "(2/5) skipping `crc`...",
            "running `crc`...",
        ] {
            assert_eq!(line(other), None, "{other}");
        }
    }
}
