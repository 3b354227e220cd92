//! Against pretended toolchains: shell scripts in a folder that is the whole search path.

use std::fs;
use std::io::Write as _;

use super::*;

/// A folder of programs, and a sysroot beside it.
struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn sysroot(&self) -> PathBuf {
        self.folder.path().join("sysroot")
    }

    /// A program: a shell script. `$SYSROOT` is the sysroot.
    fn program(&self, name: &str, script: &str) {
        let path = self.folder.path().join(name);
        let sysroot = self.sysroot();
        let text = format!("#!/bin/sh\nSYSROOT='{}'\n{script}\n", sysroot.display());
        // By another process: were the file open for writing here while another test forks, the
        // copy of that handle would make it "busy" for whoever starts the program.
        let mut writer = Command::new("/bin/sh")
            .args(["-c", "/bin/cat > \"$0\" && /bin/chmod 755 \"$0\""])
            .arg(&path)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        writer
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        assert!(writer.wait().unwrap().success());
    }

    fn library(&self) {
        let library = self.sysroot().join(LIBRARY);
        fs::create_dir_all(library.parent().unwrap()).unwrap();
        fs::write(library, "").unwrap();
    }

    fn prepare(&self) -> (Result<Toolchain, BuildError>, Vec<Progress>) {
        let mut said = Vec::new();
        let environment = Environment::with_path(self.folder.path());
        let result = Toolchain::prepare(&environment, "1.95.0", &mut |step| said.push(step));
        (result, said)
    }

    fn failure(&self) -> String {
        let (result, _) = self.prepare();
        let error = result.unwrap_err();
        assert!(error.is_infrastructure(), "{error:?}");
        error
            .to_string()
            .replace(&self.folder.path().display().to_string(), "MACHINE")
    }
}

/// A rustup whose `run` tells the sysroot and whose `component add` does `add`.
fn rustup(add: &str) -> String {
    format!("case \"$1 $2 $3\" in 'run 1.95.0 rustc') echo $SYSROOT;; component*) {add};; esac")
}

#[test]
fn a_complete_toolchain_is_taken_as_it_is() {
    let machine = Machine::new();
    machine.program("rustup", &rustup("exit 9"));
    machine.library();
    let (result, said) = machine.prepare();
    let expected = Toolchain::Rustup {
        rustup: machine.folder.path().join("rustup"),
        channel: "1.95.0".to_owned(),
        sysroot: machine.sysroot(),
    };
    assert_eq!(result.unwrap(), expected);
    assert!(said.is_empty());
}

#[test]
fn a_missing_rust_src_is_fetched_and_said() {
    let machine = Machine::new();
    machine.program(
        "rustup",
        &rustup(
            "test \"$*\" = 'component add rust-src --toolchain 1.95.0' || exit 9; \
             /bin/mkdir -p $SYSROOT/lib/rustlib/src/rust/library; \
             : > $SYSROOT/lib/rustlib/src/rust/library/Cargo.lock",
        ),
    );
    let (result, said) = machine.prepare();
    assert!(matches!(result, Ok(Toolchain::Rustup { .. })), "{result:?}");
    assert_eq!(
        said,
        [Progress::FetchingRustSrc {
            channel: "1.95.0".to_owned()
        }]
    );
}

#[test]
fn a_rust_src_that_cannot_be_fetched_is_an_error_with_the_remedy() {
    let machine = Machine::new();
    machine.program(
        "rustup",
        &rustup("echo 'error: could not download' >&2; exit 1"),
    );
    let text = machine.failure();
    assert!(
        text.contains("error: could not download\n(exit status: 1)"),
        "{text}"
    );
    assert!(
        text.contains("rustup component add rust-src --toolchain 1.95.0"),
        "{text}"
    );
    assert!(
        text.contains("apt-get install rustc-web cargo-web rust-web-src lld"),
        "{text}"
    );
}

#[test]
fn a_rustup_that_only_claims_success_is_not_believed() {
    let machine = Machine::new();
    machine.program("rustup", &rustup("exit 0"));
    let text = machine.failure();
    assert!(
        text.contains("rustup reports success, but MACHINE/sysroot/"),
        "{text}"
    );
}

#[test]
fn a_toolchain_that_is_not_installed_is_named() {
    let machine = Machine::new();
    machine.program(
        "rustup",
        "echo \"error: toolchain '1.95.0' is not installed\" >&2; exit 1",
    );
    let text = machine.failure();
    assert!(
        text.contains("toolchain '1.95.0' is not installed"),
        "{text}"
    );
    assert!(text.contains("rustup toolchain install 1.95.0"), "{text}");
}

#[test]
fn an_empty_path_gets_the_remedy() {
    let text = Machine::new().failure();
    assert!(
        text.contains("rustup is not on the PATH, and there is no rustc"),
        "{text}"
    );
    assert!(text.contains("https://rustup.rs"), "{text}");
}

#[test]
fn without_rustup_a_new_enough_compiler_with_its_source_does() {
    let machine = Machine::new();
    machine.program("cargo", "");
    machine.program("ld.lld", "");
    machine.program(
        "rustc",
        "case $1 in --version) echo 'rustc 1.94.1 (x)';; *) echo $SYSROOT;; esac",
    );
    assert!(
        machine
            .failure()
            .contains("MACHINE/rustc is older: rustc 1.94.1 (x)")
    );
    machine.program(
        "rustc",
        "case $1 in --version) echo 'rustc 1.96.0 (x)';; *) echo $SYSROOT;; esac",
    );
    assert!(
        machine
            .failure()
            .contains("MACHINE/rustc has no source of the standard library")
    );
    machine.library();
    let (result, _) = machine.prepare();
    let expected = Toolchain::System {
        cargo: machine.folder.path().join("cargo"),
        rustc: machine.folder.path().join("rustc"),
        linker: Some(machine.folder.path().join("ld.lld")),
    };
    assert_eq!(result.unwrap(), expected);
}

#[test]
fn a_program_that_does_not_start_is_named() {
    let machine = Machine::new();
    fs::write(machine.folder.path().join("rustup"), "").unwrap();
    let text = machine.failure();
    assert!(text.starts_with("cannot start MACHINE/rustup: "), "{text}");
}

#[test]
fn versions_compare_as_numbers() {
    assert_eq!(
        parse_version("rustc 1.96.0 (ac68faa20 2026-05-25)"),
        Some([1, 96, 0])
    );
    assert_eq!(parse_version("1.95"), Some([1, 95, 0]));
    assert!(parse_version("rustc 1.100.0-nightly") > parse_version("1.95.0"));
    assert_eq!(parse_version("rustc"), None);
}
