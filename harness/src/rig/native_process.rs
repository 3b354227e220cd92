//! The application as a child process in lockstep.

use std::fmt;
use std::io::{self, BufReader, BufWriter, Read};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use firmware_native::lockstep::{self, LockstepError, Request, Response, Start};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::error::RigError;

/// How much of the child's stderr is kept, in bytes, from the end.
const STDERR_KEPT: usize = 4096;

/// Wall time after which a device that does not answer counts as hung, in milliseconds. One answer
/// takes microseconds, a TLS handshake's worth of arithmetic some milliseconds.
const HANG_MS: u16 = 30_000;

/// A running process. Dropping it ends it.
pub(super) struct NativeProcess {
    child: Child,
    stdin: Option<BufWriter<ChildStdin>>,
    stdout: BufReader<ChildStdout>,
    stderr: Arc<Mutex<Vec<u8>>>,
    stderr_reader: Option<JoinHandle<()>>,
}

impl fmt::Debug for NativeProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeProcess")
            .field("pid", &self.child.id())
            .finish_non_exhaustive()
    }
}

/// What it did while it was advanced.
#[derive(Debug)]
pub(super) enum Advanced {
    /// It ran.
    Ran(Response),
    /// Its process ended by itself, as a panic does; the end of its stderr.
    Died(String),
    /// It computes without end: no answer for 30 s of wall time. It was killed.
    Hung,
}

impl NativeProcess {
    /// Starts the process `hil_exe __native-board` and powers the device up.
    pub(super) fn start(hil_exe: &Path, start: Start) -> Result<(Self, Advanced), RigError> {
        let mut child = Command::new(hil_exe)
            .arg("__native-board")
            // Ctrl-C in a terminal goes to the whole group; the run ends its boards by itself.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| RigError::Spawn {
                program: hil_exe.display().to_string(),
                source,
            })?;
        let (Some(stdin), Some(stdout), Some(mut errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            unreachable!("all three were asked to be pipes")
        };
        let stderr = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&stderr);
        let stderr_reader = std::thread::spawn(move || {
            let mut chunk = [0; 1024];
            while let Ok(count @ 1..) = errors.read(&mut chunk) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend_from_slice(&chunk[..count]);
                let excess = kept.len().saturating_sub(STDERR_KEPT);
                kept.drain(..excess);
            }
        });
        let mut board = Self {
            child,
            stdin: Some(BufWriter::new(stdin)),
            stdout: BufReader::new(stdout),
            stderr,
            stderr_reader: Some(stderr_reader),
        };
        let first = board.exchange(&Request::Start(start))?;
        Ok((board, first))
    }

    /// Runs the device to `until`, or to the first instant at which it writes or ends.
    pub(super) fn advance(
        &mut self,
        until: Duration,
        receive: Vec<(Duration, u8)>,
    ) -> Result<Advanced, RigError> {
        self.exchange(&Request::Advance { until, receive })
    }

    fn exchange(&mut self, request: &Request) -> Result<Advanced, RigError> {
        let Some(stdin) = self.stdin.as_mut() else {
            return Ok(Advanced::Died(self.last_words()));
        };
        let answer = lockstep::send(stdin, request)
            .and_then(|()| Ok(await_answer(&self.stdout)?))
            .and_then(|()| lockstep::receive::<Response>(&mut self.stdout));
        match answer {
            Ok(Some(response)) => Ok(Advanced::Ran(response)),
            Ok(None) => Ok(Advanced::Died(self.last_words())),
            Err(LockstepError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                Ok(Advanced::Died(self.last_words()))
            }
            Err(LockstepError::Io(error)) if error.kind() == io::ErrorKind::TimedOut => {
                self.stop();
                Ok(Advanced::Hung)
            }
            Err(source) => Err(RigError::Board {
                source,
                stderr: self.last_words(),
            }),
        }
    }

    /// Ends the process and returns the end of its stderr.
    fn last_words(&mut self) -> String {
        self.stop();
        let kept = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept).trim().to_owned()
    }

    fn stop(&mut self) {
        // The process ends when its stdin does; the kill is for one that hangs in its own code.
        self.stdin = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.stderr_reader.take() {
            let _ = reader.join();
        }
    }
}

/// Waits until the child has written something or ended, for at most [`HANG_MS`].
///
/// Requests and answers alternate, so the buffered reader holds nothing between two of them.
fn await_answer(stdout: &BufReader<ChildStdout>) -> io::Result<()> {
    let mut descriptors = [PollFd::new(stdout.get_ref().as_fd(), PollFlags::POLLIN)];
    loop {
        match poll(&mut descriptors, PollTimeout::from(HANG_MS)) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

impl Drop for NativeProcess {
    fn drop(&mut self) {
        self.stop();
    }
}
