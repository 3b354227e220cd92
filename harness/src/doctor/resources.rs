//! Disk, network and terminals.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use nix::sys::statvfs::statvfs;
use serialport::TTYPort;

use super::finding::{Finding, State};

/// What a build of everything takes, with room to spare, in bytes.
const DISK_NEEDED: u128 = 5_000_000_000;

/// Room for build results in the project's folder.
pub(super) fn disk(root: &Path) -> Finding {
    let shown = root.display();
    let state = match statvfs(root) {
        Ok(stat) => {
            // Their types differ from system to system.
            let free = u128::from(stat.blocks_available()) * u128::from(stat.fragment_size());
            judge_disk(free, &shown.to_string())
        }
        Err(error) => State::Missing(format!("cannot look at {shown}: {error}")),
    };
    Finding {
        name: "disk",
        state,
    }
}

fn judge_disk(free: u128, place: &str) -> State {
    let tenths = free / 100_000_000;
    let free_text = format!("{}.{} GB free at {place}", tenths / 10, tenths % 10);
    if free >= DISK_NEEDED {
        return State::Ok(free_text);
    }
    let needed = DISK_NEEDED / 1_000_000_000;
    State::Missing(format!(
        "{free_text}, a full build takes up to {needed} GB: free some"
    ))
}

/// The broker listens there, on ports the system chooses.
pub(super) fn loopback() -> Finding {
    let state = match TcpListener::bind((Ipv4Addr::LOCALHOST, 0)) {
        Ok(_) => State::Ok("127.0.0.1 can be listened on".to_owned()),
        Err(error) => State::Missing(format!(
            "cannot listen on 127.0.0.1: {error}; bring the interface up (`ip link set lo up`), \
             or let the sandbox have it"
        )),
    };
    Finding {
        name: "loopback",
        state,
    }
}

/// `hil modem --pty` makes one.
pub(super) fn pty() -> Finding {
    let state = match TTYPort::pair() {
        Ok(_) => State::Ok("pseudo-terminals can be made".to_owned()),
        Err(error) => State::Missing(format!(
            "cannot make a pseudo-terminal: {error}; mount devpts at /dev/pts"
        )),
    };
    Finding { name: "pty", state }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disk_is_counted_in_gigabytes() {
        assert_eq!(
            judge_disk(12_340_000_000, "/p"),
            State::Ok("12.3 GB free at /p".to_owned())
        );
        let State::Missing(text) = judge_disk(4_999_999_999, "/p") else {
            panic!("not missing")
        };
        assert!(
            text.starts_with("4.9 GB free at /p, a full build takes up to 5 GB"),
            "{text}"
        );
    }

    #[test]
    fn a_folder_that_is_not_there_is_said() {
        let finding = disk(Path::new("/nonexistent/project"));
        assert!(finding.is_missing() && finding.to_string().contains("/nonexistent/project"));
    }
}
