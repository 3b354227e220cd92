use super::*;
use crate::board::DeviceRecord;

const NAMES: [&str; 3] = ["tests::first", "tests::second", "tests::third"];

fn tests() -> Vec<TargetTest> {
    let test = |name: &str| TargetTest {
        name: name.to_owned(),
        address: None,
        should_panic: false,
        ignored: false,
        timeout: None,
    };
    NAMES.map(test).to_vec()
}

fn said(text: &str) -> Line {
    Line::from(DeviceRecord {
        number: None,
        lost: 0,
        time: None,
        level: "PRINT",
        text: text.to_owned(),
        module: None,
        place: None,
    })
}

/// The verdicts after `lines`, a second apart, and `end`.
fn verdicts(lines: &[&str], end: Option<&str>, last: usize) -> Vec<Outcome> {
    let tests = tests();
    let mut sequence = Sequence::new(&tests);
    let mut now = Duration::ZERO;
    for line in lines {
        now += Duration::from_secs(1);
        sequence.hear(said(line), now);
        if sequence.is_past(last) {
            break;
        }
    }
    sequence.outcomes(end.map(str::to_owned), last, now)
}

fn words(outcomes: &[Outcome]) -> Vec<String> {
    let words = outcomes.iter().map(|outcome| match &outcome.verdict {
        Verdict::Passed => "passed".to_owned(),
        Verdict::Failed(words) => format!("failed: {words}"),
        Verdict::NotRun(words) => format!("not run: {words}"),
        Verdict::Infra(words) => format!("infra: {words}"),
    });
    words.collect()
}

#[test]
fn each_test_has_its_part_of_the_log() {
    let lines = [
        "before",
        "(1/3) running `first`...",
        "a",
        "(2/3) running `second`...",
        "b",
        "(3/3) running `third`...",
        "all tests passed!",
    ];
    let outcomes = verdicts(&lines, None, 2);
    assert_eq!(words(&outcomes), ["passed", "passed", "passed"]);
    assert_eq!(
        outcomes[0].log,
        ["PRINT (1/3) running `first`...", "PRINT a"]
    );
    assert_eq!(
        outcomes[1].log,
        ["PRINT (2/3) running `second`...", "PRINT b"]
    );
    assert_eq!(outcomes[1].took, Duration::from_secs(2));
}

#[test]
fn a_failure_is_that_of_the_test_that_runs() {
    let lines = ["(1/3) running `first`...", "(2/3) running `second`..."];
    let outcomes = verdicts(&lines, Some("panicked"), 2);
    assert_eq!(
        words(&outcomes),
        [
            "passed",
            "failed: panicked",
            "not run: `tests::second` ended the program before it"
        ]
    );
}

#[test]
fn an_end_before_the_first_test_and_one_after_the_last_are_told() {
    let outcomes = verdicts(&[], Some("panicked"), 1);
    assert_eq!(
        words(&outcomes),
        [
            "failed: before the first test: panicked",
            "not run: the program ended before its first test"
        ]
    );
    let lines = [
        "(1/3) running `first`...",
        "(2/3) running `second`...",
        "(3/3) running `third`...",
        "all tests passed!",
    ];
    let outcomes = verdicts(&lines, Some("panicked"), 2);
    assert_eq!(
        words(&outcomes),
        ["passed", "passed", "failed: after the last test: panicked"]
    );
}

#[test]
fn what_nobody_asked_for_is_not_waited_for() {
    let lines = ["(1/3) running `first`...", "(2/3) running `second`..."];
    assert_eq!(words(&verdicts(&lines, None, 0)), ["passed"]);
}

#[test]
fn a_test_that_speaks_like_the_framework_fools_nobody() {
    let lines = [
        "(1/3) running `first`...",
        "(3/3) running `third`...",
        "all tests passed!",
    ];
    let outcomes = verdicts(&lines, Some("panicked"), 2);
    assert_eq!(outcomes.len(), 3);
    assert_eq!(words(&outcomes)[0], "failed: panicked");
}
