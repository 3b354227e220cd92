//! What the device survives by itself.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use harness_macros::scenario;

use super::modem_settings;
use crate::rig::Rig;

const MINUTE: Duration = Duration::from_secs(60);

/// The broker cannot be reached, samples pile up, and then somebody trips over the power cable. A
/// device that keeps its queue in memory has lost all of it. This one has moved every sample that
/// waited for half a minute into flash: after the power cut it finds them, and when the broker is
/// back it sends them first, under the boot id and the numbers they were taken with, then goes on
/// with those of the new boot. Only the sample of the last half minute may be missing. On a bench:
/// stop the broker, wait three minutes, pull the plug, start the broker.
#[scenario(
    id = "B04",
    title = "power cut while the broker is away",
    origin = "firmware-app, telemetry::outbox"
)]
async fn power_cut_in_outage(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    rig.boot().await?;
    rig.broker()
        .message("+/telemetry")
        .within(2 * MINUTE)
        .await?;
    rig.broker().stop().await?;
    rig.run_for(3 * MINUTE).await?;
    rig.power_cycle().await?;
    rig.log("samples of earlier boots wait in flash")
        .within(MINUTE)
        .await?;
    rig.run_for(MINUTE).await?;
    rig.broker().restart().await?;
    let mut boots = numbers_by_boot(rig)?;
    while boots.len() < 2 {
        rig.broker()
            .message("+/telemetry")
            .within(15 * MINUTE)
            .await?;
        boots = numbers_by_boot(rig)?;
    }
    rig.run_for(2 * MINUTE).await?;
    let boots = numbers_by_boot(rig)?;
    ensure!(boots.len() == 2, "two boots were expected: {boots:?}");
    for (_, numbers) in &boots {
        ensure!(
            numbers.iter().copied().eq(1..=numbers.len() as u64),
            "numbers are missing, doubled or out of order: {boots:?}"
        );
    }
    let kept = boots[0].1.len();
    ensure!(
        kept >= 6,
        "only {kept} samples of the first boot arrived, 7 were taken: {boots:?}"
    );
    rig.snapshot_log("B04_power_cut_in_outage")
}

/// The numbers of the telemetry so far, by boot, in the order of arrival. A boot that comes back
/// after another one is listed again.
fn numbers_by_boot(rig: &Rig) -> Result<Vec<(u64, Vec<u64>)>> {
    let mut boots: Vec<(u64, Vec<u64>)> = Vec::new();
    for delivered in rig.messages() {
        let message = &delivered.message;
        if !message.topic.ends_with("/telemetry") {
            continue;
        }
        let sample: serde_json::Value = serde_json::from_slice(&message.payload)?;
        let boot = sample["boot"].as_u64().context("telemetry has no `boot`")?;
        let number = super::sequence(&message.payload)?;
        match boots.last_mut().filter(|(last, _)| *last == boot) {
            Some((_, numbers)) => numbers.push(number),
            None => boots.push((boot, vec![number])),
        }
    }
    Ok(boots)
}
