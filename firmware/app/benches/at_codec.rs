//! Bytes per second of wall time through the line codec, on the host.
//!
//! The line itself gives 11520 bytes per second at 115200 8N1.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use firmware_app::at::Codec;

/// What the modem is asked and told in a bring-up from the factory's settings, and its answers.
#[rustfmt::skip]
const BRING_UP: &[(&str, Option<&str>)] = &[
    ("E?", Some("E:ON")),
    ("HEARTEN?", Some("HEARTEN:ON")),
    ("REGEN?", Some("REGEN:OFF")),
    ("WKMOD?", Some("WKMOD:NET")),
    ("APN?", Some("APN:CMNET,,,0")),
    ("SOCKA?", Some("SOCKA:TCP,socket.usr.cn,2317")),
    ("SOCKAEN?", Some("SOCKAEN:ON")),
    ("SOCKBEN?", Some("SOCKBEN:OFF")),
    ("SOCKCEN?", Some("SOCKCEN:OFF")),
    ("SOCKDEN?", Some("SOCKDEN:OFF")),
    ("SOCKASL?", Some("SOCKASL:LONG")),
    ("SDPEN?", Some("SDPEN:OFF")),
    ("CACHEN?", Some("CACHEN:ON")),
    ("NATEN?", Some("NATEN:ON")),
    ("UATEN?", Some("UATEN:ON")),
    ("RSTIM?", Some("RSTIM:1800")),
    ("UARTFT?", Some("UARTFT:50")),
    ("UARTFL?", Some("UARTFL:1024")),
    ("KEEPALIVEA?", Some("KEEPALIVEA:1,60,15,3")),
    ("HEARTEN=OFF", None),
    ("APN=free,,,0", None),
    ("SOCKA=TCP,broker.example,8883", None),
    ("CACHEN=OFF", None),
    ("NATEN=OFF", None),
    ("UATEN=OFF", None),
    ("RSTIM=0", None),
    ("UARTFT=10", None),
    ("STMSG?", Some("STMSG:WH-LTE-7S1-E")),
    ("S", None),
    ("SYSINFO?", Some("SYSINFO:0,NoNetwork")),
    ("CPIN?", Some("CPIN: READY")),
    ("SYSINFO?", Some("SYSINFO:2,LTE")),
    ("CSQ?", Some("CSQ: 18,99")),
    ("CCLK?", Some("CCLK: \"26/06/01,00:00:40+00\"")),
    ("SOCKALK?", Some("SOCKALK:Connected")),
    ("ENTM", None),
];

fn main() {
    divan::main();
}

/// All the modem says in the bring-up. The banner has no line end.
fn bring_up(echo: bool) -> Vec<u8> {
    let mut said = "WH-LTE-7S1-Ea+ok\r\n".to_owned();
    for (command, value) in BRING_UP {
        if echo {
            said.extend(["AT+", command, "\r\n"]);
        }
        if let Some(value) = value {
            said.extend(["\r\n+", value, "\r\n"]);
        }
        said.push_str("\r\nOK\r\n");
    }
    said.into_bytes()
}

/// Feeds `pieces` to a fresh codec and counts the events.
fn run<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> u32 {
    let mut codec = Codec::<256>::new();
    let mut events = 0;
    for piece in pieces {
        codec.feed(black_box(piece), |event| {
            black_box(event);
            events += 1;
        });
    }
    events
}

fn bench(bencher: Bencher<'_, '_>, bytes: &[u8]) {
    bencher
        .counter(BytesCount::of_slice(bytes))
        .bench_local(|| run([bytes]));
}

/// A bring-up in one piece. `true`: the modem repeats each command before its answer.
#[divan::bench(args = [false, true])]
fn bring_up_whole(bencher: Bencher<'_, '_>, echo: bool) {
    bench(bencher, &bring_up(echo));
}

/// The same, one byte at a time.
#[divan::bench(args = [false, true])]
fn bring_up_bytewise(bencher: Bencher<'_, '_>, echo: bool) {
    let bytes = bring_up(echo);
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench_local(|| run(bytes.chunks(1)));
}

/// Text without structure: every known text is looked for in every line.
#[divan::bench]
fn texts(bencher: Bencher<'_, '_>) {
    bench(
        bencher,
        &b"nothing in particular, said at length\r\n".repeat(100),
    );
}

/// Payload in the place of replies, without line ends: all of it is over capacity.
#[divan::bench]
fn flood(bencher: Bencher<'_, '_>) {
    bench(bencher, &[0x17; 5000]);
}
