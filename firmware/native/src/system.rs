//! Board facts of a host process.

use std::cell::Cell;
use std::rc::Rc;

use firmware_app::platform::{ResetReason, System};

use crate::lockstep::Reset;

/// Answers for the board where there is none.
#[derive(Debug, Clone)]
pub(crate) struct NativeSystem {
    pub(crate) boot_id: u32,
    pub(crate) reset: Reset,
    pub(crate) build_time: u64,
    /// The modem's reset line, which the world looks at.
    pub(crate) modem_reset: Rc<Cell<bool>>,
}

impl System for NativeSystem {
    fn boot_id(&self) -> u32 {
        self.boot_id
    }

    fn reset_reason(&self) -> ResetReason {
        match self.reset {
            Reset::PowerOn => ResetReason::PowerOn,
            Reset::Software => ResetReason::Software,
            Reset::Panic => ResetReason::Panic,
            Reset::BrownOut => ResetReason::BrownOut,
        }
    }

    fn temperature_c(&mut self) -> Option<i16> {
        // A room: what a chip's sensor would say without load.
        Some(25)
    }

    fn build_time(&self) -> u64 {
        self.build_time
    }

    fn pull_modem_reset(&mut self, pull: bool) -> bool {
        self.modem_reset.set(pull);
        true
    }
}
