//! Small bar charts: a value, and a mark where the baseline is.

use crate::report::model::{Attempt, FirmwareFacts};
use crate::report::text::grouped;

use super::names::nanos;

/// Width of a bar's picture in its own units.
const WIDTH: f64 = 1000.0;

/// A change below this share is drawn as none.
const NOISE: f64 = 0.0005;

/// One row of a chart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bar {
    pub(super) label: String,
    /// The value in words.
    pub(super) value: String,
    /// Length of the bar, 0 to [`WIDTH`].
    pub(super) length: String,
    /// Where the baseline's mark is.
    pub(super) mark: Option<String>,
    /// The baseline and the change in words.
    pub(super) change: Option<Change>,
}

/// How a value differs from the baseline's.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    /// `worse`, `better` or `same`; more is worse for everything that is drawn.
    pub(super) class: &'static str,
    /// `+5,120 (+1.7 %)`.
    pub(super) text: String,
    /// The baseline's value in words.
    pub(super) baseline: String,
}

/// Several bars on one scale.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) bars: Vec<Bar>,
    /// Whether a baseline's value is shown anywhere.
    pub(super) compared: bool,
}

type Words = fn(u64) -> String;

/// `rows` are label, value and baseline; nothing when there are none.
fn chart(
    title: &'static str,
    rows: Vec<(String, u64, Option<u64>)>,
    words: Words,
) -> Option<Chart> {
    let most = rows
        .iter()
        .flat_map(|(_, value, baseline)| [Some(*value), *baseline])
        .flatten()
        .max()?
        .max(1);
    let length = |value: u64| format!("{:.1}", float(value) / float(most) * WIDTH);
    let compared = rows.iter().any(|(_, _, baseline)| baseline.is_some());
    let bars = rows.into_iter().map(|(label, value, baseline)| Bar {
        label,
        value: words(value),
        length: length(value),
        mark: baseline.map(length),
        change: baseline.map(|baseline| change(value, baseline, words)),
    });
    Some(Chart {
        title,
        bars: bars.collect(),
        compared,
    })
}

fn change(value: u64, baseline: u64, words: Words) -> Change {
    let share = (float(value) - float(baseline)) / float(baseline.max(1));
    let (sign, class) = match value.cmp(&baseline) {
        _ if share.abs() < NOISE => ("±", "same"),
        std::cmp::Ordering::Less => ("−", "better"),
        _ => ("+", "worse"),
    };
    let difference = words(value.abs_diff(baseline));
    let percent = share.abs() * 100.0;
    let text = match class {
        "same" => "no change".to_owned(),
        _ => format!("{sign}{difference} ({sign}{percent:.1} %)"),
    };
    Change {
        class,
        text,
        baseline: words(baseline),
    }
}

/// For the length of a bar the nearest value will do.
#[expect(clippy::cast_precision_loss, reason = "a bar has a thousand steps")]
fn float(value: u64) -> f64 {
    value as f64
}

fn bytes(value: u64) -> String {
    format!("{} B", grouped(value))
}

fn cycles(value: u64) -> String {
    grouped(value)
}

/// What the image takes.
pub(super) fn firmware(facts: &FirmwareFacts, baseline: Option<&FirmwareFacts>) -> Vec<Chart> {
    let row = |label: &str, pick: fn(&FirmwareFacts) -> u64| {
        vec![(label.to_owned(), pick(facts), baseline.map(pick))]
    };
    let total = |name: &str, pick: fn(&FirmwareFacts) -> u64| chart("", row(name, pick), bytes);
    let crates = facts.crates.iter().take(10).map(|size| {
        let before = baseline.map(|facts| {
            let same = facts.crates.iter().find(|other| other.name == size.name);
            same.map_or(0, |same| same.flash)
        });
        (size.name.clone(), size.flash, before)
    });
    let mut charts: Vec<Chart> = [
        total("flash", |facts| facts.flash),
        total("RAM", |facts| facts.ram),
    ]
    .into_iter()
    .flatten()
    .collect();
    if let [first, ..] = charts.as_mut_slice() {
        first.title = "Image";
    }
    charts.extend(chart("Flash by crate", crates.collect(), bytes));
    charts
}

/// What an attempt took, beside what the same took in the baseline.
pub(super) fn attempt(attempt: &Attempt, baseline: Option<&Attempt>) -> Vec<Chart> {
    let Some(costs) = &attempt.costs else {
        return Vec::new();
    };
    let before = baseline.and_then(|attempt| attempt.costs.as_ref());
    let phase_before = |name: &str| before?.phases.iter().find(|phase| phase.name == name);
    let times = costs.phases.iter().map(|phase| {
        let time = |from: u64, to: u64| to.saturating_sub(from);
        let was = phase_before(&phase.name).map(|was| time(was.from_ns, was.to_ns));
        (words(&phase.name), time(phase.from_ns, phase.to_ns), was)
    });
    let awake = costs.phases.iter().filter_map(|phase| {
        let was = phase_before(&phase.name).and_then(|was| was.awake_cycles);
        Some((words(&phase.name), phase.awake_cycles?, was))
    });
    let stack = costs.stack.map(|stack| {
        let was = before.and_then(|costs| costs.stack);
        let label = format!("used of {}", bytes(stack.size));
        vec![(label, stack.used, was.map(|was| was.used))]
    });
    [
        chart("Time of the phases", times.collect(), nanos),
        chart("Awake cycles", awake.collect(), cycles),
        stack.and_then(|rows| chart("Stack", rows, bytes)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_share_a_scale_and_name_their_change() {
        let rows = vec![
            ("a".to_owned(), 500, Some(1_000)),
            ("b".to_owned(), 2_000, Some(1_000)),
            ("c".to_owned(), 1_000, None),
        ];
        let chart = chart("x", rows, bytes).unwrap();
        assert!(chart.compared);
        let lengths: Vec<_> = chart.bars.iter().map(|bar| bar.length.as_str()).collect();
        assert_eq!(lengths, ["250.0", "1000.0", "500.0"]);
        assert_eq!(chart.bars[0].mark.as_deref(), Some("500.0"));
        let change = |index: usize| chart.bars[index].change.clone().unwrap();
        assert_eq!((change(0).class, change(1).class), ("better", "worse"));
        assert_eq!(change(1).text, "+1,000 B (+100.0 %)");
        assert_eq!(change(1).baseline, "1,000 B");
        assert_eq!(chart.bars[2].change, None);
    }

    #[test]
    fn nothing_to_draw_is_no_chart() {
        assert_eq!(chart("x", Vec::new(), bytes), None);
        let zero = chart("x", vec![("a".to_owned(), 0, Some(0))], bytes).unwrap();
        assert_eq!(zero.bars[0].length, "0.0");
        assert_eq!(zero.bars[0].change.clone().unwrap().class, "same");
    }
}
