//! Against pretended programs: shell scripts in a folder that is the whole search path.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::*;

fn machine(programs: &[(&str, &str)]) -> (TempDir, Machine) {
    let folder = tempfile::tempdir().unwrap();
    for (name, script) in programs {
        // Written by another process: a file that a test holds open while another one forks
        // would be "busy" for whoever starts it.
        let mut writer = Command::new("/bin/sh")
            .args(["-c", "/bin/cat > \"$0\" && /bin/chmod 755 \"$0\""])
            .arg(folder.path().join(name))
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let text = format!("#!/bin/sh\n{script}\n");
        writer
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        assert!(writer.wait().unwrap().success());
    }
    let machine = Machine::with_path(folder.path());
    (folder, machine)
}

const RUSTUP: (&str, &str) = (
    "rustup",
    r#"case "$*" in
        --version) echo "rustup 1.28.2" ;;
        "run 1.95.0 rustc --version") echo "rustc 1.95.0 (5980 2026-04-14)" ;;
        "run 1.95.0 rustc --print sysroot") echo "${0%/*}/sysroot" ;;
        *) exit 1 ;;
    esac"#,
);

#[test]
fn a_bare_machine_lacks_all_but_rustup() {
    let (_folder, machine) = machine(&[]);
    assert!(!rustup(&machine).is_missing());
    let text = toolchain(&machine, "1.95.0").to_string();
    assert_eq!(
        text,
        "toolchain   missing: install it from https://rustup.rs"
    );
    assert!(rust_src(&machine, "1.95.0").is_missing());
    assert!(c_compiler(&machine).is_missing());
}

#[test]
fn rustup_is_asked_for_the_pinned_toolchain() {
    let (_folder, machine) = machine(&[RUSTUP]);
    let found = toolchain(&machine, "1.95.0");
    assert_eq!(
        found.state,
        State::Ok("rustc 1.95.0 (5980 2026-04-14)".to_owned())
    );
    let text = toolchain(&machine, "1.99.0").to_string();
    assert!(text.contains("rustup toolchain install 1.99.0"), "{text}");
}

#[test]
fn rust_src_is_there_when_its_files_are() {
    let (folder, machine) = machine(&[RUSTUP]);
    let text = rust_src(&machine, "1.95.0").to_string();
    assert!(
        text.contains("rustup component add rust-src --toolchain 1.95.0"),
        "{text}"
    );
    let library = folder.path().join("sysroot").join(LIBRARY);
    fs::create_dir_all(library.parent().unwrap()).unwrap();
    fs::write(library, "").unwrap();
    assert!(!rust_src(&machine, "1.95.0").is_missing());
}

#[test]
fn without_rustup_a_newer_compiler_will_do() {
    let (_folder, newer) = machine(&[("rustc", "echo rustc 1.100.0")]);
    assert!(!toolchain(&newer, "1.95.0").is_missing());
    let (_folder, older) = machine(&[("rustc", "echo rustc 1.94.9")]);
    assert!(
        toolchain(&older, "1.95.0")
            .to_string()
            .contains("older than 1.95.0")
    );
}

#[test]
fn a_program_that_fails_is_not_there() {
    let (_folder, machine) = machine(&[("cc", "echo broken; exit 1")]);
    assert!(c_compiler(&machine).is_missing());
}
