//! The serial line: a real port or a pseudo-terminal, with a thread for each direction.

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use modem_sim::{Parity, UartFormat};
use serialport::{DataBits, SerialPort, StopBits, TTYPort};

use super::error::ModemCliError;
use super::input::{Input, What};

/// How long one system call may wait; only the time to notice a stop depends on it.
const PATIENCE: Duration = Duration::from_millis(500);

/// Bytes that may wait for a firmware that does not read; more are lost, as on a line without
/// flow control.
const BACKLOG: usize = 64 * 1024;

/// Largest piece read at once.
const CHUNK: usize = 1024;

/// The modem's end of the line.
pub(super) struct Line {
    control: Box<dyn SerialPort>,
    to_writer: Sender<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
    inputs: Sender<Input>,
    /// The firmware's end of a pseudo-terminal: held, so that the line stays up while the
    /// firmware's program comes and goes.
    _other_end: Option<TTYPort>,
}

impl Line {
    /// Opens a serial port and starts to listen.
    pub(super) fn port(
        path: &Path,
        format: UartFormat,
        inputs: Sender<Input>,
    ) -> Result<Self, ModemCliError> {
        let failed = |source| ModemCliError::Port {
            path: path.to_owned(),
            source,
        };
        let port = serialport::new(path.to_string_lossy(), format.baud)
            .timeout(PATIENCE)
            .open()
            .map_err(failed)?;
        let mut line = Self::start(port, None, inputs)?;
        line.set_format(format)?;
        Ok(line)
    }

    /// Makes a pseudo-terminal, starts to listen, and tells the path of the firmware's end.
    pub(super) fn pty(inputs: Sender<Input>) -> Result<(Self, String), ModemCliError> {
        let (mut ours, theirs) = TTYPort::pair().map_err(ModemCliError::Pty)?;
        ours.set_timeout(PATIENCE).map_err(ModemCliError::Pty)?;
        let no_name = || serialport::Error::new(serialport::ErrorKind::NoDevice, "it has no name");
        let path = theirs
            .name()
            .ok_or_else(no_name)
            .map_err(ModemCliError::Pty)?;
        Ok((Self::start(Box::new(ours), Some(theirs), inputs)?, path))
    }

    fn start(
        control: Box<dyn SerialPort>,
        other_end: Option<TTYPort>,
        inputs: Sender<Input>,
    ) -> Result<Self, ModemCliError> {
        let clone = || {
            let failed = |source| ModemCliError::Line {
                action: "duplicate it",
                source,
            };
            control.try_clone().map_err(failed)
        };
        let (reader, writer) = (clone()?, clone()?);
        let (to_writer, from_modem) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let heard = inputs.clone();
        thread::spawn(move || read(reader, &heard));
        let (counter, lost) = (Arc::clone(&waiting), inputs.clone());
        thread::spawn(move || write(writer, &from_modem, &counter, &lost));
        Ok(Self {
            control,
            to_writer,
            waiting,
            inputs,
            _other_end: other_end,
        })
    }

    /// Hands bytes to the line without waiting for them to leave.
    pub(super) fn send(&self, bytes: Vec<u8>) {
        let length = bytes.len();
        if self.waiting.load(Ordering::Relaxed) + length > BACKLOG {
            tell(&self.inputs, What::Unread(length));
            return;
        }
        self.waiting.fetch_add(length, Ordering::Relaxed);
        // A writer that ended has told why.
        let _ = self.to_writer.send(bytes);
    }

    /// Follows the modem to another format. A pseudo-terminal takes any and cares for none.
    pub(super) fn set_format(&mut self, format: UartFormat) -> Result<(), ModemCliError> {
        let parity = match format.parity {
            Parity::None => serialport::Parity::None,
            Parity::Odd => serialport::Parity::Odd,
            Parity::Even => serialport::Parity::Even,
        };
        let stop_bits = if format.stop_bits == 2 {
            StopBits::Two
        } else {
            StopBits::One
        };
        let data_bits = if format.data_bits == 7 {
            DataBits::Seven
        } else {
            DataBits::Eight
        };
        let control = &mut self.control;
        control
            .set_baud_rate(format.baud)
            .and_then(|()| control.set_data_bits(data_bits))
            .and_then(|()| control.set_parity(parity))
            .and_then(|()| control.set_stop_bits(stop_bits))
            .map_err(|source| ModemCliError::Line {
                action: "set its format",
                source,
            })
    }
}

fn read(mut port: Box<dyn SerialPort>, inputs: &Sender<Input>) {
    let mut chunk = [0; CHUNK];
    loop {
        let what = match port.read(&mut chunk) {
            Ok(0) => What::LineGone(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => What::Line(chunk[..count].to_vec()),
            Err(error) if is_passing(&error) => continue,
            Err(error) => What::LineGone(error),
        };
        let gone = matches!(what, What::LineGone(_));
        if !tell(inputs, what) || gone {
            return;
        }
    }
}

/// Writes until the modem ends. Whatever finds no room for [`PATIENCE`] is lost.
fn write(
    mut port: Box<dyn SerialPort>,
    from_modem: &Receiver<Vec<u8>>,
    waiting: &AtomicUsize,
    inputs: &Sender<Input>,
) {
    for bytes in from_modem {
        let mut left = bytes.as_slice();
        while !left.is_empty() {
            match port.write(left) {
                Ok(count) => left = &left[count..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_passing(&error) => {
                    tell(inputs, What::Unread(left.len()));
                    break;
                }
                Err(error) => {
                    tell(inputs, What::LineGone(error));
                    return;
                }
            }
        }
        waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
    }
}

fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}

/// False when the modem's thread has ended.
fn tell(inputs: &Sender<Input>, what: What) -> bool {
    inputs.send(Input::now(what)).is_ok()
}
