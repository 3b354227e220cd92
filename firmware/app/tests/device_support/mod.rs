//! The whole device on the host, beside a modem that never answers.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::task::Poll;
use std::time::Duration;

use embedded_io_async::{ErrorType, Read, Write};
use firmware_app::platform::{Device, Exit, ModemUart, ResetReason, System};
use firmware_app::{Memory, run};
use firmware_native::{executor::Virtual, flash::NativeFlash, time_driver};
use firmware_settings::{Draft, PARTITION_SIZE, encode};
use rand_core::OsRng;

/// A line to nowhere.
struct Silent<'a> {
    /// How often the device read from it or wrote to it.
    uses: &'a Cell<usize>,
    /// Bytes that it is said to have lost.
    lost: u32,
}

impl ErrorType for Silent<'_> {
    type Error = Infallible;
}
impl Read for Silent<'_> {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> {
        self.uses.set(self.uses.get() + 1);
        std::future::pending().await
    }
}
impl Write for Silent<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.uses.set(self.uses.get() + 1);
        Ok(bytes.len())
    }
    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
impl ModemUart for Silent<'_> {
    fn overruns(&self) -> u32 {
        self.lost
    }
}

struct Board;

impl System for Board {
    fn boot_id(&self) -> u32 {
        1
    }
    fn reset_reason(&self) -> ResetReason {
        ResetReason::PowerOn
    }
    fn temperature_c(&mut self) -> Option<i16> {
        None
    }
    fn build_time(&self) -> u64 {
        0
    }
}

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Keeps the log lines of each test's thread.
struct Recorder;

impl log::Log for Recorder {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &log::Record<'_>) {
        LINES.with_borrow_mut(|lines| lines.push(format!("{} {}", record.level(), record.args())));
    }
    fn flush(&self) {}
}

/// What a device did in its first hour.
pub(crate) struct Boot {
    /// How it ended, if it did.
    pub(crate) exit: Option<Exit>,
    /// Its log: `INFO boot: firmware …`.
    pub(crate) log: Vec<String>,
    /// Uses of the UART.
    pub(crate) uses: usize,
}

/// Runs a device with this settings partition and a UART that has lost `lost` bytes.
pub(crate) fn boot(partition: &[u8], lost: u32) -> Boot {
    static RECORDER: Recorder = Recorder;
    // Another test of the same process may have been first.
    let _ = log::set_logger(&RECORDER);
    log::set_max_level(log::LevelFilter::Info);
    LINES.take();
    time_driver::restart(Duration::ZERO);
    let uses = Cell::new(0);
    let device = Device {
        uart: Silent { uses: &uses, lost },
        rng: OsRng,
        system: Board,
        settings: partition,
        outbox: None::<NativeFlash>,
    };
    let mut memory = Box::new(Memory::new());
    let exit = match Virtual::new(run(device, &mut memory)).run_until(Duration::from_secs(3600)) {
        Poll::Ready(exit) => Some(exit),
        Poll::Pending => None,
    };
    Boot {
        exit,
        log: LINES.take(),
        uses: uses.get(),
    }
}

/// Settings that are right as far as the device can tell.
pub(crate) fn partition() -> [u8; PARTITION_SIZE] {
    let settings = Draft {
        broker_host: "broker.example",
        server_name: "broker.example",
        ca: &[0x30, 0],
        client_id: "device",
        ..Draft::default()
    }
    .build()
    .unwrap();
    let mut partition = [0xff; PARTITION_SIZE];
    encode(&settings, &mut partition).unwrap();
    partition
}
