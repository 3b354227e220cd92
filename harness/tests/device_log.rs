//! The device's log: on one time line with the UART, with its places in the source, and without a
//! record that is missing in silence.

mod support;

use std::time::Duration;

use harness::board::{ChipKind, ProbeBoard};
use harness::firmware_build::Variant;
use harness::rig::Rig;
use harness::scenario::{Board, Scenario, ScenarioFuture, Verdict};
use support::{build, run, scenario};
use virtual_esp32c3::config::ChipConfig;
use virtual_esp32c3::time::Ticks;
use virtual_esp32c3_probe::{Pace, VirtualBoard};

/// Lines that the planted program logs, with the one before and the two around.
const LINES: u32 = 1500;

/// Times in milliseconds of the lines of `text` that contain `what`.
fn times(text: &str, what: &str) -> Vec<u64> {
    let lines = text.lines().filter(|line| line.contains(what));
    let time = |line: &str| -> Option<u64> {
        let (seconds, rest) = line.trim_start().split_once('.')?;
        Some(seconds.parse::<u64>().ok()? * 1000 + rest.get(..3)?.parse::<u64>().ok()?)
    };
    lines
        .map(|line| time(line).unwrap_or_else(|| panic!("no time in {line}")))
        .collect()
}

#[test]
fn log_and_uart_agree_on_the_time() {
    let fresh = scenario("factory_fresh");
    let outcome = run(&fresh, Board::Virtual, &build(Variant::Product));
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.device_log);
    assert_eq!(outcome.lost_log_frames, 0);
    let logged = |what: &str| times(&outcome.device_log, what)[0];
    let sent = |what: &str| times(&outcome.transcript, what);
    // What the device says of the modem lies between what it heard and what it did next.
    let heard_before = |at: u64, what: &str| sent(what).into_iter().any(|heard| heard <= at);
    let command_mode = logged("modem: in command mode");
    assert!(
        heard_before(command_mode, "< +ok"),
        "{}",
        outcome.transcript
    );
    assert!(sent("> AT").into_iter().all(|first| first >= command_mode));
    let saving = logged("settings differ, saving");
    let saved = sent("> AT+S").into_iter().filter(|at| *at >= saving).min();
    let read = sent("> AT+").into_iter().filter(|at| *at < saving).count();
    assert!(saved.is_some() && read > 3, "{}", outcome.transcript);
    let transparent = logged("modem: connected, transparent");
    let hello = sent("ClientHello")[0];
    assert!(heard_before(transparent, "AT+ENTM") && transparent <= hello);
    // The server is verified when its flight is there, and before it has the next word.
    let verified = logged("tls: server verified");
    let flights = sent("< TLS application data");
    assert!(hello < verified && flights[0] < verified && verified < flights[1]);
    // Where it was said, not where the macro stands.
    let place = "(firmware_app::modem::bring_up::bring_up, firmware/app/src/modem/bring_up.rs:";
    let said = format!("INFO  modem: bring-up  {place}");
    assert!(outcome.device_log.contains(&said), "{}", outcome.device_log);
}

/// Waits for the end of the chatter.
fn listen(rig: &mut Rig) -> ScenarioFuture<'_> {
    Box::pin(async move {
        rig.device().client_id = rig.scenario().to_owned();
        rig.boot().await?;
        rig.log("chattered").within(Duration::from_secs(20)).await?;
        Ok(())
    })
}

fn chatter(run: for<'a> fn(&'a mut Rig) -> ScenarioFuture<'a>) -> Scenario {
    Scenario {
        id: "X00",
        name: "chatter",
        title: "a planted flood",
        origin: "this test",
        explanation: "The program logs more than its buffer holds.",
        run,
    }
}

#[test]
fn a_reader_in_time_misses_nothing_and_one_too_late_knows_how_much() {
    let firmware = build(Variant::PlantedCrash);
    // The rig reads as the device writes.
    let outcome = run(&chatter(listen), Board::Virtual, &firmware);
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.device_log);
    assert_eq!(outcome.lost_log_frames, 0);
    let last = format!("chatter {} of {LINES}", LINES - 1);
    for line in ["chatter 0 of", &last] {
        assert!(outcome.device_log.contains(line), "no {line}");
    }
    assert_eq!(
        outcome.device_log.matches("chatter ").count(),
        LINES as usize + 1
    );

    // Here nobody reads until all is written, several times around the ring.
    let board = VirtualBoard::new("late", ChipConfig::default());
    let open = || {
        let probe = virtual_esp32c3_probe::open(&board);
        ProbeBoard::attach(probe, "late", ChipKind::Esp32c3).unwrap()
    };
    let settings = settings();
    open()
        .flash(firmware.program(), Some(&settings), &mut |_| {})
        .unwrap();
    board.power_cycle();
    board.set_pace(Pace::Owner);
    let end = board.with_chip(|chip| chip.now()) + Ticks(Ticks::PER_SECOND * 3);
    while board.with_chip(|chip| chip.now()) < end {
        board.run(end);
        while board.take_signal().is_some() {}
    }
    let mut late = open();
    late.set_program(firmware.program()).unwrap();
    let records = late.drain_log().unwrap();
    let lost: u32 = records.iter().map(|record| record.lost).sum();
    let kept = records
        .iter()
        .filter(|record| record.number.is_some())
        .count();
    let newest = records
        .iter()
        .rev()
        .find_map(|record| record.number)
        .unwrap();
    assert!(lost > 500, "{lost} lost, {kept} kept");
    assert_eq!(
        lost as usize + kept,
        newest as usize + 1,
        "each is kept or counted"
    );
    let told = format!("{lost} log frames lost");
    assert!(
        records.iter().any(|record| record.text == told),
        "{records:?}"
    );
    assert!(records.last().unwrap().text == "chattered", "{records:?}");
}

/// Settings that name the fault.
fn settings() -> Vec<u8> {
    let settings = firmware_settings::Draft {
        broker_host: "broker.hil.test",
        broker_port: 8883,
        server_name: "broker.hil.test",
        ca: &[0x30, 0x03, 0x02, 0x01, 0x00],
        client_id: "chatter",
        apn: "free",
        topic_telemetry: "chatter/telemetry",
        topic_status: "chatter/status",
        topic_command: "chatter/command",
        ..firmware_settings::Draft::default()
    }
    .build()
    .expect("they fit");
    let mut partition = vec![0xff; firmware_settings::PARTITION_SIZE];
    firmware_settings::encode(&settings, &mut partition).expect("they fit");
    partition
}
