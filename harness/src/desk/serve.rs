//! The board, its two doors, and what it says.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use virtual_esp32c3::config::ChipConfig;
use virtual_esp32c3::signal::Signal;
use virtual_esp32c3_probe::{BmpConfig, BmpServer, Desk, DeskConfig, DeskEvent, VirtualBoard};

use super::error::ServeError;
use super::link::Link;
use super::port::{Port, PortWriter};
use crate::board::{ChipKind, ProbeBoard, Program};

/// The UART that the firmware takes for its modem (firmware/esp32, `uart`).
const MODEM_UART: u8 = 1;

/// How often the board's thread is looked after.
const PERIOD: Duration = Duration::from_millis(500);

/// A board to serve.
#[derive(Debug, Clone)]
pub struct Config {
    /// TCP port of the debug probe on 127.0.0.1; 0 is any free one.
    pub probe_port: u16,
    /// Another path for the serial port.
    pub link: Option<PathBuf>,
    /// What flash holds at power-up; nothing is erased flash.
    pub program: Option<Program>,
    /// What the settings partition holds, if there is a program.
    pub settings: Option<Vec<u8>>,
    /// Rate of the modem's UART, in bits per second.
    pub baud: u32,
    /// Seed of the chip.
    pub seed: u64,
}

/// Ends [`serve`] from another thread.
#[derive(Debug, Clone)]
pub struct Stop(Sender<()>);

impl Stop {
    /// Asks the board to end.
    pub fn stop(&self) {
        // It has ended already when nobody listens.
        let _ = self.0.send(());
    }
}

/// Serves a board until it is stopped. `ready` gets the means to stop it.
///
/// Where the board is goes to `out` as a line of comment and an entry for `hil.toml`; what the
/// chip has to say goes to `log`.
///
/// # Errors
/// [`ServeError`] when there is no board, or no longer one.
pub fn serve(
    config: &Config,
    out: &mut dyn Write,
    log: impl Write + Send + 'static,
    ready: impl FnOnce(Stop) -> Result<(), ServeError>,
) -> Result<(), ServeError> {
    let (sender, stopped) = mpsc::channel();
    ready(Stop(sender))?;
    let board = VirtualBoard::new(
        "desk",
        ChipConfig {
            seed: config.seed,
            ..ChipConfig::default()
        },
    );
    begin(&board, config)?;
    let port = Port::new()?;
    let link = config
        .link
        .as_deref()
        .map(|path| Link::new(path, port.path()))
        .transpose()?;
    let probe = BmpServer::start(
        board.clone(),
        BmpConfig {
            port: config.probe_port,
            ..BmpConfig::default()
        },
    )?;
    let desk = DeskConfig {
        baud: [config.baud; 2],
    };
    let desk = Desk::start(board, &desk, sink(port.writer()?, log))?;
    let threads = port.read_into(desk.input(), MODEM_UART)?;
    let path = config.link.as_deref().unwrap_or_else(|| port.path());
    announce(out, &probe.selector(), path, config.baud).map_err(ServeError::Announce)?;
    let result = wait(&stopped, &desk);
    // The line first: it feeds the board.
    drop(threads);
    probe.shutdown();
    desk.stop();
    drop(link);
    result
}

/// Fills flash through the board's own probe, then starts the board from power-on.
fn begin(board: &VirtualBoard, config: &Config) -> Result<(), ServeError> {
    let Some(program) = &config.program else {
        return Ok(());
    };
    let probe = virtual_esp32c3_probe::open(board);
    let mut probe = ProbeBoard::attach(probe, board.serial(), ChipKind::Esp32c3)?;
    probe.flash(program, config.settings.as_deref(), &mut |_| {})?;
    drop(probe);
    board.power_cycle();
    while board.take_signal().is_some() {}
    Ok(())
}

fn announce(out: &mut dyn Write, selector: &str, port: &Path, baud: u32) -> io::Result<()> {
    let port = port.display().to_string();
    writeln!(
        out,
        "# virtual board: probe {selector}, modem UART {port}; Ctrl-C ends it\n\
         [[board]]\n\
         name = \"desk\"\n\
         chip = \"esp32c3\"\n\
         probe = {selector:?}\n\
         modem_port = {port:?}\n\
         baud = {baud}"
    )?;
    out.flush()
}

fn wait(stopped: &Receiver<()>, desk: &Desk) -> Result<(), ServeError> {
    loop {
        match stopped.recv_timeout(PERIOD) {
            Ok(()) => return Ok(()),
            Err(RecvTimeoutError::Timeout) if desk.is_running() => {}
            Err(_) => return Err(ServeError::Ended("its thread is gone".to_owned())),
        }
    }
}

/// What the board says: the modem's UART to the port, the rest to `log`, as lines.
fn sink(port: PortWriter, mut log: impl Write + Send + 'static) -> impl FnMut(DeskEvent) + Send {
    let mut say = move |text: std::fmt::Arguments<'_>| {
        // The board goes on when nobody reads what it says.
        let _ = writeln!(log, "{text}");
    };
    move |event| match event {
        DeskEvent::Uart { uart, bytes } if uart == MODEM_UART => port.send(bytes),
        DeskEvent::Uart { bytes, .. } | DeskEvent::Console(bytes) => {
            for line in bytes.split(|byte| *byte == b'\n') {
                if !line.is_empty() {
                    say(format_args!("console: {}", line.escape_ascii()));
                }
            }
        }
        DeskEvent::Died(death) => say(format_args!("chip: {death}; reset it to go on")),
        DeskEvent::Signal(Signal::Reset(cause)) => say(format_args!("chip: reset ({cause:?})")),
        DeskEvent::Signal(signal) => say(format_args!("chip: {signal:?}")),
    }
}
