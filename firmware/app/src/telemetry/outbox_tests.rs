//! The queue across boots, and what it costs the flash.

use std::vec::Vec;

use super::super::test_flash::TestFlash;
use super::*;
use crate::telemetry::Log;

const MINUTE: u64 = 60_000;

fn sample(uptime_ms: u64) -> Sample {
    Sample {
        uptime_ms,
        time: Some(1_800_000_000 + uptime_ms / 1000),
        csq: Some(18),
        temp_c: Some(21),
        ..Sample::default()
    }
}

/// A boot on `flash`.
fn boot<T>(flash: &TestFlash, id: u32, limit: usize, life: impl FnOnce(&mut Outbox<'_>) -> T) -> T {
    let mut queue = Queue::new();
    let (mut log, erased) = Log::open(flash.clone()).unwrap();
    assert!(!erased);
    life(&mut Outbox::new(&mut queue, Some(&mut log), id, limit))
}

/// Boot and sequence number of everything that waits, in the order in which it would be sent.
fn waiting(outbox: &mut Outbox<'_>) -> Vec<(u32, u32)> {
    let mut all: Vec<Queued> = Vec::new();
    while let Some(next) = outbox.next_after(all.last().map(|last| last.order)) {
        all.push(next);
    }
    all.iter()
        .map(|queued| (queued.boot, queued.sample.seq))
        .collect()
}

#[test]
fn what_waited_long_survives_a_reset_and_is_sent_first() {
    let flash = TestFlash::new(16);
    boot(&flash, 7, 100, |outbox| {
        for minute in 1..=3 {
            outbox.push(sample(minute * MINUTE));
        }
        assert_eq!(outbox.keep_due(), Some(Instant::from_secs(90)));
        // The third is younger than half a minute: the power cut takes it.
        outbox.keep(Instant::from_secs(120));
        assert_eq!((outbox.stored(), outbox.len()), (2, 3));
        assert_eq!(waiting(outbox), [(7, 1), (7, 2), (7, 3)]);
    });
    boot(&flash, 9, 100, |outbox| {
        outbox.push(sample(MINUTE));
        assert_eq!(waiting(outbox), [(7, 1), (7, 2), (9, 1)]);
        let first = outbox.next_after(None).unwrap();
        outbox.acknowledge(first.order);
        outbox.keep(Instant::from_secs(60));
        assert_eq!(waiting(outbox), [(7, 2), (9, 1)]);
    });
    boot(&flash, 4, 100, |outbox| {
        outbox.push(sample(MINUTE));
        let all = [(7, 2), (9, 1), (4, 1)];
        assert_eq!(waiting(outbox), all);
        for left in (0..3).rev() {
            let next = outbox.next_after(None).unwrap();
            outbox.acknowledge(next.order);
            assert_eq!(waiting(outbox), all[3 - left..]);
        }
    });
    boot(&flash, 5, 100, |outbox| assert_eq!(outbox.len(), 0));
}

#[test]
fn a_sample_in_flight_may_move_to_flash() {
    let flash = TestFlash::new(16);
    boot(&flash, 7, 100, |outbox| {
        outbox.push(sample(1000));
        outbox.push(sample(2000));
        let sent = outbox.next_after(None).unwrap();
        outbox.keep(Instant::from_secs(2));
        assert_eq!(outbox.next_after(Some(sent.order)).unwrap().sample.seq, 2);
        outbox.acknowledge(sent.order);
        assert_eq!(waiting(outbox), [(7, 2)]);
    });
}

#[test]
fn the_oldest_is_dropped_beyond_the_limit_wherever_it_is() {
    let flash = TestFlash::new(16);
    boot(&flash, 7, 3, |outbox| {
        for second in 1..=5 {
            let dropped = outbox.push(sample(second * 1000));
            outbox.keep(Instant::from_millis(second * 1000 - 500));
            assert_eq!(dropped, second > 3, "sample {second}");
        }
        assert_eq!((outbox.len(), outbox.dropped()), (3, 2));
        assert_eq!(waiting(outbox), [(7, 3), (7, 4), (7, 5)]);
    });
    boot(&flash, 8, 1, |outbox| assert_eq!(waiting(outbox), [(7, 4)]));
}

#[test]
fn flash_holds_far_more_than_memory() {
    let flash = TestFlash::new(16);
    boot(&flash, 7, 1024, |outbox| {
        for minute in 1..=1100 {
            outbox.push(sample(minute * MINUTE));
            outbox.keep(Instant::from_millis(minute * MINUTE - MINUTE));
        }
        assert_eq!((outbox.len(), outbox.dropped()), (1024, 76));
    });
    boot(&flash, 8, 1024, |outbox| {
        let all = waiting(outbox);
        let expected: Vec<_> = (77..=1099).map(|seq| (7, seq)).collect();
        assert_eq!(all, expected, "the last was not kept");
    });
}

#[test]
fn broken_flash_costs_the_survival_only() {
    let flash = TestFlash::new(16).fork(Some((3, super::super::test_flash::Tear::Before)));
    boot(&flash, 7, 100, |outbox| {
        for second in 1..=4 {
            outbox.push(sample(second * 1000));
        }
        outbox.keep(Instant::from_secs(9));
        assert_eq!(outbox.keep_due(), None);
        assert_eq!(waiting(outbox), [(7, 1), (7, 2), (7, 3), (7, 4)]);
    });
}

/// Bounds of the wear, which do not depend on the modem: every sample is written once at most, and
/// one erase makes room for 63 samples at least, 113 as they are.
#[test]
fn wear_is_bounded() {
    // A month without any session at the default period, and a power cut each day.
    let flash = TestFlash::new(16);
    for day in 0..30_u32 {
        boot(&flash, day, 1024, |outbox| {
            for minute in 1..=1440 {
                outbox.push(sample(minute * MINUTE));
                outbox.keep(Instant::from_millis(minute * MINUTE - MINUTE));
            }
        });
    }
    let wear = flash.wear.borrow().clone();
    let (least, most) = (wear.iter().min().unwrap(), wear.iter().max().unwrap());
    // 100,000 erases are what flash is good for: 270 years of outage.
    assert!(*most <= 30, "{wear:?}");
    assert!(most - least <= 1, "all sectors alike: {wear:?}");

    // A month of sessions that acknowledge within half a minute: flash is not touched.
    let flash = TestFlash::new(16);
    boot(&flash, 1, 1024, |outbox| {
        for minute in 1..=43_200 {
            outbox.push(sample(minute * MINUTE));
            let next = outbox.next_after(None).unwrap();
            outbox.acknowledge(next.order);
            assert_eq!(outbox.keep_due(), None);
        }
    });
    assert_eq!(flash.operations.get(), 0);
}
