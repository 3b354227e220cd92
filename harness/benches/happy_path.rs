//! The whole chain in wall time: scenario `factory_fresh` on each simulated board, the firmware's
//! way into the virtual board's flash, and the start and the end of the broker that every scenario
//! has for itself.
//!
//! Divan's table shows wall time. Below it stands how much virtual time passed in the same runs.
//! The firmware's image is built before anything is measured.

use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use divan::Bencher;
use harness::board::{ChipKind, Firmware, FlashReport, ProbeBoard};
use harness::broker::{Broker, BrokerConfig, CertificateKind, Pki};
use harness::firmware_build;
use harness::rig::BROKER_HOST;
use harness::scenario::{Board, Options, Scenario, Verdict, execute};
use virtual_esp32c3::config::ChipConfig;
use virtual_esp32c3_probe::VirtualBoard;

/// Name of the scenario that is the happy path.
const SCENARIO: &str = "factory_fresh";

/// Board, virtual and wall time of each run of the scenario.
static RUNS: Mutex<Vec<(&str, Duration, Duration)>> = Mutex::new(Vec::new());

static FIRMWARE: LazyLock<Firmware> = LazyLock::new(|| {
    Firmware::build(&firmware_build::Options::default(), &mut |_| {})
        .expect("what is measured is this image; `cargo hil build` says what is wrong")
});

fn main() {
    divan::main();
    for board in Board::SIMULATED {
        summarise(board.name());
    }
}

/// From an unbooted rig to the verdict: keys and certificates, broker, board, the scenario itself,
/// four snapshots, and the end of all of it. The virtual board finds the image in its flash, as
/// after the first scenario of a run, and gets new settings.
#[divan::bench(sample_count = 30, sample_size = 1, args = ["native", "virtual"])]
fn happy_path(bencher: Bencher<'_, '_>, board: &'static str) {
    let scenario = happy_scenario();
    let options = options(board);
    assert_eq!(execute(scenario, &options).verdict, Verdict::Pass);
    bencher.bench_local(|| {
        let outcome = execute(scenario, &options);
        assert_eq!(
            outcome.verdict,
            Verdict::Pass,
            "only a passed run is a measurement"
        );
        let mut runs = RUNS.lock().unwrap_or_else(PoisonError::into_inner);
        runs.push((board, outcome.virtual_time, outcome.wall_time));
    });
}

/// Attaching to a virtual board with empty flash, and the image through probe-rs into it, verified.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn flash(bencher: Bencher<'_, '_>) {
    let firmware = &*FIRMWARE;
    bencher
        .with_inputs(|| VirtualBoard::new("bench", ChipConfig::default()))
        .bench_local_values(|board| write(&board, firmware));
}

/// The same when it is there already: attaching and comparing.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn flash_unchanged(bencher: Bencher<'_, '_>) {
    let board = VirtualBoard::new("bench", ChipConfig::default());
    write(&board, &FIRMWARE);
    bencher.bench_local(|| write(&board, &FIRMWARE));
}

fn write(board: &VirtualBoard, firmware: &Firmware) -> FlashReport {
    let probe = virtual_esp32c3_probe::open(board);
    ProbeBoard::attach(probe, "bench", ChipKind::Esp32c3)
        .and_then(|mut board| board.flash(firmware.program(), None, &mut |_| {}))
        .expect("a virtual board can be flashed")
}

/// CA, server key, certificate.
#[divan::bench(sample_count = 30, sample_size = 1)]
fn certificates(bencher: Bencher<'_, '_>) {
    bencher.bench_local(config);
}

/// Until connections are accepted.
#[divan::bench(sample_count = 30, sample_size = 1)]
fn broker_start(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(config).bench_local_values(start);
}

/// Until sockets are closed and threads have ended, but for rumqttd's router: it cannot be ended.
#[divan::bench(sample_count = 30, sample_size = 1)]
fn broker_drop(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(|| start(config()))
        .bench_local_values(drop);
}

fn happy_scenario() -> &'static Scenario {
    harness::scenarios::all()
        .iter()
        .find(|scenario| scenario.name == SCENARIO)
        .expect("the registry holds the scenario this file is about")
}

fn options(board: &str) -> Options {
    let board = Board::SIMULATED.iter().find(|known| known.name() == board);
    let board = board
        .cloned()
        .expect("the benchmark names simulated boards");
    let firmware = board.needs_image().then(|| FIRMWARE.clone());
    Options::new(board, firmware, env!("CARGO_BIN_EXE_hil"))
}

fn config() -> BrokerConfig {
    let identity = Pki::new().and_then(|pki| pki.server(CertificateKind::Valid, BROKER_HOST));
    BrokerConfig::new(identity.expect("certificates for a fixed host can be made"))
        .user("device", "of no importance")
}

fn start(config: BrokerConfig) -> Broker {
    Broker::start(config).expect("the system gives ports and threads")
}

fn summarise(board: &str) {
    let runs = RUNS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut runs: Vec<_> = runs
        .iter()
        .filter(|(ran_on, ..)| *ran_on == board)
        .collect();
    runs.sort_by_key(|(.., wall)| *wall);
    // Nothing ran when the benchmarks were only listed or others were asked for.
    let Some((_, virtual_time, fastest)) = runs.first() else {
        return;
    };
    let median = runs[runs.len() / 2].2;
    let virtual_time = virtual_time.as_secs_f64();
    let title = format!("{SCENARIO} on {board}, {} runs", runs.len());
    println!("\n{title:<32} {:>9}   {:>9}", "minimum", "median");
    row("virtual time, s", [virtual_time; 2]);
    let walls = [fastest.as_secs_f64(), median.as_secs_f64()];
    row("wall time, ms", walls.map(|wall| wall * 1e3));
    row("virtual s / wall s", walls.map(|wall| virtual_time / wall));
}

fn row(what: &str, figures: [f64; 2]) {
    println!("{what:<32} {:>9.3}   {:>9.3}", figures[0], figures[1]);
}
