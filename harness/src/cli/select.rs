//! Which scenarios on which boards.

use std::sync::Arc;

use crate::config::Config;
use crate::runner::{Job, Partition, Selection};
use crate::scenario::{Board, Scenario};

/// How many scenarios an error proposes.
const PROPOSALS: usize = 3;

/// The command line names something that does not exist.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SelectError {
    #[error(
        "no scenario matches `{filter}`; closest: {}. `cargo hil run --list` shows all",
        closest.join(", ")
    )]
    Scenario {
        filter: String,
        /// `T05 wrong_apn`, the closest one first.
        closest: Vec<String>,
    },
    #[error("unknown board `{name}`; known boards: {}", known.join(", "))]
    Board { name: String, known: Vec<String> },
    #[error("there is no scenario to run")]
    Nothing,
    #[error(
        "none of the selected scenarios is in the partition {0}: use fewer partitions, or slice, \
         which makes them equal"
    )]
    EmptyPartition(Partition),
}

/// What the filters, board names and partition ask for. Each filter has to match something, so that a
/// slip of the pen does not pass for a green run.
pub(super) fn selection(
    registry: &[Scenario],
    wanted: Selection,
    boards: &[String],
    config: &Config,
) -> Result<Selection, SelectError> {
    for filter in &wanted.filters {
        let is_meant = |scenario: &Scenario| wanted.matches(filter, scenario.id, scenario.name);
        if !registry.iter().any(is_meant) {
            return Err(SelectError::Scenario {
                filter: filter.clone(),
                closest: closest(registry, filter),
            });
        }
    }
    Ok(Selection {
        boards: self::boards(boards, config)?,
        ..wanted
    })
}

/// The jobs of `selection`, of which there has to be one.
pub(super) fn jobs(registry: &[Scenario], selection: &Selection) -> Result<Vec<Job>, SelectError> {
    let jobs = selection.jobs(registry);
    match selection.partition {
        _ if !jobs.is_empty() => Ok(jobs),
        Some(partition) => Err(SelectError::EmptyPartition(partition)),
        None => Err(SelectError::Nothing),
    }
}

/// The scenarios with this ID, or the one of this name, letter case aside.
pub(super) fn named<'r>(
    registry: &'r [Scenario],
    wanted: &str,
) -> Result<Vec<&'r Scenario>, SelectError> {
    let is_it = |scenario: &&Scenario| {
        scenario.id.eq_ignore_ascii_case(wanted) || scenario.name.eq_ignore_ascii_case(wanted)
    };
    let found: Vec<&Scenario> = registry.iter().filter(is_it).collect();
    if found.is_empty() {
        return Err(SelectError::Scenario {
            filter: wanted.to_owned(),
            closest: closest(registry, wanted),
        });
    }
    Ok(found)
}

/// The boards of these names; without any, those of `hil.toml`, and the virtual one if it names
/// none.
fn boards(names: &[String], config: &Config) -> Result<Vec<Board>, SelectError> {
    if names.is_empty() {
        return Ok(match real(config) {
            real if real.is_empty() => vec![Board::Virtual],
            real => real,
        });
    }
    let mut boards = Vec::new();
    for name in names {
        let board = board(name, config)?;
        if !boards.contains(&board) {
            boards.push(board);
        }
    }
    Ok(boards)
}

fn real(config: &Config) -> Vec<Board> {
    let boards = config.boards.iter().cloned();
    boards.map(|board| Board::Real(Arc::new(board))).collect()
}

fn board(name: &str, config: &Config) -> Result<Board, SelectError> {
    let mut known = Board::SIMULATED.to_vec();
    known.extend(real(config));
    let names = known.iter().map(|board| board.name().to_owned()).collect();
    known
        .into_iter()
        .find(|board| board.name() == name)
        .ok_or_else(|| SelectError::Board {
            name: name.to_owned(),
            known: names,
        })
}

fn closest(registry: &[Scenario], filter: &str) -> Vec<String> {
    let filter = filter.to_lowercase();
    let distance = |scenario: &Scenario| {
        let by_id = strsim::osa_distance(&scenario.id.to_lowercase(), &filter);
        by_id.min(strsim::osa_distance(&scenario.name.to_lowercase(), &filter))
    };
    let mut scenarios: Vec<&Scenario> = registry.iter().collect();
    // Stable: what is equally close stays in the order of the registry.
    scenarios.sort_by_key(|scenario| distance(scenario));
    let proposal = |scenario: &&Scenario| format!("{} {}", scenario.id, scenario.name);
    scenarios.iter().take(PROPOSALS).map(proposal).collect()
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
        scenario("T01", "factory_fresh"),
        scenario("T05", "wrong_apn"),
        scenario("T11", "echo_on"),
        scenario("T11", "echo_off"),
    ];

    fn select(filters: &[&str], boards: &[&str]) -> Result<Vec<Job>, SelectError> {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let wanted = Selection {
            filters: owned(filters),
            ..Selection::default()
        };
        let boards: Vec<String> = owned(boards);
        jobs(
            REGISTRY,
            &selection(REGISTRY, wanted, &boards, &Config::default())?,
        )
    }

    fn names(filters: &[&str]) -> Vec<&'static str> {
        let jobs = select(filters, &[]).unwrap();
        jobs.iter().map(|job| job.scenario.name).collect()
    }

    #[test]
    fn filters_by_id_name_or_both() {
        assert_eq!(names(&[]).len(), 4);
        assert_eq!(names(&["t11"]), ["echo_on", "echo_off"]);
        assert_eq!(names(&["T11::echo_off"]), ["echo_off"]);
        assert_eq!(names(&["apn", "T01"]), ["factory_fresh", "wrong_apn"]);
    }

    #[test]
    fn explains_by_id_or_name() {
        let names = |wanted| {
            let found = named(REGISTRY, wanted).unwrap();
            found.iter().map(|s| s.name).collect::<Vec<_>>()
        };
        assert_eq!(names("t11"), ["echo_on", "echo_off"]);
        assert_eq!(names("wrong_apn"), ["wrong_apn"]);
        let error = named(REGISTRY, "T1").unwrap_err().to_string();
        assert!(
            error.contains("`T1`; closest: T01 factory_fresh"),
            "{error}"
        );
    }

    #[test]
    fn every_filter_has_to_match() {
        let error = select(&["T01", "wrong_anp"], &[]).unwrap_err().to_string();
        assert!(error.starts_with("no scenario matches `wrong_anp`; closest: T05 wrong_apn,"));
    }

    #[test]
    fn boards_are_named_once_and_known() {
        assert_eq!(select(&[], &["native", "native"]).unwrap().len(), 4);
        let error = select(&[], &["desk"]).unwrap_err().to_string();
        assert_eq!(error, "unknown board `desk`; known boards: virtual, native");
        assert_eq!(
            jobs(&[], &Selection::default()).unwrap_err(),
            SelectError::Nothing
        );
    }

    #[test]
    fn a_part_of_too_many_is_told() {
        let wanted = Selection {
            partition: Some("5/5".parse().unwrap()),
            ..Selection::default()
        };
        let selection = selection(REGISTRY, wanted, &[], &Config::default()).unwrap();
        let error = jobs(REGISTRY, &selection).unwrap_err().to_string();
        assert!(
            error.contains("in the partition slice:5/5: use fewer"),
            "{error}"
        );
    }
}
