//! What changed between two reports: `hil report diff`.
//!
//! [`diff`] compares, [`Diff::markdown`] tells. Scenarios are matched by board, id and name.

mod figures;
mod lines;
mod markdown;
mod thresholds;
mod verdicts;

use std::io;

use super::loaded::Loaded;
use super::model::{Report, ScenarioEntry};
use figures::Figures;
use lines::Changed;
pub use thresholds::{Thresholds, ThresholdsError};
use verdicts::Verdicts;

/// Two reports cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum DiffError {
    /// A report names a file that is not in its folder.
    #[error(
        "the report in `{}` names `{artefact}`, which cannot be read: {source}; fetch the whole \
         folder again, or name its report.json alone to compare without transcripts",
        folder.display()
    )]
    Artefact {
        /// The report's folder.
        folder: std::path::PathBuf,
        /// The file's path in it.
        artefact: String,
        /// What the system said.
        source: io::Error,
    },
}

/// Everything that differs between two reports.
#[derive(Debug)]
pub struct Diff {
    /// Which run is compared with which, a line each.
    heads: [String; 2],
    verdicts: Verdicts,
    figures: Figures,
    /// AT transcripts and messages; nothing where a report came without its artefacts.
    changed: Option<Changed>,
}

impl Diff {
    /// Whether anything got worse: a verdict, or a figure beyond its threshold. Changed transcripts
    /// are for people to judge.
    pub fn is_worse(&self) -> bool {
        self.verdicts.is_worse() || self.figures.is_worse()
    }
}

/// Compares `head` with `base`. With `artefacts`, AT transcripts and messages as well.
///
/// # Errors
/// [`DiffError`] when a transcript that a report names cannot be read.
pub fn diff(
    base: &Loaded,
    head: &Loaded,
    thresholds: &Thresholds,
    artefacts: bool,
) -> Result<Diff, DiffError> {
    let pairs = pairs(&base.report, &head.report);
    let changed = artefacts.then(|| Changed::between(base, head, &pairs));
    Ok(Diff {
        heads: [line(&base.report), line(&head.report)],
        verdicts: Verdicts::between(&base.report, &head.report),
        figures: Figures::between(&base.report, &head.report, &pairs, thresholds),
        changed: changed.transpose()?,
    })
}

/// The scenarios of both reports in which the device was heard, in the order of `head`.
type Pairs<'a> = Vec<(&'a ScenarioEntry, &'a ScenarioEntry)>;

fn pairs<'a>(base: &'a Report, head: &'a Report) -> Pairs<'a> {
    let both = head.scenarios.iter().filter_map(|entry| {
        let before = base.scenario(&entry.path())?;
        (verdicts::is_told(before) && verdicts::is_told(entry)).then_some((before, entry))
    });
    both.collect()
}

/// An instant of RFC 3339 in UTC to the minute; anything else as it is.
fn minute(started: &str) -> String {
    match (started.get(..10), started.get(10..11), started.get(11..16)) {
        (Some(day), Some("T"), Some(time)) if started.ends_with('Z') => format!("{day} {time} UTC"),
        _ => started.to_owned(),
    }
}

/// `1a2b3c4d5e6f of 2026-11-22 20:15 UTC`.
fn line(report: &Report) -> String {
    let commit = report.commit.as_ref().map(|commit| {
        let id: String = commit.id.chars().take(12).collect();
        let changes = if commit.dirty { " with changes" } else { "" };
        format!("`{}`{changes}", markdown::inline(&id))
    });
    let commit = commit.unwrap_or_else(|| "unknown commit".to_owned());
    format!("{commit} of {}", markdown::inline(&minute(&report.started)))
}
