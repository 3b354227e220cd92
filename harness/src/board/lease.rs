//! One user at a time for each board.
//!
//! The lock is the operating system's, on a file per probe: it ends with the process that holds
//! it, however that ends. The file's content, who holds it, is for people only.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fmt, process, thread};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::libc::O_NOFOLLOW;

/// Folder to keep locks in, for those who share a machine in an unusual way.
const FOLDER_VARIABLE: &str = "HIL_LOCK_DIR";
/// Where lock files of all users go on Linux; elsewhere the folder for temporary files does.
const SYSTEM_FOLDER: &str = "/run/lock";

/// How long a lock may be held by somebody who only looks; see [`Lease::holder`].
const GLANCE: Duration = Duration::from_millis(100);
const GLANCE_STEP: Duration = Duration::from_millis(5);

/// A longer record than this was not written by us.
const RECORD_LIMIT: u64 = 4096;

/// The right to use a board, until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lease {
    lock: Flock<File>,
    path: PathBuf,
}

/// Who holds a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Number of the process.
    pub pid: u32,
    /// What it was started as.
    pub command: String,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} (`{}`)", self.pid, self.command)
    }
}

/// Why a board cannot be had: the bench, not the firmware.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Somebody else has it.
    #[error(
        "the board `{board}` is in use by {}: wait for it to end, or end it",
        owner.as_ref().map_or_else(|| "another process".to_owned(), ToString::to_string)
    )]
    Held {
        /// The board.
        board: String,
        /// Who has it, if that is known.
        owner: Option<Owner>,
    },
    /// The lock file cannot be used.
    #[error(
        "cannot lock the board `{board}`: {}: {source}; set {FOLDER_VARIABLE} to a folder that \
         everybody who uses the board may write to",
        path.display()
    )]
    File {
        /// The board.
        board: String,
        /// The lock file or its folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Lease {
    /// Takes the board `board`, which hangs on the probe `selector`, in the usual folder.
    ///
    /// # Errors
    /// [`LeaseError::Held`] with the owner, or [`LeaseError::File`].
    pub fn take(board: &str, selector: &str) -> Result<Self, LeaseError> {
        Self::take_in(&folder(), board, selector)
    }

    /// The same with the lock file in `folder`.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn take_in(folder: &Path, board: &str, selector: &str) -> Result<Self, LeaseError> {
        let path = folder.join(file_name(selector));
        let failed = |source| LeaseError::File {
            board: board.to_owned(),
            path: path.clone(),
            source,
        };
        make_folder(folder).map_err(failed)?;
        let mut file = open(&path).map_err(failed)?;
        let start = Instant::now();
        loop {
            match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(lock) if is_at(&lock, &path) => {
                    let mut lease = Self {
                        lock,
                        path: path.clone(),
                    };
                    lease.sign().map_err(failed)?;
                    return Ok(lease);
                }
                // Its last holder has removed it in between.
                Ok(_) => file = open(&path).map_err(failed)?,
                Err((returned, Errno::EWOULDBLOCK)) => {
                    // Somebody may only be looking whether it is free.
                    if start.elapsed() > GLANCE {
                        return Err(LeaseError::Held {
                            board: board.to_owned(),
                            owner: read_owner(&returned),
                        });
                    }
                    file = returned;
                    thread::sleep(GLANCE_STEP);
                }
                Err((returned, Errno::EINTR)) => file = returned,
                Err((_, errno)) => return Err(failed(errno.into())),
            }
        }
    }

    /// Who holds the board on the probe `selector` now: nothing when it is free.
    pub fn holder(selector: &str) -> Option<Option<Owner>> {
        Self::holder_in(&folder(), selector)
    }

    /// The same with the lock file in `folder`.
    pub fn holder_in(folder: &Path, selector: &str) -> Option<Option<Owner>> {
        let path = folder.join(file_name(selector));
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(O_NOFOLLOW)
            .open(path)
            .ok()?;
        match Flock::lock(file, FlockArg::LockSharedNonblock) {
            Err((file, Errno::EWOULDBLOCK)) => Some(read_owner(&file)),
            _ => None,
        }
    }

    /// Writes down who we are.
    fn sign(&mut self) -> io::Result<()> {
        let command: Vec<String> = env::args_os()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect();
        let record = format!("{}\n{}\n", process::id(), command.join(" "));
        self.lock.set_len(0)?;
        self.lock.seek(SeekFrom::Start(0))?;
        self.lock.write_all(record.as_bytes())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // While it is locked: who has opened it, and gets the lock next, sees that it is gone. In
        // a folder of all users only its maker may remove it; then it stays, without a name.
        let _ = self.lock.set_len(0);
        let _ = fs::remove_file(&self.path);
    }
}

fn folder() -> PathBuf {
    if let Some(folder) = env::var_os(FOLDER_VARIABLE).filter(|folder| !folder.is_empty()) {
        return folder.into();
    }
    let system = Path::new(SYSTEM_FOLDER);
    let base = if system.is_dir() {
        system.to_owned()
    } else {
        env::temp_dir()
    };
    base.join("hil-boards")
}

/// Makes a folder in which every user can lock every board, and none remove another's file.
fn make_folder(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o777).create(folder) {
        Ok(()) => fs::set_permissions(folder, Permissions::from_mode(0o1777)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Opens the lock file, made when it is not there. In two steps: in a folder of all users Linux
/// refuses to "create or open" another user's file (`fs.protected_regular`).
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags(O_NOFOLLOW);
    loop {
        match options.open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
        match options.clone().create_new(true).open(path) {
            Ok(file) => {
                file.set_permissions(Permissions::from_mode(0o666))?;
                return Ok(file);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether `file` is what is found under `path`.
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(file), Ok(path)) = (file.metadata(), fs::symlink_metadata(path)) else {
        return false;
    };
    (file.dev(), file.ino()) == (path.dev(), path.ino())
}

/// The probe, not the board's name: two projects may name one probe differently.
fn file_name(selector: &str) -> String {
    let stem: String = selector
        .chars()
        .map(|c| match c {
            c if c.is_ascii_alphanumeric() => c.to_ascii_lowercase(),
            _ => '-',
        })
        .collect();
    format!("{stem}.lock")
}

fn read_owner(mut file: &File) -> Option<Owner> {
    let mut record = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(RECORD_LIMIT).read_to_string(&mut record).ok()?;
    let (pid, command) = record.split_once('\n')?;
    // A command line may hold anything; it goes to a terminal.
    let command: String = command
        .trim_end()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    Some(Owner {
        pid: pid.parse().ok()?,
        command,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn one_holder_at_a_time_who_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let take = || Lease::take_in(folder.path(), "desk", "303a:1001:AB");
        assert_eq!(Lease::holder_in(folder.path(), "303a:1001:AB"), None);
        let lease = take().unwrap();
        let LeaseError::Held { board, owner } = take().unwrap_err() else {
            panic!("not held")
        };
        assert_eq!(board, "desk");
        assert_eq!(owner.unwrap().pid, process::id());
        let holder = Lease::holder_in(folder.path(), "303A:1001:ab").unwrap();
        assert_eq!(holder.unwrap().pid, process::id());
        drop(lease);
        assert_eq!(Lease::holder_in(folder.path(), "303a:1001:AB"), None);
        drop(take().unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn many_who_want_it_get_it_one_after_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let inside = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mut taken = 0;
                    while taken < 20 {
                        let Ok(lease) = Lease::take_in(folder.path(), "desk", "1:2") else {
                            continue;
                        };
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        taken += 1;
                        thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(lease);
                    }
                });
            }
        });
    }

    #[test]
    fn boards_do_not_lock_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Lease::take_in(folder.path(), "a", "303a:1001:1").unwrap();
        let _second = Lease::take_in(folder.path(), "b", "303a:1001:2").unwrap();
    }

    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        let link = folder.path().join(file_name("a:b"));
        std::os::unix::fs::symlink(&victim, link).unwrap();
        let error = Lease::take_in(folder.path(), "desk", "a:b").unwrap_err();
        assert!(matches!(error, LeaseError::File { .. }), "{error}");
        assert_eq!(fs::read_to_string(victim).unwrap(), "precious");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let error = Lease::take_in(Path::new("/proc/hil"), "desk", "a:b").unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("cannot lock the board `desk`: /proc/hil/a-b.lock"),
            "{text}"
        );
        assert!(text.contains("HIL_LOCK_DIR"), "{text}");
    }
}
