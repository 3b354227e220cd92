//! A sample as it lies in flash.

use serde::{Deserialize, Serialize};

use super::Sample;
use crate::modem::Rat;

/// Version of the record. Records of another version are not read.
const VERSION: u8 = 1;

/// Bytes that hold any record: 60 at most, and a multiple of the flash's words.
pub(crate) const MAX_RECORD: usize = 64;

/// A sample on its way to the broker: which boot took it, and its place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queued {
    /// Place in the queue: grows from sample to sample, across boots too.
    pub order: u64,
    /// Identifies the boot that took the sample.
    pub boot: u32,
    /// The sample.
    pub sample: Sample,
}

/// What is written, in `postcard`.
#[derive(Serialize, Deserialize)]
struct Record {
    version: u8,
    order: u64,
    boot: u32,
    seq: u32,
    uptime_ms: u64,
    time: Option<u64>,
    csq: Option<u8>,
    rat: Option<u8>,
    temp_c: Option<i16>,
    rx_overruns: u32,
    reconnects: u32,
}

const RADIOS: [Rat; 3] = [Rat::Unknown, Rat::Gsm, Rat::Lte];

impl Queued {
    /// Writes the record; `None` if `out` is shorter than [`MAX_RECORD`].
    pub(crate) fn encode<'b>(&self, out: &'b mut [u8]) -> Option<&'b mut [u8]> {
        let sample = &self.sample;
        let rat = sample
            .rat
            .and_then(|rat| RADIOS.iter().position(|known| *known == rat));
        let record = Record {
            version: VERSION,
            order: self.order,
            boot: self.boot,
            seq: sample.seq,
            uptime_ms: sample.uptime_ms,
            time: sample.time,
            csq: sample.csq,
            rat: rat.and_then(|index| u8::try_from(index).ok()),
            temp_c: sample.temp_c,
            rx_overruns: sample.rx_overruns,
            reconnects: sample.reconnects,
        };
        postcard::to_slice(&record, out).ok()
    }

    /// Reads a record; `None` for anything else, and for one of another version.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (record, rest) = postcard::take_from_bytes::<Record>(bytes).ok()?;
        if record.version != VERSION || !rest.is_empty() {
            return None;
        }
        let rat = match record.rat {
            None => None,
            Some(index) => Some(*RADIOS.get(usize::from(index))?),
        };
        Some(Self {
            order: record.order,
            boot: record.boot,
            sample: Sample {
                seq: record.seq,
                uptime_ms: record.uptime_ms,
                time: record.time,
                csq: record.csq,
                rat,
                temp_c: record.temp_c,
                rx_overruns: record.rx_overruns,
                reconnects: record.reconnects,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_longest_record_fits() {
        let queued = Queued {
            order: u64::MAX,
            boot: u32::MAX,
            sample: Sample {
                seq: u32::MAX,
                uptime_ms: u64::MAX,
                time: Some(u64::MAX),
                csq: Some(u8::MAX),
                rat: Some(Rat::Lte),
                temp_c: Some(i16::MIN),
                rx_overruns: u32::MAX,
                reconnects: u32::MAX,
            },
        };
        let mut out = [0; MAX_RECORD];
        let record = queued.encode(&mut out).unwrap();
        assert_eq!(record.len(), 60);
        assert_eq!(Queued::decode(record), Some(queued));
    }

    proptest! {
        #[test]
        fn anything_may_be_in_flash(bytes: std::vec::Vec<u8>) {
            let _ = Queued::decode(&bytes);
        }

        #[test]
        fn what_was_written_is_read(
            order: u64, boot: u32, seq: u32, time: Option<u64>, temp_c: Option<i16>, rat in 0usize..4,
        ) {
            let rat = RADIOS.get(rat).copied();
            let sample = Sample { seq, time, temp_c, rat, ..Sample::default() };
            let queued = Queued { order, boot, sample };
            let mut out = [0; MAX_RECORD];
            prop_assert_eq!(Queued::decode(queued.encode(&mut out).unwrap()), Some(queued));
        }
    }
}
