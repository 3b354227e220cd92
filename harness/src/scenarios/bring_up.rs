//! The modem is brought up from the states it is found in.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness_macros::scenario;
use modem_sim::{Apns, Sim};

use super::modem_settings;
use crate::broker::QoS;
use crate::rig::Rig;

const MINUTE: Duration = Duration::from_secs(60);

/// A module out of the box. It echoes every command, sends its own heartbeat into the data, leads
/// to the vendor's server and uses an access point that this SIM does not have. The device reads
/// every setting back, writes what differs, saves once, waits for the restart and the network,
/// then opens TLS and publishes. On a bench: twenty lines of AT after power-up, one pause of seven
/// seconds, then nothing readable any more.
#[scenario(
    id = "T01",
    title = "factory-fresh modem to first telemetry",
    origin = "MODEM.md T01"
)]
async fn factory_fresh(rig: &mut Rig) -> Result<()> {
    rig.modem().network.apns = Apns::Only(vec!["free".into()]);
    rig.boot().await?;
    let status = rig.broker().message("+/status").within(2 * MINUTE).await?;
    ensure!(
        status.message.published.is_some_and(|how| how.retain),
        "status must be retained"
    );
    let first = rig.broker().message("+/telemetry").within(MINUTE).await?;
    let qos = first.message.published.map(|how| how.qos);
    ensure!(
        qos == Some(QoS::AtLeastOnce),
        "telemetry must be QoS 1, not {qos:?}"
    );
    rig.snapshot_at("T01_factory_fresh")?;
    rig.snapshot_mqtt("T01_factory_fresh")?;
    rig.snapshot_log("T01_factory_fresh")?;
    rig.snapshot_tls("T01_factory_fresh")?;
    ensure!(
        rig.modem_flash_writes()? == 1,
        "one AT+S, not {}",
        rig.modem_flash_writes()?
    );
    Ok(())
}

/// Everything is set as it should be, except that the modem's heartbeat was left on, as it leaves
/// the factory. Every 30 s it would put the ten bytes `www.usr.cn` into the TLS stream, and the
/// broker would drop the session with a bad record. The device reads `AT+HEARTEN?` back and
/// switches it off before any data flows. On a bench: a session that dies every half minute.
#[scenario(id = "T02", title = "heartbeat left on", origin = "MODEM.md T02")]
async fn heartbeat_left_on(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[("HEARTEN", "ON")])?;
    rig.boot().await?;
    rig.broker()
        .message("+/telemetry")
        .within(2 * MINUTE)
        .await?;
    // Four heartbeat periods: a session that survives them has none in it.
    rig.run_for(2 * MINUTE).await?;
    // The stream itself before what led to it: a driver that only asks differently is no failure.
    ensure!(
        !rig.transcript_text().contains("heartbeat of"),
        "the modem put a heartbeat into the stream"
    );
    let connections = rig.connections();
    ensure!(
        connections.len() == 1,
        "one session was expected, not {}",
        connections.len()
    );
    rig.snapshot_at("T02_heartbeat_left_on")?;
    rig.snapshot_tls("T02_heartbeat_left_on")?;
    Ok(())
}

/// The SIM card waits for its PIN. The modem has no command to enter one: it prints
/// `No Sim.Reboot` and restarts for ever. The device names the SIM as the fault, waits long
/// between attempts and leaves the modem's settings alone. On a bench: put the card into a
/// telephone and switch its PIN off.
#[scenario(
    id = "T03",
    title = "SIM card waits for its PIN",
    origin = "MODEM.md T03"
)]
async fn sim_pin(rig: &mut Rig) -> Result<()> {
    rig.modem().network.sim = Sim::Pin;
    rig.boot().await?;
    rig.log("SIM").within(3 * MINUTE).await?;
    rig.snapshot_at("T03_sim_pin")?;
    rig.snapshot_log("T03_sim_pin")?;
    rig.run_for(30 * MINUTE).await?;
    let attempts = rig.log_text().matches("modem: bring-up").count();
    ensure!(
        (2..=8).contains(&attempts),
        "{attempts} attempts in half an hour, expected 2 to 8"
    );
    ensure!(
        rig.modem_flash_writes()? <= 1,
        "the modem's flash wears out for nothing"
    );
    ensure!(
        rig.connections().is_empty(),
        "nothing can reach the broker without a SIM"
    );
    Ok(())
}

/// The modem was sold with the access point CMNET; the SIM's network knows `free` only. Signal
/// and registration look fine, but `AT+SYSINFO` stays at 0 and no socket connects. The device
/// compares `AT+APN?` with its settings, corrects it and saves once. On a bench: `+CSQ: 18,99`
/// with `+SYSINFO:0,LTE` and `+CGACT: 0, 0`.
#[scenario(id = "T05", title = "wrong APN in the modem", origin = "MODEM.md T05")]
async fn wrong_apn(rig: &mut Rig) -> Result<()> {
    rig.modem().network.apns = Apns::Only(vec!["free".into()]);
    rig.modem().initial = modem_settings(&[("APN", "CMNET,,,0")])?;
    rig.boot().await?;
    rig.broker()
        .message("+/telemetry")
        .within(2 * MINUTE)
        .await?;
    rig.snapshot_at("T05_wrong_apn")?;
    rig.snapshot_mqtt("T05_wrong_apn")?;
    Ok(())
}

/// The access point in the device's own settings is wrong. The device cannot know a better one:
/// it says so by name, with the signal that shows that radio is not the trouble, and keeps
/// trying with longer and longer pauses.
#[scenario(
    id = "T05",
    title = "wrong APN in the settings",
    origin = "MODEM.md T05"
)]
async fn wrong_apn_in_settings(rig: &mut Rig) -> Result<()> {
    rig.modem().network.apns = Apns::Only(vec!["free".into()]);
    rig.device().apn = "CMNET".into();
    rig.modem().initial = modem_settings(&[("APN", "CMNET,,,0")])?;
    rig.boot().await?;
    rig.log("did not accept APN 'CMNET'")
        .within(5 * MINUTE)
        .await?;
    rig.snapshot_at("T05_wrong_apn_in_settings")?;
    rig.snapshot_log("T05_wrong_apn_in_settings")?;
    ensure!(
        rig.connections().is_empty(),
        "no data service, so nothing reaches the broker"
    );
    Ok(())
}

/// The modem echoes every command before its answer, as it leaves the factory. A parser that takes
/// the echo for the answer never gets on. The device reads past the echo and switches it off.
#[scenario(id = "T11", title = "echo on", origin = "MODEM.md T11")]
async fn echo_on(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[("E", "ON")])?;
    rig.boot().await?;
    rig.broker()
        .message("+/telemetry")
        .within(2 * MINUTE)
        .await?;
    rig.snapshot_at("T11_echo_on")
}

/// The same with the echo off already: the same commands, no echo in the answers, and nothing to
/// save.
#[scenario(id = "T11", title = "echo off", origin = "MODEM.md T11")]
async fn echo_off(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[("E", "OFF")])?;
    rig.boot().await?;
    rig.broker()
        .message("+/telemetry")
        .within(2 * MINUTE)
        .await?;
    rig.snapshot_at("T11_echo_off")
}

/// Every setting is right. The device reads them all and writes none: no `AT+S`, no restart of
/// seven seconds, and no wear of the modem's flash, which is good for a bounded number of writes.
/// After three boots the flash has still not been written.
#[scenario(
    id = "S01",
    title = "settings already right",
    origin = "MODEM.md, suggested profile"
)]
async fn settings_already_right(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    rig.boot().await?;
    for _ in 0..2 {
        rig.broker()
            .message("+/telemetry")
            .within(2 * MINUTE)
            .await?;
        rig.broker()
            .publish("hil-device/command/reboot", "")
            .await?;
    }
    rig.broker()
        .message("+/telemetry")
        .within(2 * MINUTE)
        .await?;
    ensure!(
        rig.modem_flash_writes()? == 0,
        "the modem's flash was written"
    );
    ensure!(!rig.transcript_text().contains("> AT+S\n"), "AT+S was sent");
    rig.snapshot_at("S01_settings_already_right")?;
    rig.snapshot_mqtt("S01_settings_already_right")
}
