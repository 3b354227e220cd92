//! The line codec: every framing the module family is known for.

use core::fmt::{self, Write};

use firmware_app::at::{AtError, Codec, Event, Unsolicited};

/// Writes one event as a line of text, so that a test reads like a transcript.
pub fn show(event: &Event<'_>, out: &mut impl Write) -> fmt::Result {
    match event {
        Event::Echo(text) => write!(out, "echo {text}"),
        Event::Value { name, fields } => write!(out, "{name} = {fields}"),
        Event::Ok => out.write_str("ok"),
        Event::Error(code) => write!(out, "error {code:?}"),
        Event::Unsolicited(Unsolicited::Text(text)) => write!(out, "text {text}"),
        Event::Unsolicited(Unsolicited::Banner(text)) => write!(out, "banner {text}"),
        Event::Unsolicited(other) => write!(out, "{other:?}"),
        Event::Overlong(start) => write!(out, "overlong {start}"),
        Event::Attention => out.write_str("attention"),
        Event::Entered => out.write_str("entered"),
        other => write!(out, "{other:?}"),
    }
}

/// Compares what is written with a text, without a place to keep it.
struct Compare<'a>(&'a str);

impl Write for Compare<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(text).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// Expects these events, in this order.
struct Expect<'a>(&'a [&'a str]);

impl Expect<'_> {
    fn event(&mut self, event: &Event<'_>) {
        let Some((first, rest)) = self.0.split_first() else {
            panic!("{event:?}, expected no more");
        };
        let mut compare = Compare(first);
        let same = show(event, &mut compare).is_ok() && compare.0.is_empty();
        assert!(same, "{event:?}, expected {first:?}");
        self.0 = rest;
    }
}

/// Feeds `bytes` and expects these events, no more and no fewer.
fn feed<const N: usize>(codec: &mut Codec<N>, bytes: &[u8], expected: &[&str]) {
    let mut expect = Expect(expected);
    codec.feed(bytes, |event| expect.event(&event));
    assert!(expect.0.is_empty(), "missing {:?}", expect.0);
}

/// The line falls idle: expects these events.
fn idle<const N: usize>(codec: &mut Codec<N>, expected: &[&str]) {
    let mut expect = Expect(expected);
    codec.idle(&mut |event| expect.event(&event));
    assert!(expect.0.is_empty(), "missing {:?}", expect.0);
}

/// Expects these events of `bytes` and of a gap behind them.
fn decodes(bytes: impl AsRef<[u8]>, expected: &[&str]) {
    let mut codec = Codec::<256>::new();
    let mut expect = Expect(expected);
    codec.feed(bytes.as_ref(), |event| expect.event(&event));
    codec.idle(&mut |event| expect.event(&event));
    assert!(expect.0.is_empty(), "missing {:?}", expect.0);
}

pub fn a_reply_with_echo_off() {
    decodes("\r\n+E:OFF\r\n\r\nOK\r\n", &["E = OFF", "ok"]);
}

pub fn a_reply_with_echo_on() {
    decodes(
        "AT+SOCKA?\r\n\r\n+SOCKA:TCP,socket.usr.cn,2317\r\n\r\nOK\r\n",
        &["echo AT+SOCKA?", "SOCKA = TCP,socket.usr.cn,2317", "ok"],
    );
    // One extra line end behind the echo, as the 7S4 has it, and lower case as it was typed.
    decodes("at+z\r\n\r\nOK\r\n\r\n", &["echo at+z", "ok"]);
    decodes("AT\r\n\r\nOK\r\n", &["echo AT", "ok"]);
    decodes(
        "ATE0\r\n\r\n+CME ERROR:58\r\n",
        &["echo ATE0", "error UnknownCommand"],
    );
}

pub fn an_echo_of_the_password_alone() {
    let mut codec = Codec::<256>::new();
    codec.set_password("usr.cn#");
    feed(
        &mut codec,
        b"usr.cn#\r\n+CSQ: 18,99\r\n\r\nOK\r\n",
        &["echo usr.cn#", "CSQ = 18,99", "ok"],
    );
    feed(
        &mut codec,
        b"usr.cn#AT+CSQ\r\n\r\n+CSQ:18,99\r\n\r\nOK\r\n",
        &["echo usr.cn#AT+CSQ", "CSQ = 18,99", "ok"],
    );
}

pub fn a_space_behind_the_colon_or_none() {
    decodes("\r\n+CSQ: 18,99\r\n\r\nOK\r\n", &["CSQ = 18,99", "ok"]);
    decodes("\r\n+CSQ:18,99\r\n\r\nOK\r\n", &["CSQ = 18,99", "ok"]);
    decodes("\r\n+CGACT: 0, 0\r\n", &["CGACT = 0, 0"]);
    decodes("\r\n+APN:\r\n", &["APN = "]);
}

pub fn cr_alone_lf_alone_or_both() {
    for bytes in [
        "\r+E:ON\r\rOK\r",
        "\n+E:ON\n\nOK\n",
        "\r\n+E:ON\r\n\r\nOK\r\n",
        "\n\r+E:ON\n\r\n\rOK\n\r",
    ] {
        decodes(bytes, &["E = ON", "ok"]);
    }
}

pub fn every_error_code_has_its_name() {
    for (bytes, event) in [
        ("\r\n+CME ERROR:3\r\n", "error MissingParameter"),
        ("\r\n+CME ERROR:50\r\n", "error ExecutionFailed"),
        ("\r\n+CME ERROR:53\r\n", "error WrongParameter"),
        ("\r\n+CME ERROR:58\r\n", "error UnknownCommand"),
        ("\r\n+CME ERROR: 58\r\n", "error UnknownCommand"),
        ("\r\n+CME ERROR:73\r\n", "error NotLoggedIn"),
        ("\r\n+CME ERROR:10\r\n", "error Other(10)"),
        ("\r\n+CME ERROR:SIM not inserted\r\n", "error Plain"),
        ("\r\n+CME ERROR:99999\r\n", "error Plain"),
        ("\r\n+CME ERROR:\r\n", "error Plain"),
        ("\r\nERROR\r\n", "error Plain"),
        ("\r\n+CMS ERROR: 500\r\n", "error Sms(500)"),
    ] {
        decodes(bytes, &[event]);
    }
    let mut words = Compare("unknown or malformed command (58)");
    assert!(write!(words, "{}", AtError::UnknownCommand).is_ok() && words.0.is_empty());
}

pub fn the_handshake() {
    let mut codec = Codec::<256>::new();
    // An `a` nobody asked for is no attention.
    feed(&mut codec, b"a", &[]);
    idle(&mut codec, &[]);

    codec.reset();
    codec.expect_attention();
    // Without a gap the `a` may be the start of anything.
    feed(&mut codec, b"a", &[]);
    idle(&mut codec, &["attention"]);
    feed(&mut codec, b"+ok\r\n", &["entered"]);

    // The factory heartbeat may come between, without a line end.
    codec.expect_attention();
    feed(&mut codec, b"www.usr.cna", &[]);
    idle(&mut codec, &["Heartbeat", "attention"]);
    feed(&mut codec, b"+ok\r\n", &["entered"]);

    // With echo on the modem may repeat the plus signs.
    codec.expect_attention();
    feed(&mut codec, b"+++a", &[]);
    idle(&mut codec, &["attention"]);
    decodes(
        "+++\r\n+CME ERROR:58\r\n",
        &["echo +++", "error UnknownCommand"],
    );
    // Read in one piece.
    decodes("a+ok\r\n", &["entered"]);
}

pub fn a_banner_needs_no_line_end() {
    decodes("WH-LTE-7S1-E", &["banner WH-LTE-7S1-E"]);
    decodes("\r\nWH-LTE-7S1\r\n", &["banner WH-LTE-7S1"]);
    decodes(
        b"\xFE\x00\x81WH-LTE-7S1-E",
        &["text ??", "banner WH-LTE-7S1-E"],
    );
    decodes(
        "WH-LTE-7S1-ENet Reg Fail\r\n\r\n",
        &["banner WH-LTE-7S1-E", "RegistrationFailed"],
    );
    decodes("No Sim.Reboot\r\n", &["NoSim"]);
    decodes("No Sim.Reboot", &["NoSim"]);
    decodes(
        "www.usr.cnAT+E?\r\n\r\n+E:ON\r\n\r\nOK\r\n",
        &["Heartbeat", "echo AT+E?", "E = ON", "ok"],
    );
}

pub fn a_configured_banner_is_found() {
    let mut codec = Codec::<256>::new();
    codec.set_banner("my own text");
    let mut expect = Expect(&["banner my own text"]);
    codec.feed(b"my own text", |event| expect.event(&event));
    codec.idle(&mut |event| expect.event(&event));
    assert!(expect.0.is_empty());
}

pub fn a_known_text_inside_a_value_is_a_value() {
    decodes("\r\n+STMSG:WH-LTE-7S1-E\r\n", &["STMSG = WH-LTE-7S1-E"]);
    decodes(
        "\r\n+SOCKA:TCP,www.usr.cn,80\r\n",
        &["SOCKA = TCP,www.usr.cn,80"],
    );
    decodes(
        "AT+SOCKA=TCP,www.usr.cn,80\r\n\r\nOK\r\n",
        &["echo AT+SOCKA=TCP,www.usr.cn,80", "ok"],
    );
    // Nor does a gap in the middle of it make a difference.
    let mut codec = Codec::<256>::new();
    feed(&mut codec, b"\r\n+SOCKA:TCP,www.usr.cn", &[]);
    idle(&mut codec, &[]);
    feed(&mut codec, b",80\r\n", &["SOCKA = TCP,www.usr.cn,80"]);
}

pub fn a_banner_that_cuts_a_reply_off_is_found() {
    // The modem restarts in the middle of an answer, and is silent afterwards.
    decodes(
        "\r\n+SOCKA:TCP,broker.example,88WH-LTE-7S1-E",
        &["banner WH-LTE-7S1-E"],
    );
    decodes("\r\n+SOCKA:TCP,WH-LTE-7S1-E", &["banner WH-LTE-7S1-E"]);
    decodes("\r\n+WH-LTE-7S1-E", &["banner WH-LTE-7S1-E"]);
    decodes("AT+SOCKA?WH-LTE-7S1", &["banner WH-LTE-7S1"]);
    decodes("\r\n+CME ERROR:5WH-LTE-7S1-E", &["banner WH-LTE-7S1-E"]);
    // Its banner has a line end.
    decodes(
        "\r\n+SOCKA:TCP,broker.example,88WH-LTE-7S1-E\r\n",
        &["banner WH-LTE-7S1-E"],
    );
    decodes(
        "\r\n+CSQ: 1\r\nWH-LTE-7S1-E\r\n",
        &["CSQ = 1", "banner WH-LTE-7S1-E"],
    );
    // The next line is whole again.
    let mut codec = Codec::<256>::new();
    feed(&mut codec, b"\r\n+APN:freWH-LTE-7S1-E", &[]);
    idle(&mut codec, &["banner WH-LTE-7S1-E"]);
    feed(&mut codec, b"\r\n+E:ON\r\n", &["E = ON"]);
    // A line end that comes late does not make a value a restart.
    feed(&mut codec, b"\r\n+STMSG:WH-LTE-7S1-E", &[]);
    idle(&mut codec, &[]);
    feed(&mut codec, b"\r\n", &["STMSG = WH-LTE-7S1-E"]);
}

pub fn a_line_over_capacity_is_cut_and_the_next_one_is_whole() {
    let mut codec = Codec::<64>::new();
    let mut count = 0;
    let mut take = |event: Event<'_>| {
        match (count, event) {
            (0, Event::Overlong(start)) => {
                assert!(start.starts_with("+HEARTDT:7777") && start.len() == 64);
            }
            (1, Event::Ok) => {}
            (_, other) => panic!("{other:?}"),
        }
        count += 1;
    };
    codec.feed(b"\r\n+HEARTDT:", &mut take);
    for _ in 0..100 {
        codec.feed(b"7777", &mut take);
    }
    codec.feed(b"\r\n\r\nOK\r\n", &mut take);
    assert_eq!(count, 2);
}

pub fn a_banner_behind_a_flood_is_found() {
    for flood in 0..300 {
        let mut codec = Codec::<64>::new();
        let mut banners = 0;
        let mut take = |event: Event<'_>| {
            if let Event::Unsolicited(Unsolicited::Banner(text)) = event {
                assert!(text.starts_with("WH-LTE-7S1"), "{text}");
                banners += 1;
            }
        };
        for _ in 0..flood {
            codec.feed(b"x", &mut take);
        }
        codec.feed(b"WH-LTE-7S1-E", &mut take);
        codec.idle(&mut take);
        assert_eq!(banners, 1, "behind {flood} bytes");
    }
}

pub fn nul_bytes_vanish() {
    decodes(b"\0\0\r\n+E\0:ON\0\r\n\r\nO\0K\r\n\0", &["E = ON", "ok"]);
    decodes([0; 10_000], &[]);
}
