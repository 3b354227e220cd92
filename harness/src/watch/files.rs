//! Hears of changed files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::change::{Change, meaning};
use super::error::WatchError;
use super::session::Heard;

/// How long it has to be quiet before a change counts as complete: editors write in several steps.
const QUIET: Duration = Duration::from_millis(150);

/// What is watched below the root, and whether with everything beneath. The folders that cargo
/// writes into are left out: they change with every build.
const FOLDERS: [(&str, RecursiveMode); 8] = [
    ("", RecursiveMode::NonRecursive),
    ("firmware/app", RecursiveMode::Recursive),
    ("firmware/native", RecursiveMode::Recursive),
    ("firmware/settings", RecursiveMode::Recursive),
    ("firmware/esp32", RecursiveMode::NonRecursive),
    ("firmware/esp32/src", RecursiveMode::Recursive),
    ("fixtures", RecursiveMode::Recursive),
    ("harness", RecursiveMode::Recursive),
];

/// Watches the project in `root` and sends every changed path, until the watcher is dropped.
pub(super) fn watch(root: &Path, heard: Sender<Heard>) -> Result<RecommendedWatcher, WatchError> {
    let problem = |path: &Path| {
        let path = path.to_owned();
        move |source| WatchError::Watch { path, source }
    };
    let tell = move |event: notify::Result<notify::Event>| {
        // An overflow names the folder at most; whatever it hides is followed by another change.
        let paths = match event {
            Ok(event) if is_change(event.kind) => event.paths,
            Ok(_) => return,
            Err(error) => error.paths,
        };
        for path in paths {
            // Nobody listens any more: the watcher is about to be dropped.
            let _ = heard.send(Heard::Changed(path));
        }
    };
    let mut watcher = notify::recommended_watcher(tell).map_err(problem(root))?;
    for (folder, mode) in FOLDERS {
        let path = root.join(folder);
        if path.is_dir() {
            watcher.watch(&path, mode).map_err(problem(&path))?;
        }
    }
    Ok(watcher)
}

/// Builds read files all the time: only what may leave another content behind counts.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => false,
        _ => true,
    }
}

/// What was heard in a rush of changes.
pub(super) struct Gathered {
    /// What the changed files mean.
    pub(super) changes: Vec<Change>,
    /// Whatever else was heard meanwhile, in its order.
    pub(super) others: Vec<Heard>,
}

/// What comes after `first` until it is quiet.
pub(super) fn gather(root: &Path, first: PathBuf, heard: &Receiver<Heard>) -> Gathered {
    let mut paths = BTreeSet::from([first]);
    let mut others = Vec::new();
    while let Ok(event) = heard.recv_timeout(QUIET) {
        match event {
            Heard::Changed(path) => {
                paths.insert(path);
            }
            other => others.push(other),
        }
    }
    let changes = paths.iter().filter_map(|path| {
        let inside = path.strip_prefix(root).ok()?;
        meaning(inside, || std::fs::read_to_string(path).ok())
    });
    Gathered {
        changes: changes.collect(),
        others,
    }
}
