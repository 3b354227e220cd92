//! What the firmware takes of flash, memory, stack and processor is measured, and adds up.
//!
//! A machine that cannot build the images fails here, with the remedy.

mod support;

use std::time::Duration;

use harness::firmware_build::{CrateSize, OTHER, Sizes, Variant};
use harness::rig::{Costs, Rig};
use harness::scenario::{Board, Scenario, ScenarioFuture, Verdict};
use support::{build, run, scenario};

fn phases(costs: &Costs) -> Vec<&str> {
    costs.phases.iter().map(|phase| phase.name).collect()
}

#[test]
fn the_way_to_the_first_message_is_measured_by_phase() {
    let firmware = build(Variant::Product);
    let outcome = run(&scenario("factory_fresh"), Board::Virtual, &firmware);
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.device_log);
    let costs = outcome.costs.expect("a device ran");
    assert_eq!(phases(&costs), ["bring_up", "handshake", "publish"]);
    let cycles: Vec<u64> = costs
        .phases
        .iter()
        .filter_map(|phase| phase.awake_cycles)
        .collect();
    let all = costs.awake_cycles.expect("the chip counts");
    assert_eq!(cycles.len(), 3, "{costs:?}");
    assert!(cycles.iter().sum::<u64>() <= all, "{costs:?}");
    // A handshake is nearly all of the work, bring-up nearly all of the time, asleep.
    assert!((10_000_000..200_000_000).contains(&cycles[1]), "{costs:?}");
    assert!(
        cycles[0] < cycles[1] / 4 && cycles[2] < cycles[1] / 4,
        "{costs:?}"
    );
    for phase in &costs.phases {
        // 160 MHz: more cycles than that cannot be awake.
        let most = (phase.to_ns - phase.from_ns) * 160 / 1000;
        assert!(
            phase
                .awake_cycles
                .is_some_and(|cycles| cycles <= most + 1000),
            "{phase:?}"
        );
    }
    let stack = costs.stack.expect("the chip's memory can be read");
    assert!((4_096..stack.size / 2).contains(&stack.used), "{stack:?}");

    // The host's process has neither.
    let outcome = run(&scenario("factory_fresh"), Board::Native, &firmware);
    let costs = outcome.costs.expect("a device ran");
    assert_eq!(phases(&costs), ["bring_up", "handshake", "publish"]);
    assert_eq!((costs.stack, costs.awake_cycles), (None, None));
}

#[test]
fn crates_add_up_to_the_image() {
    let firmware = build(Variant::Product);
    let sizes = Sizes::of_elf(firmware.program().image().bytes()).unwrap();
    let sum = |part: fn(&CrateSize) -> u64| sizes.crates.iter().map(part).sum::<u64>();
    assert_eq!(sum(|size| size.flash), sizes.flash());
    assert_eq!(sum(|size| size.ram), sizes.ram());
    let named = |name: &str| sizes.crates.iter().find(|size| size.name == name);
    for (name, least) in [
        ("firmware_app", 50_000),
        ("embedded_tls", 10_000),
        ("p256", 1_000),
    ] {
        assert!(
            named(name).is_some_and(|size| size.flash > least),
            "{name}: {sizes:?}"
        );
    }
    // The application's buffers are a static of the crate that owns them.
    assert!(
        named("firmware_esp32").is_some_and(|size| size.ram > 30_000),
        "{sizes:?}"
    );
    let other = named(OTHER).expect("what no path names");
    assert!(other.flash < sizes.flash() / 2, "{other:?}");
}

/// Waits for the device's end.
fn wait_in_vain(rig: &mut Rig) -> ScenarioFuture<'_> {
    Box::pin(async move {
        rig.device().client_id = rig.scenario().to_owned();
        rig.boot().await?;
        let wait = rig.log("something that never comes");
        wait.within(Duration::from_secs(60)).await?;
        Ok(())
    })
}

#[test]
fn a_stack_that_overflows_was_used_to_its_end() {
    let scenario = Scenario {
        id: "X00",
        name: "stack",
        title: "a planted overflow",
        origin: "this test",
        explanation: "The program calls itself without end.",
        run: wait_in_vain,
    };
    let outcome = run(&scenario, Board::Virtual, &build(Variant::PlantedCrash));
    let stack = outcome
        .costs
        .and_then(|costs| costs.stack)
        .expect("a chip ran");
    assert!(stack.size - stack.used < 64, "{stack:?}");
}
