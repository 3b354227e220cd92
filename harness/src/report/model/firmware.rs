//! The image that was tested.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::firmware_build::{CrateSize, Section};

/// The image; sizes in bytes. The crates add up to `flash` and `ram`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FirmwareFacts {
    /// When it was built; the device takes no earlier time for true.
    pub built: Option<String>,
    /// Everything that is stored in flash, headers and padding aside.
    pub flash: u64,
    /// Memory in use from the start, the stack aside.
    pub ram: u64,
    /// Memory left for the stack.
    pub stack_left: u64,
    /// Every section that has an address on the chip, by address.
    pub sections: Vec<Section>,
    /// What each crate takes, the largest in flash first, what is no crate's last.
    pub crates: Vec<CrateSize>,
}
