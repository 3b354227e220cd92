//! What a changed file means.

use std::ffi::OsStr;
use std::path::{Component, Path};

/// Part of the project that a file belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The firmware's application, which is also in the native board.
    Application,
    /// What only the chip's image has: drivers, linker scripts, partitions.
    Image,
    /// The harness, what it stands on, or what the firmware shares with it.
    Harness,
    /// Scenarios only: the text of the file, whose names tell which.
    Scenarios(String),
    /// An accepted snapshot, of the scenario of this name.
    Snapshot(String),
    /// The boards' configuration.
    Config,
}

/// What it means that the file at `path`, seen from the root of the project, has changed; nothing
/// for files that no scenario depends on. `text` is asked for the file's content when needed; it
/// has none when the file is gone.
pub(super) fn meaning(path: &Path, text: impl FnOnce() -> Option<String>) -> Option<Change> {
    let parts: Vec<&str> = path
        .components()
        .map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        })
        .collect::<Option<_>>()?;
    if parts.iter().any(|part| is_passing(part)) {
        return None;
    }
    match parts.as_slice() {
        ["Cargo.toml" | "Cargo.lock" | "rust-toolchain.toml"] => Some(Change::Harness),
        ["hil.toml"] => Some(Change::Config),
        ["firmware", "settings", rest @ ..] => is_built(rest).then_some(Change::Harness),
        ["firmware", "app" | "native", rest @ ..] => is_built(rest).then_some(Change::Application),
        ["firmware", "esp32", rest @ ..] => is_built(rest).then_some(Change::Image),
        ["fixtures", "modem", rest @ ..]
        | ["fixtures", "virtual-esp32c3", "probe", rest @ ..]
        | ["fixtures", "virtual-esp32c3", rest @ ..]
        | ["harness", "macros", rest @ ..] => is_built(rest).then_some(Change::Harness),
        ["harness", "tests", "snapshots", file] => {
            snapshot_of(file).map(|name| Change::Snapshot(name.to_owned()))
        }
        // The list of all scenarios belongs to none of them.
        ["harness", "src", "scenarios", .., "mod.rs"] => Some(Change::Harness),
        ["harness", "src", "scenarios", ..] => {
            Some(text().map_or(Change::Harness, Change::Scenarios))
        }
        ["harness", rest @ ..] => is_built(rest).then_some(Change::Harness),
        _ => None,
    }
}

/// Whether cargo builds `rest` (below a crate's folder) into the crate itself: not its tests,
/// benchmarks, documents, nor what it wrote there.
fn is_built(rest: &[&str]) -> bool {
    match rest {
        ["tests" | "benches" | "examples" | "target" | "guests", ..] => false,
        [.., file] => Path::new(file).extension() != Some(OsStr::new("md")),
        [] => false,
    }
}

/// Hidden files, editors' copies, and snapshots that wait to be looked at.
fn is_passing(part: &str) -> bool {
    const ENDS: [&str; 6] = ["~", ".swp", ".swx", ".tmp", ".snap.new", ".pending-snap"];
    // Vim tries whether it may write with a file of this name.
    part.starts_with('.') || part == "4913" || ENDS.iter().any(|end| part.ends_with(end))
}

/// `wrong_apn` of `T05_wrong_apn.at.snap`.
fn snapshot_of(file: &str) -> Option<&str> {
    let (stem, _) = file.strip_suffix(".snap")?.split_once('.')?;
    stem.split_once('_').map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(path: &str) -> Option<Change> {
        meaning(Path::new(path), || Some("text".to_owned()))
    }

    #[test]
    fn files_belong_to_what_is_built_of_them() {
        for (path, change) in [
            ("firmware/app/src/lib.rs", Change::Application),
            ("firmware/native/Cargo.toml", Change::Application),
            ("firmware/esp32/src/main.rs", Change::Image),
            ("firmware/esp32/partitions.csv", Change::Image),
            ("firmware/settings/src/lib.rs", Change::Harness),
            ("fixtures/modem/src/modem.rs", Change::Harness),
            ("fixtures/virtual-esp32c3/src/cpu/hart.rs", Change::Harness),
            ("fixtures/virtual-esp32c3/probe/src/lib.rs", Change::Harness),
            ("harness/src/rig/mod.rs", Change::Harness),
            ("harness/macros/src/lib.rs", Change::Harness),
            ("harness/src/scenarios/mod.rs", Change::Harness),
            ("Cargo.lock", Change::Harness),
            ("hil.toml", Change::Config),
        ] {
            assert_eq!(meant(path), Some(change), "{path}");
        }
    }

    #[test]
    fn scenarios_and_snapshots_are_told_apart() {
        let path = "harness/src/scenarios/adversaries/certificates.rs";
        assert_eq!(meant(path), Some(Change::Scenarios("text".to_owned())));
        let gone = meaning(Path::new(path), || None);
        assert_eq!(gone, Some(Change::Harness), "it may be in no list any more");
        let path = "harness/tests/snapshots/T05_wrong_apn.at.snap";
        assert_eq!(meant(path), Some(Change::Snapshot("wrong_apn".to_owned())));
    }

    #[test]
    fn what_nothing_depends_on_is_passed_over() {
        for path in [
            "README.md",
            "fixtures/FIDELITY.md",
            "fixtures/modem/README.md",
            "fixtures/modem/tests/commands.rs",
            "firmware/app/benches/x.rs",
            "firmware/esp32/target/release/x",
            "harness/tests/cli/main.rs",
            "harness/tests/snapshots/T05_wrong_apn.at.snap.new",
            "harness/src/.lib.rs.swp",
            "harness/src/lib.rs~",
            "harness/src/4913",
            "target/debug/hil",
            ".git/index",
            "../elsewhere/src/lib.rs",
            "",
        ] {
            assert_eq!(meant(path), None, "{path}");
        }
    }
}
