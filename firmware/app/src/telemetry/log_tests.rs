//! The log under every loss of power, full, worn and with rubbish in it.

use std::vec::Vec;

use super::super::test_flash::{Tear, TestFlash};
use super::*;
use crate::telemetry::Sample;

const TEARS: [Tear; 9] = [
    Tear::Before,
    Tear::First(4),
    Tear::First(6),
    Tear::First(2048),
    Tear::Last(4),
    Tear::Last(2048),
    Tear::Ends(4),
    Tear::Bits(0x9e37_79b9),
    Tear::After,
];

fn queued(order: u64) -> Queued {
    Queued {
        order,
        boot: 0xdead_beef,
        sample: Sample {
            seq: u32::try_from(order).unwrap(),
            uptime_ms: order * 60_000,
            time: Some(1_800_000_000 + order * 60),
            csq: Some(17),
            temp_c: Some(-3),
            ..Sample::default()
        },
    }
}

fn open(flash: &TestFlash) -> Log<TestFlash> {
    Log::open(flash.clone()).unwrap().0
}

/// The places of all samples; every sample must be what was written at its place.
fn content(log: &mut Log<TestFlash>) -> Vec<u64> {
    let mut orders: Vec<u64> = Vec::new();
    let read = ready(async {
        let mut buffer = [0; MAX_RECORD];
        let mut records = log.storage.iter().await?;
        while let Some(entry) = records.next(&mut buffer).await? {
            let found = Queued::decode(&entry).unwrap();
            assert_eq!(found, queued(found.order), "garbage");
            orders.push(found.order);
        }
        Ok(())
    });
    read.unwrap();
    assert!(
        orders.is_sorted_by(|a, b| a < b),
        "out of order: {orders:?}"
    );
    assert_eq!(log.len(), orders.len());
    assert_eq!(
        log.next_after(None).unwrap().map(|first| first.order),
        orders.first().copied()
    );
    orders
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Append(u64),
    RemoveThrough(u64),
}

fn carry_out(log: &mut Log<TestFlash>, step: Step) -> Result<(), LogError> {
    match step {
        Step::Append(order) => log.append(&queued(order)),
        Step::RemoveThrough(order) => log.remove_through(order),
    }
}

/// Outages of a few dozen samples that are then delivered, one by one or some at a time, until
/// each of three sectors was written, filled, erased and written again.
fn life() -> Vec<Step> {
    let mut steps = Vec::new();
    let (mut last, mut gone) = (0, 0);
    for (taken, window) in [(7, 1), (100, 4), (60, 3), (1, 1), (110, 9), (100, 9)] {
        for _ in 0..taken {
            last += 1;
            steps.push(Step::Append(last));
        }
        while gone < last {
            gone = last.min(gone + window);
            steps.push(Step::RemoveThrough(gone));
        }
    }
    steps
}

/// Whatever write or erase loses its power, and however far it got: what was stored is there, what
/// was acknowledged is not, nothing else is, and the log goes on.
#[test]
fn power_fails_at_every_operation() {
    let flash = TestFlash::new(3);
    let mut expected: Vec<u64> = Vec::new();
    let mut cuts = 0;
    for step in life() {
        let (mut kept, mut maybe) = (expected.clone(), Vec::new());
        match step {
            Step::Append(order) => maybe.push(order),
            Step::RemoveThrough(through) => {
                maybe.extend(kept.extract_if(.., |order| *order <= through));
            }
        }
        let whole = flash.fork(None);
        let opened = whole.operations.get();
        carry_out(&mut open(&whole), step).unwrap();
        for at in opened..whole.operations.get() {
            for tear in TEARS {
                let fork = flash.fork(Some((at, tear)));
                let ended = carry_out(&mut open(&fork), step);
                let what = std::format!("{step:?}, operation {at}, {tear:?}");
                assert!(ended.is_err(), "{what}: must fail");
                fork.power_up();
                let mut log = open(&fork);
                let found = content(&mut log);
                let sure: Vec<u64> = found.iter().copied().filter(|o| kept.contains(o)).collect();
                assert_eq!(sure, kept, "{what}: lost");
                assert!(
                    found.iter().all(|o| kept.contains(o) || maybe.contains(o)),
                    "{what}: came back: {found:?}"
                );
                // And on it goes.
                let next = 10_000;
                log.append(&queued(next)).unwrap();
                let last = content(&mut open(&fork)).last().copied();
                assert_eq!(last, Some(next), "{what}");
                log.remove_through(next).unwrap();
                assert_eq!(content(&mut open(&fork)), [], "{what}");
                if fork.wear.borrow().iter().any(|erased| *erased > 0) {
                    go_round(&fork, next + 1, &what);
                }
                cuts += 1;
            }
        }
        // The life that goes on.
        carry_out(&mut open(&flash), step).unwrap();
        match step {
            Step::Append(order) => expected.push(order),
            Step::RemoveThrough(through) => expected.retain(|order| *order > through),
        }
        assert_eq!(content(&mut open(&flash)), expected, "{step:?}");
    }
    assert!(flash.wear.borrow().iter().all(|erased| *erased >= 1));
    assert!(
        cuts > 10_000,
        "{cuts} losses of power are too few to mean much"
    );
}

/// Writes every sector again: one that was half erased must not spoil what is written to it.
fn go_round(flash: &TestFlash, first: u64, what: &str) {
    let mut log = open(flash);
    for order in first..first + 350 {
        log.append(&queued(order)).unwrap();
        if order >= first + 60 {
            log.remove_through(order - 60).unwrap();
        }
        if order % 50 == 0 {
            let expected: Vec<u64> = (first.max(order.saturating_sub(59))..=order).collect();
            assert_eq!(content(&mut log), expected, "{what}, later on");
        }
    }
}

#[test]
fn a_full_log_says_so_and_loses_nothing() {
    let flash = TestFlash::new(4);
    let mut log = open(&flash);
    let mut last = 0;
    let full = loop {
        match log.append(&queued(last + 1)) {
            Ok(()) => last += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(full, LogError::Full);
    assert!(last >= 250, "{last} samples in 16 KiB");
    assert_eq!(content(&mut open(&flash)), (1..=last).collect::<Vec<_>>());
    // A sector's worth makes room.
    log.remove_through(last / 3).unwrap();
    log.append(&queued(last + 1)).unwrap();
}

#[test]
fn rubbish_is_erased() {
    for seed in 1..20_u32 {
        let flash = TestFlash::new(3);
        let mut state = seed;
        flash.fill(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        });
        let mut log = open(&flash);
        log.append(&queued(1)).unwrap();
        assert_eq!(content(&mut open(&flash)), [1], "seed {seed}");
    }
    let zeros = TestFlash::new(3);
    zeros.fill(|| 0);
    let mut log = open(&zeros);
    log.append(&queued(1)).unwrap();
    assert_eq!(content(&mut open(&zeros)), [1]);
}

#[test]
fn a_partition_of_one_sector_is_too_small() {
    let error = Log::open(TestFlash::new(1)).err();
    assert_eq!(error, Some(LogError::TooSmall { sectors: 1 }));
}
