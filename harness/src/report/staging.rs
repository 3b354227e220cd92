//! The folder a report is written into before it takes its place.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// A new folder beside another, gone when its owner is: also when that is killed.
///
/// Nobody can clean up after `kill -9` but another process. So a shell waits for the owner's end of
/// a pipe to close, which the system does in every case, and removes what is left then.
#[derive(Debug)]
pub(super) struct Staging {
    path: PathBuf,
    sweeper: Child,
    /// Nothing is ever written: that it closes is the message.
    alive: Option<ChildStdin>,
}

impl Staging {
    /// Makes the folder `.hil-report-<random>` beside `target`.
    pub(super) fn beside(target: &Path) -> io::Result<Self> {
        let parent = target.parent().unwrap_or(target);
        let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
        for _ in 0..16 {
            let path = parent.join(format!(".hil-report-{:016x}", draw()?));
            // The sweeper first: there is no instant at which the folder has none. A folder that
            // somebody else owns is not to be swept, though, hence the look before.
            if path.symlink_metadata().is_ok() {
                continue;
            }
            let mut staging = Self::swept(path)?;
            match fs::create_dir(&staging.path) {
                Ok(()) => return Ok(staging),
                Err(error) => {
                    staging.call_off();
                    last = error;
                }
            }
            if last.kind() != io::ErrorKind::AlreadyExists {
                break;
            }
        }
        Err(last)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the folder and tells what stands against it.
    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_dir_all(&self.path)
    }

    fn swept(path: PathBuf) -> io::Result<Self> {
        let mut command = Command::new("sh");
        command
            .args(["-c", "read -r _; rm -rf -- \"$1\"", "sh"])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        // A terminal's Ctrl-C, and a kill of the whole group, are not for the one who cleans up.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut sweeper = command.spawn()?;
        Ok(Self {
            path,
            alive: sweeper.stdin.take(),
            sweeper,
        })
    }

    /// The path turned out to belong to somebody else: nothing is to be removed.
    fn call_off(&mut self) {
        // An error means that it has ended already, which is what is wanted.
        let _ = self.sweeper.kill();
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        drop(self.alive.take());
        // Its only work is `rm`; there is nobody left to tell of an error in a drop.
        let _ = self.sweeper.wait();
    }
}

fn draw() -> io::Result<u64> {
    use rand_core::{OsRng, RngCore};
    let mut bytes = [0; 8];
    OsRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| io::Error::other(error.to_string()))?;
    Ok(u64::from_le_bytes(bytes))
}
