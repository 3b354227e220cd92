//! What the page tells of one scenario.

use std::fmt::Write as _;

use super::chart::{self, Chart};
use super::diff::{self, SideBySide};
use super::names::{Anchors, first_line, millis, moment, nanos, short_commit};
use super::pack;
use crate::report::loaded::Loaded;
use crate::report::model::{Attempt, AttemptVerdict, Report, ScenarioEntry, SnapshotFiles};
use crate::rig::timeline::Timeline;
use crate::runner::Status;

/// A scenario on a board.
#[derive(Debug)]
pub(super) struct Detail {
    /// Identifier of its part of the page.
    pub(super) anchor: String,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) title: String,
    pub(super) origin: String,
    pub(super) explanation: Vec<String>,
    pub(super) board: String,
    /// Name of the verdict, for people and for classes.
    pub(super) status: &'static str,
    /// All of the reason.
    pub(super) reason: String,
    pub(super) since: Option<String>,
    pub(super) quarantine: Option<String>,
    pub(super) quarantine_expired: bool,
    pub(super) replay: String,
    pub(super) virtual_time: String,
    pub(super) wall_time: String,
    pub(super) attempts: Vec<AttemptView>,
}

/// One attempt.
#[derive(Debug)]
pub(super) struct AttemptView {
    /// `attempt 1 of 2`; nothing when there was one only.
    pub(super) label: Option<String>,
    pub(super) verdict: &'static str,
    pub(super) failed: bool,
    /// Whether it is open from the start.
    pub(super) open: bool,
    /// Its reason where it is not the scenario's.
    pub(super) reason: Option<String>,
    pub(super) crash: Option<CrashView>,
    pub(super) snapshots: Vec<SnapshotView>,
    pub(super) charts: Vec<Chart>,
    /// Identifier of the timeline's data, and the data.
    pub(super) timeline: Option<(String, String)>,
    /// Names and addresses of the raw files.
    pub(super) files: Vec<(&'static str, String)>,
    pub(super) lost: u64,
}

/// How the device came to its end.
#[derive(Debug)]
pub(super) struct CrashView {
    pub(super) title: String,
    pub(super) text: String,
}

/// A snapshot that differs.
#[derive(Debug)]
pub(super) struct SnapshotView {
    pub(super) name: String,
    /// None was accepted before.
    pub(super) is_new: bool,
    pub(super) diff: SideBySide,
}

impl Detail {
    pub(super) fn of(
        entry: &ScenarioEntry,
        report: &Loaded,
        baseline: Option<&Report>,
        anchors: &mut Anchors,
    ) -> Self {
        let anchor = anchors.of(&entry.path());
        let before = baseline.and_then(|baseline| baseline.scenario(&entry.path()));
        let before = before.and_then(ScenarioEntry::last);
        let count = entry.attempts.len();
        let attempts = entry.attempts.iter().enumerate();
        let attempts = attempts
            .map(|(index, attempt)| {
                let place = Place {
                    anchor: &anchor,
                    number: index + 1,
                    count,
                    flaky: entry.status == Status::Flaky,
                };
                view(attempt, &place, report, before)
            })
            .collect();
        let last = entry.last();
        let quarantine = entry.quarantine.as_ref();
        Self {
            anchor,
            id: entry.id.clone(),
            name: entry.name.clone(),
            title: entry.title.clone(),
            origin: entry.origin.clone(),
            explanation: paragraphs(&entry.explanation),
            board: entry.board.clone(),
            status: entry.status.name(),
            reason: entry.reason.clone().unwrap_or_default(),
            since: since(entry, &report.report),
            quarantine: quarantine.map(|known| {
                let issue = known.issue.as_deref().map(|issue| format!(", {issue}"));
                format!(
                    "{} (owner {}, until {}{}; {})",
                    known.reason,
                    known.owner,
                    known.expires,
                    issue.unwrap_or_default(),
                    known.place
                )
            }),
            quarantine_expired: quarantine.is_some_and(|known| known.expired),
            replay: entry.replay.clone(),
            virtual_time: last.map_or_else(String::new, |last| nanos(last.virtual_time_ns)),
            wall_time: last.map_or_else(String::new, |last| millis(last.wall_time_ms)),
            attempts,
        }
    }

    /// Why it is not simply a pass: of a flaky one the reason of the first attempt.
    pub(super) fn flaky_reason(&self) -> &str {
        let first = self.attempts.first();
        let first = first.and_then(|attempt| attempt.reason.as_deref());
        match self.reason.is_empty() {
            true => first_line(first.unwrap_or_default()),
            false => self.short_reason(),
        }
    }

    /// The first line of the reason.
    pub(super) fn short_reason(&self) -> &str {
        first_line(&self.reason)
    }
}

/// Lines of a doc comment, joined to paragraphs.
fn paragraphs(text: &str) -> Vec<String> {
    let paragraphs = text.split("\n\n").map(|part| {
        let lines: Vec<_> = part.lines().map(str::trim).collect();
        lines.join(" ").trim().to_owned()
    });
    paragraphs.filter(|part| !part.is_empty()).collect()
}

fn since(entry: &ScenarioEntry, report: &Report) -> Option<String> {
    match &entry.since {
        Some(since) if since.started == report.started => Some("new in this run".to_owned()),
        Some(since) => {
            let day = moment(&since.started);
            let commit = since.commit.as_deref().map(short_commit);
            Some(match commit {
                Some(commit) => format!("since {commit}, {day}"),
                None => format!("since {day}"),
            })
        }
        None => None,
    }
}

/// Which attempt of how many.
struct Place<'a> {
    anchor: &'a str,
    number: usize,
    count: usize,
    flaky: bool,
}

fn view(
    attempt: &Attempt,
    place: &Place<'_>,
    report: &Loaded,
    before: Option<&Attempt>,
) -> AttemptView {
    let Place {
        anchor,
        number,
        count,
        flaky,
    } = *place;
    let failed = matches!(
        attempt.verdict,
        AttemptVerdict::Fail | AttemptVerdict::Infra
    );
    let is_last = number == count;
    let most = match failed {
        true => pack::FAILED,
        false => pack::PASSED,
    };
    let names = &attempt.artefacts;
    let timeline = names.timeline.as_deref().and_then(|file| {
        let text = report.artefact(file).ok()?;
        let timeline: Timeline = serde_json::from_str(&text).ok()?;
        let data = pack::pack(&timeline, most, file);
        Some((format!("{anchor}-t{number}"), data))
    });
    let snapshots = names.snapshots.iter();
    AttemptView {
        label: (count > 1).then(|| format!("Attempt {number} of {count}")),
        verdict: verdict(attempt.verdict),
        failed,
        // Of a flaky scenario the attempt that failed is what people come for.
        open: if flaky { failed } else { is_last },
        reason: attempt.reason.clone().filter(|_| !is_last),
        crash: attempt.crash.as_ref().map(|crash| CrashView {
            title: crash.kind.replace('_', " "),
            text: crash_text(crash),
        }),
        snapshots: snapshots
            .filter_map(|files| snapshot(files, report))
            .collect(),
        charts: match is_last {
            true => chart::attempt(attempt, before),
            false => Vec::new(),
        },
        timeline,
        files: [
            ("transcript", Some(&names.transcript)),
            ("messages", Some(&names.messages)),
            ("device log", Some(&names.device_log)),
            ("connections", Some(&names.connections)),
            ("timeline", names.timeline.as_ref()),
        ]
        .into_iter()
        .filter_map(|(what, file)| Some((what, address(file?))))
        .collect(),
        lost: attempt.lost_log_frames,
    }
}

fn verdict(verdict: AttemptVerdict) -> &'static str {
    match verdict {
        AttemptVerdict::Pass => "pass",
        AttemptVerdict::Fail => "fail",
        AttemptVerdict::Infra => "infra",
        AttemptVerdict::Skipped => "skipped",
    }
}

/// A file beside the page. The leading dot keeps a path from being read as another scheme.
fn address(path: &str) -> String {
    let mut address = String::from("./");
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => {
                address.push(char::from(byte));
            }
            other => {
                // Writing to a string cannot fail.
                let _ = write!(address, "%{other:02X}");
            }
        }
    }
    address
}

fn snapshot(files: &SnapshotFiles, report: &Loaded) -> Option<SnapshotView> {
    let actual = report.artefact(&files.actual).ok()?;
    let expected = match &files.expected {
        Some(file) => report.artefact(file).ok()?,
        None => String::new(),
    };
    Some(SnapshotView {
        name: files.name.clone(),
        is_new: files.expected.is_none(),
        diff: diff::side_by_side(&expected, &actual),
    })
}

fn crash_text(crash: &crate::report::model::Crash) -> String {
    let mut lines = vec![crash.message.clone()];
    if let Some(pc) = &crash.pc {
        lines.push(format!("pc {pc}"));
    }
    for frame in &crash.frames {
        let place = match (&frame.file, frame.line) {
            (Some(file), Some(line)) => format!("  {file}:{line}"),
            (Some(file), None) => format!("  {file}"),
            _ => String::new(),
        };
        let inlined = if frame.inlined { " (inlined)" } else { "" };
        lines.push(format!("  {} {}{inlined}{place}", frame.pc, frame.function));
    }
    lines.extend(crash.notes.iter().map(|note| format!("note: {note}")));
    for (title, more) in [
        ("last on the UART:", &crash.at_lines),
        ("last in the log:", &crash.log_lines),
    ] {
        if !more.is_empty() {
            lines.push(title.to_owned());
            lines.extend(more.iter().map(|line| format!("  {line}")));
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stays_in_the_folder_s_scheme() {
        assert_eq!(address("native/T01-x/mqtt.txt"), "./native/T01-x/mqtt.txt");
        assert_eq!(
            address("javascript:alert(1)"),
            "./javascript%3Aalert%281%29"
        );
        assert_eq!(address("a b\"é"), "./a%20b%22%C3%A9");
    }

    #[test]
    fn doc_comments_are_paragraphs() {
        assert_eq!(paragraphs("one\n two\n\n\nthree"), ["one two", "three"]);
    }
}
