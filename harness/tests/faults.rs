//! Firmware that breaks ends in a verdict that says how, and breaks nobody else's run.
//!
//! A planted program crashes in each way there is; the scenario waits for a log line that never
//! comes. All crash at the same time, beside two healthy runs in the same process.

mod support;

use std::thread;
use std::time::Duration;

use harness::board::{CrashKind, CrashReport, StackFrame};
use harness::firmware_build::Variant;
use harness::rig::Rig;
use harness::scenario::{Board, Outcome, Scenario, ScenarioFuture, Verdict};
use support::{build, run, scenario};

/// Runs a planted fault: the scenario bears its name.
fn wait_in_vain(rig: &mut Rig) -> ScenarioFuture<'_> {
    Box::pin(async move {
        rig.device().client_id = rig.scenario().to_owned();
        rig.boot().await?;
        let wait = rig.log("something that never comes");
        wait.within(Duration::from_secs(120)).await?;
        Ok(())
    })
}

/// A fault, and words of its verdict in their order.
type Fault = (&'static str, CrashKind, &'static [&'static str]);

const FAULTS: &[Fault] = &[
    (
        "hang",
        CrashKind::Hang,
        &[
            "has not slept for 10 s, with interrupts on",
            "firmware_esp32::crash::hang at firmware/esp32/src/crash.rs:",
            "firmware_esp32::crash::run",
        ],
    ),
    (
        "spin-masked",
        CrashKind::Hang,
        &[
            "has not slept for 10 s, with interrupts off",
            "firmware_esp32::crash::spin_masked",
        ],
    ),
    (
        "jump",
        CrashKind::Exception,
        &[
            "Instruction access fault",
            "mepc=0x5a5a5a5a",
            "firmware_esp32::crash::jump",
            "firmware_esp32::crash::run",
        ],
    ),
    (
        "storm",
        CrashKind::TrapStorm,
        &[
            "trap storm at pc 0x5a5a5a00",
            "mcause 1",
            "0x5a5a5a00 (outside of the program)",
            "firmware_esp32::crash::run",
        ],
    ),
    (
        "panic",
        CrashKind::Panic,
        &[
            "panicked at src/crash.rs:",
            "a planted panic",
            "firmware_esp32::crash::panic",
        ],
    ),
    (
        "reset-loop",
        CrashKind::ResetLoop,
        &[
            "10 resets within 30 s, the last by CoreSoftware",
            "the last call and the reset:",
            "esp_hal::system::software_reset",
        ],
    ),
    (
        "stack",
        CrashKind::StackOverflow,
        &[
            "write to the main stack's guard value",
            "firmware_esp32::crash::stack",
            "outside of the main stack",
            "times in a row",
        ],
    ),
    (
        "panic-with-secret",
        CrashKind::Panic,
        &[
            "panicked at src/crash.rs:",
            "a planted panic about <redacted>",
            "firmware_esp32::crash::panic_with",
            "told the modem <redacted>",
            "> AT+PLANTED=<redacted>",
        ],
    ),
    (
        "watchdog",
        CrashKind::Watchdog,
        &[
            "reset by a watchdog: CoreRtcWatchdog",
            "firmware_esp32::crash::",
        ],
    ),
    (
        "rom",
        CrashKind::NotModelled,
        &[
            "unknown ROM function ets_bigint_enable at 0x40000690",
            "0x40000690 (outside of the program)",
            "firmware_esp32::crash::run",
        ],
    ),
];

fn planted(name: &'static str) -> Scenario {
    Scenario {
        id: "X00",
        name,
        title: "a planted fault",
        origin: "this test",
        explanation: "The program crashes; the verdict says how.",
        run: wait_in_vain,
    }
}

/// What is wrong with the outcome of a planted fault.
fn complaint(words: &[&str], outcome: &Outcome) -> Option<String> {
    let Verdict::Fail(reason) = &outcome.verdict else {
        return Some(format!("expected a failure, not {:?}", outcome.verdict));
    };
    let planted = format!("planted: {}", outcome.name);
    if !outcome.device_log.contains(&planted) {
        return Some(format!("not in the log: {planted}"));
    }
    let mut rest = reason.as_str();
    for word in words {
        match rest.find(word) {
            Some(at) => rest = &rest[at + word.len()..],
            None => return Some(format!("not in its place: {word:?}\n{reason}")),
        }
    }
    None
}

/// What is wrong with the data of that fault's crash.
fn complaint_of_data(kind: CrashKind, outcome: &Outcome) -> Result<(), String> {
    let told = |crash: &CrashReport, what: &str| format!("{what}: {crash:?}");
    let crash = outcome.crash.as_deref().ok_or("no crash in the report")?;
    if crash.kind != kind {
        return Err(told(crash, &format!("expected {kind:?}")));
    }
    let expected = format!("crash::{}", outcome.name.replace('-', "_"));
    let function = match outcome.name {
        "panic-with-secret" => "crash::panic_with",
        "storm" | "rom" => "crash::run",
        "reset-loop" => "esp_hal::system::software_reset",
        "watchdog" => "crash::hang",
        _ => expected.as_str(),
    };
    let named = |frame: &&StackFrame| frame.function.contains(function);
    let Some(at) = crash.frames.iter().position(|frame| named(&frame)) else {
        return Err(told(crash, &format!("no frame of {function}")));
    };
    // The innermost of its own code: before it, where it went astray, and what is merged into it.
    let called = |frame: &StackFrame| !frame.inlined;
    if crash.frames[..at].iter().skip(1).any(called) || crash.frames[at].place.is_none() {
        return Err(told(crash, "not the innermost function, or without a line"));
    }
    let reset = matches!(kind, CrashKind::ResetLoop | CrashKind::Watchdog);
    let register = |name| crash.registers.get(name).is_some();
    if !reset && !["pc", "ra", "sp", "s0", "a0"].into_iter().all(register) {
        return Err(told(crash, "registers are missing"));
    }
    if outcome.name == "jump" && crash.pc != Some(0x5a5a_5a5a) {
        return Err(told(crash, "another address than that of the fault"));
    }
    let planted = format!("planted: {}", outcome.name);
    if !crash.log_lines.iter().any(|line| line.contains(&planted)) {
        return Err(told(crash, "without the last log lines"));
    }
    if outcome.name == "panic-with-secret" {
        let text = format!("{crash:?}");
        if text.matches("<redacted>").count() < 3 || crash.at_lines.len() != 2 {
            return Err(told(crash, "the secret, or not the last UART lines"));
        }
    }
    Ok(())
}

#[test]
fn each_fault_is_named_and_harms_nobody_else() {
    let (product, crash) = (build(Variant::Product), build(Variant::PlantedCrash));
    let healthy = scenario("factory_fresh");
    let complaints = thread::scope(|scope| {
        let healthy = [0, 1].map(|_| scope.spawn(|| run(&healthy, Board::Virtual, &product)));
        let faults: Vec<_> = FAULTS
            .iter()
            .map(|&(name, kind, words)| {
                let crash = &crash;
                let running = scope.spawn(move || run(&planted(name), Board::Virtual, crash));
                (name, kind, words, running)
            })
            .collect();
        let mut complaints = Vec::new();
        for (name, kind, words, running) in faults {
            let outcome = running.join().unwrap();
            let wrong =
                complaint(words, &outcome).or_else(|| complaint_of_data(kind, &outcome).err());
            complaints.extend(wrong.map(|wrong| format!("{name}: {wrong}")));
        }
        for running in healthy {
            let verdict = running.join().unwrap().verdict;
            if verdict != Verdict::Pass {
                complaints.push(format!("a healthy run: {verdict:?}"));
            }
        }
        complaints
    });
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
}

#[test]
fn a_fault_comes_at_the_same_instant_each_time() {
    let crash = build(Variant::PlantedCrash);
    let [first, second] = [0, 1].map(|_| run(&planted("panic"), Board::Virtual, &crash));
    assert_eq!(first.verdict, second.verdict);
    assert_eq!(first.virtual_time, second.virtual_time);
    assert_eq!(first.device_log, second.device_log);
}
