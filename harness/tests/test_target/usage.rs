//! Files and arguments that are wrong, and a bench that is not there.

use std::fs;
use std::path::Path;

use super::images::{damaged, offset_of, planted};
use super::{in_order, test_target};

/// Asserts that the image is refused, by these words, before anything is run.
fn refused(image: &Path, words: &[&str]) {
    let run = test_target(image, &[]);
    assert_eq!(run.code, Some(2), "{}", run.text());
    assert_eq!(run.stdout, "");
    assert_eq!(in_order(&run.stderr, words), Ok(()));
    let name = image.file_name().unwrap_or_default().to_string_lossy();
    assert!(run.stderr.contains(&*name), "{}", run.stderr);
}

#[test]
fn a_truncated_image_is_refused() {
    let (_folder, path) = damaged(|bytes| bytes.truncate(bytes.len() / 2));
    refused(&path, &["cut short", "copy or build it again"]);
    let (_folder, path) = damaged(|bytes| bytes.truncate(10));
    refused(&path, &["cut short"]);
    let (_folder, path) = damaged(Vec::clear);
    refused(&path, &["no ELF file"]);
}

#[test]
fn an_image_without_tests_is_refused() {
    // With another name of the section, nobody finds the tests.
    let (_folder, path) = damaged(|bytes| {
        let name = b".embedded_test\0";
        let at = bytes
            .windows(name.len())
            .position(|window| window == name)
            .expect("a name of a section");
        bytes[at + 1] = b'E';
    });
    refused(
        &path,
        &[
            "no tests in it",
            "`.embedded_test`",
            "`cargo hil flash ELF`",
        ],
    );
}

#[test]
fn an_image_of_another_protocol_is_refused() {
    for (version, remedy) in [(2_u32, "update `hil`"), (0, "update that crate")] {
        let (_folder, path) = damaged(|bytes| {
            let at = offset_of(bytes, |name| name == "EMBEDDED_TEST_VERSION");
            bytes[at..at + 4].copy_from_slice(&version.to_le_bytes());
        });
        let found = format!("its EMBEDDED_TEST_VERSION is {version}");
        refused(&path, &[&found, "speaks version 1", remedy]);
    }
}

#[test]
fn an_image_with_a_damaged_list_is_refused() {
    let (_folder, path) = damaged(|bytes| {
        let at = offset_of(bytes, |name| name.contains("\"name\":\"passes\""));
        // The address of the module's name.
        bytes[at + 4..at + 8].copy_from_slice(&[0xff; 4]);
    });
    refused(
        &path,
        &["its list of tests is damaged", "`passes`", "build it again"],
    );
}

#[test]
fn an_image_for_another_processor_is_refused() {
    // This very program's neighbour: built for this computer.
    refused(
        Path::new(env!("CARGO_BIN_EXE_hil")),
        &["built for", "64-bit"],
    );
}

#[test]
fn a_file_that_is_not_there_is_refused() {
    refused(Path::new("./no-such-image"), &["cannot read it"]);
}

#[test]
fn a_filter_that_matches_nothing_is_refused_with_what_is_near() {
    let run = test_target(planted("planted"), &["overflows_is_stack"]);
    assert_eq!(run.code, Some(2), "{}", run.text());
    let words = [
        "no test matches `overflows_is_stack`",
        "closest: planted::tests::overflows_its_stack",
    ];
    assert_eq!(in_order(&run.stderr, &words), Ok(()));
    let run = test_target(planted("planted"), &["passes", "--skip", "passes"]);
    assert_eq!(run.code, Some(2), "{}", run.text());
    assert!(
        run.stderr.contains("no test is left to run"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_board_that_is_not_known_is_refused() {
    let run = test_target(planted("planted"), &["--board", "desk-c9"]);
    assert_eq!(run.code, Some(2), "{}", run.text());
    let words = ["unknown board `desk-c9`", "known boards: virtual"];
    assert_eq!(in_order(&run.stderr, &words), Ok(()));
}

#[test]
fn a_board_that_is_not_there_is_the_benchs_failure() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = folder.path().join("hil.toml");
    // No such probe: the vendor is nobody's.
    let text = "[[board]]\nname = \"away\"\nchip = \"esp32c3\"\nprobe = \"fffe:0001:none\"\n";
    fs::write(&config, text).expect("the folder is ours");
    let config = config.to_str().expect("a path in UTF-8");
    let arguments = ["--board", "away", "--config", config, "pass"];
    let run = test_target(planted("planted"), &arguments);
    assert_eq!(run.code, Some(3), "{}", run.text());
    let first = run.failure("planted::tests::passes");
    let words = ["infrastructure: cannot open the probe fffe:0001"];
    assert_eq!(in_order(first, &words), Ok(()));
    let second = run.failure("planted::tests::passes_async");
    assert!(second.contains("the board has failed before"), "{second}");
}
