//! Fewer faults that break the same thing.

use crate::fault::Fault;

/// The outcome of shrinking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shrunk {
    /// Faults without any one of which it would hold, unless `tries` ran out.
    pub faults: Vec<Fault>,
    /// How often it was tried.
    pub tries: usize,
}

/// Leaves out as many of `faults` as possible while `breaks` still says yes: first halves, then
/// smaller and smaller parts, then single ones (delta debugging). Tries at most `limit` times.
pub fn shrink(faults: &[Fault], limit: usize, mut breaks: impl FnMut(&[Fault]) -> bool) -> Shrunk {
    let mut left = faults.to_vec();
    let mut part = left.len().div_ceil(2);
    let mut tries = 0;
    while part > 0 && !left.is_empty() {
        let mut start = 0;
        let mut less = false;
        while start < left.len() && tries < limit {
            let end = (start + part).min(left.len());
            let without = [&left[..start], &left[end..]].concat();
            tries += 1;
            if breaks(&without) {
                left = without;
                less = true;
            } else {
                start = end;
            }
        }
        if tries >= limit || (part == 1 && !less) {
            break;
        }
        part = match less && part == 1 {
            true => 1,
            false => part / 2,
        };
    }
    Shrunk {
        faults: left,
        tries,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults() -> Vec<Fault> {
        (1..=40)
            .map(|second| format!("net:reset@{second}s").parse().unwrap())
            .collect()
    }

    #[test]
    fn only_what_is_needed_is_left() {
        let all = faults();
        let (one, other) = (all[6], all[31]);
        let breaks = |faults: &[Fault]| faults.contains(&one) && faults.contains(&other);
        let shrunk = shrink(&all, 1000, breaks);
        assert_eq!(shrunk.faults, [one, other]);
        assert!(shrunk.tries < 60, "{}", shrunk.tries);
    }

    #[test]
    fn what_breaks_by_itself_needs_no_fault() {
        assert!(shrink(&faults(), 1000, |_| true).faults.is_empty());
    }

    #[test]
    fn the_limit_holds() {
        let shrunk = shrink(&faults(), 3, |faults| faults.len() > 35);
        assert_eq!(shrunk.tries, 3);
    }
}
