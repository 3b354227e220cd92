//! Reports that earlier versions of the program wrote can still be read.

use harness::report::{self, AttemptVerdict, VERSION};
use harness::runner::{Status, Summary};

use crate::fixture;

#[test]
fn a_run_of_version_1_is_read_in_full() {
    let loaded = report::load(&fixture("v1/run")).unwrap();
    let report = &loaded.report;
    assert_eq!(report.version, VERSION);
    assert_eq!(report.commit, None);
    assert_eq!(report.summary.passed, 8);
    assert_eq!(report.boards(), ["virtual", "native"]);
    let firmware = report.firmware.as_ref().unwrap();
    assert_eq!((firmware.flash, firmware.ram), (489_984, 87_872));
    let crates: u64 = firmware.crates.iter().map(|size| size.flash).sum();
    assert_eq!(crates, firmware.flash);
    let fresh = report.scenario("virtual::T01::factory_fresh").unwrap();
    assert_eq!(
        fresh.replay,
        "cargo hil run --exact T01::factory_fresh --board virtual --seed 1"
    );
    let costs = fresh.last().unwrap().costs.as_ref().unwrap();
    let phases: Vec<&str> = costs
        .phases
        .iter()
        .map(|phase| phase.name.as_str())
        .collect();
    assert_eq!(phases, ["bring_up", "handshake", "publish"]);
    let brown_out = report.scenario("virtual::R03::brown_out").unwrap();
    let crash = brown_out.last().unwrap().crash.as_ref().unwrap();
    assert_eq!(crash.kind, "brown_out");
    assert_eq!(crash.frames[1].function, "esp_rtos::task::idle_hook");
}

#[test]
fn every_status_of_version_1_is_read() {
    let loaded = report::load(&fixture("v1/statuses/report.json")).unwrap();
    let report = &loaded.report;
    let statuses: Vec<Status> = report.scenarios.iter().map(|entry| entry.status).collect();
    assert_eq!(
        statuses,
        [
            Status::Pass,
            Status::Flaky,
            Status::Infra,
            Status::Fail,
            Status::Skipped
        ]
    );
    let mut summary = Summary::default();
    statuses.iter().for_each(|status| summary.count(*status));
    assert_eq!(report.summary, summary);
    let flaky = &report.scenarios[1];
    assert_eq!(flaky.attempts[0].verdict, AttemptVerdict::Fail);
    assert_eq!(
        flaky.attempts[0].artefacts.messages,
        "native/T02-flaky_one/attempt-1/mqtt.txt"
    );
    assert_eq!(report.seed, u64::MAX.to_string());
}
