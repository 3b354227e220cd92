//! Finding probes.

use std::str::FromStr as _;

use probe_rs::probe::list::{Accessibility, Lister};
use probe_rs::probe::{DebugProbeSelector, Probe};

use super::error::{BoardError, chain};

/// A probe that is plugged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundProbe {
    /// What to write into `hil.toml`: `VID:PID` or `VID:PID:SERIAL`.
    pub selector: String,
    /// What it calls itself.
    pub name: String,
    /// Whether this user may open it.
    pub accessible: bool,
}

/// Makes Espressif's chips, its image format, and this process's virtual boards known to probe-rs.
pub(super) fn register() {
    virtual_esp32c3_probe::install();
}

/// The probes on this machine's USB. Probes behind TCP, those of served boards among them, never
/// show up here.
pub fn probes() -> Vec<FoundProbe> {
    register();
    let found = Lister::new().list_all_with_access();
    found
        .into_iter()
        .map(|item| FoundProbe {
            selector: DebugProbeSelector::from(&item.info).to_string(),
            name: item.info.identifier,
            accessible: item.accessibility == Accessibility::Accessible,
        })
        .collect()
}

/// Opens the one probe that `selector` names.
pub(super) fn open(selector: &str) -> Result<Probe, BoardError> {
    register();
    let failed = |chain| BoardError::Open {
        selector: selector.to_owned(),
        chain,
    };
    let parsed = DebugProbeSelector::from_str(selector).map_err(|error| failed(chain(&error)))?;
    // Served boards through a client of our own: it is many times faster than probe-rs's, and gives
    // an error where that one panics when its peer goes away. All others are probe-rs's.
    virtual_esp32c3_probe::open_selector(&parsed).map_err(|error| failed(chain(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_that_is_not_there_is_named() {
        let error = open("dead:beef:nowhere").map(|_| ()).unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with("cannot open the probe dead:beef:nowhere: "),
            "{text}"
        );
        assert!(!error.is_usage());
    }
}
