//! A path of the user's choice for the serial port.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::error::ServeError;

/// A symbolic link that is removed when dropped.
#[derive(Debug)]
pub(super) struct Link {
    path: PathBuf,
    target: PathBuf,
}

impl Link {
    /// Makes `path` lead to `target`. A link that is there already, left behind by a board that
    /// was killed, is replaced; anything else is not.
    pub(super) fn new(path: &Path, target: &Path) -> Result<Self, ServeError> {
        let failed = |source| ServeError::Link {
            path: path.to_owned(),
            source,
        };
        match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_symlink() => fs::remove_file(path).map_err(failed)?,
            Ok(_) => return Err(ServeError::LinkTaken(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        symlink(target, path).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            target: target.to_owned(),
        })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // Somebody else's by now, perhaps.
        if fs::read_link(&self.path).is_ok_and(|target| target == self.target) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_goes_with_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("modem");
        let first = Link::new(&path, Path::new("/dev/pts/7")).unwrap();
        assert_eq!(fs::read_link(&path).unwrap(), Path::new("/dev/pts/7"));
        let second = Link::new(&path, Path::new("/dev/pts/8")).unwrap();
        drop(first);
        assert_eq!(fs::read_link(&path).unwrap(), Path::new("/dev/pts/8"));
        drop(second);
        assert!(fs::symlink_metadata(&path).is_err());
    }

    #[test]
    fn a_file_is_left_alone() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Link::new(file.path(), Path::new("/dev/pts/7")).unwrap_err();
        assert!(
            error.is_usage() && error.to_string().contains("no link"),
            "{error}"
        );
    }
}
