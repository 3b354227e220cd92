//! As cargo's runner: the arguments and the output of the standard library's test programs.

use super::images::planted;
use super::{in_order, test_target};

/// Runs as cargo would.
fn runner(arguments: &[&str]) -> super::Run {
    test_target(planted("planted"), &[&["--runner"], arguments].concat())
}

#[test]
fn nextest_lists_and_runs_one_test_at_a_time() {
    let run = runner(&["--list", "--format", "terse"]);
    assert_eq!(run.code, Some(0), "{}", run.text());
    assert!(
        run.stdout.contains("tests::passes_async: test\n"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("tests::ignored: test\n"),
        "{}",
        run.stdout
    );
    let run = runner(&["--list", "--format", "terse", "--ignored"]);
    assert_eq!(run.stdout, "tests::ignored: test\n");

    let run = runner(&["tests::passes", "--exact", "--nocapture"]);
    assert_eq!(run.code, Some(0), "{}", run.text());
    assert!(run.stdout.contains("running 1 test\n"), "{}", run.stdout);
    assert_eq!(run.verdict("tests::passes"), "ok");
    let words = ["--- device log", "a line of a test that passes"];
    assert_eq!(in_order(&run.stderr, &words), Ok(()));
    let run = runner(&["tests::fails", "--exact", "--nocapture"]);
    assert_eq!(run.code, Some(1), "{}", run.text());
}

#[test]
fn ides_get_their_json() {
    let arguments = [
        "tests::ok",
        "-Z",
        "unstable-options",
        "--format=json",
        "--show-output",
    ];
    let run = runner(&arguments);
    assert_eq!(run.code, Some(0), "{}", run.text());
    let events: Vec<serde_json::Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect();
    let ended = events
        .iter()
        .find(|event| event["type"] == "test" && event["event"] == "ok");
    assert_eq!(ended.expect("an event")["name"], "tests::ok");
}

#[test]
fn a_filter_is_for_all_programs_and_need_not_match_in_this_one() {
    let run = runner(&["no_such_test"]);
    assert_eq!(run.code, Some(0), "{}", run.text());
    assert!(run.stdout.contains("0 passed; 0 failed"), "{}", run.stdout);
    assert!(run.stdout.contains("18 filtered out"), "{}", run.stdout);
}

#[test]
fn several_filters_and_skips_choose_as_usual() {
    let run = runner(&["--list", "should_panic", "is_slow", "--skip", "does_not"]);
    assert_eq!(run.code, Some(0), "{}", run.text());
    assert_eq!(
        run.stdout,
        "tests::is_slow: test\ntests::should_panic_and_does: test\n"
    );
}
