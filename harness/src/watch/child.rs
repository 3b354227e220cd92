//! cargo and `hil run`, as children that can be stopped.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::thread;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::error::WatchError;
use super::plan::Listed;
use super::session::Heard;

/// A child whose end is heard of like everything else. Dropped, it is asked to stop and waited for.
pub(super) struct Running {
    group: Pid,
    waiter: Option<thread::JoinHandle<()>>,
}

impl Running {
    /// Starts `command`; its end comes as [`Heard::Ended`].
    pub(super) fn start(mut command: Command, heard: Sender<Heard>) -> Result<Self, WatchError> {
        let program = PathBuf::from(command.get_program());
        let problem = |source| WatchError::Run { program, source };
        // A group of its own: cargo has children, and none of them shall hear the terminal's Ctrl-C
        // before we do.
        let child = command.process_group(0).spawn().map_err(problem)?;
        let group = Pid::from_raw(child.id().cast_signed());
        let waiter = thread::spawn(move || wait(child, &heard));
        Ok(Self {
            group,
            waiter: Some(waiter),
        })
    }

    /// Asks it to stop, and waits until it has.
    pub(super) fn stop(mut self) {
        self.interrupt();
    }

    fn interrupt(&mut self) {
        let Some(waiter) = self.waiter.take() else {
            return;
        };
        if !waiter.is_finished() {
            // An error means that it has ended in this moment.
            let _ = killpg(self.group, Signal::SIGTERM);
        }
        // It panics nowhere, and has nothing to give.
        let _ = waiter.join();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.interrupt();
    }
}

fn wait(mut child: Child, heard: &Sender<Heard>) {
    // A child of ours can always be waited for; if not, nothing is known of how it ended.
    let status: Option<ExitStatus> = child.wait().ok();
    let _ = heard.send(Heard::Ended(status.and_then(|status| status.code())));
}

/// `cargo build` of this program, in the project's root.
pub(super) fn build(root: &Path) -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--package", "harness"])
        .current_dir(root)
        .stdin(Stdio::null());
    // Started by cargo ourselves, we carry its words about our own package, which build scripts of
    // others would take for a change.
    for (name, _) in env::vars_os() {
        if is_of_a_package(&name) {
            command.env_remove(name);
        }
    }
    command
}

fn is_of_a_package(name: &OsString) -> bool {
    const STARTS: [&str; 5] = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
        "CARGO_PRIMARY_",
    ];
    let name = name.to_string_lossy();
    name == "OUT_DIR" || STARTS.iter().any(|start| name.starts_with(start))
}

/// The scenarios that `hil run --list` with `arguments` names, each once.
pub(super) fn list(hil: &Path, arguments: &[OsString]) -> Result<Vec<Listed>, WatchError> {
    let output = Command::new(hil)
        .args(["run", "--list"])
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| WatchError::Run {
            program: hil.to_owned(),
            source,
        })?;
    if !output.status.success() {
        return Err(WatchError::List {
            code: output.status.code(),
        });
    }
    Ok(listed(&String::from_utf8_lossy(&output.stdout)))
}

/// Reads lines such as `virtual::T05::wrong_apn  the title`.
fn listed(text: &str) -> Vec<Listed> {
    let mut list: Vec<Listed> = Vec::new();
    for line in text.lines() {
        let mut parts = line
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .split("::");
        if let (Some(_board), Some(id), Some(name)) = (parts.next(), parts.next(), parts.next()) {
            let scenario = Listed {
                id: id.to_owned(),
                name: name.to_owned(),
            };
            if !list.contains(&scenario) {
                list.push(scenario);
            }
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_on_two_boards_is_listed_once() {
        let text = "virtual::T05::wrong_apn  wrong APN\nnative::T05::wrong_apn   wrong APN\n\n";
        let names: Vec<String> = listed(text).iter().map(Listed::path).collect();
        assert_eq!(names, ["T05::wrong_apn"]);
    }

    #[test]
    fn cargo_s_words_about_this_package_are_not_passed_on() {
        for (name, passed) in [
            ("CARGO_MANIFEST_DIR", false),
            ("CARGO_PKG_NAME", false),
            ("OUT_DIR", false),
            ("CARGO_HOME", true),
            ("CARGO_TARGET_DIR", true),
            ("PATH", true),
        ] {
            assert_eq!(!is_of_a_package(&name.into()), passed, "{name}");
        }
    }
}
