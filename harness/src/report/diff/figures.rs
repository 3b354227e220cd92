//! Sizes, stack, cycles and times.

use std::collections::BTreeMap;

use super::{Pairs, Thresholds};
use crate::report::model::{Costs, Report};
use crate::report::text::grouped;
use crate::runner::Status;

/// Board and name of a phase, and its time in nanoseconds before and now.
type Phase<'a> = ((&'a str, &'a str), (u64, u64));

/// Crates that are named among those which grew or shrank most.
const CRATES: usize = 5;

/// Everything measured, compared.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) rows: Vec<Row>,
    /// Crates whose share of flash changed: name, before, now; the largest change first.
    pub(super) crates: Vec<(String, u64, u64)>,
}

/// One figure before and now.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) what: String,
    pub(super) base: String,
    pub(super) head: String,
    pub(super) change: String,
    pub(super) verdict: Change,
}

/// What a change means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// None, or within the noise.
    None,
    /// There is one, within the threshold.
    Some,
    /// It got worse by more than the threshold.
    Worse,
}

impl Figures {
    pub(super) fn between(
        base: &Report,
        head: &Report,
        pairs: &Pairs<'_>,
        thresholds: &Thresholds,
    ) -> Self {
        let mut figures = Self::default();
        figures.image(base, head, thresholds);
        figures.device(pairs, thresholds);
        figures.wall(base, head);
        figures
    }

    pub(super) fn is_worse(&self) -> bool {
        self.rows.iter().any(|row| row.verdict == Change::Worse)
    }

    pub(super) fn is_changed(&self) -> bool {
        self.rows.iter().any(|row| row.verdict != Change::None)
    }

    fn image(&mut self, base: &Report, head: &Report, thresholds: &Thresholds) {
        let (Some(base), Some(head)) = (&base.firmware, &head.firmware) else {
            return;
        };
        self.bytes("flash", base.flash, head.flash, thresholds.flash_bytes);
        self.bytes("RAM", base.ram, head.ram, thresholds.ram_bytes);
        let mut crates: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for size in &base.crates {
            crates.entry(&size.name).or_default().0 = size.flash;
        }
        for size in &head.crates {
            crates.entry(&size.name).or_default().1 = size.flash;
        }
        let changed = crates.into_iter().filter(|(_, (old, new))| old != new);
        let mut changed: Vec<_> = changed
            .map(|(name, (old, new))| (name.to_owned(), old, new))
            .collect();
        changed.sort_by_key(|(_, old, new)| std::cmp::Reverse(old.abs_diff(*new)));
        changed.truncate(CRATES);
        self.crates = changed;
    }

    /// What the device spent, on each board, in the scenarios that passed both times.
    fn device(&mut self, pairs: &Pairs<'_>, thresholds: &Thresholds) {
        let passed = |status| matches!(status, Status::Pass | Status::Flaky);
        let mut stacks: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        let mut phases: Vec<Phase<'_>> = Vec::new();
        let mut cycles = Vec::new();
        for (before, now) in pairs {
            if !passed(before.status) || !passed(now.status) {
                continue;
            }
            let costs = |entry: &'_ super::ScenarioEntry| entry.last()?.costs.clone();
            let (Some(old), Some(new)) = (costs(before), costs(now)) else {
                continue;
            };
            if let (Some(old), Some(new)) = (old.stack, new.stack) {
                let worst = stacks.entry(&now.board).or_default();
                *worst = (worst.0.max(old.used), worst.1.max(new.used));
            }
            // What it costs to refuse a server depends on the keys, which each run draws anew: how
            // far a forged signature is computed before it shows.
            let came_through =
                |costs: &Costs| costs.phases.iter().any(|phase| phase.name == "handshake");
            if let (Some(before), Some(after)) = (old.awake_cycles, new.awake_cycles)
                && came_through(&old)
                && came_through(&new)
            {
                cycles.push((now.path(), before, after));
            }
            for (name, old, new) in times(&old, &new) {
                let name = ["bring_up", "handshake", "publish"]
                    .into_iter()
                    .find(|known| *known == name)
                    .unwrap_or("other phases");
                let key = (now.board.as_str(), name);
                match phases.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, sum)) => *sum = (sum.0 + old, sum.1 + new),
                    None => phases.push((key, (old, new))),
                }
            }
        }
        for (board, (old, new)) in stacks {
            self.bytes(
                &format!("stack on {board}"),
                old,
                new,
                thresholds.stack_bytes,
            );
        }
        for (path, old, new) in cycles {
            let what = format!("awake cycles of {path}");
            let row = ratio(
                what,
                old,
                new,
                thresholds.cycles_percent,
                thresholds,
                &grouped,
            );
            // Hundreds of scenarios: those that did not change are not told.
            self.rows
                .extend(row.filter(|row| row.verdict != Change::None));
        }
        for ((board, name), (old, new)) in phases {
            let what = format!("time of {name} on {board}, all scenarios");
            let limit = thresholds.time_percent;
            self.rows
                .extend(ratio(what, old, new, limit, thresholds, &millis));
        }
    }

    /// For information: machines differ, and so do their days.
    fn wall(&mut self, base: &Report, head: &Report) {
        let (old, new) = (base.wall_time_ms, head.wall_time_ms);
        if base.scenarios.len() == head.scenarios.len() && old > 0 {
            self.rows.push(Row {
                what: "wall time of the run (for information)".to_owned(),
                base: millis(old.saturating_mul(1_000_000)),
                head: millis(new.saturating_mul(1_000_000)),
                change: format!("× {:.2}", quotient(old, new)),
                verdict: Change::None,
            });
        }
    }

    fn bytes(&mut self, what: &str, old: u64, new: u64, limit: u32) {
        let sign = if new >= old { "+" } else { "−" };
        let by = old.abs_diff(new);
        self.rows.push(Row {
            what: format!("{what}, bytes"),
            base: grouped(old),
            head: grouped(new),
            change: match by {
                0 => "0".to_owned(),
                _ => format!("{sign}{}", grouped(by)),
            },
            verdict: match by {
                0 => Change::None,
                _ if new > old && by > u64::from(limit) => Change::Worse,
                _ => Change::Some,
            },
        });
    }
}

/// The phases that both came to the end of: name, nanoseconds before and now.
fn times<'c>(old: &'c Costs, new: &'c Costs) -> Vec<(&'c str, u64, u64)> {
    let both = new.phases.iter().filter_map(|phase| {
        let before = old.phases.iter().find(|known| known.name == phase.name)?;
        let took = |from: u64, to: u64| to.saturating_sub(from);
        Some((
            phase.name.as_str(),
            took(before.from_ns, before.to_ns),
            took(phase.from_ns, phase.to_ns),
        ))
    });
    both.collect()
}

fn ratio(
    what: String,
    old: u64,
    new: u64,
    limit: f64,
    thresholds: &Thresholds,
    write: &dyn Fn(u64) -> String,
) -> Option<Row> {
    if old == 0 {
        return None;
    }
    let ratio = quotient(old, new);
    let percent = (ratio - 1.0) * 100.0;
    let verdict = if percent > limit.max(thresholds.noise_percent) {
        Change::Worse
    } else if percent.abs() > thresholds.noise_percent {
        Change::Some
    } else {
        Change::None
    };
    Some(Row {
        what,
        base: write(old),
        head: write(new),
        change: format!("× {ratio:.2}"),
        verdict,
    })
}

#[expect(clippy::cast_precision_loss, reason = "two digits of it are shown")]
fn quotient(old: u64, new: u64) -> f64 {
    new as f64 / old as f64
}

/// Nanoseconds as milliseconds or seconds.
fn millis(nanos: u64) -> String {
    match nanos / 1_000_000 {
        millis @ 0..10_000 => format!("{} ms", grouped(millis)),
        millis => format!("{}.{} s", grouped(millis / 1000), millis % 1000 / 100),
    }
}
