//! A part of the jobs, for runs that share the work.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// Which part, of how many. The parts of one number are disjoint, and together they are all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    /// Who decides.
    kind: Kind,
    /// From 0, below `count`.
    index: u32,
    count: NonZeroU32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The jobs are dealt out in turn: parts of equal size, which change when a scenario is added.
    Slice,
    /// Each job's path decides: it stays in its part whatever comes and goes.
    Hash,
}

/// No partition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no partition: write I/N, slice:I/N or hash:I/N with I from 1 to N, such as 1/3 for \
     the first of three"
)]
pub struct PartitionError(String);

impl Partition {
    /// Whether the job at `position` (from 0, in the order of all that is selected) with this path
    /// belongs to it.
    pub fn contains(&self, position: usize, path: &str) -> bool {
        let number = match self.kind {
            Kind::Slice => u64::try_from(position).unwrap_or(u64::MAX),
            Kind::Hash => hash(path),
        };
        number % u64::from(self.count.get()) == u64::from(self.index)
    }

    /// Whether a job of this path that nobody has selected would belong to it; `None` when only
    /// its position could tell.
    pub fn would_contain(&self, path: &str) -> Option<bool> {
        match self.kind {
            Kind::Slice => None,
            Kind::Hash => Some(self.contains(0, path)),
        }
    }

    /// From 1 to [`count`](Self::count).
    pub fn number(&self) -> u32 {
        self.index.saturating_add(1)
    }

    /// How many parts there are.
    pub fn count(&self) -> u32 {
        self.count.get()
    }
}

/// The same on every machine, in every version.
fn hash(path: &str) -> u64 {
    let digest = Sha256::digest(path.as_bytes());
    let first = digest.iter().take(8);
    first.fold(0, |value, byte| (value << 8) | u64::from(*byte))
}

impl FromStr for Partition {
    type Err = PartitionError;

    fn from_str(text: &str) -> Result<Self, PartitionError> {
        let wrong = || PartitionError(text.to_owned());
        let (kind, part) = match text.split_once(':') {
            None => (Kind::Slice, text),
            Some(("slice", part)) => (Kind::Slice, part),
            Some(("hash", part)) => (Kind::Hash, part),
            Some(_) => return Err(wrong()),
        };
        let (number, count) = part.split_once('/').ok_or_else(wrong)?;
        let number: NonZeroU32 = number.parse().map_err(|_| wrong())?;
        let count: NonZeroU32 = count.parse().map_err(|_| wrong())?;
        if number > count {
            return Err(wrong());
        }
        Ok(Self {
            kind,
            index: number.get() - 1,
            count,
        })
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Slice => "slice",
            Kind::Hash => "hash",
        };
        write!(f, "{kind}:{}/{}", self.number(), self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_disjoint_and_complete() {
        let paths: Vec<String> = (0..100).map(|n| format!("native::T{n}::story")).collect();
        for kind in ["slice", "hash"] {
            let parts: Vec<Partition> = (1..=3)
                .map(|n| format!("{kind}:{n}/3").parse().unwrap())
                .collect();
            let mut sizes = [0; 3];
            for (position, path) in paths.iter().enumerate() {
                let owners: Vec<usize> = (0..3)
                    .filter(|part| parts[*part].contains(position, path))
                    .collect();
                assert_eq!(owners.len(), 1, "{path} is in {owners:?}");
                sizes[owners[0]] += 1;
            }
            assert!(sizes.iter().all(|size| *size > 20), "{kind}: {sizes:?}");
        }
    }

    #[test]
    fn a_hash_does_not_depend_on_the_others() {
        let part: Partition = "hash:2/3".parse().unwrap();
        let path = "native::T05::wrong_apn";
        assert_eq!(part.contains(0, path), part.contains(17, path));
        assert_eq!(part.would_contain(path), Some(part.contains(0, path)));
        assert_eq!(
            "2/3".parse::<Partition>().unwrap().would_contain(path),
            None
        );
    }

    #[test]
    fn reads_what_it_writes_and_refuses_the_rest() {
        let text = |text: &str| text.parse::<Partition>().map(|part| part.to_string());
        assert_eq!(text("1/3").unwrap(), "slice:1/3");
        assert_eq!(text("hash:3/3").unwrap(), "hash:3/3");
        for wrong in [
            "",
            "3",
            "0/3",
            "4/3",
            "1/0",
            "-1/3",
            "1/3/5",
            "count:1/3",
            "1/99999999999",
        ] {
            assert!(text(wrong).is_err(), "{wrong}");
        }
    }
}
