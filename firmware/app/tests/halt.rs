//! A device without usable settings does nothing, and says why.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself fails"
)]

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::time::Duration;

use embedded_io_async::{ErrorType, Read, Write};
use firmware_app::platform::{Device, Exit, ModemUart, ResetReason, System};
use firmware_app::{Memory, run};
use firmware_native::{executor::Virtual, flash::NativeFlash, time_driver};
use firmware_settings::{Draft, PARTITION_SIZE, encode};
use rand_core::OsRng;

/// A modem that must be left alone, or that never answers.
struct Untouched<'a>(&'a Cell<usize>);

impl ErrorType for Untouched<'_> {
    type Error = Infallible;
}
impl Read for Untouched<'_> {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> {
        self.0.set(self.0.get() + 1);
        std::future::pending().await
    }
}
impl Write for Untouched<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.0.set(self.0.get() + 1);
        Ok(bytes.len())
    }
    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
impl ModemUart for Untouched<'_> {
    fn overruns(&self) -> u32 {
        0
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
        LINES.with_borrow_mut(|lines| lines.push(record.args().to_string()));
    }
    fn flush(&self) {}
}

/// Runs a device on `partition`: how it ended within an hour, its log, uses of the UART.
fn boot(partition: &[u8]) -> (Option<Exit>, Vec<String>, usize) {
    static RECORDER: Recorder = Recorder;
    let _ = log::set_logger(&RECORDER);
    log::set_max_level(log::LevelFilter::Info);
    LINES.take();
    time_driver::restart(Duration::ZERO);
    let touched = Cell::new(0);
    let uart = Untouched(&touched);
    let device = Device {
        uart,
        rng: OsRng,
        system: Board,
        settings: partition,
        outbox: None::<NativeFlash>,
    };
    let mut memory = Box::new(Memory::new());
    let exit = match Virtual::new(run(device, &mut memory)).run_until(Duration::from_secs(3600)) {
        std::task::Poll::Ready(exit) => Some(exit),
        std::task::Poll::Pending => None,
    };
    (exit, LINES.take(), touched.get())
}

#[test]
fn absent_settings() {
    let (exit, log, touched) = boot(&[0xff; PARTITION_SIZE]);
    assert_eq!((exit, touched), (Some(Exit::Halt), 0));
    assert_eq!(log.len(), 2, "{log:?}");
    assert!(log[0].starts_with("settings: "), "{log:?}");
    assert_eq!(log[1], "halted: write the settings partition, then reset");
}

#[test]
fn damaged_settings_are_told_apart_from_absent_ones() {
    let mut partition = partition();
    partition[40] ^= 1;
    let (exit, damaged, touched) = boot(&partition);
    assert_eq!((exit, touched), (Some(Exit::Halt), 0));
    let (_, absent, _) = boot(&[0xff; PARTITION_SIZE]);
    assert_ne!(damaged[0], absent[0]);
}

#[test]
fn a_modem_that_never_answers_is_asked_again_and_again() {
    let (exit, log, touched) = boot(&partition());
    assert_eq!(exit, None);
    assert!(touched > 0);
    assert!(log[0].starts_with("boot: firmware "), "{log:?}");
    let retries: Vec<u64> = log
        .iter()
        .filter_map(|line| {
            line.strip_prefix("retry in ")?
                .strip_suffix(" s")?
                .parse()
                .ok()
        })
        .collect();
    assert!(retries.len() >= 5, "{log:?}");
    assert!(
        retries.iter().all(|wait| (1..=300).contains(wait)),
        "{retries:?}"
    );
    assert!(
        retries[0] <= 2 && *retries.last().unwrap() >= 100,
        "{retries:?}"
    );
    assert!(log.contains(
        &"modem: the modem does not answer: check its power, the wiring and the baud rate".into()
    ));
}

fn partition() -> [u8; PARTITION_SIZE] {
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
