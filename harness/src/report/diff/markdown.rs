//! The comparison as Markdown for a comment on a change.
//!
//! Reports may come from anybody, so what they say stands in code, where it means nothing.

use std::fmt::Write as _;

use super::Diff;
use super::figures::{Change, Figures};
use super::lines::Difference;

/// Longest text, in bytes: a comment takes 65,536 characters, some of which are the poster's.
const LIMIT: usize = 60_000;
/// Scenarios named under one heading.
const NAMED: usize = 20;
/// Differences shown of transcripts, and of messages.
const SHOWN: usize = 10;
/// Lines shown of one difference.
const LINES: usize = 40;
/// Characters shown of a reason, or of a line of a difference.
const WIDTH: usize = 200;

impl Diff {
    /// The comparison, worst news first, in 60,000 bytes at most.
    pub fn markdown(&self) -> String {
        let mut text = String::from("# Hardware in the loop: ");
        let verdicts = &self.verdicts;
        let changed = self
            .changed
            .as_ref()
            .is_some_and(|changed| !changed.is_empty());
        let other = [&verdicts.fixed, &verdicts.new, &verdicts.quarantined];
        let other = other.iter().any(|list| !list.is_empty()) || self.figures.is_changed();
        text.push_str(match (self.is_worse(), changed || other) {
            (true, _) => "something got worse\n",
            (false, true) => "nothing worse, but changes\n",
            (false, false) => "no change\n",
        });
        let [base, head] = &self.heads;
        let compared = verdicts.compared;
        let _ = writeln!(text, "\n{compared} scenarios compared: {base} with {head}.");
        for (title, list) in [
            ("New failures", &verdicts.new_failures),
            ("No verdict: the bench broke", &verdicts.infra),
            ("Vanished: run in the base, not now", &verdicts.vanished),
            ("Newly flaky: passed at a later attempt", &verdicts.flaky),
            ("Quarantine is over", &verdicts.expired),
        ] {
            scenarios(&mut text, title, list);
        }
        worse(&mut text, &self.figures);
        for (title, list) in [
            ("Fixed", &verdicts.fixed),
            ("New scenarios", &verdicts.new),
            ("New in quarantine", &verdicts.quarantined),
            ("Still failing", &verdicts.still_failing),
        ] {
            scenarios(&mut text, title, list);
        }
        figures(&mut text, &self.figures);
        match &self.changed {
            Some(changed) => {
                differences(&mut text, "AT transcripts", &changed.transcripts);
                differences(&mut text, "Messages", &changed.messages);
            }
            None => text.push_str(
                "\nTranscripts and messages were not compared: a report came without its folder.\n",
            ),
        }
        text
    }
}

fn scenarios(text: &mut String, title: &str, list: &[(String, String)]) {
    if list.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n## {title}: {}\n", list.len());
    for (path, reason) in list.iter().take(NAMED) {
        let reason = match inline(reason) {
            reason if reason.is_empty() => String::new(),
            reason => format!(": `{reason}`"),
        };
        let _ = writeln!(text, "* `{}`{reason}", inline(path));
    }
    if list.len() > NAMED {
        let _ = writeln!(text, "* … and {} more", list.len() - NAMED);
    }
}

fn worse(text: &mut String, figures: &Figures) {
    let rows = figures.rows.iter();
    let rows: Vec<_> = rows.filter(|row| row.verdict == Change::Worse).collect();
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n## Beyond the threshold: {}\n", rows.len());
    for row in rows.iter().take(NAMED) {
        let (what, change) = (inline(&row.what), &row.change);
        let _ = writeln!(text, "* `{what}`: {} → {} ({change})", row.base, row.head);
    }
    if rows.len() > NAMED {
        let _ = writeln!(text, "* … and {} more", rows.len() - NAMED);
    }
}

fn figures(text: &mut String, figures: &Figures) {
    if figures.rows.is_empty() {
        return;
    }
    text.push_str("\n<details>\n<summary>Figures</summary>\n\n");
    text.push_str("| | base | head | change | |\n|---|--:|--:|--:|---|\n");
    for row in figures.rows.iter().take(2 * NAMED) {
        let verdict = match row.verdict {
            Change::None => "",
            Change::Some => "changed",
            Change::Worse => "**worse**",
        };
        let what = inline(&row.what).replace('|', "/");
        let (base, head, change) = (&row.base, &row.head, &row.change);
        let _ = writeln!(
            text,
            "| `{what}` | {base} | {head} | {change} | {verdict} |"
        );
    }
    for (name, old, new) in &figures.crates {
        let (sign, by) = (if new > old { "+" } else { "−" }, old.abs_diff(*new));
        let name = inline(name).replace('|', "/");
        let _ = writeln!(text, "| `{name}`, flash | {old} | {new} | {sign}{by} | |");
    }
    if figures.rows.len() > 2 * NAMED {
        let _ = writeln!(text, "\n… and {} more", figures.rows.len() - 2 * NAMED);
    }
    text.push_str("\n</details>\n");
}

fn differences(text: &mut String, what: &str, all: &[Difference]) {
    if all.is_empty() {
        return;
    }
    let places: usize = all
        .iter()
        .map(|difference| difference.scenarios.len())
        .sum();
    let plural = if places == 1 { "" } else { "s" };
    let _ = writeln!(text, "\n## {what} changed in {places} scenario{plural}");
    for (index, difference) in all.iter().take(SHOWN).enumerate() {
        let mut block = String::new();
        let (first, others) = (&difference.scenarios[0], difference.scenarios.len() - 1);
        let others = match others {
            0 => String::new(),
            others => format!(" and {others} more, in the same way"),
        };
        let _ = writeln!(
            block,
            "\n<details>\n<summary>{}{others}</summary>\n",
            plain(first)
        );
        let lines: Vec<_> = difference.hunks.lines().collect();
        let longest = lines.iter().map(|line| backticks(line)).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        let _ = writeln!(block, "{fence}diff");
        for line in lines.iter().take(LINES) {
            let _ = writeln!(block, "{}", short(line));
        }
        if lines.len() > LINES {
            let _ = writeln!(block, "… {} more lines", lines.len() - LINES);
        }
        let _ = writeln!(block, "{fence}\n\n</details>");
        if text.len() + block.len() > LIMIT {
            let _ = writeln!(text, "\n… and {} more differences", all.len() - index);
            return;
        }
        text.push_str(&block);
    }
    if all.len() > SHOWN {
        let _ = writeln!(text, "\n… and {} more differences", all.len() - SHOWN);
    }
}

/// The first line of `text`, short, for a code span.
pub(super) fn inline(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    short(&line.replace('`', "'")).trim().to_owned()
}

/// A scenario's path outside of code: letters and digits, nothing that acts.
fn plain(path: &str) -> String {
    let kept = |c: char| c.is_alphanumeric() || matches!(c, ':' | '_' | '-' | '.');
    short(path).chars().filter(|c| kept(*c)).collect()
}

fn short(line: &str) -> String {
    match line.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// The longest run of backticks: a fence has to be longer.
fn backticks(line: &str) -> usize {
    let runs = line.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or(0)
}
