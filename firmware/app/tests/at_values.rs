//! What stands behind the colon: `vectors/at_values.rs`, and any text.

mod vectors;

use firmware_app::at::values::{Apn, Csq, SysInfo, cclk, connected, fields};
use proptest::prelude::*;
use vectors::at_values as vector;

#[test]
fn fields_know_quotes_and_spaces() {
    vector::fields_know_quotes_and_spaces();
}

#[test]
fn signal_strength() {
    vector::signal_strength();
}

#[test]
fn both_dialects_of_sysinfo() {
    vector::both_dialects_of_sysinfo();
}

#[test]
fn link_state_in_all_spellings() {
    vector::link_state_in_all_spellings();
}

#[test]
fn access_point() {
    vector::access_point();
}

#[test]
fn network_time() {
    vector::network_time();
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(text in "[ -~]{0,60}") {
        let _ = (Csq::parse(&text), SysInfo::parse(&text), connected(&text), cclk(&text));
        let joined: Vec<_> = fields(&text).collect();
        prop_assert!(!joined.is_empty());
        prop_assert!(Apn::parse(&text).is_none_or(|apn| apn.name.len() <= text.len()));
    }

    #[test]
    fn the_same_instant_in_every_zone(hours in 0_u64..24, minutes in 0_u64..60, zone in -48_i64..=56) {
        // 2026-06-15 is far from any change of year, so the zone moves at most the day.
        let utc = 1_781_481_600 + hours * 3600 + minutes * 60;
        let local = i64::try_from(utc).unwrap() - 1_781_481_600 + zone * 900;
        let (day, rest) = (15 + local.div_euclid(86_400), local.rem_euclid(86_400));
        let text = format!(
            "\"26/06/{day:02},{:02}:{:02}:{:02}{zone:+03}\"",
            rest / 3600, rest / 60 % 60, rest % 60
        );
        prop_assert_eq!(cclk(&text), Some(utc), "{}", text);
    }
}
