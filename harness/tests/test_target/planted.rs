//! Tests that fail in every way there is.

use super::images::planted;
use super::{in_order, test_target};

/// A test that fails, and words of its failure in their order.
type Failure = (&'static str, &'static [&'static str]);

const FAILURES: &[Failure] = &[
    (
        "err",
        &["Test exited with Err(..): Err(\"a planted error\")"],
    ),
    (
        "fails",
        &[
            "panicked at tests/planted.rs:",
            "a planted failure",
            "left: 2",
            "planted::tests::fails at firmware/esp32/tests/planted.rs:",
            "registers:",
            "pc   0x42",
            "--- device log",
            "a planted failure",
        ],
    ),
    (
        "should_panic_and_does_not",
        &["it should have panicked, and did not"],
    ),
    (
        "hangs",
        &[
            "timed out: its own limit is 2 s",
            "planted::tests::hangs (inlined)",
        ],
    ),
    (
        "hangs_asleep",
        &["timed out: its own limit is 2 s", "wait_for_interrupt"],
    ),
    (
        "hangs_masked",
        &[
            "timed out: its own limit is 2 s",
            "planted::tests::hangs_masked",
        ],
    ),
    (
        "hangs_without_timeout",
        &[
            "hangs: the processor has not slept for 10 s, with interrupts on",
            "planted::tests::",
            "registers:",
        ],
    ),
    (
        "panics_in_init",
        &["a planted panic in init", "planted::tests::init_panics"],
    ),
    (
        "overflows_its_stack",
        &[
            "write to the main stack's guard value",
            "is outside of the main stack",
            "planted::tests::recurse",
            "times in a row",
        ],
    ),
    (
        "stores_to_nowhere",
        &["Store/AMO access fault", "mtval=0x00000010"],
    ),
    (
        "resets",
        &[
            "the chip was reset in the middle of the test",
            "`_across_reset`",
        ],
    ),
    (
        "exits_with_3",
        &[
            "the program ended with exit_status: 0x3",
            "planted::tests::exits_with_3",
        ],
    ),
];

const PASSES: &[&str] = &[
    "passes",
    "passes_async",
    "ok",
    "should_panic_and_does",
    "is_slow",
];

#[test]
fn each_test_is_reported_for_what_it_is() {
    let run = test_target(planted("planted"), &[]);
    assert_eq!(run.code, Some(1), "{}", run.text());
    let full = |name: &str| format!("planted::tests::{name}");
    for name in PASSES {
        assert_eq!(run.verdict(&full(name)), "ok", "{name}");
    }
    assert_eq!(run.verdict(&full("ignored")), "ignored");
    for (name, words) in FAILURES {
        assert_eq!(run.verdict(&full(name)), "FAILED", "{name}");
        if let Err(problem) = in_order(run.failure(&full(name)), words) {
            panic!("{name}: {problem}");
        }
    }
    let counts = format!(
        "{} passed; {} failed; 1 ignored",
        PASSES.len(),
        FAILURES.len()
    );
    assert!(run.stdout.contains(&counts), "{}", run.stdout);
    let costs = [
        "flashed 1 image in ",
        " tests from a reset, ",
        " ms each beside their own time",
    ];
    assert_eq!(in_order(&run.stderr, &costs), Ok(()));
}

#[test]
fn a_sequence_ends_with_the_test_that_fails() {
    let run = test_target(planted("planted_logic"), &[]);
    assert_eq!(run.code, Some(1), "{}", run.text());
    for name in ["passes", "errs_as_it_should"] {
        assert_eq!(run.verdict(&format!("planted_logic::tests::{name}")), "ok");
    }
    let fails = "planted_logic::tests::fails";
    assert_eq!(run.verdict(fails), "FAILED");
    let words = [
        "a planted failure",
        "planted_logic::tests::fails at firmware/esp32/tests/planted_logic.rs:",
        "--- device log",
        "running `fails`",
    ];
    assert_eq!(in_order(run.failure(fails), &words), Ok(()));
    let not_run = run.verdict("planted_logic::tests::is_never_run");
    assert_eq!(
        not_run,
        "ignored (not run: `tests::fails` ended the program before it)"
    );
}

#[test]
fn a_test_that_was_not_run_is_not_green() {
    let name = "planted_logic::tests::is_never_run";
    let run = test_target(planted("planted_logic"), &["--exact", name]);
    assert_eq!(run.code, Some(1), "{}", run.text());
    let words = ["not run: `tests::fails` ended the program before it"];
    assert_eq!(in_order(run.failure(name), &words), Ok(()));
}

#[test]
fn a_test_before_the_one_that_fails_is_green_alone() {
    let name = "planted_logic::tests::errs_as_it_should";
    let run = test_target(planted("planted_logic"), &["--exact", name]);
    assert_eq!(run.code, Some(0), "{}", run.text());
    assert_eq!(run.verdict(name), "ok");
}

#[test]
fn an_ignored_test_runs_when_it_is_asked_for() {
    let run = test_target(planted("planted"), &["--ignored"]);
    assert_eq!(run.code, Some(1), "{}", run.text());
    let words = ["an ignored test was run"];
    assert_eq!(
        in_order(run.failure("planted::tests::ignored"), &words),
        Ok(())
    );
}
