//! The words of the console.

use std::fmt::Write as _;

use console::{Style, StyledObject};

use similar::TextDiff;

use crate::report::text::{Seconds, tail};
use crate::rig::Mismatch;
use crate::runner::{Job, Record, Status};
use crate::scenario::{Outcome, Verdict};

/// Lines of the device log and of the UART transcript shown under a failure.
const TAIL_LINES: usize = 10;
/// Lines of a snapshot's difference.
const DIFF_LINES: usize = 60;

/// Renders verdicts, with colours or without.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines {
    pub(super) colours: bool,
    /// Whether the differences of snapshots are shown: on a terminal with progress bars, whose next
    /// drawing wipes out what `insta` has printed.
    pub(super) diffs: bool,
}

impl Lines {
    /// `PASS T01 factory_fresh [native] 38.2 s virtual, 0.41 s`, and what explains anything else.
    pub(super) fn verdict(self, record: &Record) -> String {
        let mut text = self.headline(self.status(record.status()), &record.job, &record.last);
        if record.last.lost_log_frames > 0 {
            let _ = write!(text, ", {} log frames lost", record.last.lost_log_frames);
        }
        if record.status() == Status::Flaky {
            let _ = write!(text, ", passed at attempt {}", record.earlier.len() + 1);
        }
        if let Some(hold) = record.hold.as_ref().filter(|hold| !hold.expired) {
            let (owner, day) = (&hold.entry.owner, hold.entry.expires);
            let _ = write!(text, ", in quarantine until {day} (owner: {owner})");
        }
        self.explain(&mut text, &record.last);
        text
    }

    /// The same for an attempt that will be repeated.
    pub(super) fn retry(self, job: &Job, attempt: u32, outcome: &Outcome) -> String {
        let word = self.paint("RETRY", Style::new().yellow());
        let mut text = self.headline(word, job, outcome);
        let _ = write!(text, ", attempt {attempt}");
        self.explain(&mut text, outcome);
        text
    }

    /// Bold when colours are on.
    pub(super) fn strong(self, text: &str) -> StyledObject<&str> {
        self.paint(text, Style::new().bold())
    }

    fn headline(self, word: impl std::fmt::Display, job: &Job, outcome: &Outcome) -> String {
        let scenario = &job.scenario;
        let mut text = format!("{word} {} {} [{}]", scenario.id, scenario.name, job.board);
        if !matches!(outcome.verdict, Verdict::Skipped(_)) {
            let (world, wall) = (Seconds(outcome.virtual_time), Seconds(outcome.wall_time));
            let _ = write!(text, " {world} virtual, {wall}");
        }
        text
    }

    fn explain(self, text: &mut String, outcome: &Outcome) {
        let Some(reason) = outcome.verdict.reason() else {
            return;
        };
        for line in reason.lines() {
            let _ = write!(text, "\n     {line}");
        }
        if matches!(outcome.verdict, Verdict::Skipped(_)) {
            return;
        }
        for mismatch in outcome.mismatches.iter().filter(|_| self.diffs) {
            self.diff(text, mismatch);
        }
        self.tail(text, "device log", &outcome.device_log);
        self.tail(text, "UART", &outcome.transcript);
    }

    fn diff(self, text: &mut String, mismatch: &Mismatch) {
        let accepted = mismatch.expected.as_deref().unwrap_or_default();
        let diff = TextDiff::from_lines(accepted, &mismatch.actual)
            .unified_diff()
            .header("accepted", "this run")
            .missing_newline_hint(false)
            .to_string();
        let heading = format!("{}:", mismatch.name);
        let _ = write!(text, "\n     {}", self.paint(&heading, Style::new().dim()));
        for line in diff.lines().take(DIFF_LINES) {
            let style = match line.as_bytes().first() {
                Some(b'+') => Style::new().green(),
                Some(b'-') => Style::new().red(),
                _ => Style::new(),
            };
            let _ = write!(text, "\n       {}", self.paint(line, style));
        }
        let more = diff.lines().count().saturating_sub(DIFF_LINES);
        if more > 0 {
            let _ = write!(text, "\n       … {more} more lines of difference");
        }
    }

    fn tail(self, text: &mut String, name: &str, log: &str) {
        if log.is_empty() {
            return;
        }
        let heading = format!("{name}, last lines:");
        let _ = write!(text, "\n     {}", self.paint(&heading, Style::new().dim()));
        for line in tail(log, TAIL_LINES) {
            let _ = write!(text, "\n       {line}");
        }
    }

    fn status(self, status: Status) -> StyledObject<&'static str> {
        let (word, style) = match status {
            Status::Pass => ("PASS", Style::new().green()),
            Status::Flaky => ("FLAKY", Style::new().yellow()),
            Status::Fail => ("FAIL", Style::new().red().bold()),
            Status::Infra => ("INFRA", Style::new().magenta().bold()),
            Status::Quarantined => ("QUARANTINED", Style::new().yellow()),
            Status::Skipped => ("SKIP", Style::new().cyan()),
        };
        self.paint(word, style)
    }

    fn paint(self, text: &str, style: Style) -> StyledObject<&str> {
        // Decided once, for standard output: the style must not ask again.
        style.force_styling(self.colours).apply_to(text)
    }
}
