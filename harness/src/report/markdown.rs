//! `summary.md`: the run for people, as a comment on a change.

use std::fmt::Write as _;
use std::time::Duration;

use super::model::{Costs, FirmwareFacts, Report, ScenarioEntry};
use super::text::{Seconds, grouped};
use crate::runner::Status;

/// Crates that are named; the rest is one line.
const CRATES: usize = 10;

/// The text of `summary.md`.
pub(super) fn render(report: &Report) -> String {
    let wall_time = Duration::from_millis(report.wall_time_ms);
    let mut text = format!("# {} in {}\n", report.summary, Seconds(wall_time));
    for reason in report.gate(false).reasons {
        let _ = writeln!(text, "\n- {}", inline(&reason));
    }
    verdicts(&mut text, report);
    costs(&mut text, report);
    if let Some(firmware) = &report.firmware {
        self::firmware(&mut text, firmware);
    }
    text
}

/// A row for each job that did not simply pass. Writing to a string cannot fail, here and below.
fn verdicts(text: &mut String, report: &Report) {
    let lost = |entry: &ScenarioEntry| entry.last().map_or(0, |last| last.lost_log_frames);
    let executed = |entry: &&ScenarioEntry| !entry.attempts.is_empty();
    let told: Vec<&ScenarioEntry> = report
        .scenarios
        .iter()
        .filter(executed)
        .filter(|entry| entry.status != Status::Pass || lost(entry) > 0)
        .collect();
    if told.is_empty() {
        return;
    }
    text.push_str("\n| scenario | board | verdict | why |\n|---|---|---|---|\n");
    for entry in told {
        let reason = entry.reason.as_deref().unwrap_or_default();
        let reason = inline(reason.lines().next().unwrap_or_default());
        let lost = match lost(entry) {
            0 => String::new(),
            lost => format!(" ({lost} log frames lost)"),
        };
        let _ = writeln!(
            text,
            "| {} {} | {} | {} | {reason}{lost} |",
            entry.id, entry.name, entry.board, entry.status
        );
    }
}

/// Words from elsewhere, which must not become Markdown.
fn inline(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

/// What the first scenario that came to its first message took, on each board that can tell.
fn costs(text: &mut String, report: &Report) {
    let measured = report.scenarios.iter().filter_map(|entry| {
        let last = entry.last()?;
        let costs: &Costs = last.costs.as_ref()?;
        (costs.awake_cycles.is_some() && costs.phases.len() == 3).then_some((entry, last, costs))
    });
    let Some((entry, _, costs)) = measured.min_by_key(|(_, last, _)| last.virtual_time_ns) else {
        return;
    };
    let _ = writeln!(
        text,
        "\n## Costs of {} on {}\n\n| phase | time | awake cycles |\n|---|--:|--:|",
        entry.name, entry.board
    );
    for phase in &costs.phases {
        let time = Duration::from_nanos(phase.to_ns.saturating_sub(phase.from_ns));
        let cycles = phase.awake_cycles.map(grouped).unwrap_or_default();
        let _ = writeln!(text, "| {} | {} | {cycles} |", phase.name, Seconds(time));
    }
    if let Some(stack) = costs.stack {
        let (used, size) = (grouped(stack.used), grouped(stack.size));
        let _ = writeln!(text, "\nStack: {used} of {size} bytes were ever used.");
    }
}

fn firmware(text: &mut String, sizes: &FirmwareFacts) {
    let (flash, ram, stack) = (sizes.flash, sizes.ram, sizes.stack_left);
    let _ = writeln!(
        text,
        "\n## Firmware\n\nFlash {} bytes, RAM {} bytes, {} bytes left for the stack.\n\n\
         | crate | flash | RAM |\n|---|--:|--:|",
        grouped(flash),
        grouped(ram),
        grouped(stack)
    );
    let (shown, rest) = sizes.crates.split_at(sizes.crates.len().min(CRATES));
    for size in shown {
        let (flash, ram) = (grouped(size.flash), grouped(size.ram));
        let _ = writeln!(text, "| {} | {flash} | {ram} |", size.name);
    }
    if !rest.is_empty() {
        let flash = grouped(rest.iter().map(|size| size.flash).sum());
        let ram = grouped(rest.iter().map(|size| size.ram).sum());
        let _ = writeln!(text, "| {} more | {flash} | {ram} |", rest.len());
    }
}
