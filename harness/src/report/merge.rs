//! One report of the parts of a run that was shared.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::ReportError;
use super::files::write_views;
use super::folder::Folder;
use super::loaded::Loaded;
use super::model::{Report, ScenarioEntry};
use crate::runner::{Partition, Summary};
use crate::scenario::Scenario;

/// Why reports are no parts of one run.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// Nothing to merge.
    #[error("there is no report to merge: name the folders of the parts")]
    Nothing,
    /// They were not about the same thing.
    #[error(
        "`{}` and `{}` are no parts of one run: {what} is {second_value} here and {first_value} \
         there; merge reports of the same run only",
        second.display(),
        first.display()
    )]
    Different {
        /// What differs.
        what: &'static str,
        /// A folder.
        first: PathBuf,
        /// What it says.
        first_value: String,
        /// Another one.
        second: PathBuf,
        /// What that says.
        second_value: String,
    },
    /// Two of them ran the same scenario.
    #[error(
        "`{path}` is in `{}` and in `{}`: parts of one run have no scenario in common; name each \
         part once, and run them with --partition",
        first.display(),
        second.display()
    )]
    Overlap {
        /// The scenario.
        path: String,
        /// A folder.
        first: PathBuf,
        /// Another one.
        second: PathBuf,
    },
    /// A part is not there.
    #[error(
        "part {missing} of {count} is missing, `{}` is {partition}: a merged report that leaves \
         scenarios out would look complete",
        folder.display()
    )]
    Missing {
        /// The part's number.
        missing: u32,
        /// How many there have to be.
        count: u32,
        /// A part that is there.
        folder: PathBuf,
        /// Which one it is.
        partition: String,
    },
}

/// The report of all `parts`; its scenarios are in the order of `registry`, board by board.
///
/// # Errors
/// See [`MergeError`].
pub fn merge(parts: &[Loaded], registry: &[Scenario]) -> Result<Report, MergeError> {
    let (first, rest) = parts.split_first().ok_or(MergeError::Nothing)?;
    for part in rest {
        check_same(first, part)?;
    }
    check_complete(parts)?;
    let mut owners: Vec<(&ScenarioEntry, &Loaded)> = Vec::new();
    for part in parts {
        for entry in &part.report.scenarios {
            let path = entry.path();
            if let Some((_, owner)) = owners.iter().find(|(known, _)| known.path() == path) {
                return Err(MergeError::Overlap {
                    path,
                    first: owner.folder.clone(),
                    second: part.folder.clone(),
                });
            }
            owners.push((entry, part));
        }
    }
    let mut merged = first.report.clone();
    let entries = owners.iter().map(|(entry, _)| ScenarioEntry::clone(entry));
    merged.scenarios = entries.collect();
    let boards: Vec<String> = merged.boards().into_iter().map(ToOwned::to_owned).collect();
    merged.scenarios.sort_by_key(|entry| {
        let board = boards.iter().position(|board| *board == entry.board);
        let known = |scenario: &Scenario| scenario.id == entry.id && scenario.name == entry.name;
        let place = registry.iter().position(known);
        (board, place.unwrap_or(usize::MAX))
    });
    merged.partition = None;
    merged.vanished.clear();
    merged.summary = Summary::default();
    for entry in &merged.scenarios {
        merged.summary.count(entry.status);
    }
    for part in parts {
        let part = &part.report;
        if part.started < merged.started {
            merged.started.clone_from(&part.started);
        }
        // They ran at the same time, as far as is known.
        merged.wall_time_ms = merged.wall_time_ms.max(part.wall_time_ms);
        merged.retries = merged.retries.max(part.retries);
        merged.interrupted |= part.interrupted;
        if merged.firmware.is_none() {
            merged.firmware.clone_from(&part.firmware);
        }
        for gone in &part.vanished {
            if !merged.vanished.contains(gone) {
                merged.vanished.push(gone.clone());
            }
        }
    }
    merged.workers = parts
        .iter()
        .fold(0, |sum, part| sum.saturating_add(part.report.workers));
    Ok(merged)
}

fn check_same(first: &Loaded, second: &Loaded) -> Result<(), MergeError> {
    let differ = |what, one: &str, other: &str| MergeError::Different {
        what,
        first: first.folder.clone(),
        first_value: format!("`{one}`"),
        second: second.folder.clone(),
        second_value: format!("`{other}`"),
    };
    let (one, other) = (&first.report, &second.report);
    if let (Some(one), Some(other)) = (&one.commit, &other.commit)
        && one.id != other.id
    {
        return Err(differ("the commit", &one.id, &other.id));
    }
    if one.seed != other.seed {
        return Err(differ("the seed", &one.seed, &other.seed));
    }
    if one.faults != other.faults {
        let (one, other) = (one.faults.join(" "), other.faults.join(" "));
        return Err(differ("the list of faults", &one, &other));
    }
    Ok(())
}

/// Where one part says of how many it is, all of them have to be there.
fn check_complete(parts: &[Loaded]) -> Result<(), MergeError> {
    let partition = |part: &Loaded| -> Option<Partition> {
        let text = part.report.partition.as_deref()?;
        text.parse().ok()
    };
    for part in parts {
        let Some(told) = partition(part) else {
            continue;
        };
        for number in 1..=told.count() {
            let is_it = |other: &Loaded| {
                let other = partition(other);
                other.is_some_and(|other| other.count() == told.count() && other.number() == number)
            };
            if !parts.iter().any(is_it) {
                return Err(MergeError::Missing {
                    missing: number,
                    count: told.count(),
                    folder: part.folder.clone(),
                    partition: told.to_string(),
                });
            }
        }
    }
    Ok(())
}

/// Writes the merged `report` of `parts`, with their artefacts, into `folder`.
///
/// # Errors
/// When the file system refuses. An artefact that a part lacks is left out.
pub fn write_merged(report: &Report, parts: &[Loaded], folder: &Folder) -> Result<(), ReportError> {
    folder.publish(|staging| {
        for part in parts {
            let attempts = part.report.scenarios.iter();
            let attempts = attempts.flat_map(|entry| &entry.attempts);
            for path in attempts.flat_map(|attempt| attempt.artefacts.paths()) {
                copy(part, path, staging)?;
            }
        }
        write_views(report, None, staging)
    })
}

fn copy(part: &Loaded, path: &str, to: &Path) -> Result<(), ReportError> {
    // Not there, or not within the folder: nothing to keep.
    let Ok(text) = part.artefact(path) else {
        return Ok(());
    };
    let file = to.join(path);
    let folder = file.parent().unwrap_or(to);
    fs::create_dir_all(folder).map_err(ReportError::io("make", folder))?;
    fs::write(&file, text).map_err(ReportError::io("write", &file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::scenario::Verdict;

    fn part(names: &[&'static str], partition: &str) -> Loaded {
        let record = |name: &&'static str| sample::record("T01", name, vec![Verdict::Pass]);
        let mut report = sample::report(names.iter().map(record).collect());
        report.partition = Some(partition.to_owned());
        Loaded {
            report,
            folder: PathBuf::from(partition),
        }
    }

    fn refused(parts: &[Loaded]) -> String {
        merge(parts, &[]).unwrap_err().to_string()
    }

    #[test]
    fn parts_become_one() {
        let one = part(&["a", "c"], "slice:1/2");
        let two = part(&["b"], "slice:2/2");
        let merged = merge(&[one, two], &[]).unwrap();
        assert_eq!(merged.summary.passed, 3);
        assert_eq!((merged.scenarios.len(), merged.partition), (3, None));
    }

    #[test]
    fn what_is_no_part_is_refused() {
        let one = || part(&["a", "c"], "slice:1/2");
        let two = || part(&["b"], "slice:2/2");
        let overlap = refused(&[one(), two(), one()]);
        assert!(
            overlap.starts_with("`native::T01::a` is in `slice:1/2` and"),
            "{overlap}"
        );
        let missing = refused(&[one()]);
        assert!(missing.starts_with("part 2 of 2 is missing"), "{missing}");
        let mut other = two();
        other.report.seed = "7".to_owned();
        let seed = refused(&[one(), other]);
        assert!(
            seed.contains("the seed is `7` here and `0` there"),
            "{seed}"
        );
        assert!(refused(&[]).contains("no report to merge"));
    }
}
