//! `hil watch` from outside, in a project of a few files, with a stand-in for cargo.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Far beyond what anything here takes: a hang is to fail, not to last.
const PATIENCE: Duration = Duration::from_secs(120);

const SNAPSHOT: &str = "harness/tests/snapshots/T01_factory_fresh.at.snap";
const SCENARIOS: &str = "harness/src/scenarios/modes.rs";
const APPLICATION: &str = "firmware/app/src/lib.rs";

/// A project that can be watched, and cargo as a script that fails while the sources have a mistake.
struct Project(tempfile::TempDir);

impl Project {
    fn new() -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        for file in [
            "firmware/esp32/Cargo.toml",
            SNAPSHOT,
            SCENARIOS,
            APPLICATION,
        ] {
            project.write(file, "");
        }
        let script = "#!/bin/sh\necho \"cargo $*\" >&2\n! grep -rq mistake firmware harness\n";
        project.write("cargo", script);
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(project.path("cargo"), mode).unwrap();
        project
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn watch(&self, arguments: &[&str]) -> Watch {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hil"))
            .arg("watch")
            .args(arguments)
            .current_dir(self.0.path())
            .env("CARGO", self.path("cargo"))
            .env("NO_COLOR", "1")
            .env("INSTA_UPDATE", "no")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        forward(child.stdout.take().unwrap(), sender.clone());
        forward(child.stderr.take().unwrap(), sender);
        Watch { child, lines }
    }
}

fn forward(stream: impl Read + Send + 'static, lines: mpsc::Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
}

struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    /// What was said up to the line that says that it waits.
    fn until_it_waits(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("it should wait again: {said:#?}"));
            if line.starts_with("watching:") || line.starts_with("no scenario") {
                return said;
            }
            said.push(line);
        }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It has ended by itself unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The scenarios that passed: `PASS T01 factory_fresh [native] …`.
fn passed(said: &[String]) -> Vec<&str> {
    let passed = said.iter().filter_map(|line| line.strip_prefix("PASS "));
    passed.filter_map(|line| line.split(' ').nth(1)).collect()
}

fn builds(said: &[String]) -> usize {
    said.iter()
        .filter(|line| line.starts_with("cargo "))
        .count()
}

#[test]
fn runs_what_a_change_affects() {
    let project = Project::new();
    let mut watch = project.watch(&["--board", "native", "factory_fresh", "T03"]);
    let first = watch.until_it_waits();
    let all = passed(&first).len();
    assert!(all >= 2 && builds(&first) == 0, "{first:#?}");

    project.write(SNAPSHOT, "changed");
    let said = watch.until_it_waits();
    assert_eq!(passed(&said), ["factory_fresh"], "{said:#?}");
    assert_eq!(builds(&said), 0);

    project.write(SCENARIOS, "async fn factory_fresh(rig: &mut Rig) {}");
    let said = watch.until_it_waits();
    assert_eq!(passed(&said), ["factory_fresh"], "{said:#?}");
    assert_eq!(builds(&said), 1);

    project.write(APPLICATION, "changed");
    let said = watch.until_it_waits();
    assert_eq!((passed(&said).len(), builds(&said)), (all, 1), "{said:#?}");

    project.write(APPLICATION, "mistake");
    let said = watch.until_it_waits();
    assert_eq!((passed(&said).len(), builds(&said)), (0, 1), "{said:#?}");
    assert!(said.iter().any(|line| line.contains("does not build")));

    // What the mistake kept from being run is still to be run.
    project.write(SNAPSHOT, "changed again");
    project.write(APPLICATION, "mended");
    let said = watch.until_it_waits();
    assert_eq!(passed(&said).len(), all, "{said:#?}");

    watch
        .child
        .stdin
        .as_mut()
        .unwrap()
        .write_all(b"\n")
        .unwrap();
    let said = watch.until_it_waits();
    assert_eq!((passed(&said).len(), builds(&said)), (all, 0), "{said:#?}");

    watch
        .child
        .stdin
        .as_mut()
        .unwrap()
        .write_all(b"q\n")
        .unwrap();
    assert_eq!(watch.child.wait().unwrap().code(), Some(0));
}

#[test]
fn ctrl_c_in_the_middle_of_a_run_leaves_nothing_behind() {
    let project = Project::new();
    let mut watch = project.watch(&["--board", "native"]);
    let line = watch.lines.recv_timeout(PATIENCE).unwrap();
    watch.signal(Signal::SIGINT);
    assert_eq!(watch.child.wait().unwrap().code(), Some(0), "{line}");
    let watching = watch.child.id();
    assert_eq!(
        children_in(&project.path("")),
        Vec::<u32>::new(),
        "of {watching}"
    );
}

/// Processes that work in `folder`.
fn children_in(folder: &Path) -> Vec<u32> {
    let folder = folder.canonicalize().unwrap();
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| fs::read_link(format!("/proc/{id}/cwd")).is_ok_and(|cwd| cwd == folder))
        .collect()
}

#[test]
fn a_wrong_filter_is_told_at_once() {
    let project = Project::new();
    let mut watch = project.watch(&["--board", "native", "no_such_scenario"]);
    assert_eq!(watch.child.wait().unwrap().code(), Some(2));
    let said: Vec<String> = watch.lines.iter().collect();
    assert!(said.iter().any(|line| line.contains("no_such_scenario")));
}
