//! On-target tests on a board on a desk, in wall time.

use harness::firmware_build;

use super::served::{Desk, hil};
use nix::sys::signal::Signal;

#[test]
fn on_target_tests_run_on_a_served_board() {
    let options = firmware_build::Options::default();
    let images = firmware_build::build_tests(&options, true, &mut |_| {})
        .unwrap_or_else(|error| panic!("{error}"));
    let desk = Desk::serve(&[]);
    let output = hil()
        .args(["test-target", "--board", "desk", "--config"])
        .arg(desk.config())
        .args(&images)
        .args([
            "planted::tests::passes",
            "should_panic",
            "planted::tests::fails",
        ])
        .args(["hangs_asleep", "planted_logic::tests::passes"])
        .env("HIL_LOCK_DIR", desk.folder())
        .output()
        .expect("hil starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}\n{said}");
    let verdicts = [
        ("planted::tests::passes", "ok"),
        ("planted::tests::passes_async", "ok"),
        ("planted::tests::should_panic_and_does", "ok"),
        ("planted::tests::should_panic_and_does_not", "FAILED"),
        ("planted::tests::fails", "FAILED"),
        ("planted::tests::hangs_asleep", "FAILED"),
        ("planted_logic::tests::passes", "ok"),
    ];
    for (name, verdict) in verdicts {
        let told = text.lines().any(|line| {
            let rest = line.strip_prefix(&format!("test {name} "));
            rest.is_some_and(|rest| rest.trim_start() == format!("... {verdict}"))
        });
        assert!(told, "{name}: {verdict}\n{text}\n{said}");
    }
    for words in ["a planted failure", "timed out: its own limit is 2 s"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    desk.end(Signal::SIGINT);
}
