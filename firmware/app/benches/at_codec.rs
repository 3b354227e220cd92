//! Bytes per second of wall time through the line codec, on the host.
//!
//! The line itself gives 11520 bytes per second at 115200 8N1.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use firmware_app::at::Codec;

fn main() {
    divan::main();
}

fn bench(bencher: Bencher<'_, '_>, bytes: &[u8]) {
    bencher
        .counter(BytesCount::of_slice(bytes))
        .bench_local(|| {
            let mut codec = Codec::<256>::new();
            let mut events = 0_u32;
            codec.feed(black_box(bytes), |event| {
                black_box(event);
                events += 1;
            });
            events
        });
}

/// Answers to questions, echo on: what a bring-up consists of.
#[divan::bench]
fn replies(bencher: Bencher<'_, '_>) {
    let exchange = b"AT+SOCKA?\r\n\r\n+SOCKA:TCP,broker.example,8883\r\n\r\nOK\r\n";
    bench(bencher, &exchange.repeat(100));
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
