use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use super::super::record::{Status, Summary};
use super::*;
use crate::quarantine::Quarantine;
use crate::rig::timeline::Timeline;
use crate::scenario::{Board, Verdict};
use time::macros::date;

const NAMES: [&str; 4] = ["alpha", "beta", "gamma", "delta"];

fn plan(workers: usize, retries: u32) -> Plan {
    let scenario = |name| Scenario {
        id: "T00",
        name,
        title: "a title",
        origin: "a test",
        explanation: "text",
        run: |_| Box::pin(async { Ok(()) }),
    };
    let job = |name| Job {
        scenario: scenario(name),
        board: Board::Native,
    };
    Plan {
        firmware: None,
        jobs: NAMES.map(job).to_vec(),
        seed: 7,
        workers: NonZeroUsize::new(workers).unwrap(),
        retries,
        faults: Vec::new(),
        partition: None,
        quarantine: Quarantine::default(),
        today: date!(2026 - 01 - 15),
        hil_exe: PathBuf::from("hil"),
    }
}

fn outcome(scenario: &Scenario, options: &Options, verdict: Verdict) -> Outcome {
    Outcome {
        id: scenario.id,
        name: scenario.name,
        title: scenario.title,
        board: options.board.clone(),
        seed: options.seed,
        verdict,
        virtual_time: Duration::from_secs(1),
        wall_time: Duration::ZERO,
        transcript: String::new(),
        messages: String::new(),
        device_log: String::new(),
        connections: String::new(),
        timeline: Timeline::default(),
        mismatches: Vec::new(),
        costs: None,
        lost_log_frames: 0,
        crash: None,
    }
}

/// Keeps what a test wants to look at.
#[derive(Default)]
struct Heard {
    started: usize,
    retried: usize,
    finished: Vec<(usize, Status, Verdict)>,
    interrupted: Option<bool>,
    summary: Summary,
}

impl Reporter for Heard {
    fn event(&mut self, event: &Event) {
        match event {
            Event::RunStarted { seed, jobs, .. } => assert_eq!((*seed, jobs.len()), (7, 4)),
            Event::ScenarioStarted { .. } => self.started += 1,
            Event::AttemptFailed { .. } => self.retried += 1,
            Event::ScenarioFinished { index, record, .. } => {
                self.summary.count(record.status());
                self.finished
                    .push((*index, record.status(), record.last.verdict.clone()));
            }
            Event::RunFinished { interrupted, .. } => self.interrupted = Some(*interrupted),
        }
    }
}

fn hear(
    plan: &Plan,
    cancel: &Cancel,
    execute: impl Fn(&Scenario, &Options) -> Outcome + Sync,
) -> Heard {
    let mut heard = Heard::default();
    run(plan, cancel, execute, &mut [&mut heard]);
    heard.finished.sort_by_key(|(index, ..)| *index);
    heard
}

#[test]
fn runs_every_job_once_whatever_the_number_of_workers() {
    for workers in [1, 2, 9] {
        let seen = Mutex::new(Vec::new());
        let heard = hear(
            &plan(workers, 0),
            &Cancel::default(),
            |scenario, options| {
                seen.lock().unwrap().push(scenario.name);
                outcome(scenario, options, Verdict::Pass)
            },
        );
        let mut seen = seen.into_inner().unwrap();
        seen.sort_unstable();
        assert_eq!(seen, ["alpha", "beta", "delta", "gamma"]);
        assert_eq!(
            heard.summary,
            Summary {
                passed: 4,
                ..Summary::default()
            }
        );
        assert_eq!(heard.interrupted, Some(false));
    }
}

#[test]
fn tells_flaky_from_failed_and_keeps_the_attempts() {
    let tries = Mutex::new(0);
    let heard = hear(&plan(1, 2), &Cancel::default(), |scenario, options| {
        let verdict = match scenario.name {
            "alpha" => Verdict::Fail("always".to_owned()),
            "beta" => {
                let mut tries = tries.lock().unwrap();
                *tries += 1;
                if *tries == 1 {
                    Verdict::Infra("once".to_owned())
                } else {
                    Verdict::Pass
                }
            }
            "gamma" => Verdict::Skipped("no such capability".to_owned()),
            _ => Verdict::Pass,
        };
        outcome(scenario, options, verdict)
    });
    let statuses: Vec<Status> = heard
        .finished
        .iter()
        .map(|(_, status, _)| *status)
        .collect();
    assert_eq!(
        statuses,
        [Status::Fail, Status::Flaky, Status::Skipped, Status::Pass]
    );
    assert_eq!((heard.started, heard.retried), (3 + 2 + 1 + 1, 2 + 1));
}

#[test]
fn a_panic_of_the_harness_is_infrastructure() {
    let heard = hear(&plan(2, 0), &Cancel::default(), |scenario, options| {
        assert_ne!(scenario.name, "beta", "planted");
        outcome(scenario, options, Verdict::Pass)
    });
    let Verdict::Infra(reason) = &heard.finished[1].2 else {
        panic!("not infra")
    };
    assert!(
        reason.contains("the harness panicked") && reason.contains("planted"),
        "{reason}"
    );
    assert_eq!(heard.summary.passed, 3);
}

#[test]
fn starts_nothing_after_cancel_and_blames_nobody() {
    let cancel = Cancel::default();
    let heard = hear(&plan(1, 5), &cancel, |scenario, options| {
        if scenario.name == "beta" {
            options.cancel.cancel();
            return outcome(scenario, options, Verdict::Infra("child died".to_owned()));
        }
        outcome(scenario, options, Verdict::Pass)
    });
    assert_eq!(heard.started, 2);
    assert_eq!(heard.finished[1].1, Status::Skipped);
    assert_eq!(heard.interrupted, Some(true));
}

#[test]
fn quarantine_covers_what_does_not_pass_until_it_expires() {
    let entry = |name: &str, expires: &str| {
        format!(
            "[[quarantine]]\nscenario = 'T00::{name}'\nreason = 'known'\nowner = 'bench'\n\
             expires = {expires}\n"
        )
    };
    let text = [
        entry("alpha", "2026-01-15"),
        entry("beta", "2026-01-14"),
        entry("gamma", "2026-12-31"),
    ]
    .concat();
    let mut plan = plan(1, 0);
    plan.quarantine = Quarantine::parse(&text, std::path::Path::new("quarantine.toml")).unwrap();
    let heard = hear(&plan, &Cancel::default(), |scenario, options| {
        let verdict = match scenario.name {
            "gamma" => Verdict::Pass,
            "delta" => Verdict::Infra("port in use".to_owned()),
            _ => Verdict::Fail("no".to_owned()),
        };
        outcome(scenario, options, verdict)
    });
    let statuses: Vec<Status> = heard
        .finished
        .iter()
        .map(|(_, status, _)| *status)
        .collect();
    assert_eq!(
        statuses,
        [
            Status::Quarantined,
            Status::Fail,
            Status::Pass,
            Status::Infra
        ]
    );
    // All of them ran.
    assert_eq!(heard.started, 4);
}
