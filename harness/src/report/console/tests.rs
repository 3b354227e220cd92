use std::time::Duration;

use super::*;
use crate::report::sample::{self, Shared};
use crate::runner::Record;
use crate::scenario::Verdict;

fn printed(quiet: bool, interrupted: bool, records: Vec<Record>) -> String {
    let shared = Shared::default();
    let mut console = Console::with(Box::new(shared.clone()), false, quiet, false);
    sample::play(&mut console, interrupted, records);
    shared.text()
}

#[test]
fn prints_verdicts_with_what_explains_them() {
    let records = vec![
        sample::record("T01", "factory_fresh", vec![Verdict::Pass]),
        sample::record(
            "T02",
            "flaky_one",
            vec![Verdict::Infra("port in use".into()), Verdict::Pass],
        ),
        sample::record(
            "T05",
            "wrong_apn",
            vec![Verdict::Fail("no message\nwithin 120 s".into())],
        ),
        sample::record(
            "T09",
            "needs_hardware",
            vec![Verdict::Skipped("no such board".into())],
        ),
    ];
    insta::assert_snapshot!(printed(false, false, records), @r"
    running 4 scenarios on native, 2 at a time, seed 7
    PASS T01 factory_fresh [native] 38.2 s virtual, 0.41 s
    RETRY T02 flaky_one [native] 38.2 s virtual, 0.41 s, attempt 1
         port in use
         device log, last lines:
           12.479 INFO reading the profile back
         UART, last lines:
           12.480 > AT+SOCKA?
    FLAKY T02 flaky_one [native] 38.2 s virtual, 0.41 s, passed at attempt 2
    FAIL T05 wrong_apn [native] 38.2 s virtual, 0.41 s
         no message
         within 120 s
         device log, last lines:
           12.479 INFO reading the profile back
         UART, last lines:
           12.480 > AT+SOCKA?
    SKIP T09 needs_hardware [native]
         no such board
    1 passed, 1 flaky, 1 failed, 0 infra, 1 skipped in 2.1 s
    ");
}

#[test]
fn quiet_leaves_out_what_passed() {
    let records = vec![
        sample::record("T01", "factory_fresh", vec![Verdict::Pass]),
        sample::record(
            "T03",
            "sim_pin",
            vec![Verdict::Skipped("interrupted".into())],
        ),
    ];
    insta::assert_snapshot!(printed(true, true, records), @r"
    SKIP T03 sim_pin [native]
         interrupted
    interrupted: 1 of 2 scenarios finished
    1 passed, 0 failed, 0 infra, 1 skipped in 2.1 s
    ");
}

#[test]
fn a_closed_output_stops_nobody() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    let mut console = Console::with(Box::new(Closed), false, false, false);
    console.event(&Event::RunFinished {
        wall_time: Duration::ZERO,
        interrupted: false,
    });
}

/// What `insta` prints is wiped out by the bars.
#[test]
fn a_difference_is_shown_with_the_failure_where_there_are_bars() {
    let mut record = sample::record("T05", "wrong_apn", vec![Verdict::Fail("differs".into())]);
    record.last.mismatches = vec![crate::rig::Mismatch {
        name: "T05_wrong_apn.at".into(),
        expected: Some("> AT+APN?\n< +APN: CMNET\n< OK".into()),
        actual: "> AT+APN?\n< +APN: free\n< OK".into(),
    }];
    let lines = |diffs| Lines {
        colours: false,
        diffs,
    };
    insta::assert_snapshot!(lines(true).verdict(&record));
    assert!(!lines(false).verdict(&record).contains("CMNET"));
}
