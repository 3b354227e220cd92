//! Debug probes and serial ports: needed for real boards only.

use std::path::Path;

use nix::unistd::{AccessFlags, access};

use super::finding::{Finding, State};
use crate::board::{FoundProbe, probes};
use crate::board_cli::{SerialPort, serial_ports};

/// Where the project keeps its rules for USB devices, from its root.
const RULES: &str = "ci/60-hil-probes.rules";

/// What is plugged in, and whether this user may open it.
pub(super) fn examine(root: &Path) -> [Finding; 3] {
    let probes = probes();
    [
        found_probes(&probes),
        permissions(&probes, &root.join(RULES)),
        ports(&serial_ports(), |path| {
            access(path, AccessFlags::R_OK | AccessFlags::W_OK).is_ok()
        }),
    ]
}

fn found_probes(probes: &[FoundProbe]) -> Finding {
    let state = if probes.is_empty() {
        State::Absent("none plugged in; real boards need one, virtual boards do not".to_owned())
    } else {
        let names: Vec<String> = probes
            .iter()
            .map(|probe| format!("{} ({})", probe.selector, probe.name))
            .collect();
        State::Ok(names.join(", "))
    };
    Finding {
        name: "probes",
        state,
    }
}

fn permissions(probes: &[FoundProbe], rules: &Path) -> Finding {
    let denied: Vec<&str> = probes
        .iter()
        .filter(|probe| !probe.accessible)
        .map(|probe| probe.selector.as_str())
        .collect();
    let state = match (probes, denied.as_slice()) {
        ([], _) => State::Absent("no probe to open".to_owned()),
        (_, []) => State::Ok("every probe may be opened".to_owned()),
        (_, denied) => State::Missing(format!(
            "you may not open {}: run `sudo cp {} /etc/udev/rules.d/ && sudo udevadm control \
             --reload && sudo udevadm trigger`, then plug it in again",
            denied.join(", "),
            rules.display()
        )),
    };
    Finding {
        name: "udev",
        state,
    }
}

fn ports(ports: &[SerialPort], may_open: impl Fn(&Path) -> bool) -> Finding {
    let paths = |allowed: bool| -> Vec<&str> {
        ports
            .iter()
            .map(|port| port.path.as_str())
            .filter(|path| may_open(Path::new(path)) == allowed)
            .collect()
    };
    let state = match (paths(true).as_slice(), paths(false).as_slice()) {
        ([], []) => State::Absent(
            "no USB serial port plugged in; real boards need one for the modem's UART".to_owned(),
        ),
        (open, []) => State::Ok(open.join(", ")),
        (_, denied) => State::Missing(format!(
            "you may not open {}: run `sudo usermod -aG dialout $USER` (the group is `uucp` on \
             Arch) and log in again",
            denied.join(", ")
        )),
    };
    Finding {
        name: "serial",
        state,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(accessible: bool) -> FoundProbe {
        FoundProbe {
            selector: "303a:1001:60".to_owned(),
            name: "ESP JTAG".to_owned(),
            accessible,
        }
    }

    #[test]
    fn a_bare_machine_lacks_nothing() {
        let rules = Path::new("/p/ci/rules");
        for finding in [
            found_probes(&[]),
            permissions(&[], rules),
            ports(&[], |_| true),
        ] {
            assert!(!finding.is_missing(), "{finding}");
        }
    }

    #[test]
    fn a_probe_is_named_and_its_permission_looked_at() {
        let rules = Path::new("/p/ci/rules");
        insta::assert_snapshot!(found_probes(&[probe(true)]), @"probes      ok: 303a:1001:60 (ESP JTAG)");
        insta::assert_snapshot!(permissions(&[probe(true)], rules), @"udev        ok: every probe may be opened");
        insta::assert_snapshot!(permissions(&[probe(false)], rules), @"udev        missing: you may not open 303a:1001:60: run `sudo cp /p/ci/rules /etc/udev/rules.d/ && sudo udevadm control --reload && sudo udevadm trigger`, then plug it in again");
    }

    #[test]
    fn a_port_that_may_not_be_opened_is_missing() {
        let port = |path: &str| SerialPort {
            path: path.to_owned(),
            product: None,
        };
        let both = [port("/dev/a"), port("/dev/b")];
        insta::assert_snapshot!(ports(&both, |_| true), @"serial      ok: /dev/a, /dev/b");
        let text = ports(&both, |path| path == Path::new("/dev/a")).to_string();
        assert!(
            text.starts_with("serial      missing: you may not open /dev/b: run"),
            "{text}"
        );
    }

    #[test]
    fn the_rules_are_where_they_are_said_to_be() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        assert!(root.join(RULES).is_file());
    }
}
