//! Samples: how they wait, and how they are written.

use firmware_app::VERSION;
use firmware_app::modem::Rat;
use firmware_app::mqtt::{MAX_STATUS_JSON, Status, Will};
use firmware_app::platform::ResetReason;
use firmware_app::telemetry::{CAPACITY, MAX_JSON, Queue, Sample};

/// Expects this JSON of a sample.
fn writes(sample: &Sample, json: &str) {
    let mut out = [0; MAX_JSON];
    let size = sample.write_json(3_735_928_559, &mut out);
    let text = size.map(|size| core::str::from_utf8(&out[..size]));
    assert_eq!(text, Ok(Ok(json)));
}

pub fn what_is_unknown_is_null() {
    let sample = Sample {
        seq: 1,
        uptime_ms: 12,
        ..Sample::default()
    };
    writes(
        &sample,
        r#"{"seq":1,"boot":3735928559,"uptime_ms":12,"time":null,"csq":null,"rat":null,"temp_c":null,"rx_overruns":0,"reconnects":0}"#,
    );
}

pub fn a_full_sample() {
    let sample = Sample {
        seq: 7,
        uptime_ms: 61_250,
        time: Some(1_795_342_272),
        csq: Some(21),
        rat: Some(Rat::Lte),
        temp_c: Some(-4),
        rx_overruns: 3,
        reconnects: 2,
    };
    writes(
        &sample,
        r#"{"seq":7,"boot":3735928559,"uptime_ms":61250,"time":"2026-11-22T10:11:12Z","csq":21,"rat":"lte","temp_c":-4,"rx_overruns":3,"reconnects":2}"#,
    );
}

/// Numbers wider than the processor, and the longest text of all.
pub fn the_longest_sample_fits() {
    let sample = Sample {
        seq: u32::MAX,
        uptime_ms: u64::MAX,
        time: Some(253_402_300_799),
        csq: Some(u8::MAX),
        rat: Some(Rat::Unknown),
        temp_c: Some(i16::MIN),
        rx_overruns: u32::MAX,
        reconnects: u32::MAX,
    };
    writes(
        &sample,
        r#"{"seq":4294967295,"boot":3735928559,"uptime_ms":18446744073709551615,"time":"9999-12-31T23:59:59Z","csq":255,"rat":"unknown","temp_c":-32768,"rx_overruns":4294967295,"reconnects":4294967295}"#,
    );
}

pub fn a_status_and_a_will() {
    let mut out = [0; MAX_STATUS_JSON];
    let status = Status::new(7, ResetReason::BrownOut, 60, 2, 1);
    let size = status.write_json(&mut out).unwrap_or_default();
    let begin = br#"{"online":true,"boot":7,"reset_reason":"brown-out","interval_s":60,"dropped":2,"reconnects":1,"firmware":""#;
    assert!(
        out[..size].starts_with(begin),
        "{:?}",
        core::str::from_utf8(&out[..size])
    );
    let version = &out[begin.len()..size];
    assert_eq!(version.strip_suffix(br#""}"#), Some(VERSION.as_bytes()));
    let size = Will::new(7).write_json(&mut out);
    assert_eq!(size, Ok(25));
    assert_eq!(&out[..25], br#"{"online":false,"boot":7}"#);
}

/// The numbers of the samples that wait, without the rest.
fn waiting(queue: &Queue) -> impl Iterator<Item = u32> + '_ {
    let mut last = None;
    core::iter::from_fn(move || {
        last = queue.next_after(last).map(|sample| sample.seq);
        last
    })
}

pub fn samples_leave_the_queue_in_order() {
    let mut queue = Queue::new();
    queue.restart(8);
    for _ in 0..5 {
        assert!(!queue.push(Sample::default()));
    }
    assert!(waiting(&queue).eq(1..=5));
    queue.acknowledge(1);
    queue.acknowledge(2);
    // Out of order: it is not the oldest.
    queue.acknowledge(5);
    assert!(waiting(&queue).eq(3..=5));
    assert_eq!((queue.len(), queue.dropped()), (3, 0));
}

pub fn a_full_queue_drops_the_oldest_and_counts() {
    let mut queue = Queue::new();
    queue.restart(4);
    for seq in 1..=7 {
        assert_eq!(queue.push(Sample::default()), seq > 4);
    }
    assert!(waiting(&queue).eq(4..=7));
    assert_eq!((queue.len(), queue.dropped()), (4, 3));
    // A limit beyond the build is cut.
    queue.restart(1024);
    for _ in 0..CAPACITY + 3 {
        queue.push(Sample::default());
    }
    assert_eq!((queue.len(), queue.dropped()), (CAPACITY, 3));
}
