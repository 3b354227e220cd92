//! The first screen: what broke, since when, on which board; then everything else.

use askama::Template;

use super::chart::{self, Chart};
use super::detail::Detail;
use super::diff::Row;
use super::names::{Anchors, millis, moment, short_commit};
use super::policy;
use crate::report::loaded::Loaded;
use crate::report::model::{Report, Vanished};
use crate::report::text::grouped;
use crate::runner::{Status, Summary};

/// The whole page.
#[derive(Debug, Template)]
#[template(path = "report/page.html")]
pub(super) struct Page {
    policy: String,
    style: &'static str,
    script: &'static str,
    /// The run in a few words.
    headline: String,
    /// `bad`, `odd` or `good`.
    mood: &'static str,
    counts: Vec<Count>,
    facts: Vec<(&'static str, String)>,
    interrupted: bool,
    /// What broke, a group each scenario.
    broken: Vec<Broken>,
    /// Flaky, infra, quarantined: what needs somebody's eyes.
    groups: Vec<Group>,
    vanished: Vec<Vanished>,
    firmware: Option<Firmware>,
    boards: Vec<String>,
    details: Vec<Detail>,
}

/// A number of the summary.
#[derive(Debug)]
struct Count {
    status: &'static str,
    label: &'static str,
    number: usize,
}

/// A scenario that broke, on one board or several.
#[derive(Debug)]
struct Broken {
    id: String,
    name: String,
    title: String,
    /// Places in [`Page::details`].
    on: Vec<usize>,
}

/// Scenarios that did not simply pass.
#[derive(Debug)]
struct Group {
    status: &'static str,
    title: &'static str,
    about: &'static str,
    on: Vec<usize>,
}

/// The image.
#[derive(Debug)]
struct Firmware {
    built: String,
    stack_left: String,
    charts: Vec<Chart>,
    compared: bool,
}

impl Page {
    pub(super) fn of(loaded: &Loaded, baseline: Option<&Report>) -> Self {
        let report = &loaded.report;
        let mut anchors = Anchors::default();
        let entries = report.scenarios.iter();
        let details: Vec<Detail> = entries
            .map(|entry| Detail::of(entry, loaded, baseline, &mut anchors))
            .collect();
        let summary = &report.summary;
        let bad = summary.failed > 0 || !report.vanished.is_empty();
        let expired = details.iter().any(|detail| detail.quarantine_expired);
        let odd = summary.infra + summary.flaky > 0 || report.interrupted || expired;
        Self {
            policy: policy::content_security_policy(),
            style: policy::STYLE,
            script: policy::SCRIPT,
            headline: headline(summary, report.vanished.len()),
            mood: match (bad, odd) {
                (true, _) => "bad",
                (false, true) => "odd",
                (false, false) => "good",
            },
            counts: counts(summary),
            facts: facts(report, baseline),
            interrupted: report.interrupted,
            broken: broken(&details),
            groups: groups(&details),
            vanished: report.vanished.clone(),
            firmware: report.firmware.as_ref().map(|firmware| {
                let before = baseline.and_then(|report| report.firmware.as_ref());
                let charts = chart::firmware(firmware, before);
                Firmware {
                    built: firmware.built.as_deref().map(moment).unwrap_or_default(),
                    stack_left: grouped(firmware.stack_left),
                    compared: charts.iter().any(|chart| chart.compared),
                    charts,
                }
            }),
            boards: report.boards().into_iter().map(ToOwned::to_owned).collect(),
            details,
        }
    }
}

fn headline(summary: &Summary, vanished: usize) -> String {
    let all = summary.passed
        + summary.flaky
        + summary.failed
        + summary.infra
        + summary.quarantined
        + summary.skipped;
    let mut parts = Vec::new();
    for (number, word) in [
        (summary.failed, "failed"),
        (vanished, "vanished"),
        (summary.infra, "could not be judged"),
        (summary.flaky, "flaky"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {word}"));
        }
    }
    match (parts.is_empty(), all) {
        (true, _) if summary.passed == all => format!("All {all} passed"),
        (true, _) => format!("{} of {all} passed", summary.passed),
        (false, _) => format!("{} of {all}", parts.join(", ")),
    }
}

fn counts(summary: &Summary) -> Vec<Count> {
    let counts = [
        (Status::Fail, "failed", summary.failed),
        (Status::Infra, "infra", summary.infra),
        (Status::Flaky, "flaky", summary.flaky),
        (Status::Quarantined, "quarantined", summary.quarantined),
        (Status::Skipped, "skipped", summary.skipped),
        (Status::Pass, "passed", summary.passed),
    ];
    let counts = counts.into_iter().filter(|(_, _, number)| *number > 0);
    counts
        .map(|(status, label, number)| Count {
            status: status.name(),
            label,
            number,
        })
        .collect()
}

fn facts(report: &Report, baseline: Option<&Report>) -> Vec<(&'static str, String)> {
    let mut facts = vec![("run", moment(&report.started))];
    if let Some(commit) = &report.commit {
        let dirty = if commit.dirty { " + changes" } else { "" };
        facts.push(("commit", format!("{}{dirty}", short_commit(&commit.id))));
    }
    facts.push(("boards", report.boards().join(", ")));
    facts.push(("took", millis(report.wall_time_ms)));
    facts.push(("seed", report.seed.clone()));
    if let Some(partition) = &report.partition {
        facts.push(("partition", partition.clone()));
    }
    if !report.faults.is_empty() {
        facts.push(("faults", report.faults.join(" ")));
    }
    if let Some(baseline) = baseline {
        let commit = baseline.commit.as_ref();
        let name = commit.map_or_else(|| moment(&baseline.started), |c| short_commit(&c.id));
        facts.push(("baseline", name));
    }
    facts.push((
        "by",
        format!("{} {}", report.tool.name, report.tool.version),
    ));
    facts
}

fn broken(details: &[Detail]) -> Vec<Broken> {
    let mut broken: Vec<Broken> = Vec::new();
    for (index, detail) in details.iter().enumerate() {
        if detail.status != Status::Fail.name() {
            continue;
        }
        let known = broken
            .iter_mut()
            .find(|group| group.id == detail.id && group.name == detail.name);
        match known {
            Some(group) => group.on.push(index),
            None => broken.push(Broken {
                id: detail.id.clone(),
                name: detail.name.clone(),
                title: detail.title.clone(),
                on: vec![index],
            }),
        }
    }
    broken
}

fn groups(details: &[Detail]) -> Vec<Group> {
    let groups = [
        (
            Status::Infra,
            "Could not be judged",
            "The bench broke: nothing is known of the firmware.",
        ),
        (
            Status::Flaky,
            "Flaky",
            "Passed, but not at the first attempt.",
        ),
        (
            Status::Quarantined,
            "Quarantined",
            "Did not pass, and is known not to: does not gate.",
        ),
    ];
    let expired = Group {
        status: "expired",
        title: "Quarantine expired",
        about: "The entry's last day is over: renew it, or remove it.",
        on: (0..details.len())
            .filter(|index| details[*index].quarantine_expired)
            .collect(),
    };
    let groups = groups.into_iter().map(|(status, title, about)| Group {
        status: status.name(),
        title,
        about,
        on: details
            .iter()
            .enumerate()
            .filter(|(_, detail)| detail.status == status.name())
            .map(|(index, _)| index)
            .collect(),
    });
    let groups = groups.chain([expired]);
    groups.filter(|group| !group.on.is_empty()).collect()
}
