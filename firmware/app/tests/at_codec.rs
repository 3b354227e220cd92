//! The line codec: every framing the module family is known for, in any split.

use std::fmt::Write as _;

use firmware_app::at::{AtError, Codec, Event, Unsolicited};
use proptest::prelude::*;

/// One event as a line of text, so that a test reads like a transcript.
fn show(event: &Event<'_>) -> String {
    match event {
        Event::Echo(text) => format!("echo {text}"),
        Event::Value { name, fields } => format!("{name} = {fields}"),
        Event::Ok => "ok".into(),
        Event::Error(code) => format!("error {code:?}"),
        Event::Unsolicited(Unsolicited::Text(text)) => format!("text {text}"),
        Event::Unsolicited(Unsolicited::Banner(text)) => format!("banner {text}"),
        Event::Unsolicited(other) => format!("{other:?}"),
        Event::Overlong(start) => format!("overlong {start}"),
        Event::Attention => "attention".into(),
        Event::Entered => "entered".into(),
        other => format!("{other:?}"),
    }
}

fn feed<const N: usize>(codec: &mut Codec<N>, bytes: &[u8], out: &mut Vec<String>) {
    codec.feed(bytes, |event| out.push(show(&event)));
}

/// All events of `bytes`, then of a gap.
fn events(bytes: impl AsRef<[u8]>) -> Vec<String> {
    let mut codec = Codec::<256>::new();
    let mut out = Vec::new();
    feed(&mut codec, bytes.as_ref(), &mut out);
    codec.idle(&mut |event| out.push(show(&event)));
    out
}

#[test]
fn a_reply_with_echo_off() {
    assert_eq!(events("\r\n+E:OFF\r\n\r\nOK\r\n"), ["E = OFF", "ok"]);
}

#[test]
fn a_reply_with_echo_on() {
    assert_eq!(
        events("AT+SOCKA?\r\n\r\n+SOCKA:TCP,socket.usr.cn,2317\r\n\r\nOK\r\n"),
        ["echo AT+SOCKA?", "SOCKA = TCP,socket.usr.cn,2317", "ok"]
    );
    // One extra line end behind the echo, as the 7S4 has it, and lower case as it was typed.
    assert_eq!(events("at+z\r\n\r\nOK\r\n\r\n"), ["echo at+z", "ok"]);
    assert_eq!(events("AT\r\n\r\nOK\r\n"), ["echo AT", "ok"]);
    assert_eq!(
        events("ATE0\r\n\r\n+CME ERROR:58\r\n"),
        ["echo ATE0", "error UnknownCommand"]
    );
}

#[test]
fn an_echo_of_the_password_alone() {
    let mut codec = Codec::<256>::new();
    codec.set_password("usr.cn#");
    let mut out = Vec::new();
    feed(
        &mut codec,
        b"usr.cn#\r\n+CSQ: 18,99\r\n\r\nOK\r\n",
        &mut out,
    );
    feed(
        &mut codec,
        b"usr.cn#AT+CSQ\r\n\r\n+CSQ:18,99\r\n\r\nOK\r\n",
        &mut out,
    );
    assert_eq!(
        out,
        [
            "echo usr.cn#",
            "CSQ = 18,99",
            "ok",
            "echo usr.cn#AT+CSQ",
            "CSQ = 18,99",
            "ok"
        ]
    );
}

#[test]
fn a_space_behind_the_colon_or_none() {
    assert_eq!(
        events("\r\n+CSQ: 18,99\r\n\r\nOK\r\n"),
        ["CSQ = 18,99", "ok"]
    );
    assert_eq!(
        events("\r\n+CSQ:18,99\r\n\r\nOK\r\n"),
        ["CSQ = 18,99", "ok"]
    );
    assert_eq!(events("\r\n+CGACT: 0, 0\r\n"), ["CGACT = 0, 0"]);
    assert_eq!(events("\r\n+APN:\r\n"), ["APN = "]);
}

#[test]
fn cr_alone_lf_alone_or_both() {
    for end in ["\r", "\n", "\r\n", "\n\r"] {
        let bytes = format!("{end}+E:ON{end}{end}OK{end}");
        assert_eq!(events(bytes), ["E = ON", "ok"], "{end:?}");
    }
}

#[test]
fn every_error_code_has_its_name() {
    for (number, name) in [
        ("3", "MissingParameter"),
        ("50", "ExecutionFailed"),
        ("53", "WrongParameter"),
        ("58", "UnknownCommand"),
        (" 58", "UnknownCommand"),
        ("73", "NotLoggedIn"),
        ("10", "Other(10)"),
        ("SIM not inserted", "Plain"),
        ("99999", "Plain"),
        ("", "Plain"),
    ] {
        assert_eq!(
            events(format!("\r\n+CME ERROR:{number}\r\n")),
            [format!("error {name}")]
        );
    }
    assert_eq!(events("\r\nERROR\r\n"), ["error Plain"]);
    assert_eq!(events("\r\n+CMS ERROR: 500\r\n"), ["error Sms(500)"]);
    assert_eq!(
        AtError::UnknownCommand.to_string(),
        "unknown or malformed command (58)"
    );
}

#[test]
fn the_handshake() {
    let mut codec = Codec::<256>::new();
    let mut out = Vec::new();
    let idle = |codec: &mut Codec<256>, out: &mut Vec<String>| {
        codec.idle(&mut |event| out.push(show(&event)));
    };
    // An `a` nobody asked for is no attention.
    feed(&mut codec, b"a", &mut out);
    idle(&mut codec, &mut out);
    assert!(out.is_empty());

    codec.reset();
    codec.expect_attention();
    feed(&mut codec, b"a", &mut out);
    assert!(
        out.is_empty(),
        "without a gap the `a` may be the start of anything"
    );
    idle(&mut codec, &mut out);
    feed(&mut codec, b"+ok\r\n", &mut out);
    assert_eq!(out, ["attention", "entered"]);

    // The factory heartbeat may come between, without a line end.
    out.clear();
    codec.expect_attention();
    feed(&mut codec, b"www.usr.cna", &mut out);
    idle(&mut codec, &mut out);
    feed(&mut codec, b"+ok\r\n", &mut out);
    assert_eq!(out, ["Heartbeat", "attention", "entered"]);

    // With echo on the modem may repeat the plus signs.
    out.clear();
    codec.expect_attention();
    feed(&mut codec, b"+++a", &mut out);
    idle(&mut codec, &mut out);
    assert_eq!(out, ["attention"]);
    assert_eq!(
        events("+++\r\n+CME ERROR:58\r\n"),
        ["echo +++", "error UnknownCommand"]
    );
    // Read in one piece.
    assert_eq!(events("a+ok\r\n"), ["entered"]);
}

#[test]
fn a_banner_needs_no_line_end() {
    assert_eq!(events("WH-LTE-7S1-E"), ["banner WH-LTE-7S1-E"]);
    assert_eq!(events("\r\nWH-LTE-7S1\r\n"), ["banner WH-LTE-7S1"]);
    assert_eq!(
        events(b"\xFE\x00\x81WH-LTE-7S1-E"),
        ["text ??", "banner WH-LTE-7S1-E"]
    );
    assert_eq!(
        events("WH-LTE-7S1-ENet Reg Fail\r\n\r\n"),
        ["banner WH-LTE-7S1-E", "RegistrationFailed"]
    );
    assert_eq!(events("No Sim.Reboot\r\n"), ["NoSim"]);
    assert_eq!(events("No Sim.Reboot"), ["NoSim"]);
    assert_eq!(
        events("www.usr.cnAT+E?\r\n\r\n+E:ON\r\n\r\nOK\r\n"),
        ["Heartbeat", "echo AT+E?", "E = ON", "ok"]
    );
}

#[test]
fn a_configured_banner_is_found() {
    let mut codec = Codec::<256>::new();
    codec.set_banner("my own text");
    let mut out = Vec::new();
    feed(&mut codec, b"my own text", &mut out);
    codec.idle(&mut |event| out.push(show(&event)));
    assert_eq!(out, ["banner my own text"]);
}

#[test]
fn a_known_text_inside_a_value_is_a_value() {
    assert_eq!(
        events("\r\n+STMSG:WH-LTE-7S1-E\r\n"),
        ["STMSG = WH-LTE-7S1-E"]
    );
    assert_eq!(
        events("\r\n+SOCKA:TCP,www.usr.cn,80\r\n"),
        ["SOCKA = TCP,www.usr.cn,80"]
    );
    assert_eq!(
        events("AT+SOCKA=TCP,www.usr.cn,80\r\n\r\nOK\r\n"),
        ["echo AT+SOCKA=TCP,www.usr.cn,80", "ok"]
    );
    // Nor does a gap in the middle of it make a difference.
    let mut codec = Codec::<256>::new();
    let mut out = Vec::new();
    feed(&mut codec, b"\r\n+SOCKA:TCP,www.usr.cn", &mut out);
    codec.idle(&mut |event| out.push(show(&event)));
    feed(&mut codec, b",80\r\n", &mut out);
    assert_eq!(out, ["SOCKA = TCP,www.usr.cn,80"]);
}

#[test]
fn a_line_over_capacity_is_cut_and_the_next_one_is_whole() {
    let mut codec = Codec::<64>::new();
    let mut out = Vec::new();
    let mut bytes = String::from("\r\n+HEARTDT:");
    for _ in 0..100 {
        write!(bytes, "7777").unwrap();
    }
    bytes.push_str("\r\n\r\nOK\r\n");
    feed(&mut codec, bytes.as_bytes(), &mut out);
    assert_eq!(out.len(), 2, "{out:?}");
    assert!(out[0].starts_with("overlong +HEARTDT:7777") && out[0].len() == 9 + 64);
    assert_eq!(out[1], "ok");
}

#[test]
fn a_banner_behind_a_flood_is_found() {
    for flood in 0..300 {
        let mut codec = Codec::<64>::new();
        let mut out = Vec::new();
        let bytes = [vec![b'x'; flood], b"WH-LTE-7S1-E".to_vec()].concat();
        feed(&mut codec, &bytes, &mut out);
        codec.idle(&mut |event| out.push(show(&event)));
        let banners = out
            .iter()
            .filter(|event| event.starts_with("banner WH-LTE-7S1"))
            .count();
        assert_eq!(banners, 1, "behind {flood} bytes: {out:?}");
    }
}

#[test]
fn nul_bytes_vanish() {
    assert_eq!(
        events(b"\0\0\r\n+E\0:ON\0\r\n\r\nO\0K\r\n\0"),
        ["E = ON", "ok"]
    );
    assert!(events([0; 10_000]).is_empty());
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
