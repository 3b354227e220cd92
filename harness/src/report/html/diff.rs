//! Two texts side by side.

use similar::{Algorithm, DiffOp, DiffTag, TextDiff};

/// Lines that are the same and shown around each difference.
const CONTEXT: usize = 3;

/// Lines that are shown at most; the files have the rest.
const MOST: usize = 2000;

/// Bytes that two lines must share at their ends for the difference in between to be marked.
const SHARED: usize = 4;

/// A difference, row by row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct SideBySide {
    pub(super) rows: Vec<Row>,
    /// Rows that were left out at the end.
    pub(super) left_out: usize,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Row {
    /// So many lines are the same.
    Same(usize),
    /// A line of each side; at least one is there.
    Lines {
        /// Whether both are the same.
        same: bool,
        left: Option<Line>,
        right: Option<Line>,
    },
}

/// A line in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// From 1.
    pub(super) number: usize,
    /// Text, and whether just this is what differs.
    pub(super) parts: Vec<(bool, String)>,
}

/// `old` and `new`, with what is the same and far from any difference left out.
pub(super) fn side_by_side(old: &str, new: &str) -> SideBySide {
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .diff_lines(old, new);
    let mut rows = Vec::new();
    let mut shown = 0;
    let groups = diff.grouped_ops(CONTEXT);
    for group in &groups {
        if let Some(first) = group.first() {
            let start = first.old_range().start;
            skipped(&mut rows, start.saturating_sub(shown));
        }
        for op in group {
            lines(&mut rows, &diff, op);
            shown = op.old_range().end;
        }
    }
    if !groups.is_empty() {
        skipped(&mut rows, diff.old_slices().len().saturating_sub(shown));
    }
    let left_out = rows.len().saturating_sub(MOST);
    rows.truncate(MOST);
    SideBySide { rows, left_out }
}

fn skipped(rows: &mut Vec<Row>, count: usize) {
    if count > 0 {
        rows.push(Row::Same(count));
    }
}

fn lines(rows: &mut Vec<Row>, diff: &TextDiff<'_, '_, '_, str>, op: &DiffOp) {
    let old = &diff.old_slices()[op.old_range()];
    let new = &diff.new_slices()[op.new_range()];
    let (first, second) = (op.old_range().start + 1, op.new_range().start + 1);
    let same = op.tag() == DiffTag::Equal;
    for index in 0..old.len().max(new.len()) {
        let (left, right) = (old.get(index).copied(), new.get(index).copied());
        let common = match (left, right) {
            (Some(left), Some(right)) if !same => common(bare(left), bare(right)),
            _ => None,
        };
        rows.push(Row::Lines {
            same,
            left: left.map(|text| line(first + index, bare(text), common)),
            right: right.map(|text| line(second + index, bare(text), common)),
        });
    }
}

fn bare(line: &str) -> &str {
    line.trim_end_matches(['\n', '\r'])
}

/// Bytes at the beginning and at the end that two lines share, when that is enough for them to be
/// the same line, changed.
fn common(left: &str, right: &str) -> Option<(usize, usize)> {
    let length = |pairs: &mut dyn Iterator<Item = (char, char)>| -> usize {
        let same = pairs.take_while(|(one, other)| one == other);
        same.map(|(one, _)| one.len_utf8()).sum()
    };
    let begin = length(&mut left.chars().zip(right.chars()));
    let (left, right) = (&left[begin..], &right[begin..]);
    let end = length(&mut left.chars().rev().zip(right.chars().rev()));
    (begin + end >= SHARED).then_some((begin, end))
}

/// A line, and in it what lies between what is `common`.
fn line(number: usize, text: &str, common: Option<(usize, usize)>) -> Line {
    let parts = match common {
        None => vec![(false, text.to_owned())],
        Some((begin, end)) => {
            let end = text.len() - end;
            let parts = [
                (false, &text[..begin]),
                (true, &text[begin..end]),
                (false, &text[end..]),
            ];
            let parts = parts.into_iter().filter(|(_, part)| !part.is_empty());
            parts
                .map(|(differs, part)| (differs, part.to_owned()))
                .collect()
        }
    };
    Line { number, parts }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(old: &str, new: &str) -> String {
        let line = |line: &Option<Line>| {
            line.as_ref().map_or_else(
                || "-".to_owned(),
                |line| {
                    let parts = line.parts.iter().map(|(differs, text)| match differs {
                        true => format!("[{text}]"),
                        false => text.clone(),
                    });
                    format!("{} {}", line.number, parts.collect::<String>())
                },
            )
        };
        let rows = side_by_side(old, new).rows.into_iter();
        let rows = rows.map(|row| match row {
            Row::Same(count) => format!("({count} same)"),
            Row::Lines { same, left, right } => {
                let sign = if same { '=' } else { '!' };
                format!("{sign} {} | {}", line(&left), line(&right))
            }
        });
        rows.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_differs_stands_side_by_side() {
        let old = "1\n2\n3\n4\n5\n> AT+APN=free\n< OK\n8\n9\n10\n11\n12\n";
        let new = "1\n2\n3\n4\n5\n> AT+APN=CMNET\n> AT+S\n< OK\n8\n9\n10\n11\n12\n";
        insta::assert_snapshot!(shown(old, new), @r"
        (2 same)
        = 3 3 | 3 3
        = 4 4 | 4 4
        = 5 5 | 5 5
        ! 6 > AT+APN=[free] | 6 > AT+APN=[CMNET]
        ! - | 7 > AT+S
        = 7 < OK | 8 < OK
        = 8 8 | 9 8
        = 9 9 | 10 9
        (3 same)
        ");
    }

    #[test]
    fn equal_texts_have_no_rows_and_an_empty_one_is_all_new() {
        assert_eq!(side_by_side("a\n", "a\n"), SideBySide::default());
        insta::assert_snapshot!(shown("", "a\nb\n"), @r"
        ! - | 1 a
        ! - | 2 b
        ");
    }
}
