//! Boards behind a debug probe, virtual ones included: only the probe selector differs.
//!
//! [`Program`] (an [`Image`] and a [`PartitionTable`]) is checked before a board is touched; a
//! [`Lease`] keeps others away from the board; a [`ProbeBoard`] flashes, runs and listens through
//! probe-rs; a [`WallLine`] is the host end of the UART that the firmware takes for its modem.

mod backtrace;
mod chip;
mod crash;
mod crash_text;
mod device_clock;
mod error;
mod firmware;
mod flash;
mod guard;
mod image;
mod lease;
mod log_count;
mod log_decoder;
mod partitions;
mod probe_board;
mod probes;
mod program;
mod rtt;
mod semihosting;
mod serial;
mod table_error;

pub use backtrace::{CoreRegisters, Interrupted, StackFrame, backtrace, frame_at};
pub use chip::{ChipKind, Region, RegionKind};
pub use crash::{CrashKind, CrashReport, NamedRegisters};
pub use device_clock::DeviceClock;
pub use error::BoardError;
pub use firmware::{Firmware, FirmwareError};
pub use flash::{FlashProgressReport, FlashReport, FlashStep, FlashedPart, OnProgress};
#[cfg(test)]
pub(crate) use image::tests::program as image_for_tests;
pub use image::{Image, ImageError, ImageProblem};
pub use lease::{Lease, LeaseError, Owner};
pub use log_decoder::{DeviceRecord, LogDecoder, LogStream};
pub use partitions::{Partition, PartitionTable};
pub use probe_board::{ATTACH_WITHIN, CoreState, HaltReport, Halted, ProbeBoard};
pub use probes::{FoundProbe, probes};
pub use program::Program;
pub use semihosting::Request;
pub use serial::{Heard, LineError, WallLine};
pub use table_error::{TableError, TableProblem};
