//! Where the project is, and which compiler it is pinned to.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::BuildError;

/// The firmware's folder below the root.
pub(super) const FIRMWARE: &str = "firmware/esp32";
const TOOLCHAIN_FILE: &str = "rust-toolchain.toml";

/// The root of the project: the nearest folder from the current one upwards that has
/// `firmware/esp32/Cargo.toml`, else the one this program was built from.
///
/// # Errors
/// [`BuildError::NoWorkspace`] when neither has it.
pub fn root() -> Result<PathBuf, BuildError> {
    let current = env::current_dir().map_err(BuildError::CurrentFolder)?;
    let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    current
        .ancestors()
        .chain(built_from)
        .find(|folder| folder.join(FIRMWARE).join("Cargo.toml").is_file())
        .map(Path::to_path_buf)
        .ok_or(BuildError::NoWorkspace { from: current })
}

/// The toolchain that the project in `root` is pinned to.
///
/// # Errors
/// [`BuildError::Channel`] when `rust-toolchain.toml` cannot be read or names none.
pub fn channel(root: &Path) -> Result<String, BuildError> {
    let path = root.join(TOOLCHAIN_FILE);
    let problem = |reason: String| BuildError::Channel {
        path: path.clone(),
        reason,
    };
    let text = fs::read_to_string(&path).map_err(|error| problem(error.to_string()))?;
    parse_channel(&text)
        .map(str::to_owned)
        .ok_or_else(|| problem("it has no line `channel = \"…\"` under [toolchain]".to_owned()))
}

/// The value of `channel` in the section `[toolchain]` of a `rust-toolchain.toml`.
#[must_use]
pub fn parse_channel(text: &str) -> Option<&str> {
    text.lines()
        .map(str::trim)
        .skip_while(|line| *line != "[toolchain]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .find(|(key, _)| key.trim() == "channel")
        .and_then(|(_, value)| value.trim().strip_prefix('"')?.split_once('"'))
        .map(|(channel, _)| channel)
        .filter(|channel| !channel.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_channel_is_read_from_its_section() {
        let text = "# channel = \"0\"\n[other]\nchannel = \"1\"\n\n[toolchain]\n\
                    profile = \"minimal\"\n channel=\"1.95.0\" # exact\n[more]\n";
        assert_eq!(parse_channel(text), Some("1.95.0"));
    }

    #[test]
    fn no_channel_is_no_channel() {
        for text in [
            "",
            "channel = \"1.95.0\"",
            "[toolchain]\nprofile = \"minimal\"",
            "[toolchain]\n[other]\nchannel = \"1\"",
            "[toolchain]\nchannel = 1.95",
            "[toolchain]\nchannel = \"1.95",
            "[toolchain]\nchannel = \"\"",
        ] {
            assert_eq!(parse_channel(text), None, "{text:?}");
        }
    }

    #[test]
    fn this_project_is_found_and_pinned_to_an_exact_version() {
        let root = root().unwrap();
        assert!(root.join("harness/Cargo.toml").is_file());
        let channel = channel(&root).unwrap();
        assert_eq!(channel.split('.').count(), 3, "{channel}");
    }

    #[test]
    fn an_unreadable_toolchain_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = channel(folder.path()).unwrap_err().to_string();
        assert!(error.contains(TOOLCHAIN_FILE), "{error}");
        fs::write(folder.path().join(TOOLCHAIN_FILE), "[toolchain]\n").unwrap();
        let error = channel(folder.path()).unwrap_err().to_string();
        assert!(error.contains("channel"), "{error}");
    }
}
