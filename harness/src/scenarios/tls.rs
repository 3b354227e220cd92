//! Servers the device must not talk to.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness_macros::scenario;

use super::modem_settings;
use crate::broker::{Adversary, CertificateKind, TlsMode};
use crate::rig::Rig;

/// Boots with a server that must be refused, waits for the reason in the log, and checks that the
/// server saw no byte of MQTT.
pub(super) async fn refused(rig: &mut Rig, name: &str, reason: &str) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    rig.boot().await?;
    rig.log(reason).within(Duration::from_secs(120)).await?;
    // Long enough for what was written before the refusal to reach the server.
    rig.run_for(Duration::from_secs(5)).await?;
    rig.snapshot_log(name)?;
    rig.snapshot_tls(name)?;
    let connections = rig.connections();
    ensure!(
        !connections.is_empty(),
        "the device never reached the server"
    );
    for connection in connections {
        let bytes = connection.tls.application_bytes;
        ensure!(
            bytes == 0,
            "{bytes} bytes of application data reached the refused server"
        );
    }
    ensure!(rig.messages_text().is_empty(), "a message was published");
    Ok(())
}

/// The certificate is in order in itself, but another authority signed it: a server in the
/// middle, or the wrong CA file in the settings. The device refuses before it sends anything.
#[scenario(
    id = "TLS1",
    title = "certificate of another CA",
    origin = "RFC 5280, 6.1"
)]
async fn other_ca(rig: &mut Rig) -> Result<()> {
    rig.server().certificate = CertificateKind::OtherCa;
    refused(rig, "TLS1_other_ca", "unknown issuer").await
}

/// The certificate was signed by somebody who called himself by the name of our CA. Only the
/// signature gives it away. The device says so, since the name alone would mislead.
#[scenario(
    id = "TLS5",
    title = "certificate of a CA that took our CA's name",
    origin = "RFC 5280, 6.1"
)]
async fn forged_ca(rig: &mut Rig) -> Result<()> {
    rig.server().certificate = CertificateKind::ForgedCa;
    refused(rig, "TLS5_forged_ca", "bad signature").await
}

/// The certificate's time is over. The device knows the time from the modem (`AT+CCLK?`), and
/// refuses with both times in its log.
#[scenario(
    id = "TLS2",
    title = "expired certificate",
    origin = "RFC 5280, 4.1.2.5"
)]
async fn expired(rig: &mut Rig) -> Result<()> {
    rig.server().certificate = CertificateKind::Expired;
    refused(rig, "TLS2_expired", "expired").await
}

/// The certificate was made for another host. Chain and time are right, the name is not.
#[scenario(
    id = "TLS3",
    title = "certificate of another host",
    origin = "RFC 9525, 6"
)]
async fn other_host(rig: &mut Rig) -> Result<()> {
    rig.server().certificate = CertificateKind::OtherHost;
    refused(rig, "TLS3_other_host", "name").await
}

/// The server sends no certificate at all and finishes the handshake. The TLS library accepts
/// that, so a man in the middle could read the password; the device's own guard refuses it.
#[scenario(
    id = "TLS4",
    title = "no certificate at all",
    origin = "RFC 8446, 4.4.2"
)]
async fn no_certificate(rig: &mut Rig) -> Result<()> {
    rig.server().tls = TlsMode::Hostile(Adversary::NoCertificate);
    refused(rig, "TLS4_no_certificate", "no certificate").await
}
