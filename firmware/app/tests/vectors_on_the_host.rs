//! The vectors that the chip is tried with hold on the host.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself fails"
)]

mod vectors;

use std::fs;
use std::path::Path;

use firmware_settings::encode;
use vectors::{settings, telemetry};

#[test]
fn what_is_unknown_is_null() {
    telemetry::what_is_unknown_is_null();
}

#[test]
fn a_full_sample() {
    telemetry::a_full_sample();
}

#[test]
fn the_longest_sample_fits() {
    telemetry::the_longest_sample_fits();
}

#[test]
fn a_status_and_a_will() {
    telemetry::a_status_and_a_will();
}

#[test]
fn samples_leave_the_queue_in_order() {
    telemetry::samples_leave_the_queue_in_order();
}

#[test]
fn a_full_queue_drops_the_oldest_and_counts() {
    telemetry::a_full_queue_drops_the_oldest_and_counts();
}

#[test]
fn the_partition_means_the_same_everywhere() {
    settings::the_partition_means_the_same_everywhere();
}

#[test]
fn each_damage_has_its_own_error() {
    settings::each_damage_has_its_own_error();
}

/// Writes `vectors/settings.bin`.
#[test]
#[ignore = "changes the vectors"]
fn record() {
    let mut bytes = [0xff; 8192];
    let size = encode(&settings::settings(), &mut bytes).unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/settings.bin");
    fs::write(file, &bytes[..size]).unwrap();
}
