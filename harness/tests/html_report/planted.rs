//! Reports made up for the page: each kind of verdict, hostile text, and very many results.

use std::fs;
use std::path::Path;

use harness::report::{Loaded, load};
use serde_json::{Value, json};

/// Text that does harm wherever it is not escaped.
pub(crate) const HOSTILE: &str =
    "\"'><x-hostile onload=alert(1)></script></style><x-hostile>{{7*7}}&lt;";

/// One scenario's entry, and the files it names below `folder`.
pub(crate) fn entry(folder: &Path, number: usize, board: &str, status: &str) -> Value {
    let (id, name) = (format!("T{number:02}"), format!("scenario_{number}"));
    let place = format!("{board}/{id}-{name}");
    fs::create_dir_all(folder.join(&place)).unwrap();
    let write = |file: &str, text: &str| {
        fs::write(folder.join(&place).join(file), text).unwrap();
        format!("{place}/{file}")
    };
    let failed = matches!(status, "fail" | "infra" | "quarantined");
    let reason = failed.then(|| {
        format!("no message on +/telemetry within 120 s\nlast words of {name}: modem: no service")
    });
    let snapshots = match status {
        "fail" => json!([{
            "name": format!("{name}.at"),
            "expected": write("x.expected.txt", "> AT+E?\n< +E:ON\n< OK\n> AT+APN=free\n< OK\n"),
            "actual": write("x.actual.txt", "> AT+E?\n< +E:ON\n< OK\n> AT+APN=CMNET\n< ERROR\n"),
        }]),
        _ => json!([]),
    };
    let attempt = |verdict: &str, reason: &Option<String>| {
        json!({
            "verdict": verdict, "reason": reason,
            "virtual_time_ns": 38_240_000_000_u64, "wall_time_ms": 412,
            "costs": {
                "stack": { "size": 91_000, "used": 40_000 + number },
                "awake_cycles": 250_000_000_u64,
                "phases": [
                    { "name": "bring_up", "from_ns": 0, "to_ns": 21_000_000_000_u64, "awake_cycles": 30_000_000 },
                    { "name": "handshake", "from_ns": 21_000_000_000_u64, "to_ns": 22_000_000_000_u64, "awake_cycles": 41_000_000 },
                ],
            },
            "lost_log_frames": 0, "crash": null,
            "artefacts": {
                "transcript": write("transcript.txt", "12.480 > AT+SOCKA?\n"),
                "messages": write("mqtt.txt", ""),
                "device_log": write("device.log", ""),
                "connections": write("tls.txt", ""),
                "timeline": write("timeline.json", &timeline(number, failed).to_string()),
                "snapshots": snapshots,
            },
        })
    };
    let attempts = match status {
        "pass" => vec![attempt("pass", &None)],
        "flaky" => vec![
            attempt("fail", &Some("one session was expected, not 2".to_owned())),
            attempt("pass", &None),
        ],
        "infra" => vec![attempt("infra", &reason)],
        "skipped" => vec![],
        _ => vec![attempt("fail", &reason)],
    };
    let quarantine = (status == "quarantined").then(|| {
        json!({
            "reason": "the operator's gateway", "owner": "radio team", "issue": "#12",
            "expires": "2027-01-31", "expired": false, "place": "quarantine.toml:3",
        })
    });
    json!({
        "id": id, "name": name, "title": "the modem forgets its access point",
        "origin": "MODEM.md T05", "board": board, "status": status,
        "explanation": "Symptom: no data service.\n\nCause: the access point of another operator.",
        "reason": reason,
        "since": failed.then(|| json!({ "commit": "0123456789abcdef", "started": "2026-01-10T08:00:00Z" })),
        "quarantine": quarantine,
        "replay": format!("cargo hil run {id}::{name} --board {board} --seed 1"),
        "attempts": attempts,
    })
}

/// A timeline of some hundred events, as a scenario of half a minute has.
fn timeline(number: usize, failed: bool) -> Value {
    let ms = |ms: u64| ms * 1_000_000;
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let mut events = vec![
        json!({ "lane": "fault", "start_ns": ms(20_000), "end_ns": ms(24_000), "level": "warn", "title": "net:stall", "track": "net:stall", "details": "net:stall@20s..24s" }),
        json!({ "lane": "modem", "start_ns": 0, "end_ns": ms(8_000), "title": "starting", "track": "mode" }),
        json!({ "lane": "modem", "start_ns": ms(8_000), "end_ns": ms(20_900), "title": "command", "track": "mode" }),
        json!({ "lane": "modem", "start_ns": ms(20_900), "end_ns": ms(38_240), "title": "working", "track": "mode" }),
        json!({ "lane": "tls", "start_ns": ms(21_000), "end_ns": ms(38_240), "title": "connection 1: broker.test, open at the end", "track": "connection", "details": "negotiated TLSv1_3" }),
    ];
    for step in 0..70 {
        let at = ms(8_200 + step * 180);
        let question = format!("AT+SOCKA{}?", (step + number as u64) % 40);
        let answer = format!("+SOCKA:TCP,host{step}.example,{}", 2_000 + step);
        for (from, text, later) in [("device", &question, 0), ("modem", &answer, 20_000_000)] {
            events.push(json!({
                "lane": "at", "start_ns": at + later, "end_ns": at + later + 900_000, "from": from,
                "title": text, "bytes": { "hex": hex(format!("{text}\r\n").as_bytes()) },
            }));
        }
    }
    for step in 0..60_u64 {
        let at = ms(21_000 + step * 280);
        let record: Vec<u8> = (0..64)
            .map(|byte: u64| (byte * 31 + step * 7) as u8)
            .collect();
        events.push(json!({
            "lane": "tls", "start_ns": at, "end_ns": at + ms(9), "from": if step % 2 == 0 { "device" } else { "modem" },
            "title": format!("TLS application data, {} bytes", 120 + step % 5),
            "bytes": { "hex": hex(&record), "left_out": 60 },
        }));
        events.push(json!({
            "lane": "mqtt", "start_ns": at + ms(12), "from": "device", "title": format!("PUBLISH #{} hil-device/telemetry", step + 1),
            "bytes": { "hex": hex(format!("{{\"seq\":{step},\"csq\":18,\"rat\":\"LTE\"}}").as_bytes()) },
        }));
        events.push(json!({
            "lane": "log", "start_ns": at + ms(15), "title": format!("telemetry: sample {step} acknowledged"),
            "details": "firmware_app::telemetry, firmware/app/src/telemetry/mod.rs:88",
            "level": if step == 41 { "warn" } else { "info" },
        }));
    }
    if failed {
        events.push(json!({ "lane": "log", "start_ns": ms(38_000), "level": "error", "title": "modem: no service, giving up" }));
    }
    events.sort_by_key(|event| event["start_ns"].as_u64());
    json!({ "schema": "hil-timeline", "version": 1, "end_ns": ms(38_240), "events": events })
}

/// A report with these entries, read back.
pub(crate) fn report(folder: &Path, entries: Vec<Value>) -> Loaded {
    let count = |status: &str| {
        entries
            .iter()
            .filter(|entry| entry["status"] == status)
            .count()
    };
    let report = json!({
        "schema": "hil-report", "version": 2, "tool": { "name": "hil", "version": "0.1.0" },
        "commit": { "id": "fedcba9876543210", "dirty": false },
        "started": "2026-01-15T10:00:00Z", "wall_time_ms": 2_100, "seed": "1", "workers": 2,
        "partition": null, "interrupted": false, "retries": 1, "faults": [],
        "summary": {
            "passed": count("pass"), "flaky": count("flaky"), "failed": count("fail"),
            "infra": count("infra"), "quarantined": count("quarantined"), "skipped": count("skipped"),
        },
        "firmware": {
            "built": "2026-01-15T09:58:00Z", "flash": 301_000, "ram": 88_000, "stack_left": 91_000,
            "sections": [], "crates": [
                { "name": "firmware_app", "flash": 120_000, "ram": 30_000 },
                { "name": "esp_hal", "flash": 60_000, "ram": 8_000 },
            ],
        },
        "scenarios": entries,
        "vanished": [{ "path": "native::T98::gone", "reason": "not in this run's registry" }],
    });
    fs::write(folder.join("report.json"), report.to_string()).unwrap();
    load(folder).unwrap()
}

/// One of each verdict on two boards.
pub(crate) fn one_of_each(folder: &Path) -> Loaded {
    let all = [
        "fail",
        "pass",
        "flaky",
        "infra",
        "quarantined",
        "skipped",
        "pass",
    ];
    let mut entries = Vec::new();
    for board in ["virtual", "desk-c3"] {
        for (number, status) in all.iter().enumerate() {
            entries.push(entry(folder, number + 1, board, status));
        }
    }
    report(folder, entries)
}

/// `report` as one whose figures were other ones.
pub(crate) fn earlier(report: &Loaded) -> harness::report::Report {
    let mut earlier = report.report.clone();
    if let Some(firmware) = &mut earlier.firmware {
        firmware.flash -= 5_120;
        firmware.crates[0].flash -= 5_120;
    }
    for entry in &mut earlier.scenarios {
        for attempt in &mut entry.attempts {
            if let Some(costs) = &mut attempt.costs {
                costs.phases[1].awake_cycles = Some(34_000_000);
            }
        }
    }
    earlier
}

/// Every text in `value` made hostile, but those that are not free: enumerations and file names.
pub(crate) fn make_hostile(value: &mut Value, key: &str) {
    match value {
        Value::String(text)
            if !matches!(
                key,
                "schema" | "verdict" | "status" | "lane" | "level" | "from" | "hex"
            ) && !text.contains(".txt")
                && !text.contains(".log")
                && !text.contains(".json") =>
        {
            *text = format!("{text}{HOSTILE}");
        }
        Value::Array(items) => items.iter_mut().for_each(|item| make_hostile(item, key)),
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                make_hostile(field, key);
            }
        }
        _ => {}
    }
}
