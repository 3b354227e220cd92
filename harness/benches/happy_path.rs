//! The whole chain in wall time: scenario `factory_fresh` on the native board, and the start and
//! the end of the broker that every scenario has for itself.
//!
//! Divan's table shows wall time. Below it stands how much virtual time passed in the same runs.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use divan::Bencher;
use harness::broker::{Broker, BrokerConfig, CertificateKind, Pki};
use harness::rig::BROKER_HOST;
use harness::runner::DEFAULT_SEED;
use harness::scenario::{Board, Cancel, Options, Scenario, Verdict, execute};

/// Name of the scenario that is the happy path.
const SCENARIO: &str = "factory_fresh";

/// Virtual and wall time of each run of the scenario.
static RUNS: Mutex<Vec<(Duration, Duration)>> = Mutex::new(Vec::new());

fn main() {
    divan::main();
    summarise();
}

/// From an unbooted rig to the verdict: keys and certificates, broker, board process, the scenario
/// itself, four snapshots, and the end of all of it.
#[divan::bench(sample_count = 30, sample_size = 1)]
fn happy_path(bencher: Bencher<'_, '_>) {
    let scenario = happy_scenario();
    bencher.bench_local(|| {
        let outcome = execute(scenario, &options());
        assert_eq!(
            outcome.verdict,
            Verdict::Pass,
            "only a passed run is a measurement"
        );
        let mut runs = RUNS.lock().unwrap_or_else(PoisonError::into_inner);
        runs.push((outcome.virtual_time, outcome.wall_time));
    });
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

fn options() -> Options {
    Options {
        board: Board::Native,
        firmware: None,
        seed: DEFAULT_SEED,
        hil_exe: PathBuf::from(env!("CARGO_BIN_EXE_hil")),
        cancel: Cancel::default(),
    }
}

fn config() -> BrokerConfig {
    let identity = Pki::new().and_then(|pki| pki.server(CertificateKind::Valid, BROKER_HOST));
    BrokerConfig::new(identity.expect("certificates for a fixed host can be made"))
        .user("device", "of no importance")
}

fn start(config: BrokerConfig) -> Broker {
    Broker::start(config).expect("the system gives ports and threads")
}

fn summarise() {
    let mut runs = RUNS.lock().unwrap_or_else(PoisonError::into_inner);
    runs.sort_by_key(|(_, wall)| *wall);
    // Nothing ran when the benchmarks were only listed or others were asked for.
    let Some((virtual_time, fastest)) = runs.first() else {
        return;
    };
    let median = runs[runs.len() / 2].1;
    let virtual_time = virtual_time.as_secs_f64();
    let title = format!("{SCENARIO}, {} runs", runs.len());
    println!("\n{title:<32} {:>9}   {:>9}", "minimum", "median");
    row("virtual time, s", [virtual_time; 2]);
    let walls = [fastest.as_secs_f64(), median.as_secs_f64()];
    row("wall time, ms", walls.map(|wall| wall * 1e3));
    row("virtual s / wall s", walls.map(|wall| virtual_time / wall));
}

fn row(what: &str, figures: [f64; 2]) {
    println!("{what:<32} {:>9.3}   {:>9.3}", figures[0], figures[1]);
}
