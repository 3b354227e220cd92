//! The broker misbehaves or knows better.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness_macros::scenario;

use super::modem_settings;
use crate::rig::Rig;

const MINUTE: Duration = Duration::from_secs(60);

/// The broker goes down for three minutes while the device publishes every 30 seconds, then comes
/// back without memory. The device keeps its samples, finds the fresh connection that the modem
/// makes by itself, and sends them in order. Every sequence number arrives, from the first to the
/// last. On a bench: stop the broker, wait, start it.
#[scenario(
    id = "B01",
    title = "broker restarts while publishing",
    origin = "MQTT 5, 4.4"
)]
async fn broker_restart(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    rig.boot().await?;
    for _ in 0..2 {
        rig.broker()
            .message("+/telemetry")
            .within(2 * MINUTE)
            .await?;
    }
    rig.broker().stop().await?;
    rig.run_for(3 * MINUTE).await?;
    rig.broker().restart().await?;
    let mut last = 0;
    while last < 10 {
        let message = rig
            .broker()
            .message("+/telemetry")
            .within(10 * MINUTE)
            .await?;
        last = super::sequence(&message.message.payload)?;
    }
    let numbers = super::telemetry_sequence(rig)?;
    ensure!(
        numbers.iter().copied().eq(1..=last),
        "sequence numbers are missing, doubled or out of order: {numbers:?}"
    );
    rig.snapshot_at("B01_broker_restart")?;
    rig.snapshot_mqtt("B01_broker_restart")?;
    rig.snapshot_log("B01_broker_restart")
}

/// The broker does not accept the device's password: it closes the connection without a word, as
/// rumqttd does. The device says to check user and password, not that "TLS failed", and tries
/// again with growing pauses.
#[scenario(
    id = "B02",
    title = "wrong broker password",
    origin = "rumqttd 0.20: no CONNACK after a bad login"
)]
async fn wrong_password(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    rig.server().password = Some("another one entirely".into());
    rig.boot().await?;
    rig.log("check user and password")
        .within(2 * MINUTE)
        .await?;
    rig.snapshot_log("B02_wrong_password")?;
    rig.snapshot_tls("B02_wrong_password")?;
    rig.run_for(20 * MINUTE).await?;
    let attempts = rig.log_text().matches("check user and password").count();
    ensure!(
        (3..=20).contains(&attempts),
        "{attempts} logins in 20 minutes, expected 3 to 20"
    );
    ensure!(rig.messages_text().is_empty(), "a message was published");
    Ok(())
}

/// An operator asks for a sample every ten seconds and for the status. The device answers on its
/// status topic, and the telemetry comes faster from then on. A value that makes no sense is
/// refused in the log and changes nothing.
#[scenario(
    id = "B03",
    title = "commands",
    origin = "firmware-app, mqtt::commands"
)]
async fn commands(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    rig.boot().await?;
    rig.broker()
        .message("+/telemetry")
        .within(2 * MINUTE)
        .await?;
    rig.broker()
        .publish("hil-device/command/interval", "0")
        .await?;
    rig.broker()
        .publish("hil-device/command/interval", "10")
        .await?;
    rig.broker()
        .publish("hil-device/command/status", "")
        .await?;
    rig.run_for(MINUTE).await?;
    rig.snapshot_mqtt("B03_commands")?;
    rig.snapshot_log("B03_commands")
}
