//! No secret of a device's settings, and nothing that tells whose SIM card it is, in any artefact.
//!
//! The scenario here does what it can to get them written down: they are in the settings, the modem
//! knows them, the peer says them in plain in several encodings, the broker delivers them, and the
//! scenario fails with an error that quotes them. A second run does the same with values that
//! nothing declares a secret: there each one has to be found, in each way of writing it, or the
//! search would prove nothing.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use harness::board::Firmware;
use harness::firmware_build;
use harness::quarantine::Quarantine;
use harness::report::{self, Collector, Context, Folder, Report};
use harness::rig::Rig;
use harness::runner::{self, Job, Plan, Reporter};
use harness::scenario::{Board, Cancel, Scenario, ScenarioFuture, execute};

const SECOND: Duration = Duration::from_secs(1);

/// What the settings hold. Characters that JSON, HTML and escapes write in their own ways.
const PASSWORD: &str = "pl4nt\"d\\p&ss<w\u{f6}rd>?";
const USER: &str = "planted-user-5071";
const APN_USER: &str = "planted.apn.user";
const APN_PASSWORD: &str = "planted/apn+pass=7";
const NUMBER: &str = "15555550142";
/// What the modem and its SIM card know.
const IMEI: &str = "004999010640973";
const IMSI: &str = "001010000000973";
const ICCID: &str = "8999901000000000973F";
const OWN_NUMBER: &str = "15555550167";

const TEXTS: [&str; 9] = [
    PASSWORD,
    USER,
    APN_USER,
    APN_PASSWORD,
    NUMBER,
    IMEI,
    IMSI,
    ICCID,
    OWN_NUMBER,
];

/// The number that a private key is about.
fn scalar() -> Vec<u8> {
    (0..32_u8)
        .map(|index| index.wrapping_mul(37) ^ 0xA5)
        .collect()
}

/// That key for P-256 as SEC 1 has it (RFC 5915), without the public key.
fn key() -> Vec<u8> {
    let head = [0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20];
    let curve = [
        0xA0, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07,
    ];
    [&head, &scalar()[..], &curve].concat()
}

fn secrets() -> Vec<Vec<u8>> {
    let texts = TEXTS.iter().map(|text| text.as_bytes().to_vec());
    texts.chain([key(), scalar()]).collect()
}

fn declared<'a>(rig: &'a mut Rig) -> ScenarioFuture<'a> {
    Box::pin(async move {
        let device = rig.device();
        device.password = PASSWORD.to_owned();
        device.user = USER.to_owned();
        device.apn_login = Some((APN_USER.to_owned(), APN_PASSWORD.to_owned()));
        device.sms = Some((NUMBER.to_owned(), 300));
        device.identity = Some((vec![0x30; 64], key()));
        let modem = rig.modem();
        modem.identity.imei = IMEI.to_owned();
        modem.identity.imsi = IMSI.to_owned();
        modem.identity.iccid = ICCID.to_owned();
        modem.network.own_number = OWN_NUMBER.to_owned();
        rig.boot().await?;
        rig.broker()
            .message("+/telemetry")
            .within(200 * SECOND)
            .await?;
        // Long enough for the text message: its number goes over the UART.
        rig.broker().stop().await?;
        rig.run_for(1500 * SECOND).await?;
        if rig.text_messages().is_empty() {
            bail!("the scenario is not what it should be: no text message was sent");
        }
        rig.broker().restart().await?;
        rig.run_for(400 * SECOND).await?;
        told(rig).await
    })
}

fn undeclared<'a>(rig: &'a mut Rig) -> ScenarioFuture<'a> {
    Box::pin(async move {
        rig.boot().await?;
        rig.broker()
            .message("+/telemetry")
            .within(200 * SECOND)
            .await?;
        told(rig).await
    })
}

/// Everybody says everything, then the scenario fails and says it, too.
async fn told(rig: &mut Rig) -> Result<()> {
    for text in TEXTS {
        rig.broker().publish("planted/said", text).await?;
    }
    for secret in secrets() {
        for (_, form) in forms(&secret) {
            rig.broker().publish("planted/encoded", &form).await?;
        }
    }
    rig.run_for(10 * SECOND).await?;
    for secret in secrets() {
        rig.peers_say(&secret)?;
        rig.run_for(60 * SECOND).await?;
        rig.peers_say(hexadecimal(&secret).as_bytes())?;
        rig.run_for(60 * SECOND).await?;
    }
    let (key, scalar) = (key(), scalar());
    bail!(
        "planted: {}, {key:?}, {scalar:?} and {TEXTS:?}",
        TEXTS.join(" ")
    )
}

fn scenario(name: &'static str, run: for<'a> fn(&'a mut Rig) -> ScenarioFuture<'a>) -> Scenario {
    Scenario {
        id: "X01",
        name,
        title: "secrets wherever they can be",
        origin: "a test",
        explanation: "Says what must not be said.",
        run,
    }
}

/// Runs `scenario` on `board` and writes everything a run writes into `folder`.
fn report_of(scenario: Scenario, board: Board, folder: &Path) {
    let firmware = board.needs_image().then(|| {
        Firmware::build(&firmware_build::Options::default(), &mut |_| {})
            .unwrap_or_else(|error| panic!("{error}"))
    });
    let plan = Plan {
        jobs: vec![Job { scenario, board }],
        firmware,
        seed: 1,
        workers: runner::default_workers(),
        retries: 1,
        partition: None,
        quarantine: Quarantine::default(),
        today: time::macros::date!(2026 - 01 - 15),
        faults: Vec::new(),
        hil_exe: PathBuf::from(env!("CARGO_BIN_EXE_hil")),
    };
    let mut collector = Collector::default();
    let reporters: &mut [&mut dyn Reporter] = &mut [&mut collector];
    runner::run(&plan, &Cancel::default(), execute, reporters);
    let folder = Folder::prepare(folder).unwrap();
    let run = collector.into_run();
    let report = Report::of(&run, &Context::default());
    report::write(&report, None, &run, &folder).unwrap();
}

/// Every way of writing a secret that is searched for.
fn forms(secret: &[u8]) -> Vec<(&'static str, String)> {
    let hex = hexadecimal(secret);
    let spelled: Vec<String> = secret.iter().map(u8::to_string).collect();
    let mut forms = vec![
        ("hexadecimal", hex.clone()),
        ("HEXADECIMAL", hex.to_uppercase()),
        ("base64", base64(secret)),
        (
            "base64 behind a byte",
            base64(&[b"x", secret].concat())[2..].to_owned(),
        ),
        (
            "base64 behind two",
            base64(&[b"xy", secret].concat())[3..].to_owned(),
        ),
        ("list of bytes", spelled.join(", ")),
        ("escapes", secret.escape_ascii().to_string()),
    ];
    if let Ok(text) = std::str::from_utf8(secret) {
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        forms.push(("plain", text.to_owned()));
        forms.push(("UCS-2", hexadecimal(&wide).to_uppercase()));
        forms.push((
            "JSON",
            serde_json::to_string(text)
                .unwrap()
                .trim_matches('"')
                .to_owned(),
        ));
        let all = text
            .encode_utf16()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect();
        forms.push(("JSON, escaped", all));
    }
    forms
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0; 4];
        group[1..=chunk.len()].copy_from_slice(chunk);
        let word = u32::from_be_bytes(group);
        for index in 0..4_u32 {
            let kept = index as usize <= chunk.len();
            let value = (word >> (18 - 6 * index) & 63) as usize;
            text.push(if kept {
                char::from(ALPHABET[value])
            } else {
                '='
            });
        }
    }
    text
}

/// As text in HTML and XML is written: a report that quotes `text` may hold this.
fn markup(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// Names of the ways of writing `secret` that are found in `content`, also across line ends.
fn found(secret: &[u8], content: &str) -> Vec<&'static str> {
    let squeezed: String = content.split_whitespace().collect();
    let is_there = |form: &String| {
        let tight: String = form.split_whitespace().collect();
        content.contains(form.as_str()) || squeezed.contains(&tight)
    };
    let mut names = Vec::new();
    for (name, mut form) in forms(secret) {
        // What the last character of base64 says depends on what follows.
        if name.starts_with("base64") {
            form.truncate(form.trim_end_matches('=').len() - 1);
        }
        // A string inside of a string of JSON is escaped twice.
        let quoted = serde_json::to_string(&form).unwrap();
        let quoted = quoted.trim_matches('"').to_owned();
        let marked = [markup(&form), markup(&quoted)];
        if [form, quoted].iter().chain(&marked).any(is_there) {
            names.push(name);
        }
    }
    names
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files = Vec::new();
    for path in entries {
        match path.is_dir() {
            true => files.extend(self::files(&path)),
            false => files.push(path),
        }
    }
    files
}

fn contents(folder: &Path) -> Vec<(PathBuf, String)> {
    let text = |path: PathBuf| {
        let bytes = fs::read(&path).unwrap();
        (path, String::from_utf8_lossy(&bytes).into_owned())
    };
    files(folder).into_iter().map(text).collect()
}

fn nothing_is_told(board: Board) {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("report");
    report_of(scenario("declared", declared), board, &folder);
    let contents = contents(&folder);
    let all: String = contents.iter().map(|(_, text)| text.as_str()).collect();
    // It came to its end, with all that is written on the way.
    assert!(all.contains("planted: "), "{all}");
    assert!(all.contains("AT+APN=free,<redacted>,<redacted>,2"), "{all}");
    assert!(all.contains("AT+DSTNUM=<redacted>"), "{all}");
    assert!(contents.len() >= 7, "{}", contents.len());
    let mut leaks = Vec::new();
    for secret in secrets() {
        let name = String::from_utf8_lossy(&secret).into_owned();
        for (path, text) in &contents {
            let path = path.strip_prefix(&folder).unwrap();
            for form in found(&secret, text) {
                leaks.push(format!("{}: {name} ({form})", path.display()));
            }
        }
    }
    assert!(
        leaks.is_empty(),
        "secrets in artefacts:\n{}",
        leaks.join("\n")
    );
}

#[test]
fn nothing_is_told_on_native() {
    nothing_is_told(Board::Native);
}

#[test]
fn nothing_is_told_on_virtual() {
    nothing_is_told(Board::Virtual);
}

/// The same without redaction: the search finds every value in every form, and every artefact that
/// can hold one does.
#[test]
fn what_is_told_is_found() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("report");
    report_of(scenario("undeclared", undeclared), Board::Native, &folder);
    let contents = contents(&folder);
    for secret in secrets() {
        let all: String = contents.iter().map(|(_, text)| text.as_str()).collect();
        let all_forms: Vec<_> = forms(&secret).into_iter().map(|(name, _)| name).collect();
        let name = String::from_utf8_lossy(&secret).into_owned();
        assert_eq!(found(&secret, &all), all_forms, "{name}");
    }
    for wanted in [
        "report.json",
        "junit.xml",
        "summary.md",
        "transcript.txt",
        "mqtt.txt",
    ] {
        let holds = |(path, text): &(PathBuf, String)| {
            path.ends_with(wanted)
                && secrets()
                    .iter()
                    .any(|secret| !found(secret, text).is_empty())
        };
        assert!(contents.iter().any(holds), "no value found in {wanted}");
    }
}

/// What the command prints, as text and as events, and writes: the number of a scenario's text
/// message and the numbers that every simulated SIM card has.
#[test]
fn the_console_tells_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("report");
    let printed = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hil"));
        command.args(["run", "sms_after_outage", "--board", "native"]);
        let output = command.args(words).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let texts = [output.stdout, output.stderr];
        texts.map(|text| String::from_utf8_lossy(&text).into_owned())
    };
    let mut texts = printed(&["--report", folder.to_str().unwrap()]).to_vec();
    let events = printed(&["--json"]);
    assert!(events[0].starts_with('{'), "{events:?}");
    texts.extend(events);
    texts.extend(contents(&folder).into_iter().map(|(_, text)| text));
    assert!(
        texts
            .iter()
            .any(|text| text.contains("AT+DSTNUM=<redacted>"))
    );
    let identity = modem_sim::Identity::default();
    for secret in [
        "15555550123",
        &identity.imei,
        &identity.imsi,
        &identity.iccid,
    ] {
        for text in &texts {
            assert_eq!(
                found(secret.as_bytes(), text),
                [""; 0],
                "{secret} in {text}"
            );
        }
    }
}
