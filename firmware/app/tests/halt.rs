//! A device without usable settings does nothing, and says why.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself fails"
)]

mod device_support;

use device_support::{Boot, boot, partition};
use firmware_app::platform::Exit;
use firmware_settings::PARTITION_SIZE;

#[test]
fn absent_settings() {
    let Boot { exit, log, uses } = boot(&[0xff; PARTITION_SIZE], 0);
    assert_eq!((exit, uses), (Some(Exit::Halt), 0));
    assert_eq!(log.len(), 2, "{log:?}");
    assert!(log[0].starts_with("ERROR settings: "), "{log:?}");
    assert_eq!(
        log[1],
        "ERROR halted: write the settings partition, then reset"
    );
}

#[test]
fn damaged_settings_are_told_apart_from_absent_ones() {
    let mut partition = partition();
    partition[40] ^= 1;
    let damaged = boot(&partition, 0);
    assert_eq!((damaged.exit, damaged.uses), (Some(Exit::Halt), 0));
    let absent = boot(&[0xff; PARTITION_SIZE], 0);
    assert_ne!(damaged.log[0], absent.log[0]);
}

#[test]
fn a_modem_that_never_answers_is_asked_again_and_again() {
    let Boot { exit, log, uses } = boot(&partition(), 0);
    assert_eq!(exit, None);
    assert!(uses > 0);
    assert!(log[0].starts_with("INFO boot: firmware "), "{log:?}");
    let retries: Vec<u64> = log
        .iter()
        .filter_map(|line| {
            line.strip_prefix("INFO retry in ")?
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
    assert!(
        log.contains(
            &"WARN modem: the modem does not answer: check its power, the wiring and the baud rate"
                .into()
        )
    );
}
