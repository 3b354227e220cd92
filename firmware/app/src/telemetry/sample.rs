//! One sample and its JSON.

use core::fmt::Write as _;

use heapless::String;
use serde::Serialize;

use crate::clock::Rfc3339;
use crate::modem::Rat;

/// Bytes that hold any sample as JSON.
pub const MAX_JSON: usize = 256;

/// What the device knows about itself at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sample {
    /// Number within this boot, from 1; given by the queue.
    pub seq: u32,
    /// Milliseconds since boot when the sample was taken.
    pub uptime_ms: u64,
    /// The time then, in seconds since 1970-01-01 UTC, if the network had told it.
    pub time: Option<u64>,
    /// Signal strength, 0 to 31, of the last bring-up.
    pub csq: Option<u8>,
    /// Radio access technology of the last bring-up.
    pub rat: Option<Rat>,
    /// Chip temperature in degrees Celsius.
    pub temp_c: Option<i16>,
    /// Bytes lost between the modem and the firmware since boot.
    pub rx_overruns: u32,
    /// Sessions after the first one since boot.
    pub reconnects: u32,
}

/// The order of the fields is the order on the wire.
#[derive(Serialize)]
struct Json<'a> {
    seq: u32,
    boot: u32,
    uptime_ms: u64,
    time: Option<&'a str>,
    csq: Option<u8>,
    rat: Option<&'a str>,
    temp_c: Option<i16>,
    rx_overruns: u32,
    reconnects: u32,
}

impl Sample {
    /// Writes the sample as a JSON object; `boot` identifies the boot. Returns its size.
    ///
    /// ```text
    /// {"seq":1,"boot":7,"uptime_ms":5123,"time":"2026-11-22T10:11:12Z","csq":21,"rat":"lte",
    ///  "temp_c":null,"rx_overruns":0,"reconnects":0}
    /// ```
    ///
    /// # Errors
    /// `out` is too small; [`MAX_JSON`] bytes are enough.
    pub fn write_json(
        &self,
        boot: u32,
        out: &mut [u8],
    ) -> Result<usize, serde_json_core::ser::Error> {
        let mut time: String<32> = String::new();
        let time = match self.time {
            Some(unix) => {
                write!(time, "{}", Rfc3339::from_unix(unix))
                    .map_err(|_| serde_json_core::ser::Error::BufferFull)?;
                Some(time.as_str())
            }
            None => None,
        };
        let json = Json {
            seq: self.seq,
            boot,
            uptime_ms: self.uptime_ms,
            time,
            csq: self.csq,
            rat: self.rat.map(Rat::as_str),
            temp_c: self.temp_c,
            rx_overruns: self.rx_overruns,
            reconnects: self.reconnects,
        };
        serde_json_core::to_slice(&json, out)
    }
}
