//! A program made of tests.

use std::path::Path;
use std::time::Duration;

use super::error::TestImageError;
use super::list;
use crate::board::{ChipKind, Program};

/// Length of the digest that cargo puts behind the name of a test program: 16 hexadecimal digits.
const DIGEST: usize = 16;

/// The crate a test image is built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framework {
    /// Each test starts from a reset and is asked for by its address.
    EmbeddedTest,
    /// All tests in one go, told apart by the log.
    DefmtTest,
}

impl Framework {
    /// Name of the crate.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EmbeddedTest => "embedded-test",
            Self::DefmtTest => "defmt-test",
        }
    }
}

/// One test of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetTest {
    /// Path of the module without the crate, and the function: `uart::loses_nothing`.
    pub name: String,
    /// Address of the function to call; embedded-test only.
    pub address: Option<u32>,
    /// It passes when it panics.
    pub should_panic: bool,
    /// It is left out unless asked for.
    pub ignored: bool,
    /// How long it may take, in the board's time, when it says so itself.
    pub timeout: Option<Duration>,
}

impl TargetTest {
    /// Whether its function has this name.
    pub(super) fn is(&self, function: &str) -> bool {
        let own = self
            .name
            .rsplit_once("::")
            .map_or(&*self.name, |(_, own)| own);
        own == function
    }
}

/// A program made of tests, checked. Cheap to clone but for the list.
#[derive(Debug, Clone)]
pub struct TestImage {
    name: String,
    program: Program,
    framework: Framework,
    tests: Vec<TargetTest>,
}

impl TestImage {
    /// Reads the program `elf` for `chip`, its list of tests, and the partition table `table`.
    ///
    /// # Errors
    /// [`TestImageError`] that says what is wrong with which file; no board is touched.
    pub fn load(elf: &Path, table: &Path, chip: ChipKind) -> Result<Self, TestImageError> {
        let program = Program::load(elf, table, chip)?;
        let bytes = program.image().bytes();
        let file = object::File::parse(bytes).map_err(|error| TestImageError::Damaged {
            path: elf.to_owned(),
            what: error.to_string(),
        })?;
        let embedded = list::embedded_test(&file, bytes, elf)?;
        let (framework, tests) = match embedded {
            Some(tests) => (Framework::EmbeddedTest, tests),
            None => match list::defmt_test(&file, &program)? {
                Some(tests) => (Framework::DefmtTest, tests),
                None => return Err(TestImageError::NoTests(elf.to_owned())),
            },
        };
        if tests.is_empty() {
            return Err(TestImageError::Empty {
                path: elf.to_owned(),
                framework: framework.name(),
            });
        }
        Ok(Self {
            name: name_of(elf),
            program,
            framework,
            tests,
        })
    }

    /// The name of the test program, without cargo's digest.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The program.
    pub const fn program(&self) -> &Program {
        &self.program
    }

    /// What it is built with.
    pub const fn framework(&self) -> Framework {
        self.framework
    }

    /// Its tests: by name for embedded-test, in the order they run for defmt-test.
    pub fn tests(&self) -> &[TargetTest] {
        &self.tests
    }
}

/// `on_chip` of `…/deps/on_chip-0123456789abcdef`.
fn name_of(elf: &Path) -> String {
    let stem = elf.file_stem().unwrap_or_default().to_string_lossy();
    let digest = |tail: &str| tail.len() == DIGEST && tail.chars().all(|c| c.is_ascii_hexdigit());
    match stem.rsplit_once('-') {
        Some((name, tail)) if digest(tail) && !name.is_empty() => name.to_owned(),
        _ => stem.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_digest_is_no_part_of_the_name() {
        let name = |path| name_of(Path::new(path));
        assert_eq!(name("/t/deps/on_chip-0123456789abcdef"), "on_chip");
        assert_eq!(name("on-chip.elf"), "on-chip");
        assert_eq!(name("-0123456789abcdef"), "-0123456789abcdef");
    }
}
