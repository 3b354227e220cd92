//! Boards from outside: what is refused before any board is touched, and by whom one is held.

use std::fs;
use std::path::Path;
use std::process::Output;

use harness::board::Lease;
use tempfile::TempDir;

use super::{hil, stderr, stdout};

/// A desk: a folder with a `hil.toml` and files beside it.
pub(super) struct Desk {
    folder: TempDir,
}

impl Desk {
    pub(super) fn new(hil_toml: &str) -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        desk.write("hil.toml", hil_toml);
        desk
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), content).unwrap();
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        hil()
            .args(arguments)
            .current_dir(self.path())
            .env("HIL_LOCK_DIR", self.path().join("locks"))
            .output()
            .unwrap()
    }

    /// Runs a command that is refused; its words.
    fn refused(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        assert!(text.starts_with("error: "), "{arguments:?}: {text}");
        text
    }
}

/// A probe that is not there: whatever is refused before it is looked for is refused with 2.
const DESK: &str = "[[board]]\nname = \"desk\"\nchip = \"esp32c3\"\nprobe = \"dead:beef:0\"\n";

/// A program of two segments and a description, as far as `hil` looks before it flashes.
fn program(machine: u16, code: u32) -> Vec<u8> {
    let words =
        |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|word| word.to_le_bytes()).collect() };
    let names = b"\0.flash.appdesc\0.text\0.shstrtab\0\0";
    let sections = 0x200 + code + 32;
    let mut elf = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x02\0".to_vec();
    elf.extend(machine.to_le_bytes());
    elf.extend(words(&[1, 0x4201_0020, 52, sections, 0]));
    for half in [52_u16, 32, 2, 40, 4, 3] {
        elf.extend(half.to_le_bytes());
    }
    elf.extend(words(&[1, 0x100, 0x3c00_0020, 0, 256, 256, 4, 4]));
    elf.extend(words(&[1, 0x200, 0x4201_0020, 0, code, code, 5, 4]));
    elf.resize(0x200 + code as usize, 0);
    elf.extend(&names[..32]);
    elf.extend(words(&[0; 10]));
    elf.extend(words(&[1, 1, 2, 0x3c00_0020, 0x100, 256, 0, 0, 4, 0]));
    elf.extend(words(&[16, 1, 6, 0x4201_0020, 0x200, code, 0, 0, 4, 0]));
    elf.extend(words(&[22, 3, 0, 0, 0x200 + code, 32, 0, 0, 1, 0]));
    elf
}

const RISC_V: u16 = 243;

#[test]
fn a_wrong_configuration_is_told_with_its_place_by_every_command() {
    let desk = Desk::new("[[board]]\nname = \"desk\"\nchip = \"esp32c3\"\nprobee = \"1:2\"\n");
    desk.write("fw", program(RISC_V, 64));
    desk.write("settings.toml", "");
    let words = "error: hil.toml:4:1: unknown field `probee`, expected one of `name`";
    for command in [&["boards"][..], &["flash", "fw"], &["monitor", "fw"]] {
        let text = desk.refused(2, command);
        assert!(text.starts_with(words), "{command:?}: {text}");
    }
    let cases = [
        ("[[board]\n", "hil.toml:1:8: invalid table header"),
        (
            "[[board]]\nname = \"native\"\nchip = \"esp32c3\"\nprobe = \"1:2\"\n",
            "hil.toml:2:8: `native` is the name of a simulated board",
        ),
        (
            "[[board]]\nname = \"a\"\nchip = \"esp32\"\nprobe = \"1:2\"\n",
            "hil.toml:3:8: unknown chip `esp32`; known chips: esp32c3",
        ),
    ];
    for (text, words) in cases {
        desk.write("hil.toml", text);
        let refused = desk.refused(2, &["boards"]);
        assert!(refused.contains(words), "{refused}");
    }
    desk.write("hil.toml", [0xff, 0xfe]);
    assert!(
        desk.refused(2, &["boards"])
            .contains("cannot read hil.toml")
    );
    let text = desk.refused(2, &["boards", "--config", "other.toml"]);
    assert!(text.contains("cannot read other.toml"), "{text}");
}

#[test]
fn boards_lists_what_is_configured() {
    let desk = Desk::new(DESK);
    let output = desk.run(&["boards"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.starts_with("virtual "), "{text}");
    assert!(
        text.contains("\ndesk       esp32c3 behind the probe dead:beef:0\n"),
        "{text}"
    );
    assert!(text.contains("\nserial ports:"), "{text}");
}

#[test]
fn an_unknown_board_is_refused() {
    let desk = Desk::new(DESK);
    desk.write("fw", program(RISC_V, 64));
    let text = desk.refused(2, &["flash", "fw", "--board", "dsek"]);
    assert!(
        text.contains("unknown board `dsek`; hil.toml lists: desk"),
        "{text}"
    );
    let text = desk.refused(2, &["flash", "fw", "--board", "virtual"]);
    assert!(text.contains("`virtual` is simulated"), "{text}");
    desk.write("hil.toml", "");
    let text = desk.refused(2, &["flash", "fw"]);
    assert!(
        text.contains("no board to work on") && text.contains("[[board]]"),
        "{text}"
    );
}

#[test]
fn programs_that_cannot_run_there_are_refused() {
    let desk = Desk::new(DESK);
    let elf = program(RISC_V, 64);
    let cases: [(&str, Vec<u8>, &str); 5] = [
        (
            "other-arch",
            program(94, 64),
            "built for Xtensa (ESP32, ESP32-S2, ESP32-S3), 32-bit",
        ),
        (
            "truncated",
            elf[..elf.len() - 7].to_vec(),
            "cut short: the table of sections ends at byte",
        ),
        ("half", elf[..0x180].to_vec(), "cut short"),
        ("no-elf", b"hello".to_vec(), "this is no ELF file"),
        (
            "too-large",
            program(RISC_V, 0x18_0000),
            "(firmware/esp32/partitions.csv, line",
        ),
    ];
    for (name, content, words) in cases {
        desk.write(name, content);
        for command in ["flash", "monitor"] {
            let text = desk.refused(2, &[command, name]);
            let text = text.replace(concat!(env!("CARGO_MANIFEST_DIR"), "/../"), "");
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
            let text = text.replace(&format!("{}/", root.display()), "");
            assert!(text.starts_with(&format!("error: {name}: ")), "{text}");
            assert!(text.contains(words), "{name}: {text}");
        }
    }
    let text = desk.refused(2, &["flash", "missing"]);
    assert!(text.contains("missing: cannot read it"), "{text}");
}

#[test]
fn partition_tables_are_checked_first() {
    let desk = Desk::new(DESK);
    desk.write("fw", program(RISC_V, 64));
    let flash = ["flash", "fw", "--partitions", "p.csv"];
    desk.write(
        "p.csv",
        "settings,data,undefined,0x9000,8K\nfactory,app,factory,0xb000,1M\n",
    );
    let text = desk.refused(2, &flash);
    assert!(
        text.contains("p.csv:2: offset 0xb000 of `factory` is no multiple of 0x10000"),
        "{text}"
    );
    desk.write("p.csv", b"\xaa\x50\x01\x02\xff\xff");
    assert!(desk.refused(2, &flash).contains("p.csv: this is no text"));
    desk.write(
        "device.toml",
        "[broker]\nhost = \"b\"\nca = \"ca\"\n[login]\nclient_id = \"d\"\n",
    );
    desk.write("ca", b"\x30\x00");
    desk.write(
        "p.csv",
        "nvs,data,nvs,0x9000,24K\nfactory,app,factory,0x10000,1M\n",
    );
    let text = desk.refused(2, &["provision", "device.toml", "--partitions", "p.csv"]);
    assert!(text.contains("p.csv: it has no row `settings,"), "{text}");
}

#[test]
fn settings_are_checked_first_and_secrets_are_not_told() {
    let desk = Desk::new(DESK);
    desk.write(
        "device.toml",
        "[broker]\nhost = \"b\"\nca = \"ca\"\n[login]\nclient_id = \"d\"\npassword = \"hunter2\"\n",
    );
    desk.write("ca", b"\x30\x00");
    let text = desk.refused(2, &["provision", "device.toml"]);
    assert!(
        text.contains("device.toml:6:12: a secret does not stand in this file"),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
    desk.write(
        "device.toml",
        "[broker]\nhost = \"b\"\nca = \"ca\"\n[login]\nclient_id = \"d\"\npassword = { file = \"pw\" }\n",
    );
    desk.write("pw", format!("hunter2{}\n", "x".repeat(200)));
    let text = desk.refused(2, &["provision", "device.toml", "--check"]);
    assert!(
        text.contains("device.toml:6:12: settings field login.password takes 207"),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
    desk.write("pw", "hunter2\n");
    let output = desk.run(&["provision", "device.toml", "--check"]);
    assert_eq!(stdout(&output), "device.toml: ok\n");
}

#[test]
fn a_board_in_use_names_who_uses_it() {
    let desk = Desk::new(DESK);
    desk.write("fw", program(RISC_V, 64));
    let lease = Lease::take_in(&desk.path().join("locks"), "other", "DEAD:BEEF:0").unwrap();
    let text = desk.refused(3, &["flash", "fw"]);
    let owner = format!(
        "the board `desk` is in use by process {} (`",
        std::process::id()
    );
    assert!(text.contains(&owner), "{text}");
    assert!(stdout(&desk.run(&["boards"])).contains("; in use by process "));
    drop(lease);
    // Free again: now it is the probe that is missing.
    let text = desk.refused(3, &["flash", "fw"]);
    assert!(text.contains("cannot open the probe dead:beef:0"), "{text}");
}

#[test]
fn bare_programs_that_cannot_run_are_refused() {
    let desk = Desk::new("");
    assert!(
        desk.refused(2, &["emulate", "missing"])
            .contains("cannot read missing")
    );
    desk.write("no-elf", "hello");
    assert!(
        desk.refused(2, &["emulate", "no-elf"])
            .contains("no-elf: not an ELF file")
    );
}

/// A bare program for RAM at 0x8000_0000, as QEMU's machine `virt` has it.
fn bare(code: &[u32]) -> Vec<u8> {
    let words =
        |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|word| word.to_le_bytes()).collect() };
    let size = 4 * u32::try_from(code.len()).unwrap();
    let mut elf = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\xf3\0".to_vec();
    elf.extend(words(&[1, 0x8000_0000, 52, 0, 0]));
    for half in [52_u16, 32, 1, 40, 0, 0] {
        elf.extend(half.to_le_bytes());
    }
    elf.extend(words(&[1, 84, 0x8000_0000, 0x8000_0000, size, size, 7, 4]));
    elf.extend(words(code));
    elf
}

#[test]
fn a_bare_program_runs_to_its_end_or_its_limit() {
    let desk = Desk::new("");
    // Writes `h` to the UART, then to the test finisher what x11 says.
    let ends_with = |lui: u32, addi: u32| {
        bare(&[
            0x1000_02b7, // lui t0, 0x10000
            0x0680_0313, // li t1, 'h'
            0x0062_8023, // sb t1, 0(t0)
            0x0010_0537, // lui a0, 0x100
            lui,         // lui a1, ...
            addi,        // addi a1, a1, ...
            0x00b5_2023, // sw a1, 0(a0)
            0x0000_006f, // j .
        ])
    };
    let run = |name: &str, elf: Vec<u8>, arguments: &[&str]| {
        desk.write(name, elf);
        let output = desk.run(&[&["emulate", name], arguments].concat());
        let text = stderr(&output);
        assert!(!text.contains("error: "), "{text}");
        (output.status.code(), stdout(&output), text)
    };
    let (code, out, words) = run("pass", ends_with(0x0000_55b7, 0x5555_8593), &[]);
    assert_eq!((code, out.as_str()), (Some(0), "h"), "{words}");
    assert!(words.starts_with("passed at pc 0x800000"), "{words}");
    let (code, out, words) = run("fail", ends_with(0x0001_35b7, 0x3335_8593), &[]);
    assert_eq!((code, out.as_str()), (Some(1), "h"), "{words}");
    assert!(words.starts_with("failed with code 1 "), "{words}");
    let (code, _, words) = run("spin", bare(&[0x6f]), &["--max-instructions", "1000"]);
    assert_eq!(code, Some(1), "{words}");
    assert!(
        words.contains("after 1000 instructions and 0 traps"),
        "{words}"
    );
    let (code, _, words) = run("traps", bare(&[0, 0]), &["--max-traps", "3"]);
    assert_eq!(code, Some(1), "{words}");
    let text = desk.refused(2, &["emulate", "spin", "--tohost", "result"]);
    assert!(
        text.contains("symbol result is not a word of RAM"),
        "{text}"
    );
}
