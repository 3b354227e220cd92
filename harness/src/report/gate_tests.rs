use super::*;
use crate::report::model::{Quarantined, Vanished};
use crate::report::sample;
use crate::scenario::Verdict;

fn fail() -> Verdict {
    Verdict::Fail("no".into())
}

fn infra() -> Verdict {
    Verdict::Infra("port in use".into())
}

fn report(attempts: Vec<Vec<Verdict>>) -> Report {
    let attempts = attempts.into_iter();
    sample::report(
        attempts
            .map(|verdicts| sample::record("T01", "story", verdicts))
            .collect(),
    )
}

fn held(expired: bool) -> Quarantined {
    Quarantined {
        reason: "the network".into(),
        owner: "bench".into(),
        issue: None,
        expires: "2026-12-31".into(),
        expired,
        place: "quarantine.toml:2".into(),
    }
}

#[test]
fn a_failure_outweighs_a_broken_bench() {
    let ending = |attempts| report(attempts).gate(false).ending;
    let pass = || vec![Verdict::Pass];
    assert_eq!(ending(vec![pass()]), Ending::Success);
    assert_eq!(ending(vec![pass(), vec![infra()]]), Ending::Infra);
    assert_eq!(ending(vec![vec![fail()], vec![infra()]]), Ending::Failed);
    assert_eq!(
        ending(vec![vec![infra(), infra(), Verdict::Pass]]),
        Ending::Success
    );
    assert_eq!(
        ending(vec![vec![Verdict::Skipped("x".into())]]),
        Ending::Success
    );
}

#[test]
fn a_flaky_scenario_fails_a_strict_run() {
    let report = report(vec![vec![fail(), Verdict::Pass]]);
    assert_eq!(report.gate(false).ending, Ending::Success);
    let strict = report.gate(true);
    assert_eq!(strict.ending, Ending::Failed);
    assert_eq!(strict.reasons, ["flaky, with --strict: native::T01::story"]);
}

#[test]
fn what_vanished_fails_the_run() {
    let mut report = report(vec![vec![Verdict::Pass]]);
    report.vanished = vec![Vanished {
        path: "native::T09::gone".into(),
        reason: "there is no such scenario any more".into(),
    }];
    let gate = report.gate(false);
    assert_eq!(gate.ending, Ending::Failed);
    assert!(gate.reasons[0].contains("native::T09::gone"), "{gate:?}");
    report.interrupted = true;
    assert_eq!(report.gate(false).ending, Ending::Interrupted);
}

#[test]
fn an_expired_entry_fails_the_run_even_if_all_is_well() {
    let mut report = report(vec![vec![Verdict::Pass], vec![Verdict::Pass]]);
    for entry in &mut report.scenarios {
        entry.quarantine = Some(held(true));
    }
    let gate = report.gate(false);
    assert_eq!(gate.ending, Ending::Failed);
    assert_eq!(
        gate.reasons,
        [
            "quarantine.toml:2: the quarantine of T01::story expired on 2026-12-31 (owner: bench): \
          renew or remove it"
        ]
    );
    assert!(gate.notes.is_empty());
}

#[test]
fn a_quarantine_that_is_not_needed_is_told() {
    let mut report = report(vec![vec![Verdict::Pass]]);
    report.scenarios[0].quarantine = Some(held(false));
    let gate = report.gate(true);
    assert_eq!(gate.ending, Ending::Success);
    assert_eq!(
        gate.notes,
        [
            "quarantine.toml:2: native::T01::story passes: lift its quarantine if that lasts \
          (owner: bench)"
        ]
    );
}
