//! Which scenarios a run is about, on which boards.

use super::partition::Partition;
use super::plan::Job;
use crate::scenario::{Board, Scenario};

/// What somebody asked for.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// On these boards.
    pub boards: Vec<Board>,
    /// Scenarios whose `ID::name` contains one of these, letter case aside; all when there is none.
    pub filters: Vec<String>,
    /// A filter has to be the whole `ID::name`.
    pub exact: bool,
    /// Only this part of them.
    pub partition: Option<Partition>,
}

impl Selection {
    /// Whether `filter` means the scenario.
    pub fn matches(&self, filter: &str, id: &str, name: &str) -> bool {
        let path = format!("{id}::{name}");
        if self.exact {
            return path.eq_ignore_ascii_case(filter);
        }
        path.to_lowercase().contains(&filter.to_lowercase())
    }

    /// Board by board, and on each board in the order of the registry.
    pub fn jobs(&self, registry: &[Scenario]) -> Vec<Job> {
        let mut jobs = self.whole(registry);
        if let Some(partition) = self.partition {
            let mut position = 0;
            jobs.retain(|job| {
                position += 1;
                partition.contains(position - 1, &job.path())
            });
        }
        jobs
    }

    /// Whether the run answers for a scenario that a baseline has executed and this run has no
    /// job for: it is on one of the boards, the filters mean it, and no other part runs it.
    pub fn answers_for(&self, registry: &[Scenario], board: &str, id: &str, name: &str) -> bool {
        let has_board = self.boards.iter().any(|known| known.name() == board);
        let mut filters = self.filters.iter();
        let is_meant =
            self.filters.is_empty() || filters.any(|filter| self.matches(filter, id, name));
        if !has_board || !is_meant {
            return false;
        }
        let Some(partition) = self.partition else {
            return true;
        };
        let path = format!("{board}::{id}::{name}");
        // A slice cannot tell to whom a job would belong that nobody has: all of them miss it.
        let by_position = || !self.whole(registry).iter().any(|job| job.path() == path);
        partition.would_contain(&path).unwrap_or_else(by_position)
    }

    /// All parts.
    fn whole(&self, registry: &[Scenario]) -> Vec<Job> {
        let is_wanted = |scenario: &&Scenario| {
            let mut filters = self.filters.iter();
            self.filters.is_empty()
                || filters.any(|filter| self.matches(filter, scenario.id, scenario.name))
        };
        let jobs = self.boards.iter().flat_map(|board| {
            registry.iter().filter(is_wanted).map(|&scenario| Job {
                scenario,
                board: board.clone(),
            })
        });
        jobs.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn scenario(id: &'static str, name: &'static str) -> Scenario {
        Scenario {
            id,
            name,
            title: "a title",
            origin: "a test",
            explanation: "text",
            run: |_| Box::pin(async { Ok(()) }),
        }
    }

    const REGISTRY: &[Scenario] = &[
        scenario("T05", "wrong_apn"),
        scenario("T05", "wrong_apn_in_settings"),
        scenario("T11", "echo_on"),
    ];

    fn selection(filters: &[&str], partition: Option<&str>) -> Selection {
        Selection {
            boards: vec![Board::Native],
            filters: filters.iter().map(|&filter| filter.to_owned()).collect(),
            exact: false,
            partition: partition.map(|text| text.parse().unwrap()),
        }
    }

    #[test]
    fn an_exact_filter_means_one() {
        let mut selection = selection(&["t05::wrong_apn"], None);
        assert_eq!(selection.jobs(REGISTRY).len(), 2);
        selection.exact = true;
        let names: Vec<&str> = selection
            .jobs(REGISTRY)
            .iter()
            .map(|job| job.scenario.name)
            .collect();
        assert_eq!(names, ["wrong_apn"]);
    }

    #[test]
    fn answers_for_its_own_boards_and_filters_only() {
        let all = selection(&[], None);
        assert!(all.answers_for(REGISTRY, "native", "T99", "gone"));
        assert!(!all.answers_for(REGISTRY, "virtual", "T99", "gone"));
        let some = selection(&["T05"], None);
        assert!(some.answers_for(REGISTRY, "native", "T05", "gone"));
        assert!(!some.answers_for(REGISTRY, "native", "T11", "echo_on"));
    }

    #[test]
    fn one_hash_or_every_slice_answers_for_what_is_gone() {
        let parts = |kind: &str, id: &str, name: &str| {
            let part = |n: u32| selection(&[], Some(&format!("{kind}:{n}/2")));
            (1..=2)
                .filter(|n| part(*n).answers_for(REGISTRY, "native", id, name))
                .count()
        };
        assert_eq!(parts("hash", "T99", "gone"), 1);
        assert_eq!(parts("slice", "T99", "gone"), 2);
        // The part that has it runs it; the other one does not miss it.
        assert_eq!(parts("slice", "T11", "echo_on"), 0);
    }
}
