//! The settings partition is not what it should be.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness_macros::scenario;

use crate::rig::{Partition, Rig};

async fn halts(rig: &mut Rig, name: &str) -> Result<()> {
    rig.boot().await?;
    rig.halted().within(Duration::from_secs(10)).await?;
    // The modem goes on by itself; the device must stay silent.
    rig.run_for(Duration::from_secs(60)).await?;
    rig.snapshot_log(name)?;
    rig.snapshot_at(name)?;
    let touched = rig
        .transcript_text()
        .lines()
        .any(|line| line.contains(" > "));
    ensure!(!touched, "the device wrote to the modem");
    ensure!(
        rig.modem_flash_writes()? == 0,
        "the modem's flash was written"
    );
    Ok(())
}

/// The chip was flashed, but never provisioned: the partition is erased. The device says so,
/// leaves modem and flash alone and stays attachable. On a bench: `hil provision` is missing.
#[scenario(
    id = "S02",
    title = "settings partition missing",
    origin = "firmware-settings, DecodeError"
)]
async fn settings_missing(rig: &mut Rig) -> Result<()> {
    rig.device().partition = Partition::Erased;
    halts(rig, "S02_settings_missing").await
}

/// One bit of the partition has flipped. The checksum does not match: the device names the damage
/// and does nothing that it would have to guess.
#[scenario(
    id = "S03",
    title = "settings partition damaged",
    origin = "firmware-settings, DecodeError"
)]
async fn settings_damaged(rig: &mut Rig) -> Result<()> {
    rig.device().partition = Partition::Damaged { offset: 40 };
    halts(rig, "S03_settings_damaged").await
}
