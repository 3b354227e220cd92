//! The wires between device and modem, and what is left of a reply behind them.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness_macros::scenario;
use modem_sim::{Fault, When};

use super::modem_settings;
use crate::fault::{Effect, Rate, UartFault, Way};
use crate::rig::Rig;

const MINUTE: Duration = Duration::from_secs(60);

/// The ground wire of the serial cable is off for the first minute. The receiver sees a
/// stream of zeros, whatever is sent. The device does not take them for an answer and does not
/// wait for their end: it gives up in time, says that bytes come but no answer, and to check GND
/// and the baud rate. When the wire is on, the next attempt works without a reset of anything. On
/// a bench: a terminal full of 00.
#[scenario(
    id = "T06",
    title = "ground wire off",
    origin = "MODEM.md T06 and field report of 28/11/2025"
)]
async fn ground_off(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    // What the modem receives is as meaningless, and costs the bench time to compute.
    let nothing = UartFault::Loss(Rate::per_million(1_000_000));
    rig.fault_for(Effect::Uart(Way::ToDevice, UartFault::Zeros), MINUTE);
    rig.fault_for(Effect::Uart(Way::ToModem, nothing), MINUTE);
    rig.boot().await?;
    rig.log("check GND and the baud rate")
        .within(2 * MINUTE)
        .await?;
    rig.broker()
        .message("+/telemetry")
        .within(5 * MINUTE)
        .await?;
    rig.snapshot_at("T06_ground_off")
}

/// The modem talks at 9600 baud, since somebody set it so, and the device at 115200. Each byte of
/// one is several wrong ones of the other, or none. The device says that it hears something and
/// cannot make sense of it, and keeps trying in bounded time. When the rates agree again, it goes
/// on. On a bench: readable text at one of the other ten rates.
#[scenario(id = "T06", title = "wrong baud rate", origin = "MODEM.md T06")]
async fn wrong_baud(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    rig.fault_for(Effect::Uart(Way::Both, UartFault::Baud(9600)), MINUTE);
    rig.boot().await?;
    rig.log("check GND and the baud rate")
        .within(2 * MINUTE)
        .await?;
    rig.broker()
        .message("+/telemetry")
        .within(5 * MINUTE)
        .await?;
    let attempts = rig.log_text().matches("modem: bring-up").count();
    ensure!(
        (2..=6).contains(&attempts),
        "{attempts} attempts, expected 2 to 6"
    );
    rig.snapshot_at("T06_wrong_baud")
}

/// The line end of one command is lost on the way, as it is when somebody types it into a terminal
/// that sends none. The modem takes the silence for the end and answers `+CME ERROR:58`, the same
/// as to a command that it does not know. Here it happens to the question for the heartbeat, which
/// is on: a device that believes "unknown" leaves it on, and the session dies within half a minute.
/// This one asks once more before it believes that, and always sends CR LF. On a bench: 58 to
/// whatever one types.
#[scenario(
    id = "T07",
    title = "command without line end",
    origin = "MODEM.md T07 and field report of 28/11/2025"
)]
async fn lost_line_end(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[("HEARTEN", "ON")])?;
    // Two attempts at `+++` come before the modem listens.
    let heard = "+++ +++ +++ a AT+E?.. AT+HEARTEN?".replace(' ', "").len();
    let lost = When::AfterReceived(u64::try_from(heard)?);
    rig.modem().faults.push((lost, Fault::Deaf { bytes: 2 }));
    rig.boot().await?;
    rig.broker().message("+/telemetry").soon().await?;
    rig.run_for(2 * MINUTE).await?;
    let transcript = rig.transcript_text();
    ensure!(
        transcript.contains("+CME ERROR:58"),
        "the line end was not lost"
    );
    ensure!(
        !transcript.contains("heartbeat of"),
        "the modem put a heartbeat into the stream"
    );
    rig.snapshot_at("T07_lost_line_end")?;
    rig.snapshot_log("T07_lost_line_end")
}

/// The modem is slow, or a USB adapter stands in between: replies come byte by byte, each up to
/// 25 ms after the one before, with pauses anywhere, also between CR and LF and in the middle of
/// `OK`. A parser that takes what one read gives for a reply works on the desk and not in the field.
/// The device's parser takes bytes, and what it makes of them does not depend on pauses. Nothing
/// but time is different from a modem that answers in one burst.
#[scenario(id = "T12", title = "replies byte by byte", origin = "MODEM.md T12")]
async fn replies_byte_by_byte(rig: &mut Rig) -> Result<()> {
    rig.modem().options.reply_gap = Duration::from_millis(25);
    rig.boot().await?;
    rig.broker().message("+/telemetry").soon().await?;
    let log = rig.log_text();
    ensure!(
        !log.contains("WARN") && !log.contains("ERROR"),
        "something went wrong with the pauses"
    );
    ensure!(
        rig.modem_flash_writes()? == 1,
        "one AT+S, not {}",
        rig.modem_flash_writes()?
    );
    rig.snapshot_mqtt("T12_replies_byte_by_byte")?;
    rig.snapshot_log("T12_replies_byte_by_byte")
}
