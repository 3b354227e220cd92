//! The copy of the firmware's sources with the changes in it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::list::Mutation;

/// The crates of a native board.
const CRATES: [&str; 3] = ["firmware/app", "firmware/native", "firmware/settings"];

/// Which change is on, in each crate that may have one.
const SWITCH: &str = r"//! Which planted change is on.

use core::sync::atomic::{AtomicU32, Ordering};

static CHOSEN: AtomicU32 = AtomicU32::new(0);

const fn digest(name: &str) -> u32 {
    let (bytes, mut hash, mut at) = (name.as_bytes(), 0x811c_9dc5_u32, 0);
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash
}

/// Chooses a change.
pub fn choose(name: &str) {
    CHOSEN.store(digest(name), Ordering::SeqCst);
}

/// Whether it is on.
pub fn is(name: &str) -> bool {
    CHOSEN.load(Ordering::SeqCst) == digest(name)
}
";

/// The board's program: its own name chooses the change.
const MAIN: &str = r#"//! A native board with a planted change, named by its file.

fn main() {
    let name = std::env::args().next().unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default();
    firmware_app::planted::choose(name);
    firmware_settings::planted::choose(name);
    if let Err(error) = firmware_native::run_stdio() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
"#;

/// The program, under the name of every change.
pub(crate) struct Boards {
    program: PathBuf,
    names: tempfile::TempDir,
}

impl Boards {
    /// Copies, changes and builds; what has not changed since the last time is left alone.
    pub(crate) fn build(mutations: &[Mutation]) -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutations");
        let copy = base.join("workspace");
        write(&copy.join("Cargo.toml"), &manifest(&root)?)?;
        write(&copy.join("Cargo.lock"), &read(&root.join("Cargo.lock"))?)?;
        for name in CRATES {
            write(
                &copy.join(name).join("Cargo.toml"),
                &runnable(name, &read(&root.join(name).join("Cargo.toml"))?),
            )?;
            let source = Path::new(name).join("src");
            copy_tree(&root, &copy, &source, mutations)?;
        }
        for name in ["firmware/app", "firmware/settings"] {
            write(&copy.join(name).join("src/planted.rs"), SWITCH)?;
        }
        write(&copy.join("firmware/native/src/main.rs"), MAIN)?;
        let target = base.join("target");
        let output = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--offline",
                "--package",
                "firmware-native",
            ])
            .arg("--target-dir")
            .arg(&target)
            .current_dir(&copy)
            .output()
            .context("cargo")?;
        ensure!(
            output.status.success(),
            "the changed firmware does not build:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(Self {
            program: target.join("debug/firmware-native"),
            names: tempfile::tempdir()?,
        })
    }

    /// The board with the change `name`.
    pub(crate) fn with(&self, name: &str) -> Result<PathBuf> {
        let link = self.names.path().join(name);
        match symlink(&self.program, &link) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.into()),
            _ => Ok(link),
        }
    }
}

/// The workspace's manifest with the firmware's crates only.
fn manifest(root: &Path) -> Result<String> {
    let text = read(&root.join("Cargo.toml"))?;
    let mut manifest: toml::Table = text.parse().context("Cargo.toml")?;
    let Some(toml::Value::Table(workspace)) = manifest.get_mut("workspace") else {
        bail!("Cargo.toml has no [workspace]");
    };
    workspace.insert("members".to_owned(), CRATES.to_vec().into());
    workspace.remove("default-members");
    workspace.remove("exclude");
    Ok(manifest.to_string())
}

/// A crate's manifest without what only its own tests and benchmarks need, and with what `MAIN`
/// needs.
fn runnable(name: &str, text: &str) -> String {
    let Ok(mut manifest) = text.parse::<toml::Table>() else {
        // Cargo says what is wrong with it.
        return text.to_owned();
    };
    manifest.remove("dev-dependencies");
    manifest.remove("bench");
    if name == "firmware/native"
        && let Some(toml::Value::Table(dependencies)) = manifest.get_mut("dependencies")
    {
        let settings = toml::Table::from_iter([("workspace".to_owned(), true.into())]);
        let settings = toml::Value::Table(settings);
        dependencies.entry("firmware-settings").or_insert(settings);
    }
    manifest.to_string()
}

fn copy_tree(root: &Path, copy: &Path, folder: &Path, mutations: &[Mutation]) -> Result<()> {
    for entry in fs::read_dir(root.join(folder)).context("the firmware's sources")? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(root, copy, &path, mutations)?;
        } else if path.extension() == Some(OsStr::new("rs")) {
            let text = changed(&path, read(&root.join(&path))?, mutations)?;
            write(&copy.join(&path), &text)?;
        }
    }
    Ok(())
}

/// The source `path` with every change that concerns it.
fn changed(path: &Path, mut text: String, mutations: &[Mutation]) -> Result<String> {
    for mutation in mutations {
        for change in mutation.changes {
            if Path::new(change.file) != path {
                continue;
            }
            let count = text.matches(change.of).count();
            ensure!(
                count == 1,
                "{}: `{}` stands {count} times in {}, expected once: adapt the list",
                mutation.name,
                change.of,
                change.file
            );
            let owner = match path.starts_with("firmware/native") {
                true => "firmware_app",
                false => "crate",
            };
            let on = format!("{owner}::planted::is(\"{}\")", mutation.name);
            text = text.replace(change.of, &change.to.replace("ON", &on));
        }
    }
    if path.ends_with("src/lib.rs") && !path.starts_with("firmware/native") {
        text.push_str("\npub mod planted;\n");
    }
    Ok(text)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// Leaves a file that is right alone, so that cargo builds only what has changed.
fn write(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|found| found == text) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).with_context(|| path.display().to_string())
}
