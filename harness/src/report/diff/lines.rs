//! Which AT transcripts and messages changed, as line diffs of their stories: what boards, seeds and
//! repeated polls leave open is not compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use similar::TextDiff;

use super::{DiffError, Pairs};
use crate::report::loaded::Loaded;
use crate::report::model::Attempt;
use crate::rig::{messages_story, transcript};

/// Which artefact of an attempt.
type Named = fn(&Attempt) -> &str;
/// What of an artefact's text is compared.
type Told = fn(&str) -> String;

/// Unchanged lines shown around a change.
const CONTEXT: usize = 2;

/// Escaped bytes from which on a line is taken for encrypted.
const RAW: usize = 2;

/// What differs, each difference with the scenarios in which it is the same.
#[derive(Debug, Default)]
pub(super) struct Changed {
    pub(super) transcripts: Vec<Difference>,
    pub(super) messages: Vec<Difference>,
}

/// Hunks of a unified diff, and where they are.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) hunks: String,
    pub(super) scenarios: Vec<String>,
}

impl Changed {
    pub(super) fn between(
        base: &Loaded,
        head: &Loaded,
        pairs: &Pairs<'_>,
    ) -> Result<Self, DiffError> {
        let mut transcripts = BTreeMap::new();
        let mut messages = BTreeMap::new();
        for (index, (before, now)) in pairs.iter().enumerate() {
            let (Some(old), Some(new)) = (before.last(), now.last()) else {
                continue;
            };
            let story = |report: &Loaded, name: &str, story: fn(&str) -> String| {
                let text = report.artefact(name);
                let text = text.map_err(|source| DiffError::Artefact {
                    folder: report.folder.clone(),
                    artefact: name.to_owned(),
                    source,
                });
                Ok(story(&text?))
            };
            let kinds: [(&mut BTreeMap<_, _>, Named, Told); 2] = [
                (
                    &mut transcripts,
                    |attempt| &attempt.artefacts.transcript,
                    at_story,
                ),
                (
                    &mut messages,
                    |attempt| &attempt.artefacts.messages,
                    messages_story,
                ),
            ];
            for (differences, name, tell) in kinds {
                let (old, new) = (story(base, name(old), tell)?, story(head, name(new), tell)?);
                if old != new {
                    let (_, scenarios) = differences
                        .entry(hunks(&old, &new))
                        .or_insert_with(|| (index, Vec::new()));
                    scenarios.push(now.path());
                }
            }
        }
        Ok(Self {
            transcripts: in_order(transcripts),
            messages: in_order(messages),
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.transcripts.is_empty() && self.messages.is_empty()
    }
}

/// The AT story without bytes that are neither AT nor a whole TLS record, as faults on the line
/// leave them: they are encrypted, and differ from run to run.
fn at_story(rendered: &str) -> String {
    let mut text = String::new();
    let mut raw = false;
    for line in transcript::story_of(rendered).lines() {
        let encrypted = is_raw(line) || raw && (line == "= TLS data" || is_piece(line));
        if !encrypted {
            text.push_str(line);
            text.push('\n');
        } else if !raw {
            text.push_str("= encrypted, in pieces\n");
        }
        raw = encrypted;
    }
    text
}

/// Whether a line of the story is mostly bytes that are no text.
fn is_raw(line: &str) -> bool {
    const SHORT: usize = 12;
    let text = line.get(2..).unwrap_or_default();
    let escapes = line.matches("\\x").count();
    let few = escapes > 0 && text.len() <= SHORT && 2 * escapes * "\\x00".len() >= text.len();
    !line.starts_with('#') && (escapes >= RAW || few)
}

/// Whether it is a byte or two between such lines which happen to be letters.
fn is_piece(line: &str) -> bool {
    let text = line.get(2..).unwrap_or_default();
    line.starts_with(['<', '>']) && text.len() <= 2 && !matches!(text, "OK" | "a")
}

fn hunks(old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut text = String::new();
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        if !text.is_empty() {
            text.push_str("…\n");
        }
        for change in hunk.iter_changes() {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{}{}",
                change.tag(),
                change.value().trim_end_matches('\n')
            );
        }
    }
    text
}

/// Those of most scenarios first, then as the report has them.
fn in_order(differences: BTreeMap<String, (usize, Vec<String>)>) -> Vec<Difference> {
    let mut all: Vec<_> = differences.into_iter().collect();
    all.sort_by_key(|(_, (index, scenarios))| (std::cmp::Reverse(scenarios.len()), *index));
    let difference = |(hunks, (_, scenarios))| Difference { hunks, scenarios };
    all.into_iter().map(difference).collect()
}
