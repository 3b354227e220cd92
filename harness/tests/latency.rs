//! Nobody waits for TLS longer than the firmware promises, on the chip's own clock.
//!
//! The device measures itself during each handshake, see `firmware/esp32/src/sentinel.rs`. A
//! firmware with an urgent task on the executor that computes misses its promise, and says so.
//!
//! A machine that cannot build the images fails here, with the remedy.

mod support;

use harness::firmware_build::Variant;
use harness::scenario::{Board, Verdict};
use support::{build, run, scenario};

/// One line of the device: the longest waits of a handshake and their budgets, in microseconds.
#[derive(Debug)]
struct Waits {
    urgent: [u64; 2],
    ordinary: [u64; 2],
    /// The device itself says that a budget was missed.
    told: bool,
}

impl Waits {
    /// Reads `latency: urgent tasks waited 14 us of 1000, others 155105 us of 200000`.
    fn read(line: &str) -> Option<Self> {
        let (_, words) = line.split_once("latency: ")?;
        // Behind it, where in the source it was written.
        let (words, _) = words.split_once("  (").unwrap_or((words, ""));
        let numbers: Vec<u64> = words
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|digits| digits.parse().ok())
            .collect();
        let [urgent, urgent_budget, ordinary, ordinary_budget] = numbers[..] else {
            panic!("four numbers in {line:?}");
        };
        Some(Self {
            urgent: [urgent, urgent_budget],
            ordinary: [ordinary, ordinary_budget],
            told: words.starts_with("over budget"),
        })
    }

    fn kept(&self) -> bool {
        self.urgent[0] <= self.urgent[1] && self.ordinary[0] <= self.ordinary[1]
    }
}

/// The waits of every handshake of a run from a factory-fresh modem to the first telemetry.
fn measure(variant: Variant) -> Vec<Waits> {
    let fresh = scenario("factory_fresh");
    let outcome = run(&fresh, Board::Virtual, &build(variant));
    // The planted fault does no harm but to the promise.
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.device_log);
    let waits: Vec<_> = outcome.device_log.lines().filter_map(Waits::read).collect();
    assert!(!waits.is_empty(), "no handshake in\n{}", outcome.device_log);
    waits
}

#[test]
fn the_product_keeps_its_promise() {
    for waits in measure(Variant::Product) {
        println!("{waits:?}");
        assert!(waits.kept() && !waits.told, "{waits:?}");
        // What was promised, in figures: a budget is not to be widened in silence.
        assert_eq!((waits.urgent[1], waits.ordinary[1]), (1_000, 200_000));
        // There was something to wait for: a signature alone takes 60 ms at 200 MHz.
        assert!(waits.ordinary[0] > 60_000, "{waits:?}");
    }
}

#[test]
fn an_urgent_task_on_the_executor_that_computes_is_seen() {
    for waits in measure(Variant::PlantedSentinel) {
        println!("{waits:?}");
        assert!(!waits.kept() && waits.told, "{waits:?}");
        assert!(waits.urgent[0] > 60_000, "{waits:?}");
    }
}
