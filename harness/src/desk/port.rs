//! The serial port of a served board: a pseudo-terminal with a thread for each direction.

use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serialport::{SerialPort, TTYPort};
use virtual_esp32c3_probe::DeskInput;

use super::error::ServeError;

/// How long one system call may wait; only the time to notice the end depends on it.
const PATIENCE: Duration = Duration::from_millis(100);

/// Bytes that may wait for a program that does not read; more are lost, as on a line without flow
/// control.
const BACKLOG: usize = 64 * 1024;

const CHUNK: usize = 1024;

/// The board's end of the line, and the other end's path.
pub(super) struct Port {
    board: TTYPort,
    path: PathBuf,
    /// The other end: held, so that the line stays up while programs come and go.
    _held: TTYPort,
}

/// Puts the board's bytes on the line.
#[derive(Debug, Clone)]
pub(super) struct PortWriter {
    bytes: Sender<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
}

impl PortWriter {
    /// Does not wait: what nobody reads is lost.
    pub(super) fn send(&self, bytes: Vec<u8>) {
        let length = bytes.len();
        if self.waiting.load(Ordering::Relaxed) + length > BACKLOG {
            return;
        }
        self.waiting.fetch_add(length, Ordering::Relaxed);
        let _ = self.bytes.send(bytes);
    }
}

/// The threads; they end when this is dropped.
pub(super) struct PortThreads {
    ended: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

impl Port {
    /// Makes a pseudo-terminal.
    pub(super) fn new() -> Result<Self, ServeError> {
        let (mut board, held) = TTYPort::pair().map_err(ServeError::Pty)?;
        board.set_timeout(PATIENCE).map_err(ServeError::Pty)?;
        let no_name = || serialport::Error::new(serialport::ErrorKind::NoDevice, "it has no name");
        let path = held.name().ok_or_else(no_name).map_err(ServeError::Pty)?;
        Ok(Self {
            board,
            path: path.into(),
            _held: held,
        })
    }

    /// What programs open.
    pub(super) fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Where the board's bytes go.
    pub(super) fn writer(&self) -> Result<PortWriter, ServeError> {
        let port = self.board.try_clone().map_err(ServeError::Pty)?;
        let (sender, receiver) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&waiting);
        // Ends with its channel.
        thread::spawn(move || write(port, &receiver, &counter));
        Ok(PortWriter {
            bytes: sender,
            waiting,
        })
    }

    /// Hands what programs write to the board's UART `uart`.
    pub(super) fn read_into(&self, input: DeskInput, uart: u8) -> Result<PortThreads, ServeError> {
        let port = self.board.try_clone().map_err(ServeError::Pty)?;
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        let reader = thread::spawn(move || read(port, &input, uart, &end));
        Ok(PortThreads {
            ended,
            reader: Some(reader),
        })
    }
}

impl Drop for PortThreads {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

fn read(mut port: Box<dyn SerialPort>, input: &DeskInput, uart: u8, ended: &AtomicBool) {
    let mut chunk = [0; CHUNK];
    while !ended.load(Ordering::Relaxed) {
        match port.read(&mut chunk) {
            Ok(0) => return,
            Ok(count) => {
                if input.send(uart, &chunk[..count]).is_err() {
                    return;
                }
            }
            Err(error) if is_passing(&error) => {}
            Err(_) => return,
        }
    }
}

fn write(mut port: Box<dyn SerialPort>, pieces: &Receiver<Vec<u8>>, waiting: &AtomicUsize) {
    for bytes in pieces {
        let mut left = bytes.as_slice();
        while !left.is_empty() {
            match port.write(left) {
                Ok(count) => left = &left[count..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Nobody reads.
                Err(_) => break,
            }
        }
        waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
    }
}

fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}
