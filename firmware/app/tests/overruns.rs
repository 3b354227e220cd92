//! Bytes that the receive path loses are told on the log, whatever becomes of the connection.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself fails"
)]

mod device_support;

use device_support::{boot, partition};

/// All that is lost, before anything was read.
const LOST: u32 = 129;

#[test]
fn lost_bytes_are_told_once_and_before_the_failure_they_cause() {
    // An hour is long enough for several attempts: the count does not grow, so nothing more is told.
    let device = boot(&partition(), LOST);
    assert!(device.exit.is_none() && device.uses > 0);
    let log = device.log;
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
