//! `hil boards`: what is configured, and what is plugged in.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};

use serialport::SerialPortType;

use crate::board::{FoundProbe, Lease, Owner, probes};
use crate::config::{BoardConfig, Config};

/// Where Linux keeps names of serial ports that survive a replug.
const BY_ID: &str = "/dev/serial/by-id";

/// A serial port of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SerialPort {
    /// The path that stays the same, where there is one.
    pub path: String,
    /// What the adapter calls itself, for USB ones.
    pub product: Option<String>,
}

/// The serial ports that hang on USB. Those on the mainboard mostly do not exist, whatever the
/// kernel says.
pub fn serial_ports() -> Vec<SerialPort> {
    let stable = stable_names(Path::new(BY_ID));
    let found = serialport::available_ports().unwrap_or_default();
    let mut ports: Vec<SerialPort> = found
        .into_iter()
        .filter_map(|port| {
            let SerialPortType::UsbPort(usb) = port.port_type else {
                return None;
            };
            let path = stable.get(Path::new(&port.port_name));
            Some(SerialPort {
                path: path.map_or(port.port_name, |path| path.display().to_string()),
                product: usb.product,
            })
        })
        .collect();
    ports.sort_by(|a, b| a.path.cmp(&b.path));
    ports
}

/// From `/dev/ttyUSB0` to `/dev/serial/by-id/…`.
fn stable_names(folder: &Path) -> HashMap<PathBuf, PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| Some((fs::canonicalize(entry.path()).ok()?, entry.path())))
        .collect()
}

/// The real boards, probes and ports, as text. The simulated boards are not among them.
pub fn list(config: &Config) -> String {
    Listing {
        boards: config
            .boards
            .iter()
            .map(|board| (board.clone(), Lease::holder(&board.probe)))
            .collect(),
        probes: probes(),
        ports: serial_ports(),
    }
    .to_string()
}

struct Listing {
    boards: Vec<(BoardConfig, Option<Option<Owner>>)>,
    probes: Vec<FoundProbe>,
    ports: Vec<SerialPort>,
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (board, holder) in &self.boards {
            writeln!(f, "{:<10} {}", board.name, describe(board, holder.as_ref()))?;
        }
        if self.boards.is_empty() {
            writeln!(f, "\nno real board is configured (hil.toml)")?;
        }
        writeln!(f, "\nprobes plugged in:{}", none(self.probes.is_empty()))?;
        for probe in &self.probes {
            let denied = if probe.accessible {
                ""
            } else {
                "  (no permission: `cargo hil doctor`)"
            };
            writeln!(
                f,
                "  probe = \"{}\"  {}{denied}",
                probe.selector, probe.name
            )?;
        }
        writeln!(f, "\nserial ports:{}", none(self.ports.is_empty()))?;
        for port in &self.ports {
            let product = port.product.as_deref().unwrap_or("");
            writeln!(f, "  modem_port = \"{}\"  {product}", port.path)?;
        }
        Ok(())
    }
}

const fn none(empty: bool) -> &'static str {
    if empty { " none" } else { "" }
}

fn describe(board: &BoardConfig, holder: Option<&Option<Owner>>) -> String {
    let mut text = format!("{} behind the probe {}", board.chip, board.probe);
    // Writing to a string does not fail.
    if let Some(port) = &board.modem_port {
        let _ = write!(text, ", modem UART on {} at {}", port.display(), board.baud);
    }
    if let Some(modem) = &board.modem {
        let _ = write!(text, ", real modem on {}", modem.port.display());
    }
    match holder {
        None => {}
        Some(None) => text.push_str("; in use"),
        Some(Some(owner)) => {
            let _ = write!(text, "; in use by {owner}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_the_form_of_a_configuration() {
        let text = "[[board]]\nname = \"desk\"\nchip = \"esp32c3\"\nprobe = \"303a:1001:60\"\n\
                    modem_port = \"/dev/a\"\nmodem = { real = \"/dev/b\" }\n";
        let config = Config::parse(text, Path::new("hil.toml")).unwrap();
        let owner = Owner {
            pid: 7,
            command: "hil run".to_owned(),
        };
        let listing = Listing {
            boards: vec![(config.boards[0].clone(), Some(Some(owner)))],
            probes: vec![FoundProbe {
                selector: "303a:1001:60".to_owned(),
                name: "ESP JTAG".to_owned(),
                accessible: false,
            }],
            ports: vec![SerialPort {
                path: "/dev/a".to_owned(),
                product: Some("CP2102".to_owned()),
            }],
        };
        insta::assert_snapshot!(listing.to_string(), @r#"
        desk       esp32c3 behind the probe 303a:1001:60, modem UART on /dev/a at 115200, real modem on /dev/b; in use by process 7 (`hil run`)

        probes plugged in:
          probe = "303a:1001:60"  ESP JTAG  (no permission: `cargo hil doctor`)

        serial ports:
          modem_port = "/dev/a"  CP2102
        "#);
        let empty = Listing {
            boards: Vec::new(),
            probes: Vec::new(),
            ports: Vec::new(),
        };
        insta::assert_snapshot!(empty.to_string(), @r"

        no real board is configured (hil.toml)

        probes plugged in: none

        serial ports: none
        ");
    }

    #[test]
    fn stable_names_lead_to_the_same_device() {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join("ttyUSB0");
        fs::write(&device, "").unwrap();
        let by_id = folder.path().join("by-id");
        fs::create_dir(&by_id).unwrap();
        std::os::unix::fs::symlink("../ttyUSB0", by_id.join("usb-one")).unwrap();
        let names = stable_names(&by_id);
        let device = fs::canonicalize(device).unwrap();
        assert_eq!(names.get(&device), Some(&by_id.join("usb-one")));
        assert!(stable_names(Path::new("/nonexistent")).is_empty());
    }
}
