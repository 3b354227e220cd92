//! The host end of a board's modem UART, in wall time.
//!
//! A thread reads the port and stamps what it reads; writing goes through a second one, so that a
//! line that nobody reads holds up nobody. Bytes of one read share one instant: a USB adapter
//! hides those of the single bytes.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use serialport::{ClearBuffer, SerialPort};

/// How long one system call may wait; only the time to notice the end depends on it.
const PATIENCE: Duration = Duration::from_millis(100);

/// Largest piece read at once.
const CHUNK: usize = 4096;

/// Bytes that came from the board together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// When they were read: after the last of them had arrived.
    pub at: Instant,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// The port cannot be used, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// It cannot be opened.
    #[error("serial port `{}`: {source}{}", path.display(), hint(source))]
    Open {
        /// The port.
        path: PathBuf,
        /// What the system said.
        source: serialport::Error,
    },
    /// It went away: an adapter pulled out, a served board ended.
    #[error("serial port `{}`: gone: {source}", path.display())]
    Gone {
        /// The port.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// One end of a serial line. Dropping it closes the port.
#[derive(Debug)]
pub struct WallLine {
    path: PathBuf,
    heard: Receiver<Result<Heard, io::Error>>,
    to_writer: Sender<Vec<u8>>,
    ended: Arc<AtomicBool>,
}

impl WallLine {
    /// Opens `path` at `baud`, 8 data bits, no parity, 1 stop bit, no flow control. What an
    /// earlier user has left unread is dropped.
    ///
    /// # Errors
    /// [`LineError::Open`].
    pub fn open(path: &Path, baud: u32) -> Result<Self, LineError> {
        let failed = |source| LineError::Open {
            path: path.to_owned(),
            source,
        };
        let port = serialport::new(path.to_string_lossy(), baud)
            .timeout(PATIENCE)
            .open()
            .map_err(failed)?;
        port.clear(ClearBuffer::All).map_err(failed)?;
        let writer = port.try_clone().map_err(failed)?;
        let (to_owner, heard) = mpsc::channel();
        let (to_writer, to_write) = mpsc::channel();
        let ended = Arc::new(AtomicBool::new(false));
        let (reader_ended, writer_failed) = (Arc::clone(&ended), to_owner.clone());
        thread::spawn(move || read(port, &to_owner, &reader_ended));
        thread::spawn(move || write(writer, &to_write, &writer_failed));
        Ok(Self {
            path: path.to_owned(),
            heard,
            to_writer,
            ended,
        })
    }

    /// Hands `bytes` to the line without waiting for them to leave.
    pub fn send(&self, bytes: Vec<u8>) {
        // A writer that ended has told why, to whoever listens.
        let _ = self.to_writer.send(bytes);
    }

    /// What came in the meantime, oldest first; nothing when nothing came.
    ///
    /// # Errors
    /// [`LineError::Gone`].
    pub fn try_receive(&self) -> Result<Option<Heard>, LineError> {
        match self.heard.try_recv() {
            Ok(heard) => heard.map(Some).map_err(|source| self.gone(source)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(self.gone(io::ErrorKind::BrokenPipe.into())),
        }
    }

    /// Waits for bytes until `deadline`; nothing when none came.
    ///
    /// # Errors
    /// [`LineError::Gone`].
    pub fn receive_until(&self, deadline: Instant) -> Result<Option<Heard>, LineError> {
        let left = deadline.saturating_duration_since(Instant::now());
        match self.heard.recv_timeout(left) {
            Ok(heard) => heard.map(Some).map_err(|source| self.gone(source)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(self.gone(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn gone(&self, source: io::Error) -> LineError {
        LineError::Gone {
            path: self.path.clone(),
            source,
        }
    }
}

impl Drop for WallLine {
    fn drop(&mut self) {
        // The writer ends with its channel.
        self.ended.store(true, Ordering::Relaxed);
    }
}

fn read(
    mut port: Box<dyn SerialPort>,
    owner: &Sender<Result<Heard, io::Error>>,
    ended: &AtomicBool,
) {
    let mut chunk = [0; CHUNK];
    while !ended.load(Ordering::Relaxed) {
        let heard = match port.read(&mut chunk) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => Ok(Heard {
                at: Instant::now(),
                bytes: chunk[..count].to_vec(),
            }),
            Err(error) if is_passing(&error) => continue,
            Err(error) => Err(error),
        };
        let gone = heard.is_err();
        if owner.send(heard).is_err() || gone {
            return;
        }
    }
}

fn write(
    mut port: Box<dyn SerialPort>,
    pieces: &Receiver<Vec<u8>>,
    owner: &Sender<Result<Heard, io::Error>>,
) {
    for bytes in pieces {
        let mut left = bytes.as_slice();
        while !left.is_empty() {
            match port.write(left) {
                Ok(count) => left = &left[count..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // No flow control: what the other side does not take is lost.
                Err(error) if is_passing(&error) => break,
                Err(error) => {
                    let _ = owner.send(Err(error));
                    return;
                }
            }
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}

fn hint(error: &serialport::Error) -> &'static str {
    match error.kind() {
        serialport::ErrorKind::Io(io::ErrorKind::PermissionDenied) => {
            "; you may not use it: add yourself to its group (`dialout` on Debian) and log in again"
        }
        serialport::ErrorKind::NoDevice | serialport::ErrorKind::Io(io::ErrorKind::NotFound) => {
            "; is it plugged in? `cargo hil boards` lists the serial ports"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use serialport::TTYPort;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    #[test]
    fn bytes_go_both_ways() {
        let (mut board, port) = TTYPort::pair().unwrap();
        let line = WallLine::open(Path::new(&port.name().unwrap()), 115_200).unwrap();
        assert_eq!(line.try_receive().unwrap(), None);
        board.write_all(b"+++").unwrap();
        let mut heard = Vec::new();
        while heard.len() < 3 {
            heard.extend(line.receive_until(soon()).unwrap().unwrap().bytes);
        }
        assert_eq!(heard, b"+++");
        line.send(b"a\x00\r\n".to_vec());
        let mut sent = [0; 4];
        board.set_timeout(Duration::from_secs(10)).unwrap();
        board.read_exact(&mut sent).unwrap();
        assert_eq!(&sent, b"a\x00\r\n");
    }

    #[test]
    fn a_line_that_goes_away_is_named() {
        let (board, port) = TTYPort::pair().unwrap();
        let path = port.name().unwrap();
        let line = WallLine::open(Path::new(&path), 115_200).unwrap();
        drop((board, port));
        let error = line.receive_until(soon()).unwrap_err().to_string();
        assert!(error.contains(&path) && error.contains("gone"), "{error}");
    }

    #[test]
    fn a_port_that_is_not_there_is_named() {
        let error = WallLine::open(Path::new("/dev/nonexistent"), 9_600).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("`/dev/nonexistent`") && text.contains("cargo hil boards"),
            "{text}"
        );
    }
}
