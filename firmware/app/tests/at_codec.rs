//! The line codec: the framings of `vectors/at_codec.rs`, in any split.

mod vectors;

use firmware_app::at::{Codec, Event};
use proptest::prelude::*;
use vectors::at_codec as vector;

/// One event as a line of text, so that a test reads like a transcript.
fn show(event: &Event<'_>) -> String {
    let mut text = String::new();
    vector::show(event, &mut text).expect("a string takes any text");
    text
}

fn feed<const N: usize>(codec: &mut Codec<N>, bytes: &[u8], out: &mut Vec<String>) {
    codec.feed(bytes, |event| out.push(show(&event)));
}

#[test]
fn a_reply_with_echo_off() {
    vector::a_reply_with_echo_off();
}

#[test]
fn a_reply_with_echo_on() {
    vector::a_reply_with_echo_on();
}

#[test]
fn an_echo_of_the_password_alone() {
    vector::an_echo_of_the_password_alone();
}

#[test]
fn a_space_behind_the_colon_or_none() {
    vector::a_space_behind_the_colon_or_none();
}

#[test]
fn cr_alone_lf_alone_or_both() {
    vector::cr_alone_lf_alone_or_both();
}

#[test]
fn every_error_code_has_its_name() {
    vector::every_error_code_has_its_name();
}

#[test]
fn the_handshake() {
    vector::the_handshake();
}

#[test]
fn a_banner_needs_no_line_end() {
    vector::a_banner_needs_no_line_end();
}

#[test]
fn a_configured_banner_is_found() {
    vector::a_configured_banner_is_found();
}

#[test]
fn a_known_text_inside_a_value_is_a_value() {
    vector::a_known_text_inside_a_value_is_a_value();
}

#[test]
fn a_banner_that_cuts_a_reply_off_is_found() {
    vector::a_banner_that_cuts_a_reply_off_is_found();
}

#[test]
fn a_line_over_capacity_is_cut_and_the_next_one_is_whole() {
    vector::a_line_over_capacity_is_cut_and_the_next_one_is_whole();
}

#[test]
fn a_banner_behind_a_flood_is_found() {
    vector::a_banner_behind_a_flood_is_found();
}

#[test]
fn nul_bytes_vanish() {
    vector::nul_bytes_vanish();
}

/// Pieces a modem's output is made of, and pieces it should not be made of.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "\r\n", "\r", "\n", "OK", "ERROR", "+CME ERROR:58", "+CSQ: 18,99", "+E:ON", "AT+E?",
            "+++", "a", "+ok\r\n", "WH-LTE-7S1-E", "www.usr.cn", "Net Reg Fail\r\n\r\n",
            "No Sim.Reboot", "usr.cn#", "+", ":", "+APN:\"a,b\",,,0", "AT",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
        1 => prop::collection::vec(prop::num::u8::ANY.prop_map(|b| b'a' + b % 26), 0..200),
    ]
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(piece(), 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_split_gives_the_same_events(bytes in stream(), cuts in prop::collection::vec(1_usize..30, 1..60)) {
        let mut whole = Vec::new();
        feed(&mut Codec::<64>::new(), &bytes, &mut whole);

        let mut codec = Codec::<64>::new();
        let mut parts = Vec::new();
        let mut rest = bytes.as_slice();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (part, tail) = rest.split_at((*cut).min(rest.len()));
            feed(&mut codec, part, &mut parts);
            rest = tail;
        }
        prop_assert_eq!(whole, parts);
    }

    #[test]
    fn texts_are_printable_and_bounded_and_gaps_do_no_harm(
        bytes in stream(),
        gaps in prop::collection::vec(any::<bool>(), 1..50),
    ) {
        let mut codec = Codec::<64>::new();
        codec.expect_attention();
        let mut out = Vec::new();
        for (byte, gap) in bytes.iter().zip(gaps.iter().cycle()) {
            codec.push(*byte, &mut |event| out.push(show(&event)));
            if *gap {
                codec.idle(&mut |event| out.push(show(&event)));
            }
        }
        for event in &out {
            prop_assert!(event.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{}", event);
            prop_assert!(event.len() <= 64 + 16, "{}", event);
        }
    }

    #[test]
    fn after_any_noise_the_next_reply_is_understood(bytes in stream()) {
        let mut codec = Codec::<64>::new();
        feed(&mut codec, &bytes, &mut Vec::new());
        let mut out = Vec::new();
        feed(&mut codec, b"\r\n+CSQ: 7,99\r\n\r\nOK\r\n", &mut out);
        let end = out.len().saturating_sub(2);
        prop_assert_eq!(&out[end..], ["CSQ = 7,99", "ok"]);
    }
}
