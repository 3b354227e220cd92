//! `hil report diff`: regressions planted into a copy of a report are named, each one and no other.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use harness::report::{
    Artefacts, Attempt, AttemptVerdict, Commit, Costs, FirmwareFacts, Phase, Quarantined, Report,
    SCHEMA, ScenarioEntry, StackUse, Tool, VERSION,
};
use harness::runner::{Status, Summary};
use tempfile::TempDir;

const TRANSCRIPT: &str = "\
    0.000 # modem: restart: power-up
    7.000 < WH-LTE-7S1-E
   10.000 > +++
   10.010 < a
   10.020 > a
   10.040 < +ok
   10.100 > AT+HEARTEN=OFF
   10.120 < OK
   10.200 > AT+SOCKALK?
   10.220 < +SOCKALK:Connected
   10.240 < OK
   10.300 > AT+ENTM
   10.320 < OK
   11.000 > TLS handshake ClientHello, 238 bytes
";
const MESSAGES: &str = r#"   12.100 hil-device/status (device, qos 1, retain) {"boot":77,"state":"online"}
   12.200 hil-device/telemetry (device, qos 1) {"seq":1,"boot":77,"uptime_ms":12150,"csq":18}
   42.200 hil-device/telemetry (device, qos 1) {"seq":2,"boot":77,"uptime_ms":42150,"csq":18}
"#;

/// A report folder of a run in which everything passed.
struct Folder {
    parent: TempDir,
    report: Report,
}

impl Folder {
    fn new() -> Self {
        let entry = |(board, id, name)| entry(board, id, name);
        let scenarios = [
            ("virtual", "T01", "factory_fresh"),
            ("virtual", "T02", "heartbeat_left_on"),
            ("virtual", "T05", "wrong_apn"),
            ("virtual", "T11", "echo_on"),
            ("virtual", "T20", "cache_kept"),
            ("virtual", "B01", "broker_restart"),
            ("desk-c3", "T01", "factory_fresh"),
        ];
        let report = Report {
            schema: SCHEMA.to_owned(),
            version: VERSION,
            tool: Tool {
                name: "hil".to_owned(),
                version: "0.1.0".to_owned(),
            },
            commit: Some(Commit {
                id: "1111111111111111111111111111111111111111".to_owned(),
                dirty: false,
            }),
            started: "2026-11-01T10:00:00Z".to_owned(),
            wall_time_ms: 20_000,
            seed: "1".to_owned(),
            workers: 2,
            partition: None,
            interrupted: false,
            retries: 1,
            faults: Vec::new(),
            summary: Summary::default(),
            firmware: Some(FirmwareFacts {
                built: None,
                flash: 489_896,
                ram: 87_872,
                stack_left: 232_640,
                sections: Vec::new(),
                crates: Vec::new(),
            }),
            scenarios: scenarios.into_iter().map(entry).collect(),
            vanished: Vec::new(),
        };
        let folder = Self {
            parent: tempfile::tempdir().unwrap(),
            report,
        };
        for entry in &folder.report.scenarios {
            let artefacts = &entry.attempts[0].artefacts;
            folder.file(&artefacts.transcript, TRANSCRIPT);
            folder.file(&artefacts.messages, MESSAGES);
            folder.file(&artefacts.device_log, "");
            folder.file(&artefacts.connections, "");
        }
        folder.save()
    }

    /// The same run of a later commit, with what `plant` does to it.
    fn with(plant: impl FnOnce(&mut Self)) -> Self {
        let mut folder = Self::new();
        folder.report.started = "2026-11-02T10:00:00Z".to_owned();
        folder.report.commit.as_mut().unwrap().id = "2".repeat(40);
        plant(&mut folder);
        folder.save()
    }

    fn path(&self) -> PathBuf {
        self.parent.path().join("report")
    }

    fn json(&self) -> PathBuf {
        self.path().join("report.json")
    }

    fn file(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn save(self) -> Self {
        fs::write(self.json(), self.report.to_json().unwrap()).unwrap();
        self
    }

    fn entry(&mut self, path: &str) -> &mut ScenarioEntry {
        let mut entries = self.report.scenarios.iter_mut();
        entries.find(|entry| entry.path() == path).unwrap()
    }

    fn edit(&self, name: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.path().join(name)).unwrap();
        assert!(text.contains(old), "{name} has no `{old}`");
        self.file(name, &text.replace(old, new));
    }
}

fn entry(board: &str, id: &str, name: &str) -> ScenarioEntry {
    let folder = format!("{board}/{id}-{name}");
    let attempt = Attempt {
        verdict: AttemptVerdict::Pass,
        reason: None,
        virtual_time_ns: 60_000_000_000,
        wall_time_ms: 400,
        costs: Some(Costs {
            stack: Some(StackUse {
                size: 232_640,
                used: 31_000,
            }),
            awake_cycles: Some(100_000_000),
            phases: vec![Phase {
                name: "handshake".to_owned(),
                from_ns: 11_000_000_000,
                to_ns: 11_900_000_000,
                awake_cycles: Some(38_000_000),
            }],
        }),
        lost_log_frames: 0,
        crash: None,
        artefacts: Artefacts {
            transcript: format!("{folder}/transcript.txt"),
            messages: format!("{folder}/mqtt.txt"),
            device_log: format!("{folder}/device.log"),
            connections: format!("{folder}/tls.txt"),
            timeline: None,
            snapshots: Vec::new(),
        },
    };
    ScenarioEntry {
        id: id.to_owned(),
        name: name.to_owned(),
        title: "a title".to_owned(),
        origin: "a test".to_owned(),
        explanation: "What is seen.".to_owned(),
        board: board.to_owned(),
        status: Status::Pass,
        reason: None,
        since: None,
        quarantine: None,
        replay: format!("cargo hil run {id}::{name} --board {board}"),
        attempts: vec![attempt],
    }
}

fn hil(words: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hil"))
        .args(["report", "diff"])
        .args(words)
        // No thresholds of whoever runs this.
        .current_dir(words[0].parent().unwrap())
        .output()
        .unwrap()
}

/// Exit code and Markdown.
fn diff(base: &Folder, head: &Folder) -> (i32, String) {
    let output = hil(&[&base.path(), &head.path()]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(errors, "");
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

fn changed_at_line(head: &mut Folder) {
    let file = "virtual/T01-factory_fresh/transcript.txt";
    head.edit(file, "AT+HEARTEN=OFF", "AT+HEARTEN=ON");
}

fn lost_message(head: &mut Folder) {
    let last = MESSAGES.lines().last().unwrap().to_owned() + "\n";
    head.edit("virtual/T02-heartbeat_left_on/mqtt.txt", &last, "");
}

fn flaky(head: &mut Folder) {
    let entry = head.entry("virtual::T05::wrong_apn");
    let mut first = entry.attempts[0].clone();
    first.verdict = AttemptVerdict::Fail;
    first.reason = Some("a message on `+/telemetry` did not happen within 120s".to_owned());
    entry.attempts.insert(0, first);
    entry.status = Status::Flaky;
}

fn dead_probe(head: &mut Folder) {
    let entry = head.entry("desk-c3::T01::factory_fresh");
    let reason = "no probe 303a:1001 is plugged in; `cargo hil boards` lists those that are";
    entry.status = Status::Infra;
    entry.reason = Some(reason.to_owned());
    entry.attempts[0].verdict = AttemptVerdict::Infra;
    entry.attempts[0].reason = Some(reason.to_owned());
    entry.attempts[0].costs = None;
}

fn more_flash(head: &mut Folder) {
    head.report.firmware.as_mut().unwrap().flash += 5 * 1024;
}

fn more_cycles(head: &mut Folder) {
    let entry = head.entry("virtual::T11::echo_on");
    entry.attempts[0].costs.as_mut().unwrap().awake_cycles = Some(120_000_000);
}

fn vanished(head: &mut Folder) {
    let gone = "virtual::B01::broker_restart";
    head.report.scenarios.retain(|entry| entry.path() != gone);
}

fn expired_quarantine(head: &mut Folder) {
    head.entry("virtual::T20::cache_kept").quarantine = Some(Quarantined {
        reason: "the cache's order is not understood".to_owned(),
        owner: "ada".to_owned(),
        issue: None,
        expires: "2026-10-31".to_owned(),
        expired: true,
        place: "quarantine.toml:3".to_owned(),
    });
}

type Plant = fn(&mut Folder);

/// What is planted, the line that has to name it, and how the comparison ends.
const PLANTED: [(Plant, &str, i32); 8] = [
    (
        changed_at_line,
        "## AT transcripts changed in 1 scenario",
        0,
    ),
    (lost_message, "## Messages changed in 1 scenario", 0),
    (flaky, "## Newly flaky: passed at a later attempt: 1", 1),
    (dead_probe, "## No verdict: the bench broke: 1", 1),
    (more_flash, "## Beyond the threshold: 1", 1),
    (more_cycles, "## Beyond the threshold: 1", 1),
    (vanished, "## Vanished: run in the base, not now: 1", 1),
    (expired_quarantine, "## Quarantine is over: 1", 1),
];

/// What somebody did to a report.
type Damage = fn(&Folder);

#[test]
fn every_planted_regression_is_named_and_nothing_else() {
    let base = Folder::new();
    for (plant, heading, code) in PLANTED {
        let (ended, text) = diff(&base, &Folder::with(plant));
        let headings: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("## "))
            .collect();
        assert_eq!((headings, ended), (vec![heading], code), "{text}");
    }
    let all = Folder::with(|head| PLANTED.iter().for_each(|(plant, _, _)| plant(head)));
    let (code, text) = diff(&base, &all);
    assert_eq!(code, 1);
    insta::assert_snapshot!("planted_regressions", text);
}

#[test]
fn equal_reports_give_no_change() {
    let (code, text) = diff(&Folder::new(), &Folder::with(|_| ()));
    assert_eq!(code, 0);
    assert!(
        text.starts_with("# Hardware in the loop: no change\n"),
        "{text}"
    );
    assert!(!text.contains("## "), "{text}");
}

#[test]
fn times_polls_and_boots_are_no_change() {
    let head = Folder::with(|head| {
        let at = "virtual/T01-factory_fresh/transcript.txt";
        head.edit(at, "   10.", "   11.");
        let poll = "   10.250 > AT+SOCKALK?\n   10.260 < +SOCKALK:Connected\n   10.270 < OK\n";
        let leave = "   11.300 > AT+ENTM";
        head.edit(at, leave, &format!("{poll}{leave}"));
        head.edit(
            "virtual/T01-factory_fresh/mqtt.txt",
            "\"boot\":77",
            "\"boot\":5",
        );
        head.edit("virtual/T01-factory_fresh/mqtt.txt", "12150", "12999");
    });
    let (code, text) = diff(&Folder::new(), &head);
    assert_eq!(code, 0, "{text}");
    assert!(!text.contains("## "), "{text}");
}

/// A fault on the line, or a record that is cut short, leaves encrypted bytes in the transcript.
#[test]
fn encrypted_bytes_are_no_change() {
    let with = |pieces: &str| {
        Folder::with(|head| {
            let at = "virtual/T01-factory_fresh/transcript.txt";
            head.edit(at, "   11.000 >", &format!("{pieces}   11.000 >"));
        })
    };
    let base = with("   10.900 < \\x16\\x03\\x03ab\\xc4\n   10.910 < \\x9e\\x16\\xefq\n");
    let head = with("   10.900 < \\x16\\x03\\x03ab\\xd5\\x01\n");
    // A modem that answers byte by byte cuts them so that some look like letters.
    let bytes = with("   10.900 < \\x16\\x03\\x03\n   10.910 < K\n   10.920 < \\xe3\n");
    for head in [head, bytes] {
        let (code, text) = diff(&base, &head);
        assert_eq!(code, 0, "{text}");
        assert!(!text.contains("## "), "{text}");
    }
}

#[test]
fn better_news_are_told_and_end_well() {
    let fail = |folder: &mut Folder| folder.entry("virtual::T05::wrong_apn").status = Status::Fail;
    let base = Folder::with(|base| {
        fail(base);
        vanished(base);
    });
    let (code, text) = diff(&base, &Folder::new());
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("## Fixed: 1\n\n* `virtual::T05::wrong_apn`: `was fail`"),
        "{text}"
    );
    assert!(text.contains("## New scenarios: 1\n"), "{text}");
    let (code, text) = diff(&Folder::new(), &Folder::with(fail));
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("## New failures: 1\n"), "{text}");
    let (code, text) = diff(&base, &Folder::with(fail));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("## Still failing: 1\n"), "{text}");
}

#[test]
fn thresholds_come_from_a_file() {
    let (base, head) = (Folder::new(), Folder::with(more_flash));
    let file = base.parent.path().join("hil-thresholds.toml");
    fs::write(&file, "flash_bytes = 8192\n").unwrap();
    // Found in the folder the command runs in.
    let (code, text) = diff(&base, &head);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("| +5,120 | changed |"), "{text}");
    fs::write(&file, "ram_bytes = 1\nflash = 8192\n").unwrap();
    let output = hil(&[&base.path(), &head.path()]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("hil-thresholds.toml:2:1: unknown field `flash`"),
        "{said}"
    );
}

#[test]
fn the_text_fits_a_comment_and_quotes_nothing_that_acts() {
    let head = Folder::with(|head| {
        let mut number = 0;
        let mut many = Vec::new();
        for entry in &head.report.scenarios {
            for _ in 0..60 {
                number += 1;
                let mut copy = entry.clone();
                copy.name = format!("copy_{number}");
                copy.status = Status::Fail;
                copy.reason = Some(format!("`</details>` @team {}", "x".repeat(5000)));
                many.push(copy);
            }
        }
        for entry in &head.report.scenarios {
            let lines: String = (0..3000)
                .map(|line| {
                    format!(
                        "   10.000 > AT+{line}{} ``` {}\n",
                        entry.id,
                        "y".repeat(300)
                    )
                })
                .collect();
            head.file(&entry.attempts[0].artefacts.transcript, &lines);
        }
        head.report.scenarios.extend(many);
    });
    let (code, text) = diff(&Folder::new(), &head);
    assert_eq!(code, 1);
    assert!(text.len() <= 62_000, "{}", text.len());
    assert!(text.contains("* … and 400 more"), "{text}");
    assert_eq!(
        text.matches("<details>").count(),
        text.matches("\n</details>").count()
    );
    assert!(text.contains("````diff"));
    // Whatever a report says stands in code.
    for line in text.lines().filter(|line| line.contains("@team")) {
        assert!(
            line.starts_with("* `") && line.matches('`').count() == 4,
            "{line}"
        );
    }
}

#[test]
fn a_report_alone_is_compared_without_transcripts() {
    let (base, head) = (Folder::new(), Folder::with(changed_at_line));
    let output = hil(&[&base.json(), &head.path()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("Transcripts and messages were not compared"),
        "{text}"
    );
}

#[test]
fn bad_baselines_are_refused_and_nothing_is_written() {
    let head = Folder::new();
    let bad: [(&str, Damage, &str); 7] = [
        (
            "corrupt",
            |base| base.file("report.json", "{\"schema\": \"hil-rep"),
            "is damaged: EOF while parsing a string at line 1",
        ),
        (
            "no JSON object",
            |base| base.file("report.json", "[]"),
            "is no report of hil",
        ),
        (
            "of something else",
            |base| base.edit("report.json", SCHEMA, "other"),
            "is no report of hil: `schema` is \"other\"",
        ),
        (
            "of a later version",
            |base| {
                base.edit(
                    "report.json",
                    &format!("\"version\": {VERSION},"),
                    "\"version\": 99,",
                )
            },
            "`version` is 99, this program knows",
        ),
        (
            "without scenarios",
            |base| {
                let mut report = base.report.clone();
                report.scenarios.clear();
                base.file("report.json", &report.to_json().unwrap());
            },
            "holds no scenario",
        ),
        (
            "without report.json",
            |base| fs::remove_file(base.json()).unwrap(),
            "holds no report.json",
        ),
        (
            "without an artefact",
            |base| {
                let file = base.path().join("virtual/T05-wrong_apn/transcript.txt");
                fs::remove_file(file).unwrap();
            },
            "names `virtual/T05-wrong_apn/transcript.txt`, which cannot be read",
        ),
    ];
    for (what, spoil, said) in bad {
        let base = Folder::new();
        spoil(&base);
        let output_file = base.parent.path().join("comment.md");
        fs::write(&output_file, "of an earlier run").unwrap();
        let words = [
            &base.path(),
            &head.path(),
            Path::new("--output"),
            &output_file,
        ];
        let output = hil(&words);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{what}: {errors}");
        assert!(
            errors.starts_with("error: ") && errors.contains(said),
            "{what}: {errors}"
        );
        assert_eq!(output.stdout, b"", "{what}");
        let kept = fs::read_to_string(&output_file).unwrap();
        assert_eq!(kept, "of an earlier run", "{what}");
        let left = fs::read_dir(base.parent.path()).unwrap().count();
        assert_eq!(left, 2, "{what}: a file was left behind");
    }
    let nowhere = head.parent.path().join("nowhere");
    let output = hil(&[&nowhere, &head.path()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("there is no report at")
    );
}

#[test]
fn the_output_takes_its_place_as_a_whole() {
    let (base, head) = (Folder::new(), Folder::with(more_flash));
    let file = base.parent.path().join("comment.md");
    fs::write(&file, "of an earlier run").unwrap();
    let output = hil(&[&base.path(), &head.path(), Path::new("--output"), &file]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(output.stdout, b"");
    let text = fs::read_to_string(&file).unwrap();
    assert!(
        text.starts_with("# Hardware in the loop: something got worse"),
        "{text}"
    );
    let nowhere = base.parent.path().join("nowhere/comment.md");
    let output = hil(&[&base.path(), &head.path(), Path::new("--output"), &nowhere]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("cannot write")
    );
}
