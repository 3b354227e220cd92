//! Which verdicts changed.

use crate::report::model::{Report, ScenarioEntry};
use crate::runner::Status;

/// Scenarios by what became of them. Each is told once, under the first heading that fits.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    /// Failed, and did not in the base: path and reason.
    pub(super) new_failures: Vec<(String, String)>,
    /// Failed in both.
    pub(super) still_failing: Vec<(String, String)>,
    /// Passed at a later attempt, and did not need one in the base: path and why the first failed.
    pub(super) flaky: Vec<(String, String)>,
    /// No verdict since the bench broke, which it did not in the base.
    pub(super) infra: Vec<(String, String)>,
    /// Executed in the base, and not now.
    pub(super) vanished: Vec<(String, String)>,
    /// Quarantine that is over: path, and whose entry it is.
    pub(super) expired: Vec<(String, String)>,
    /// Newly in quarantine.
    pub(super) quarantined: Vec<(String, String)>,
    /// Passed, and did not in the base.
    pub(super) fixed: Vec<(String, String)>,
    /// Unknown to the base.
    pub(super) new: Vec<(String, String)>,
    /// Executed in both.
    pub(super) compared: usize,
}

/// Whether the device was heard: its transcript and figures say something.
pub(super) const fn is_told(entry: &ScenarioEntry) -> bool {
    matches!(entry.status, Status::Pass | Status::Flaky | Status::Fail)
}

impl Verdicts {
    pub(super) fn between(base: &Report, head: &Report) -> Self {
        let mut verdicts = Self::default();
        for entry in &head.scenarios {
            verdicts.add(base.scenario(&entry.path()), entry);
        }
        for before in base.scenarios.iter().filter(|entry| entry.was_executed()) {
            let now = head.scenario(&before.path());
            if !now.is_some_and(ScenarioEntry::was_executed) {
                let reason = now.and_then(|entry| entry.reason.clone());
                let reason = reason.unwrap_or_else(|| "not in the report".to_owned());
                verdicts.vanished.push((before.path(), reason));
            }
        }
        verdicts
    }

    fn add(&mut self, before: Option<&ScenarioEntry>, now: &ScenarioEntry) {
        let was = before.map(|entry| entry.status);
        let told = (now.path(), now.reason.clone().unwrap_or_default());
        if let Some(entry) = now.quarantine.as_ref().filter(|entry| entry.expired) {
            let whose = format!(
                "{} (owner {}), until {}",
                entry.reason, entry.owner, entry.expires
            );
            self.expired.push((now.path(), whose));
        }
        if was.is_some_and(|was| was != Status::Skipped) && now.was_executed() {
            self.compared += 1;
        }
        match (was, now.status) {
            (Some(Status::Fail), Status::Fail) => self.still_failing.push(told),
            (_, Status::Fail) => self.new_failures.push(told),
            (Some(Status::Infra), Status::Infra) => {}
            (_, Status::Infra) => self.infra.push(told),
            (Some(Status::Flaky), Status::Flaky) => {}
            (_, Status::Flaky) => {
                let first = now
                    .attempts
                    .first()
                    .and_then(|attempt| attempt.reason.clone());
                self.flaky.push((now.path(), first.unwrap_or_default()));
            }
            (Some(Status::Quarantined), Status::Quarantined) => {}
            (_, Status::Quarantined) => self.quarantined.push(told),
            (None | Some(Status::Skipped), Status::Pass) => {
                self.new.push((now.path(), now.title.clone()));
            }
            (Some(Status::Pass), Status::Pass) | (_, Status::Skipped) => {}
            (Some(was), Status::Pass) => {
                self.fixed.push((now.path(), format!("was {}", was.name())));
            }
        }
    }

    pub(super) fn is_worse(&self) -> bool {
        [
            &self.new_failures,
            &self.flaky,
            &self.infra,
            &self.vanished,
            &self.expired,
        ]
        .into_iter()
        .any(|list| !list.is_empty())
    }
}
