//! `summary.md`: the run for people, as a comment on a change.

use std::fmt::Write as _;

use super::collector::RunRecord;
use super::text::{Seconds, grouped};
use crate::firmware_build::Sizes;
use crate::rig::Costs;
use crate::runner::{Record, Status};

/// Crates that are named; the rest is one line.
const CRATES: usize = 10;

/// The text of `summary.md`.
pub(super) fn render(run: &RunRecord, sizes: Option<&Sizes>) -> String {
    let mut text = format!("# {} in {}\n", run.summary(), Seconds(run.wall_time));
    verdicts(&mut text, run);
    costs(&mut text, run);
    if let Some(sizes) = sizes {
        firmware(&mut text, sizes);
    }
    text
}

/// A row for each job that did not simply pass. Writing to a string cannot fail, here and below.
fn verdicts(text: &mut String, run: &RunRecord) {
    let records = run.jobs.iter().filter_map(|(_, record)| record.as_ref());
    let told: Vec<&Record> = records
        .filter(|record| record.status() != Status::Pass || record.last.lost_log_frames > 0)
        .collect();
    if told.is_empty() {
        return;
    }
    text.push_str("\n| scenario | board | verdict | why |\n|---|---|---|---|\n");
    for record in told {
        let scenario = &record.job.scenario;
        let reason = record.last.verdict.reason().unwrap_or_default();
        let reason = reason
            .lines()
            .next()
            .unwrap_or_default()
            .replace('|', "\\|");
        let lost = match record.last.lost_log_frames {
            0 => String::new(),
            lost => format!(" ({lost} log frames lost)"),
        };
        let _ = writeln!(
            text,
            "| {} {} | {} | {:?} | {reason}{lost} |",
            scenario.id,
            scenario.name,
            record.job.board,
            record.status()
        );
    }
}

/// What the first scenario that came to its first message took, on each board that can tell.
fn costs(text: &mut String, run: &RunRecord) {
    let records = run.jobs.iter().filter_map(|(_, record)| record.as_ref());
    let measured = records.filter_map(|record| {
        let costs: &Costs = record.last.costs.as_ref()?;
        (costs.awake_cycles.is_some() && costs.phases.len() == 3).then_some((record, costs))
    });
    let Some((record, costs)) = measured.min_by_key(|(record, _)| record.last.virtual_time) else {
        return;
    };
    let _ = writeln!(
        text,
        "\n## Costs of {} on {}\n\n| phase | time | awake cycles |\n|---|--:|--:|",
        record.job.scenario.name, record.job.board
    );
    for phase in &costs.phases {
        let time = std::time::Duration::from_nanos(phase.to_ns.saturating_sub(phase.from_ns));
        let cycles = phase.awake_cycles.map(grouped).unwrap_or_default();
        let _ = writeln!(text, "| {} | {} | {cycles} |", phase.name, Seconds(time));
    }
    if let Some(stack) = costs.stack {
        let (used, size) = (grouped(stack.used), grouped(stack.size));
        let _ = writeln!(text, "\nStack: {used} of {size} bytes were ever used.");
    }
}

fn firmware(text: &mut String, sizes: &Sizes) {
    let (flash, ram, stack) = (sizes.flash(), sizes.ram(), sizes.stack());
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
