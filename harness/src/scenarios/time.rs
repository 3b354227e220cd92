//! The modem's clock, which is only sometimes right.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use harness_macros::scenario;
use modem_sim::UnsetClock;
use time::{Date, Month};

use super::modem_settings;
use crate::rig::{BUILD_TIME, Delivered, Rig};

const MINUTE: Duration = Duration::from_secs(60);
const YEAR_S: u64 = 31_557_600;

/// `AT+CCLK?` shows local time and, behind it, how many quarter hours that is ahead of UTC. A
/// device that ignores the sign and the unit is hours off, and a certificate that is valid since
/// this morning is not valid yet. Here the network is five and three quarter hours ahead, as Nepal
/// is; the time of the telemetry is the network's, in UTC, to the second. On a bench: compare
/// `time` with a watch.
#[scenario(
    id = "T29",
    title = "network time in a zone of quarter hours",
    origin = "MODEM.md T29"
)]
async fn clock_in_local_time(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    if let Some(time) = &mut rig.modem().network.time {
        time.zone_quarters = 23;
    }
    rig.boot().await?;
    let first = rig.broker().message("+/telemetry").soon().await?;
    let told = told(&first)?.context("telemetry has no time")?;
    let right = rig.network_time(first.at).context("the network tells")?;
    ensure!(
        told.abs_diff(right) <= 5,
        "the device believes it is {told}, the network says {right}"
    );
    Ok(())
}

/// The network never tells the time: the modem shows a date in 1980, or in 1970. The device does
/// not believe it, and does not give up either: no image runs before it was built, so certificates
/// are checked from the build time on, and telemetry says `"time":null`. On a bench: a private
/// network, or the first seconds after a cold start.
#[scenario(
    id = "T29",
    title = "modem's clock was never set",
    origin = "MODEM.md T29"
)]
async fn clock_not_set(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    rig.modem().network.time = None;
    rig.modem().options.unset_clock = UnsetClock::Year1980;
    rig.boot().await?;
    let first = rig.broker().message("+/telemetry").soon().await?;
    ensure!(
        told(&first)?.is_none(),
        "the device believes the modem's clock"
    );
    rig.snapshot_log("T29_clock_not_set")?;
    rig.snapshot_tls("T29_clock_not_set")
}

/// The network's clock is wrong by a month, in the past: a test network, a base station after a
/// power cut, or somebody who wants an expired certificate to be taken for a valid one. Dates look
/// plausible, but the image did not exist then. The device says so and goes on with its build time.
#[scenario(
    id = "T29",
    title = "network time before the firmware was built",
    origin = "MODEM.md T29"
)]
async fn clock_before_the_build(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    set_before_build(rig, YEAR_S / 12);
    rig.boot().await?;
    let first = rig.broker().message("+/telemetry").soon().await?;
    ensure!(
        told(&first)?.is_none(),
        "the device believes a time before its build"
    );
    let log = rig.log_text();
    ensure!(
        log.contains("before this image was built"),
        "the log does not name the reason"
    );
    Ok(())
}

/// In the middle of the day the network's clock jumps back by a month. The device has counted on by
/// itself and sees the contradiction: it keeps its own time and says so. Only when the next look at
/// the modem says the same does it follow, since then its own time is the more likely mistake. On a
/// bench: set the clock with `AT+CCLK=` and cut the connection.
#[scenario(id = "T29", title = "network time jumps back", origin = "MODEM.md T29")]
async fn clock_jumps(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    rig.boot().await?;
    let first = rig.broker().message("+/telemetry").soon().await?;
    let start = told(&first)?.context("telemetry has no time")?;
    rig.change_network(|network| {
        if let Some(time) = &mut network.time {
            time.unix_at_start -= YEAR_S / 12;
        }
    })?;
    let mut times = vec![start];
    for _ in 0..2 {
        // The modem takes over the network's time when it registers anew.
        rig.change_network(|network| network.coverage = false)?;
        rig.run_for(Duration::from_secs(10)).await?;
        rig.change_network(|network| network.coverage = true)?;
        rig.run_for(5 * MINUTE).await?;
        let mut telemetry = rig.messages().iter().rev();
        let last = telemetry
            .find(|delivered| delivered.message.topic.ends_with("/telemetry"))
            .context("no telemetry")?;
        times.push(told(last)?.context("telemetry has no time any more")?);
    }
    ensure!(
        times[1] > times[0],
        "the first jump back was followed: {times:?}"
    );
    ensure!(
        times[2] < times[0],
        "the second look said the same and was not believed: {times:?}"
    );
    rig.snapshot_log("T29_clock_jumps")
}

/// The time that a sample says it was taken at, in seconds since 1970-01-01 UTC.
fn told(delivered: &Delivered) -> Result<Option<u64>> {
    let sample: serde_json::Value = serde_json::from_slice(&delivered.message.payload)?;
    let Some(text) = sample["time"].as_str() else {
        return Ok(None);
    };
    // `2026-11-22T10:11:12Z`, nothing else.
    let number = |from: usize, to: usize| -> Result<u8> {
        let digits = text.get(from..to).context("`time` is too short")?;
        Ok(digits.parse()?)
    };
    let year = text.get(..4).context("`time` is too short")?.parse()?;
    let date = Date::from_calendar_date(year, Month::try_from(number(5, 7)?)?, number(8, 10)?)?;
    let at = date.with_hms(number(11, 13)?, number(14, 16)?, number(17, 19)?)?;
    Ok(Some(u64::try_from(at.assume_utc().unix_timestamp())?))
}

/// Sets the network's clock to so many seconds before the image was built.
fn set_before_build(rig: &mut Rig, seconds: u64) {
    if let Some(time) = &mut rig.modem().network.time {
        time.unix_at_start = BUILD_TIME - seconds;
    }
}
