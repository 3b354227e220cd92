//! Which mode the modem is in: command or transparent.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use harness_macros::scenario;
use modem_sim::{BannerFrame, Unterminated};

use super::modem_settings;
use crate::fault::{Effect, ModemFault};
use crate::rig::Rig;

const SECOND: Duration = Duration::from_secs(1);

/// Brings a modem up that starts in command mode.
async fn in_command_mode(rig: &mut Rig, unterminated: Unterminated, name: &str) -> Result<()> {
    rig.modem().options.unterminated = unterminated;
    rig.modem().initial = modem_settings(&[("WKMOD", "CMD")])?;
    rig.boot().await?;
    rig.broker().message("+/telemetry").soon().await?;
    rig.snapshot_at(name)?;
    rig.snapshot_log(name)
}

/// Somebody has left the modem in command mode (`AT+WKMOD=CMD`), where it does not answer `+++`
/// with `a` but with `+CME ERROR:58`, since that is no command. A driver that waits for the `a`
/// waits for ever. The device takes the error for what it proves: commands are understood. It
/// sends a line end, so that nothing is left of the `+++`, and sets the mode right.
#[scenario(
    id = "T08",
    title = "in command mode already: error 58",
    origin = "MODEM.md T08"
)]
async fn already_in_command_mode(rig: &mut Rig) -> Result<()> {
    in_command_mode(rig, Unterminated::Error58, "T08_already_in_command_mode").await
}

/// The same on a firmware that keeps `+++` in its line buffer and says nothing at all until a line
/// end comes. From silence alone the device cannot tell this from a modem that is off. After some
/// attempts it sends `AT` with a line end: whatever answers, even with an error, is in command mode.
#[scenario(
    id = "T08",
    title = "in command mode already: buffered",
    origin = "MODEM.md T08"
)]
async fn buffered_in_command_mode(rig: &mut Rig) -> Result<()> {
    in_command_mode(rig, Unterminated::Buffered, "T08_buffered_in_command_mode").await
}

/// The modem is busy and all it says comes three and a half seconds late: its `a` is no answer any
/// more when it comes, since the modem has gone back to its working mode half a second before. A
/// device that answers it sends its `a` to the broker, and AT commands behind it. This one has given
/// up on that `+++` and tries again, with the silence that belongs in front.
#[scenario(
    id = "T09",
    title = "answer to +++ comes too late",
    origin = "MODEM.md T09"
)]
async fn late_attention(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    // The noise of the power-up would come late as well.
    rig.modem().options.power_up_junk_max = 0;
    let late = Duration::from_millis(3500);
    rig.fault_for(Effect::Modem(ModemFault::Late(late)), 20 * SECOND);
    rig.boot().await?;
    rig.broker().message("+/telemetry").soon().await?;
    ensure!(
        rig.transcript_text().contains("+++ not confirmed"),
        "the modem never went back by itself"
    );
    let sent = commands_as_payload(rig);
    ensure!(sent.is_empty(), "sent in the working mode: {sent:?}");
    rig.snapshot_at("T09_late_attention")
}

/// `+++` counts only after a silence; behind other bytes it is payload and goes to the broker. The
/// device is restarted in the middle of a session, by command, and starts within milliseconds of
/// its last encrypted byte. It keeps silent for longer than the longest packing time there is
/// before it sends `+++`, and needs one attempt. On a bench: three plus signs in the broker's log.
#[scenario(id = "T10", title = "silence before +++", origin = "MODEM.md T10")]
async fn guard_before_escape(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    rig.boot().await?;
    rig.broker().message("+/telemetry").soon().await?;
    rig.broker()
        .publish("hil-device/command/reboot", "")
        .await?;
    rig.log("reboot: ordered by command").soon().await?;
    rig.run_for(40 * SECOND).await?;
    let transcript = rig.transcript_text();
    let (_, rest) = transcript
        .rsplit_once("AT+ENTM")
        .and_then(|(before, _)| before.rsplit_once("AT+ENTM"))
        .context("no second bring-up")?;
    let attempts = rest.matches("> +++").count();
    ensure!(
        attempts == 1,
        "{attempts} attempts with +++, one was expected"
    );
    let connections = rig.connections();
    ensure!(
        connections.iter().all(|facts| facts.tls.error.is_none()),
        "the broker got something that is no TLS"
    );
    rig.snapshot_at("T10_guard_before_escape")
}

/// The modem restarts while the device talks to it, and is back before the device has given up
/// waiting for the answer: in its working mode, where whatever comes next goes to the broker. A
/// device that repeats its question sends AT commands to the broker, as the field report's code
/// did, and takes the silence for a dead modem. This one sees the modem's name and begins anew with
/// `+++`. On a bench: `AT+...` in the broker's log.
#[scenario(
    id = "T26",
    title = "AT commands in the transparent mode",
    origin = "MODEM.md T26 and field report of 19/02/2026"
)]
async fn restart_in_command_mode(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    let options = &mut rig.modem().options;
    options.power_up_junk_max = 0;
    options.boot_time = SECOND;
    options.serial_ready_delay = Duration::from_millis(100);
    // Between the answer to AT+SOCKA? and its OK.
    rig.fault_for(Effect::Modem(ModemFault::Reset(Some(154))), 30 * SECOND);
    rig.boot().await?;
    rig.log("restarted by itself, starting again")
        .soon()
        .await?;
    rig.broker().message("+/telemetry").soon().await?;
    let sent = commands_as_payload(rig);
    ensure!(sent.is_empty(), "sent in the working mode: {sent:?}");
    rig.snapshot_at("T26_restart_in_command_mode")?;
    rig.snapshot_log("T26_restart_in_command_mode")
}

/// The modem restarts in the middle of an answer: `+SOCKA:TCP,broker.hil.test,88`, and right behind
/// it the banner, without a line end between them or after it. A parser that waits for the line end
/// takes the banner for a part of the port, waits for the rest until its time limit, and goes on
/// with commands that a modem in transparent mode sends to the broker. This one knows the banner
/// behind half a value. On a bench: pull the reset pin while the PC tool reads the parameters.
#[scenario(
    id = "T26",
    title = "modem restarts in the middle of an answer",
    origin = "MODEM.md T26 and T22"
)]
async fn restart_in_an_answer(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    let options = &mut rig.modem().options;
    options.power_up_junk_max = 0;
    options.boot_time = SECOND;
    options.serial_ready_delay = Duration::from_millis(100);
    // Within the answer to AT+SOCKA?, in the digits of the port.
    rig.fault_for(Effect::Modem(ModemFault::Reset(Some(150))), 30 * SECOND);
    rig.boot().await?;
    rig.log("restarted by itself, starting again")
        .soon()
        .await?;
    rig.broker().message("+/telemetry").soon().await?;
    let sent = commands_as_payload(rig);
    ensure!(sent.is_empty(), "sent in the working mode: {sent:?}");
    ensure!(
        !rig.log_text().contains("did not answer"),
        "the banner was taken for a part of the answer"
    );
    rig.snapshot_at("T26_restart_in_an_answer")?;
    rig.snapshot_log("T26_restart_in_an_answer")
}

/// What the device sent to the modem while that was in its working mode and took it for payload.
fn commands_as_payload(rig: &Rig) -> Vec<String> {
    let mut working = false;
    let mut sent = Vec::new();
    for line in rig.transcript_text().lines() {
        if let Some((_, mode)) = line.split_once("# modem: mode ") {
            working = mode.ends_with("-> working");
        } else if working && (line.contains(" > AT") || line.ends_with(" > a")) {
            sent.push(line.trim().to_owned());
        }
    }
    sent
}

/// `AT+S` saves and restarts: `OK`, then silence, here for fifteen seconds, then the modem's name
/// without a line end. A device that waits for a line waits in vain; one that waits for five
/// seconds talks to a modem that does not listen. This one waits for the name, up to twenty
/// seconds, and a little longer until the modem listens.
#[scenario(id = "T27", title = "slow restart", origin = "MODEM.md T27")]
async fn slow_restart(rig: &mut Rig) -> Result<()> {
    rig.modem().options.boot_time = 15 * SECOND;
    restarts_once(rig, &[("HEARTEN", "ON")], "T27_slow_restart").await
}

/// The name is a setting (`AT+STMSG`), and here somebody has given the modem another one; and this
/// firmware puts a line end in front. The device asks for the name before it restarts the modem.
#[scenario(
    id = "T27",
    title = "restart under another name",
    origin = "MODEM.md T27 and 0.3, item 6"
)]
async fn restart_under_another_name(rig: &mut Rig) -> Result<()> {
    rig.modem().options.banner_frame = BannerFrame::LeadingCrLf;
    let changes = [("HEARTEN", "ON"), ("STMSG", "garden pump")];
    restarts_once(rig, &changes, "T27_restart_under_another_name").await
}

async fn restarts_once(rig: &mut Rig, changes: &[(&str, &str)], name: &str) -> Result<()> {
    rig.modem().initial = modem_settings(changes)?;
    rig.boot().await?;
    rig.broker().message("+/telemetry").soon().await?;
    let log = rig.log_text();
    ensure!(!log.contains("no banner"), "the restart was not noticed");
    ensure!(
        log.matches("modem: bring-up").count() == 1,
        "the first attempt failed"
    );
    rig.snapshot_at(name)?;
    rig.snapshot_log(name)
}
