//! What has to be done about changes.

use std::collections::BTreeSet;

use super::change::Change;

/// What has been changed and not been dealt with yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    application: bool,
    harness: bool,
    /// Everything is to be run, whatever has changed.
    all: bool,
    /// Texts in which a scenario's name means that it is affected.
    texts: Vec<String>,
    names: BTreeSet<String>,
}

/// A scenario of the list that `hil run --list` prints, on any board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// `T05`.
    pub id: String,
    /// `wrong_apn`.
    pub name: String,
}

impl Listed {
    /// `T05::wrong_apn`: what a filter of `hil run` matches.
    pub fn path(&self) -> String {
        format!("{}::{}", self.id, self.name)
    }
}

/// Which scenarios to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// All that were asked for.
    All,
    /// Those with these paths, in the order of the list; may be none.
    Only(Vec<String>),
}

impl Plan {
    /// Everything once, with the program as it is.
    pub fn everything() -> Self {
        Self {
            all: true,
            ..Self::default()
        }
    }

    /// Somebody wants everything run, besides what changed.
    pub fn add_all(&mut self) {
        self.all = true;
    }

    /// One more change.
    pub fn add(&mut self, change: Change) {
        match change {
            Change::Application => {
                self.application = true;
                self.all = true;
            }
            Change::Image | Change::Config => self.all = true,
            Change::Harness => {
                self.harness = true;
                self.all = true;
            }
            Change::Scenarios(text) => {
                self.harness = true;
                self.texts.push(text);
            }
            Change::Snapshot(name) => {
                self.names.insert(name);
            }
        }
    }

    /// Whether `hil` itself has to be built again. The image for the chip is not meant: `hil run`
    /// builds that. `native`: whether the native board is among those that are run on.
    pub fn builds_hil(&self, native: bool) -> bool {
        self.harness || self.application && native
    }

    /// What has been built need not be built again when the run is cut short.
    pub fn built(&mut self) {
        self.harness = false;
        self.application = false;
    }

    /// Which of the scenarios in `asked`, those that are to be run at all, are affected; `all` are
    /// the scenarios that there are.
    pub fn work(&self, asked: &[Listed], all: &[Listed]) -> Work {
        if self.all {
            return Work::All;
        }
        let mut named = self.names.clone();
        for text in &self.texts {
            let words: BTreeSet<&str> = words(text).collect();
            let names = all.iter().map(|scenario| scenario.name.as_str());
            let mut here = names.filter(|name| words.contains(name)).peekable();
            // A file among the scenarios that names none serves all of them.
            if here.peek().is_none() {
                return Work::All;
            }
            named.extend(here.map(str::to_owned));
        }
        let affected = asked.iter().filter(|one| named.contains(&one.name));
        Work::Only(affected.map(Listed::path).collect())
    }
}

/// Identifiers, and whatever looks like one.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> Vec<Listed> {
        [("T05", "wrong_apn"), ("T11", "echo_on"), ("B01", "broker")]
            .map(|(id, name)| Listed {
                id: id.to_owned(),
                name: name.to_owned(),
            })
            .to_vec()
    }

    fn plan(changes: impl IntoIterator<Item = Change>) -> Plan {
        let mut plan = Plan::default();
        changes.into_iter().for_each(|change| plan.add(change));
        plan
    }

    fn only(paths: &[&str]) -> Work {
        Work::Only(paths.iter().map(|&path| path.to_owned()).collect())
    }

    #[test]
    fn a_snapshot_affects_its_own_scenario_and_builds_nothing() {
        let plan = plan([Change::Snapshot("echo_on".to_owned())]);
        assert!(!plan.builds_hil(true));
        assert_eq!(plan.work(&list(), &list()), only(&["T11::echo_on"]));
    }

    #[test]
    fn a_file_of_scenarios_affects_those_that_it_names() {
        let text = "#[scenario]\nasync fn wrong_apn(rig: &mut Rig) {} // not echo_only, not T11";
        let plan = plan([Change::Scenarios(text.to_owned())]);
        assert!(plan.builds_hil(false));
        assert_eq!(plan.work(&list(), &list()), only(&["T05::wrong_apn"]));
    }

    #[test]
    fn what_nobody_asked_for_is_not_run() {
        let plan = plan([Change::Scenarios("async fn wrong_apn() {}".to_owned())]);
        let all = list();
        let asked = all.get(1..).unwrap_or_default();
        assert_eq!(plan.work(asked, &all), only(&[]));
    }

    #[test]
    fn a_file_that_names_none_affects_all() {
        let plan = plan([Change::Scenarios("fn helper() {}".to_owned())]);
        assert_eq!(plan.work(&list(), &list()), Work::All);
    }

    #[test]
    fn what_everything_stands_on_affects_all() {
        for (change, native, virtual_only) in [
            (Change::Application, true, false),
            (Change::Image, false, false),
            (Change::Harness, true, true),
            (Change::Config, false, false),
        ] {
            let snapshot = Change::Snapshot("echo_on".to_owned());
            let plan = plan([snapshot, change.clone()]);
            assert_eq!(plan.work(&list(), &list()), Work::All, "{change:?}");
            assert_eq!(plan.builds_hil(true), native, "{change:?}");
            assert_eq!(plan.builds_hil(false), virtual_only, "{change:?}");
        }
    }

    #[test]
    fn a_snapshot_of_no_known_scenario_affects_none() {
        let plan = plan([Change::Snapshot("gone".to_owned())]);
        assert_eq!(plan.work(&list(), &list()), only(&[]));
    }

    #[test]
    fn what_is_built_stays_to_be_run() {
        let mut plan = plan([Change::Harness]);
        plan.built();
        assert!(!plan.builds_hil(true));
        assert_eq!(plan.work(&list(), &list()), Work::All);
    }
}
