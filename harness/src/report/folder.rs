//! The report folder: checked before the run, replaced as a whole after it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::ReportError;
use super::loaded::REPORT_JSON;
use super::model::SCHEMA;
use super::staging::Staging;
use serde::Deserialize;

/// Why a folder cannot take the report. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The path names a file.
    #[error("report folder `{}`: not a folder; name a new or an empty one", .0.display())]
    NotAFolder(PathBuf),
    /// There is something in it that is not a report of ours.
    #[error(
        "report folder `{}`: holds something other than a report, which would be lost; \
         name a new folder, or one that an earlier run wrote",
        .0.display()
    )]
    Foreign(PathBuf),
    /// It cannot be read, made or written.
    #[error("report folder `{}`: cannot {action}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl FolderError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

/// A folder that can take a report.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Checks that a report can be written to `path`: it is absent, empty or an earlier report,
    /// and its parent, made if absent, takes new folders.
    pub fn prepare(path: &Path) -> Result<Self, FolderError> {
        // Absolute and without symbolic links, so that the report lands where the path led to
        // now, and a linked folder is replaced behind its link.
        let resolved = match fs::canonicalize(path) {
            Ok(resolved) => {
                check_content(&resolved)?;
                resolved
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                std::path::absolute(path).map_err(FolderError::io("resolve it", path))?
            }
            Err(error) => return Err(FolderError::io("read it", path)(error)),
        };
        let folder = Self { path: resolved };
        let parent = folder.parent();
        fs::create_dir_all(parent).map_err(FolderError::io("make the folder above", parent))?;
        can_write(parent).map_err(FolderError::io("write beside it", parent))?;
        Ok(folder)
    }

    /// Where the report will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets `fill` write into a new folder, then puts that in place of the old one. When anything
    /// fails, the old report is untouched.
    pub(super) fn publish(
        &self,
        fill: impl FnOnce(&Path) -> Result<(), ReportError>,
    ) -> Result<(), ReportError> {
        let staging =
            Staging::beside(&self.path).map_err(ReportError::io("write beside", &self.path))?;
        fill(staging.path())?;
        if !self.path.exists() {
            fs::rename(staging.path(), &self.path)
                .map_err(ReportError::io("move into place", &self.path))?;
            return Ok(());
        }
        swap(staging.path(), &self.path).map_err(ReportError::io("replace", &self.path))?;
        // What the temporary name stands for now is the old report.
        staging
            .remove()
            .map_err(ReportError::io("remove the old report of", &self.path))
    }

    fn parent(&self) -> &Path {
        // Only `/` has no parent, and it is never empty nor a report.
        self.path.parent().unwrap_or(&self.path)
    }
}

fn check_content(path: &Path) -> Result<(), FolderError> {
    if !path.is_dir() {
        return Err(FolderError::NotAFolder(path.to_owned()));
    }
    let mut entries = fs::read_dir(path).map_err(FolderError::io("read it", path))?;
    if entries.next().is_none() || is_report(path) {
        return Ok(());
    }
    Err(FolderError::Foreign(path.to_owned()))
}

/// Any version will do: it is only going to be replaced.
fn is_report(path: &Path) -> bool {
    #[derive(Deserialize)]
    struct Header {
        schema: String,
    }
    fs::read(path.join(REPORT_JSON))
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Header>(&bytes).ok())
        .is_some_and(|header| header.schema == SCHEMA)
}

/// Whether new folders can be made in `folder`: permissions and a read-only file system.
#[cfg(unix)]
fn can_write(folder: &Path) -> io::Result<()> {
    use nix::unistd::{AccessFlags, access};
    Ok(access(folder, AccessFlags::W_OK | AccessFlags::X_OK)?)
}

#[cfg(not(unix))]
fn can_write(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Exchanges two folders, in one step where the system can.
fn swap(new: &Path, old: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
        if renameat2(AT_FDCWD, new, AT_FDCWD, old, RenameFlags::RENAME_EXCHANGE).is_ok() {
            return Ok(());
        }
        // Some file systems cannot: three steps then, the last of which restores the invariant
        // that `new` names what is to be removed.
    }
    let aside = new.with_extension("old");
    fs::rename(old, &aside)?;
    if let Err(error) = fs::rename(new, old) {
        fs::rename(&aside, old)?;
        return Err(error);
    }
    fs::rename(&aside, new)
}

#[cfg(test)]
#[path = "folder_tests.rs"]
mod tests;
