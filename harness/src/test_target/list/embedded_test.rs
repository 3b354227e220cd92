//! Tests of the crate embedded-test (0.7, protocol version 1).
//!
//! Its linker script makes a section `.embedded_test` that is in the ELF file only. There,
//! `EMBEDDED_TEST_VERSION` is the protocol's version, and each test is a variable whose *name* is a
//! JSON object about the test and whose value is the address of its function and the path of its
//! module (address and length of a text in the program).

use std::path::Path;
use std::time::Duration;

use object::{Object as _, ObjectSection as _, ObjectSymbol as _};
use serde::Deserialize;

use super::super::error::TestImageError;
use super::super::image::TargetTest;
use super::without_crate;

const SECTION: &str = ".embedded_test";
const VERSION_SYMBOL: &str = "EMBEDDED_TEST_VERSION";
/// The protocol that is spoken here.
const VERSION: u32 = 1;
/// Size of a test's variable in bytes: three words.
const TEST_SIZE: u64 = 12;

/// The JSON object that a test's symbol is named.
#[derive(Deserialize)]
struct Description {
    name: String,
    ignored: bool,
    should_panic: bool,
    /// In seconds.
    timeout: Option<u32>,
}

/// The tests of `file`, by name; nothing when it has none of this kind. `bytes` is the content of
/// `path`.
pub(in crate::test_target) fn embedded_test(
    file: &object::File<'_>,
    bytes: &[u8],
    path: &Path,
) -> Result<Option<Vec<TargetTest>>, TestImageError> {
    let Some(section) = file.section_by_name(SECTION) else {
        return Ok(None);
    };
    let Some(version) = file.symbol_by_name(VERSION_SYMBOL) else {
        return Ok(None);
    };
    let damaged = |what: String| TestImageError::Damaged {
        path: path.to_owned(),
        what,
    };
    let words = |symbol: &object::Symbol<'_, '_>, count: u64| -> Option<Vec<u32>> {
        let data = section.data_range(symbol.address(), count * 4).ok()??;
        let word = |chunk: &[u8]| Some(u32::from_le_bytes(chunk.try_into().ok()?));
        data.chunks(4).map(word).collect()
    };
    let found = words(&version, 1)
        .and_then(|words| words.first().copied())
        .ok_or_else(|| damaged(format!("{VERSION_SYMBOL} lies outside of {SECTION}")))?;
    if found != VERSION {
        return Err(TestImageError::Version {
            path: path.to_owned(),
            found,
            supported: VERSION,
        });
    }
    let mut tests = Vec::new();
    for symbol in file.symbols() {
        let ours = symbol.section_index() == Some(section.index()) && symbol.size() == TEST_SIZE;
        let Some(json) = symbol
            .name()
            .ok()
            .filter(|name| ours && name.starts_with('{'))
        else {
            continue;
        };
        let description: Description = serde_json::from_str(json)
            .map_err(|error| damaged(format!("a test's symbol is named `{json}`: {error}")))?;
        let (function, module) = match words(&symbol, 3).as_deref() {
            Some(&[function, text, length]) => (function, text_at(file, bytes, text, length)),
            _ => return Err(damaged(format!("`{json}` lies outside of {SECTION}"))),
        };
        let module = module.ok_or_else(|| {
            damaged(format!(
                "the module's name of `{}` cannot be read",
                description.name
            ))
        })?;
        tests.push(TargetTest {
            name: format!("{}::{}", without_crate(module), description.name),
            address: Some(function),
            should_panic: description.should_panic,
            ignored: description.ignored,
            timeout: description
                .timeout
                .map(|seconds| Duration::from_secs(seconds.into())),
        });
    }
    tests.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Some(tests))
}

/// A text of the program, which lies in some section that is loaded.
fn text_at<'a>(
    file: &object::File<'_>,
    bytes: &'a [u8],
    address: u32,
    length: u32,
) -> Option<&'a str> {
    let (address, length) = (u64::from(address), u64::from(length));
    let section = file.sections().find(|section| {
        let start = section.address();
        start <= address && address + length <= start + section.size()
    })?;
    let (offset, _) = section.file_range()?;
    let start = usize::try_from(offset + (address - section.address())).ok()?;
    let end = start.checked_add(usize::try_from(length).ok()?)?;
    std::str::from_utf8(bytes.get(start..end)?).ok()
}
