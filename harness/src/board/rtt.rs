//! The log's way out of the device: a ring in its memory (SEGGER's RTT), read by the probe.

use std::ops::Range;
use std::sync::Arc;

use probe_rs::rtt::{self, ChannelMode, Rtt, ScanRegion};
use probe_rs::{Core, MemoryInterface as _};

use super::error::BoardError;
use super::image::Image;
use super::log_decoder::{DeviceRecord, LogDecoder, LogStream};

/// The control block's symbol, by convention of RTT.
const CONTROL_BLOCK: &str = "_SEGGER_RTT";
/// Name of the channel defmt writes to.
const CHANNEL: &str = "defmt";

/// Bytes read at once; larger than the firmware's ring, so that one read empties it.
const CHUNK: usize = 16 * 1024;

/// Where channel 0 keeps its write offset, from the start of the control block: 16 bytes of
/// identifier and two counts, then name, buffer and size (RTT, "Control block").
const WRITE_OFFSET: u64 = 24 + 12;

const ACTION: &str = "read the device's log through RTT";

/// The log of one device.
#[derive(Debug)]
pub(super) struct RttLog {
    decoder: Arc<LogDecoder>,
    control_block: u64,
    rtt: Option<Rtt>,
    stream: LogStream,
}

impl RttLog {
    /// The log of `image`; nothing when it has no control block.
    pub(super) fn new(image: &Image, decoder: Arc<LogDecoder>) -> Option<Self> {
        let (control_block, _) = image.symbol(CONTROL_BLOCK)?;
        Some(Self {
            decoder,
            control_block,
            rtt: None,
            stream: LogStream::default(),
        })
    }

    /// Where the device writes last whenever it has logged something.
    pub(super) fn write_offset(&self) -> Range<u32> {
        let start = u32::try_from(self.control_block + WRITE_OFFSET).unwrap_or(u32::MAX);
        start..start.saturating_add(4)
    }

    /// Makes sure that nothing of an earlier run is taken for this one's log. The core is halted.
    pub(super) fn clear(&mut self, core: &mut Core<'_>) -> Result<(), BoardError> {
        self.restarted();
        Rtt::clear_control_block(core, &ScanRegion::Exact(self.control_block))
            .map_err(BoardError::probe("clear the device's log"))
    }

    /// The device has started anew: the block will be written again.
    pub(super) fn restarted(&mut self) {
        self.rtt = None;
        self.stream.restart();
    }

    /// Takes what the device has logged. Nothing before it has set the block up.
    pub(super) fn drain(&mut self, core: &mut Core<'_>) -> Result<Vec<DeviceRecord>, BoardError> {
        match self.try_drain(core) {
            Ok(records) => Ok(records),
            Err(
                rtt::Error::ControlBlockNotFound
                | rtt::Error::ControlBlockCorrupted(_)
                | rtt::Error::ReadPointerChanged,
            ) => {
                // Not set up yet, half set up, or set up again by a restart.
                self.restarted();
                Ok(Vec::new())
            }
            Err(error) => Err(BoardError::probe(ACTION)(error)),
        }
    }

    fn try_drain(&mut self, core: &mut Core<'_>) -> Result<Vec<DeviceRecord>, rtt::Error> {
        if self.rtt.is_none() {
            self.rtt = Some(Rtt::attach_at(core, self.control_block)?);
        }
        let Some(channel) = self.rtt.as_mut().and_then(|rtt| {
            let named = |channel: &rtt::UpChannel| channel.name() == Some(CHANNEL);
            let index = rtt.up_channels().iter().position(named).unwrap_or(0);
            rtt.up_channel(index)
        }) else {
            return Ok(Vec::new());
        };
        // Whether somebody reads: the device then waits for room instead of dropping records. A
        // restart of the device takes it back.
        if channel.mode(core)? != ChannelMode::BlockIfFull {
            channel.set_mode(core, ChannelMode::BlockIfFull)?;
        }
        let mut records = Vec::new();
        let mut chunk = vec![0; CHUNK];
        loop {
            let count = channel.read(core, &mut chunk)?;
            records.extend(self.stream.receive(&self.decoder, &chunk[..count]));
            if count < chunk.len() {
                return Ok(records);
            }
        }
    }

    /// Lets the device run on without a reader.
    pub(super) fn release(&mut self, core: &mut Core<'_>) {
        if let Some(channel) = self.rtt.as_mut().and_then(|rtt| rtt.up_channel(0)) {
            // The board may be gone: then there is nobody to tell.
            let _ = channel.set_mode(core, ChannelMode::NoBlockTrim);
        }
        self.rtt = None;
        let _ = core.flush();
    }
}
