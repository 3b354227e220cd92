//! Bytes that the receive path loses are told on the log, whatever becomes of the connection.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself fails"
)]

use std::cell::RefCell;
use std::convert::Infallible;
use std::time::Duration;

use embedded_io_async::{ErrorType, Read, Write};
use firmware_app::platform::{Device, ModemUart, ResetReason, System};
use firmware_app::{Memory, run};
use firmware_native::{executor::Virtual, flash::NativeFlash, time_driver};
use firmware_settings::{Draft, PARTITION_SIZE, encode};
use rand_core::OsRng;

/// All that is lost, before anything was read.
const LOST: u32 = 129;

/// A line that loses every byte the modem sends.
struct Deaf;

impl ErrorType for Deaf {
    type Error = Infallible;
}
impl Read for Deaf {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> {
        std::future::pending().await
    }
}
impl Write for Deaf {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(bytes.len())
    }
    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
impl ModemUart for Deaf {
    fn overruns(&self) -> u32 {
        LOST
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

#[test]
fn lost_bytes_are_told_once_and_before_the_failure_they_cause() {
    static RECORDER: Recorder = Recorder;
    log::set_logger(&RECORDER).unwrap();
    log::set_max_level(log::LevelFilter::Info);
    time_driver::restart(Duration::ZERO);
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
    let device = Device {
        uart: Deaf,
        rng: OsRng,
        system: Board,
        settings: &partition,
        outbox: None::<NativeFlash>,
    };
    let mut memory = Box::new(Memory::new());
    // Long enough for several attempts: the count does not grow, so nothing more is told.
    let _ = Virtual::new(run(device, &mut memory)).run_until(Duration::from_secs(3600));
    let log = LINES.take();
    let told = |start: &str| {
        let lines = log.iter().enumerate();
        let places = lines.filter(|(_, line)| line.starts_with(start));
        places.map(|(place, _)| place).collect::<Vec<_>>()
    };
    let lost = told(&format!("WARN uart: at least {LOST} bytes lost"));
    let failed = told("WARN modem: the modem does not answer");
    assert_eq!(lost.len(), 1, "{log:?}");
    assert!(failed.len() >= 2 && lost[0] < failed[0], "{log:?}");
    assert_eq!(told("WARN uart:").len(), 1, "{log:?}");
}
