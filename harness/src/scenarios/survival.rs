//! What the device survives by itself.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use harness_macros::scenario;
use modem_sim::{Fault, StalledInput, When};

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

/// In the middle of a session the modem's firmware hangs: it takes no byte and says nothing, for
/// ever. No command helps, since nobody reads it. The device finds the session dead, tries the
/// escape sequence in three bring-ups, each half a minute long, and then pulls the modem's reset
/// line for more than half a second. The modem starts, its settings are in its flash, and every
/// sample taken meanwhile arrives. On a bench: `+++` without an answer, and the WORK LED that has
/// stopped blinking; without the wire from GPIO4 to pin 19 somebody has to come.
#[scenario(
    id = "R01",
    title = "modem hangs until its reset line is pulled",
    origin = "MODEM.md 4.7, pin 19"
)]
async fn modem_hangs(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    let hang = Fault::Stall {
        lasts: Duration::from_secs(1_000_000),
        input: StalledInput::Lost,
    };
    let at = When::At(Duration::from_secs(60));
    rig.modem().faults.push((at, hang));
    rig.boot().await?;
    rig.log("pulling its reset line").within(6 * MINUTE).await?;
    let numbers = super::telemetry_sequence(rig)?;
    ensure!(numbers.len() <= 3, "the modem did not hang: {numbers:?}");
    rig.run_for(3 * MINUTE).await?;
    let numbers = super::telemetry_sequence(rig)?;
    ensure!(
        numbers.len() >= 8 && numbers.iter().copied().eq(1..=numbers.len() as u64),
        "numbers are missing, doubled or out of order: {numbers:?}"
    );
    let pulls = rig.transcript_text().matches("modem reset pulled").count();
    ensure!(pulls == 1, "the reset line was pulled {pulls} times");
    rig.snapshot_at("R01_modem_hangs")?;
    rig.snapshot_log("R01_modem_hangs")
}

/// The broker has been away for ten minutes and the settings name a telephone number. The device
/// switches the modem to its SMS mode, sends one message that says who it is, since when and how
/// much waits, and switches back: when the broker is there again, everything arrives. One message
/// an outage, however long it lasts, and two writes of the modem's flash for it. The number and
/// all secrets stay out of log and text. On a bench: take the broker down and wait for the beep.
#[scenario(
    id = "R02",
    title = "text message as the last resort",
    origin = "MODEM.md 3.7"
)]
async fn sms_after_outage(rig: &mut Rig) -> Result<()> {
    // From the range that is kept for stories.
    let number = "15555550123";
    rig.modem().initial = modem_settings(&[])?;
    rig.device().sms = Some((number.to_owned(), 600));
    rig.boot().await?;
    rig.broker().message("+/telemetry").soon().await?;
    rig.broker().stop().await?;
    rig.run_for(9 * MINUTE).await?;
    ensure!(
        rig.text_messages().is_empty(),
        "a message was sent before the outage was long enough"
    );
    rig.run_for(40 * MINUTE).await?;
    rig.broker().restart().await?;
    rig.broker()
        .message("+/telemetry")
        .within(15 * MINUTE)
        .await?;
    rig.run_for(2 * MINUTE).await?;
    let numbers = super::telemetry_sequence(rig)?;
    ensure!(
        numbers.iter().copied().eq(1..=numbers.len() as u64),
        "numbers are missing, doubled or out of order: {numbers:?}"
    );
    let messages = rig.text_messages();
    ensure!(
        messages.len() == 1,
        "one message was expected, not {}",
        messages.len()
    );
    let text = &messages[0].text;
    ensure!(
        text.starts_with("hil-device: no connection to the broker for 1")
            && text.ends_with("samples wait. Still trying."),
        "the message says something else: {text}"
    );
    let world = rig.world().context("booted")?;
    let recipient = world.modem().stored().get("DSTNUM");
    ensure!(
        recipient.as_deref() == Some(number),
        "sent to another number"
    );
    for record in world.log() {
        ensure!(
            !record.text.contains(number),
            "the number is in the log: {}",
            record.text.replace(number, "<number>")
        );
    }
    ensure!(
        rig.modem_flash_writes()? == 2,
        "the modem's flash was written {} times",
        rig.modem_flash_writes()?
    );
    Ok(())
}

/// The supply of the device sags for a moment, as when a modem transmits on a weak one (MODEM.md
/// 5.1, USB port), and the brown-out detector resets the chip. The modem has gone on, with a
/// connection of the session before. The device says why it started, gets rid of that connection
/// and goes on. On a bench: `reset_reason` of the status, and a thicker cable.
#[scenario(
    id = "R03",
    title = "device's supply sags",
    origin = "ESP32-C3 TRM, Brown-out Detector"
)]
async fn brown_out(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    rig.boot().await?;
    rig.broker().message("+/telemetry").soon().await?;
    rig.brown_out().await?;
    rig.log("reset reason brown-out").soon().await?;
    rig.broker()
        .message("+/telemetry")
        .within(3 * MINUTE)
        .await?;
    rig.snapshot_mqtt("R03_brown_out")?;
    rig.snapshot_log("R03_brown_out")
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
