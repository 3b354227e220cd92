//! The radio network is not there, or says it in other words.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness_macros::scenario;

use super::modem_settings;
use crate::rig::Rig;

const MINUTE: Duration = Duration::from_secs(60);

/// The antenna is not screwed on, or the box stands in a cellar. `AT+CSQ` says 99, and the modem
/// looks for a network for five minutes, prints `Net Reg Fail`, and five minutes later restarts,
/// for ever: a loop of 608 s. The device gives up waiting after 130 s, says "check antenna and
/// coverage" with the signal it read, and comes back with longer and longer pauses. That the modem
/// restarts under its hands does not confuse it, and it leaves the settings alone: they are not to
/// blame. Once there is a network, it is back by itself. On a bench: `+CSQ: 99,99`, the NET LED off.
#[scenario(
    id = "T04",
    title = "no antenna, no coverage",
    origin = "MODEM.md T04 and field report of 27/11/2025"
)]
async fn no_coverage(rig: &mut Rig) -> Result<()> {
    rig.modem().network.coverage = false;
    rig.modem().initial = modem_settings(&[])?;
    rig.boot().await?;
    rig.log("signal 99: check antenna and coverage")
        .within(5 * MINUTE)
        .await?;
    rig.snapshot_at("T04_no_coverage")?;
    rig.snapshot_log("T04_no_coverage")?;
    rig.run_for(25 * MINUTE).await?;
    let transcript = rig.transcript_text();
    ensure!(
        transcript.contains("Net Reg Fail"),
        "the modem never said `Net Reg Fail`"
    );
    let restarts = transcript.matches("restart: no registration").count();
    ensure!(
        restarts == 2,
        "{restarts} restarts of the modem, expected 2"
    );
    let attempts = rig.log_text().matches("modem: bring-up").count();
    ensure!(
        (3..=12).contains(&attempts),
        "{attempts} attempts in half an hour, expected 3 to 12"
    );
    ensure!(
        rig.modem_flash_writes()? == 0,
        "the modem's settings were written for nothing"
    );
    // Somebody screws the antenna on.
    rig.change_network(|network| network.coverage = true)?;
    rig.broker()
        .message("+/telemetry")
        .within(15 * MINUTE)
        .await?;
    Ok(())
}
