//! The sibling in a box, USR-DR154-E: the same radio behind RS485.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness_macros::scenario;
use modem_sim::{Identity, Profile};

use crate::fault::{Effect, ModemFault};
use crate::rig::Rig;

const MINUTE: Duration = Duration::from_secs(60);

/// A box as the factory delivers it, with the firmware of 2026. Its MQTT client and its TLS are not
/// used: in `NET` mode it is the same transparent pipe as the module, and the TLS in it is the
/// device's own, with a verified chain. The device asks for every setting it needs and writes what
/// differs; the banner is another one, so it reads that, too. On a bench: RS485 adapter, and the
/// same `AT+WKMOD?` and `AT+SOCKALK?`.
#[scenario(
    id = "D01",
    title = "USR-DR154-E in NET mode",
    origin = "MODEM.md 1, 3.6 and 5.1 (W45)"
)]
async fn dr154_in_net_mode(rig: &mut Rig) -> Result<()> {
    in_net_mode(rig, Profile::UsrDr154E, "D01_dr154_in_net_mode").await
}

/// The same box with the firmware it was delivered with, which does not know `AT+SSLCFG` and cannot
/// name the server: its own TLS never reached the team's broker. That does not matter to a device
/// that opens TLS itself: the two firmware ages speak the same dialect in `NET` mode, and the
/// transcript is the same.
#[scenario(
    id = "D02",
    title = "USR-DR154-E in NET mode, firmware as delivered",
    origin = "MODEM.md 3.6 and field report of 03/04/2026"
)]
async fn old_dr154_in_net_mode(rig: &mut Rig) -> Result<()> {
    in_net_mode(rig, Profile::UsrDr154EOld, "D02_old_dr154_in_net_mode").await
}

/// The box restarts while the server shows its certificate, and says its own name where the rest of
/// a record should be: `USR-DR154-E`. A device that knows only the module's name waits for that
/// rest until its time limit. This one knows both, and gives the handshake up at once. On a bench:
/// the box's name among unreadable bytes.
#[scenario(
    id = "D03",
    title = "USR-DR154-E restarts in the middle of the handshake",
    origin = "MODEM.md T22 and 2"
)]
async fn dr154_restarts(rig: &mut Rig) -> Result<()> {
    be(rig, Profile::UsrDr154E);
    rig.boot().await?;
    rig.log("tls: handshake").soon().await?;
    rig.fault_for(Effect::Modem(ModemFault::Reset(Some(300))), MINUTE);
    rig.log("restarted by itself, the connection is gone")
        .within(MINUTE / 4)
        .await?;
    rig.broker().message("+/telemetry").within(MINUTE).await?;
    Ok(())
}

fn be(rig: &mut Rig, profile: Profile) {
    let modem = rig.modem();
    modem.profile = profile;
    modem.identity = Identity::of(profile);
}

async fn in_net_mode(rig: &mut Rig, profile: Profile, name: &str) -> Result<()> {
    rig.server().needs_server_name = true;
    be(rig, profile);
    rig.boot().await?;
    for _ in 0..2 {
        rig.broker()
            .message("+/telemetry")
            .within(3 * MINUTE)
            .await?;
    }
    let writes = rig.modem_flash_writes()?;
    ensure!(
        writes == 1,
        "settings were saved {writes} times, expected once"
    );
    rig.snapshot_at(name)?;
    rig.snapshot_log(name)?;
    rig.snapshot_tls(name)
}
