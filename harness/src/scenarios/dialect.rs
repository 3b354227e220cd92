//! What one firmware of the modem says differently from the next.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness_macros::scenario;
use modem_sim::{CmeError, LinkWords, Radio, SysinfoDialect};

use super::modem_settings;
use crate::rig::Rig;

const MINUTE: Duration = Duration::from_secs(60);

/// Brings a modem up that needs one setting written, so that answers are read before and after a
/// save, and waits for telemetry.
async fn understood(rig: &mut Rig, name: &str) -> Result<()> {
    rig.modem().initial = modem_settings(&[("HEARTEN", "ON")])?;
    rig.boot().await?;
    rig.broker().message("+/telemetry").soon().await?;
    ensure!(
        rig.modem_flash_writes()? == 1,
        "one AT+S was expected, not {}: an answer was not understood",
        rig.modem_flash_writes()?
    );
    rig.snapshot_at(name)?;
    rig.snapshot_mqtt(name)
}

/// The manual prints `+CSQ:18,99`, units in the field answer `+CSQ: 18,99`: answers that the modem
/// passes through from its radio have a space after the colon, its own have none. A parser that
/// cuts at a fixed place reads an empty signal. The device takes both.
#[scenario(
    id = "T13",
    title = "no space after the colon",
    origin = "MODEM.md T13"
)]
async fn no_space_after_the_colon(rig: &mut Rig) -> Result<()> {
    rig.modem().options.pass_through_space = false;
    understood(rig, "T13_no_space_after_the_colon").await
}

/// Older firmware puts texts into quotes: `+WKMOD:"NET"`, `+SOCKA:"TCP","host",8883`. A device
/// that compares the quotes as well finds every setting wrong, writes it, saves, finds it wrong
/// again, and wears out the modem's flash. This one strips them: one save, as with the others.
#[scenario(id = "T13", title = "texts in quotes", origin = "MODEM.md T13")]
async fn texts_in_quotes(rig: &mut Rig) -> Result<()> {
    rig.modem().options.quoted_values = true;
    understood(rig, "T13_texts_in_quotes").await
}

/// `+SOCKALK:connected` where the manual says `Connected`. The device does not look at letter case.
#[scenario(
    id = "T13",
    title = "link state in lower case",
    origin = "MODEM.md T13"
)]
async fn link_state_in_lower_case(rig: &mut Rig) -> Result<()> {
    rig.modem().options.link_words = LinkWords::LowerCase;
    understood(rig, "T13_link_state_in_lower_case").await
}

/// `+SOCKALK:ON` where the manual says `Connected`, on the older siblings.
#[scenario(id = "T13", title = "link state as ON", origin = "MODEM.md T13")]
async fn link_state_as_on(rig: &mut Rig) -> Result<()> {
    rig.modem().options.link_words = LinkWords::OnOff;
    understood(rig, "T13_link_state_as_on").await
}

/// `+SYSINFO:2,LTE`, after some seconds of `0,LTE`: newer firmware says 0 without and 2 with data
/// service. The field report read it in the manual of 2021, where 2 is GSM, and looked for a
/// fault of the radio for a week. The device takes any number but 0 for service and the radio from
/// the word.
#[scenario(
    id = "T14",
    title = "SYSINFO 0,LTE, then 2,LTE",
    origin = "MODEM.md T14 and field report of 03/02/2026"
)]
async fn sysinfo_2_lte(rig: &mut Rig) -> Result<()> {
    rig.modem().network.service_delay = Duration::from_secs(8);
    understood(rig, "T14_sysinfo_2_lte").await
}

/// `+SYSINFO:4,LTE`: the words of the manual of 2021. Service, over LTE.
#[scenario(id = "T14", title = "SYSINFO 4,LTE", origin = "MODEM.md T14")]
async fn sysinfo_4_lte(rig: &mut Rig) -> Result<()> {
    rig.modem().options.sysinfo = SysinfoDialect::Radio;
    understood(rig, "T14_sysinfo_4_lte").await
}

/// `+SYSINFO:2,GSM/GPRS`: there is no LTE here. That is slow, not broken: the device goes on, and
/// its telemetry says `"rat":"gsm"`.
#[scenario(id = "T14", title = "SYSINFO 2,GSM", origin = "MODEM.md T14")]
async fn sysinfo_2_gsm(rig: &mut Rig) -> Result<()> {
    rig.modem().options.sysinfo = SysinfoDialect::Radio;
    rig.modem().network.radio = Radio::Gsm;
    understood(rig, "T14_sysinfo_2_gsm").await?;
    ensure!(
        rig.messages_text().contains(r#""rat":"gsm""#),
        "telemetry does not say that the radio is GSM"
    );
    Ok(())
}

/// A command that the manual has and this firmware does not, as `AT+SSLCFG` in the field report:
/// `+CME ERROR:58`. Here it is the one that switches off commands from the network. A modem that
/// does not know the setting does not do what it would switch off: the device says so and goes on.
#[scenario(
    id = "T15",
    title = "command unknown to an old firmware",
    origin = "MODEM.md T15 and field report of 03/04/2026"
)]
async fn unknown_command(rig: &mut Rig) -> Result<()> {
    rig.modem().options.refuses = vec![("NATEN", CmeError::Invalid)];
    understood(rig, "T15_unknown_command").await?;
    rig.snapshot_log("T15_unknown_command")
}

/// The same with a command that nothing works without. The device says that the modem's firmware
/// is too old or the modem another one, which is what somebody has to do something about, and not
/// that TLS or the broker had failed. It waits for a minute and more between attempts and writes
/// nothing. On a bench: `AT+VER`, and the vendor.
#[scenario(
    id = "T15",
    title = "firmware too old",
    origin = "MODEM.md T15 and field report of 03/04/2026"
)]
async fn firmware_too_old(rig: &mut Rig) -> Result<()> {
    rig.modem().options.refuses = vec![("SOCKA", CmeError::Invalid)];
    rig.modem().initial = modem_settings(&[("HEARTEN", "ON")])?;
    rig.boot().await?;
    rig.log("its firmware is too old").soon().await?;
    rig.snapshot_at("T15_firmware_too_old")?;
    rig.snapshot_log("T15_firmware_too_old")?;
    rig.run_for(10 * MINUTE).await?;
    let attempts = rig.log_text().matches("modem: bring-up").count();
    ensure!(
        (2..=6).contains(&attempts),
        "{attempts} attempts in ten minutes, expected 2 to 6"
    );
    ensure!(
        rig.modem_flash_writes()? == 0,
        "the modem's flash was written"
    );
    ensure!(
        !rig.log_text().contains("tls:"),
        "TLS is blamed for a command of the modem"
    );
    Ok(())
}

/// Boots with a modem that rejects one command and waits for the reason in the log.
async fn rejected(rig: &mut Rig, name: &str, reason: &str) -> Result<()> {
    rig.boot().await?;
    rig.log(reason).soon().await?;
    rig.snapshot_at(name)?;
    rig.snapshot_log(name)
}

/// `+CME ERROR:53`: a wrong value, or too many. The field report took it for "connection refused"
/// and looked at the broker. The device says which command it was and what 53 means.
#[scenario(
    id = "T16",
    title = "wrong parameter: error 53",
    origin = "MODEM.md T16 and field report of 03/02/2026"
)]
async fn error_53(rig: &mut Rig) -> Result<()> {
    rig.modem().options.refuses = vec![("SOCKA", CmeError::WrongParameter)];
    let reason = "rejected SOCKA: wrong parameter or wrong number of parameters (53)";
    rejected(rig, "T16_error_53", reason).await
}

/// `+CME ERROR:3`: a parameter is missing or of the wrong type. Again the device tells the command
/// and the meaning.
#[scenario(
    id = "T16",
    title = "missing parameter: error 3",
    origin = "MODEM.md T16"
)]
async fn error_3(rig: &mut Rig) -> Result<()> {
    rig.modem().options.refuses = vec![("APN", CmeError::WrongType)];
    let reason = "rejected APN: wrong type or missing parameter (3)";
    rejected(rig, "T16_error_3", reason).await
}

/// `+CME ERROR:50`: the modem understood and could not. With a setting that is only there for speed
/// the device notes it and goes on.
#[scenario(
    id = "T16",
    title = "execution failed: error 50",
    origin = "MODEM.md T16"
)]
async fn error_50(rig: &mut Rig) -> Result<()> {
    rig.modem().options.refuses = vec![("UARTFT", CmeError::Failed)];
    let reason = "UARTFT left as it is: execution failed (50)";
    rig.boot().await?;
    rig.log(reason).soon().await?;
    rig.broker().message("+/telemetry").soon().await?;
    rig.snapshot_at("T16_error_50")?;
    rig.snapshot_log("T16_error_50")
}

/// `+CME ERROR:73`: somebody protected the modem with a password (`AT+SAFEATEN=ON`), and it answers
/// nothing before `AT+SIGNINAT`. The device does not guess passwords: it says "not logged in". On a
/// bench: the RELOAD pin, low for three seconds, restores the factory's settings.
#[scenario(id = "T16", title = "not logged in: error 73", origin = "MODEM.md T16")]
async fn error_73(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[("SAFEATEN", "ON")])?;
    rejected(rig, "T16_error_73", "rejected E: not logged in (73)").await
}
