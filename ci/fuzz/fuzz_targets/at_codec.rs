//! Any bytes, in any split, with gaps anywhere: the codec never panics, gives the same events
//! however the bytes were split, and understands the next reply.
#![no_main]

use firmware_app::at::values::{Apn, Csq, SysInfo, cclk, connected, fields};
use firmware_app::at::{Codec, Event};
use libfuzzer_sys::fuzz_target;

/// Small, so that lines over capacity are common.
const CAPACITY: usize = 64;

fn note(event: Event<'_>, log: &mut Vec<String>) {
    if let Event::Value { name, fields: text } = event {
        assert!(!name.is_empty());
        // No answer may upset a reader, whichever question it belongs to.
        let _ = (
            Csq::parse(text),
            SysInfo::parse(text),
            connected(text),
            cclk(text),
        );
        assert!(fields(text).map(str::len).sum::<usize>() <= text.len());
        assert!(Apn::parse(text).is_none_or(|apn| apn.name.len() <= text.len()));
    }
    let shown = format!("{event:?}");
    assert!(
        shown.bytes().all(|byte| matches!(byte, b' '..=b'~')),
        "{shown}"
    );
    log.push(shown);
}

/// A fixed sequence of numbers below 32 for each `seed`.
fn sizes(seed: u8) -> impl Iterator<Item = usize> {
    let mut state = u32::from(seed) + 1;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 27) as usize
    })
}

// The first byte chooses the split and the options; the rest is what the modem says, so that a
// seed is a readable transcript.
fuzz_target!(|data: &[u8]| {
    let Some((seed, bytes)) = data.split_first() else {
        return;
    };
    let codec = || {
        let mut codec = Codec::<CAPACITY>::new();
        if seed % 2 == 1 {
            codec.set_banner("a text of one's own");
            codec.set_password("usr.cn#");
        }
        codec
    };

    let (mut whole, mut parts) = (Vec::new(), Vec::new());
    let mut one = codec();
    one.feed(bytes, |event| note(event, &mut whole));

    let mut other = codec();
    let mut rest = bytes;
    for size in sizes(*seed) {
        if rest.is_empty() {
            break;
        }
        let (part, tail) = rest.split_at(size.min(rest.len()));
        other.feed(part, |event| note(event, &mut parts));
        rest = tail;
    }
    assert_eq!(whole, parts);

    // With gaps the events may differ; the sense of what follows may not.
    let mut gaps = codec();
    let mut ignored = Vec::new();
    for (byte, size) in bytes.iter().zip(sizes(*seed)) {
        gaps.push(*byte, &mut |event| note(event, &mut ignored));
        if size < 4 {
            gaps.expect_attention();
            gaps.idle(&mut |event| note(event, &mut ignored));
        }
    }
    for mut codec in [one, other, gaps] {
        let mut reply = Vec::new();
        codec.feed(b"\r\n+CSQ: 7,99\r\n\r\nOK\r\n", |event| {
            note(event, &mut reply);
        });
        let tail = &reply[reply.len().saturating_sub(2)..];
        assert_eq!(tail, [r#"Value { name: "CSQ", fields: "7,99" }"#, "Ok"]);
    }
});
