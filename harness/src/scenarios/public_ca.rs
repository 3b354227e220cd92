//! Brokers below public authorities, as HiveMQ Cloud's are: one address for many hosts, and chains
//! to a root with an RSA key of 4096 bits.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness_macros::scenario;

use super::modem_settings;
use super::tls::refused;
use crate::broker::{CertificateKind, PublicChain};
use crate::rig::Rig;

const MINUTE: Duration = Duration::from_secs(60);

fn cloud(rig: &mut Rig, chain: PublicChain) {
    let server = rig.server();
    server.certificate = CertificateKind::Public(chain);
    server.needs_server_name = true;
}

/// Connects, and publishes in one session.
async fn accepted(rig: &mut Rig, chain: PublicChain, name: &str) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    cloud(rig, chain);
    rig.boot().await?;
    for _ in 0..2 {
        rig.broker()
            .message("+/telemetry")
            .within(2 * MINUTE)
            .await?;
    }
    let connections = rig.connections().len();
    ensure!(connections == 1, "{connections} sessions, expected 1");
    let losses = rig.losses();
    ensure!(losses.is_empty(), "bytes were lost: {}", losses.join("; "));
    rig.snapshot_log(name)?;
    rig.snapshot_tls(name)
}

/// The broker's key is RSA with 2048 bits, certified by a public root with 4096. A device that knows
/// only P-256 says "unsupported key" and never connects. This one offers RSA where the authority in
/// its settings has such a key, checks the root's signature and, in the handshake, the server's PSS
/// signature. On a bench: `openssl s_client` shows `Peer signature type: RSA-PSS`.
#[scenario(
    id = "PUB1",
    title = "RSA-2048 server under an RSA-4096 root",
    origin = "RFC 8446, 4.2.3; chains of Let's Encrypt"
)]
async fn rsa_below_rsa(rig: &mut Rig) -> Result<()> {
    accepted(rig, PublicChain::Rsa, "PUB1_rsa_below_rsa").await
}

/// The broker's key is P-256, certified by an intermediate with a P-384 key, and that by a public
/// root with an RSA key: three algorithms in one chain. The device verifies all of it, which takes
/// its processor a good half second; meanwhile an interrupt takes what the modem sends, and not a
/// byte is lost. On a bench: `latency: over budget` in the log, once a connection, and no loss.
#[scenario(
    id = "PUB2",
    title = "P-256 server under a P-384 intermediate under an RSA root",
    origin = "RFC 8446, 4.2.3; chains of Let's Encrypt"
)]
async fn p256_below_p384_below_rsa(rig: &mut Rig) -> Result<()> {
    accepted(rig, PublicChain::Ecdsa, "PUB2_p256_below_p384_below_rsa").await
}

/// One bit of the root's RSA signature in the server's certificate is wrong: a certificate that
/// somebody has changed. The device refuses it before it sends anything.
#[scenario(
    id = "PUB3",
    title = "RSA signature of the certificate is wrong",
    origin = "RFC 8017, 8.2.2"
)]
async fn rsa_signature_broken(rig: &mut Rig) -> Result<()> {
    cloud(rig, PublicChain::RsaSignatureBroken);
    refused(rig, "PUB3_rsa_signature_broken", "bad signature").await
}

/// Somebody shows the broker's certificate, which is public, and signs the handshake with an RSA key
/// of his own, since he does not have the broker's. The chain is in order; the signature of the
/// handshake gives it away.
#[scenario(
    id = "PUB4",
    title = "certificate of the broker, RSA key of somebody else",
    origin = "RFC 8446, 4.4.3"
)]
async fn rsa_key_of_another(rig: &mut Rig) -> Result<()> {
    cloud(rig, PublicChain::RsaKeyOfAnother);
    refused(
        rig,
        "PUB4_rsa_key_of_another",
        "bad signature of the handshake",
    )
    .await
}

/// The intermediate authority was certified by somebody who took the public root's name. Everything
/// fits but one RSA signature, two steps away from the server. The device follows the chain to its
/// end.
#[scenario(
    id = "PUB5",
    title = "intermediate of a root that took our root's name",
    origin = "RFC 5280, 6.1"
)]
async fn intermediate_forged(rig: &mut Rig) -> Result<()> {
    cloud(rig, PublicChain::ForgedIntermediate);
    refused(rig, "PUB5_intermediate_forged", "bad signature").await
}

/// A cloud broker and a password that it does not know. The chain is verified, the name is sent,
/// and the connection ends behind CONNECT. The device says to check user and password, and not that
/// TLS has failed, which sent the field report's team looking for months.
#[scenario(
    id = "PUB6",
    title = "wrong password at a cloud broker",
    origin = "MODEM.md 5.1, 11/12/2025"
)]
async fn wrong_password_in_the_cloud(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    cloud(rig, PublicChain::Rsa);
    rig.server().password = Some("another one entirely".into());
    rig.boot().await?;
    rig.log("check user and password")
        .within(2 * MINUTE)
        .await?;
    ensure!(rig.messages_text().is_empty(), "a message was published");
    rig.snapshot_tls("PUB6_wrong_password_in_the_cloud")
}
