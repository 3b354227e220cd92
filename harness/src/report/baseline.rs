//! What changes in a report when an earlier one is laid beside it.

use super::model::{Report, ScenarioEntry, Since, Vanished};
use crate::runner::Status;

impl Report {
    /// Fills in since when each scenario has not passed, and which scenarios `baseline` executed
    /// and this run did not.
    ///
    /// `answers_for` says of an entry of the baseline that this run has no scenario for, whether it
    /// should have one; see [`Selection::answers_for`](crate::runner::Selection::answers_for). A
    /// run that was interrupted misses nothing.
    pub fn compare(&mut self, baseline: &Self, answers_for: impl Fn(&ScenarioEntry) -> bool) {
        let here = Since {
            commit: self.commit.as_ref().map(|commit| commit.id.clone()),
            started: self.started.clone(),
        };
        let there = Since {
            commit: baseline.commit.as_ref().map(|commit| commit.id.clone()),
            started: baseline.started.clone(),
        };
        for entry in self.scenarios.iter_mut().filter(|entry| is_bad(entry)) {
            let before = baseline.scenario(&entry.path());
            entry.since = Some(match before.filter(|before| is_bad(before)) {
                Some(before) => before.since.clone().unwrap_or_else(|| there.clone()),
                None => here.clone(),
            });
        }
        if !self.interrupted {
            let executed = baseline
                .scenarios
                .iter()
                .filter(|entry| entry.was_executed());
            let missing = executed.filter_map(|entry| self.missing(entry, &answers_for));
            self.vanished = missing.collect();
        }
    }

    fn missing(
        &self,
        before: &ScenarioEntry,
        answers_for: impl Fn(&ScenarioEntry) -> bool,
    ) -> Option<Vanished> {
        let path = before.path();
        let reason = match self.scenario(&path) {
            Some(now) if now.was_executed() => return None,
            Some(now) => {
                let reason = now.reason.as_deref().unwrap_or("for no reason");
                format!("skipped: {reason}")
            }
            None if answers_for(before) => "there is no such scenario any more".to_owned(),
            None => return None,
        };
        Some(Vanished { path, reason })
    }
}

/// Whether it did not simply pass.
fn is_bad(entry: &ScenarioEntry) -> bool {
    match entry.status {
        Status::Flaky | Status::Fail | Status::Infra | Status::Quarantined => true,
        Status::Pass | Status::Skipped => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::scenario::Verdict;

    fn report(records: Vec<(&'static str, Verdict)>, commit: &str) -> Report {
        let records = records.into_iter();
        let records = records.map(|(name, verdict)| sample::record("T01", name, vec![verdict]));
        let mut report = sample::report(records.collect());
        report.commit = Some(crate::report::Commit {
            id: commit.to_owned(),
            dirty: false,
        });
        report
    }

    fn fail() -> Verdict {
        Verdict::Fail("no".into())
    }

    #[test]
    fn a_failure_is_as_old_as_its_first_report() {
        let one = report(vec![("a", fail()), ("b", Verdict::Pass)], "one");
        let mut two = report(vec![("a", fail()), ("b", fail())], "two");
        two.compare(&one, |_| true);
        let mut three = report(vec![("a", fail()), ("b", fail())], "three");
        three.compare(&two, |_| true);
        let since = |report: &Report, index: usize| {
            let since = report.scenarios[index].since.clone().unwrap();
            since.commit.unwrap()
        };
        assert_eq!(
            (since(&two, 0), since(&two, 1)),
            ("one".into(), "two".into())
        );
        assert_eq!(
            (since(&three, 0), since(&three, 1)),
            ("one".into(), "two".into())
        );
        let mut fixed = report(vec![("a", Verdict::Pass), ("b", Verdict::Pass)], "four");
        fixed.compare(&three, |_| true);
        assert!(fixed.scenarios.iter().all(|entry| entry.since.is_none()));
    }

    #[test]
    fn what_is_not_executed_any_more_is_missed() {
        let skipped = || Verdict::Skipped("no such capability".into());
        let base = vec![
            ("a", Verdict::Pass),
            ("b", Verdict::Pass),
            ("c", fail()),
            ("never_ran", skipped()),
        ];
        let base = report(base, "one");
        let mut now = report(vec![("a", Verdict::Pass), ("b", skipped())], "two");
        now.compare(&base, |_| true);
        let told: Vec<String> = now
            .vanished
            .iter()
            .map(|gone| format!("{}: {}", gone.path, gone.reason))
            .collect();
        assert_eq!(
            told,
            [
                "native::T01::b: skipped: no such capability",
                "native::T01::c: there is no such scenario any more"
            ]
        );
        now.compare(&base, |_| false);
        assert_eq!(
            now.vanished.len(),
            1,
            "filters do not explain what was skipped"
        );
        now.interrupted = true;
        now.vanished.clear();
        now.compare(&base, |_| true);
        assert!(now.vanished.is_empty());
    }
}
