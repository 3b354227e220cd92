//! Which state of the source tree is being tested.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use super::model::Commit;

/// Suffix of an identifier whose tree has changes.
const DIRTY: &str = "-dirty";

impl Commit {
    /// The commit in `folder`: what `HIL_COMMIT` says (`-dirty` at the end for a tree with changes),
    /// then `GITHUB_SHA`, then git. `None` where nobody knows.
    pub fn find(folder: &Path) -> Option<Self> {
        let named = ["HIL_COMMIT", "GITHUB_SHA"]
            .into_iter()
            .find_map(|name| Self::parse(&env::var(name).ok()?));
        named.or_else(|| Self::of_git(folder))
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (id, dirty) = match text.strip_suffix(DIRTY) {
            Some(id) => (id, true),
            None => (text, false),
        };
        (!id.is_empty()).then(|| Self {
            id: id.to_owned(),
            dirty,
        })
    }

    fn of_git(folder: &Path) -> Option<Self> {
        let id = git(folder, &["rev-parse", "--verify", "HEAD"])?;
        let changes = git(folder, &["status", "--porcelain", "--untracked-files=no"])?;
        Some(Self {
            id: id.trim().to_owned(),
            dirty: !changes.trim().is_empty(),
        })
    }
}

/// What git prints; nothing when it fails: there may be no git, or no repository.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        // Reading must not write: not even the index's cache.
        .arg("--no-optional-locks")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_say_that_the_tree_has_changes() {
        let commit = |text| Commit::parse(text).map(|commit| (commit.id, commit.dirty));
        assert_eq!(commit("1a2b\n"), Some(("1a2b".to_owned(), false)));
        assert_eq!(commit("1a2b-dirty"), Some(("1a2b".to_owned(), true)));
        assert_eq!(commit(""), None);
        assert_eq!(commit("-dirty"), None);
    }

    #[test]
    fn without_a_repository_nobody_knows() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Commit::of_git(folder.path()), None);
    }
}
