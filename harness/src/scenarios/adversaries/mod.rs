//! Servers the device must not trust, or must get along with: a table, one scenario a row.
//!
//! Each row names whom the device meets on its first connection and a line of its log that says
//! what it made of it. From the second connection on the server is as it should be, and the
//! device must be connected in the end.

mod certificates;
mod handshakes;

use std::time::Duration;

use anyhow::{Result, ensure};

use super::modem_settings;
use crate::broker::{Adversary, CertificateKind, TlsMode};
use crate::fault::{Effect, NetFault};
use crate::rig::Rig;
use crate::scenario::Scenario;

/// All rows.
pub(super) const ALL: &[Scenario] = &{
    let (first, second) = (certificates::ALL, handshakes::ALL);
    let mut all = [first[0]; certificates::ALL.len() + handshakes::ALL.len()];
    let mut index = 0;
    while index < all.len() {
        all[index] = if index < first.len() {
            first[index]
        } else {
            second[index - first.len()]
        };
        index += 1;
    }
    all
};

/// Bound for the device's verdict: its start takes some 16 s, its own limit for a handshake is 30 s.
const VERDICT: Duration = Duration::from_secs(60);

/// Bound for the way back: a refused server is tried again after at most a minute.
const RECOVERY: Duration = Duration::from_secs(150);

/// Long enough for what the device wrote before its verdict to reach the server.
const AFTERMATH: Duration = Duration::from_secs(1);

/// Whom the device meets first.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meets {
    /// An honest server with this certificate.
    Certificate(CertificateKind),
    /// The same, while nobody knows what time it is.
    Timeless(CertificateKind),
    /// A server that speaks so.
    Speaks(TlsMode),
    /// A hostile one.
    Hostile(Adversary),
    /// An honest one, behind a network that does this for the first minute.
    Through(NetFault),
}

/// What the device makes of it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Verdict {
    /// It says this, and sends nothing but its handshake.
    Refused(&'static str),
    /// It says this about a server that has proved its identity.
    GivenUp(&'static str),
    /// It gets along: the first connection lasts.
    Lasts,
}

/// One row.
pub(super) async fn meet(rig: &mut Rig, name: &str, meets: Meets, verdict: Verdict) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    match meets {
        Meets::Certificate(kind) => rig.server().certificate = kind,
        Meets::Timeless(kind) => {
            rig.server().certificate = kind;
            rig.modem().network.time = None;
        }
        Meets::Speaks(mode) => rig.server().tls = mode,
        Meets::Hostile(adversary) => rig.server().tls = TlsMode::Hostile(adversary),
        Meets::Through(fault) => rig.fault_for(Effect::Net(fault), Duration::from_secs(60)),
    }
    rig.server().mends_after = Some(1);
    rig.boot().await?;
    match verdict {
        Verdict::Refused(reason) | Verdict::GivenUp(reason) => {
            rig.log(reason).within(VERDICT).await?;
            rig.run_for(AFTERMATH).await?;
            rig.snapshot_peer(name)?;
            if matches!(verdict, Verdict::Refused(_)) {
                nothing_entrusted(rig)?;
            }
            rig.log("mqtt: commands subscribed")
                .within(RECOVERY)
                .await?;
            let connections = rig.connections().len();
            ensure!(
                connections > 1,
                "{connections} connection, expected another"
            );
        }
        Verdict::Lasts => {
            rig.broker().message("+/telemetry").within(VERDICT).await?;
            rig.run_for(AFTERMATH).await?;
            rig.snapshot_peer(name)?;
            let connections = rig.connections().len();
            ensure!(connections == 1, "{connections} connections, expected 1");
        }
    }
    Ok(())
}

/// The first connection carried no application data, and no message came of it.
fn nothing_entrusted(rig: &Rig) -> Result<()> {
    let connections = rig.connections();
    let first = connections.first();
    let bytes = first.map(|first| first.tls.application_bytes);
    ensure!(
        bytes == Some(0),
        "application bytes that reached the refused server: {bytes:?}, expected 0"
    );
    ensure!(rig.messages_text().is_empty(), "a message was published");
    Ok(())
}

/// Makes a table: id, name, title, origin, whom it meets, what it makes of it, explanation.
macro_rules! rows {
    ($all:ident: $($id:literal $name:ident $title:literal, $origin:literal,
        $meets:expr => $verdict:expr, $explanation:literal;)+) => {
        /// The rows of this table.
        pub(super) const $all: &[$crate::scenario::Scenario] = &[$($crate::scenario::Scenario {
            id: $id,
            name: stringify!($name),
            title: $title,
            origin: $origin,
            explanation: $explanation,
            run: |rig| {
                let name = concat!($id, "_", stringify!($name));
                Box::pin(super::meet(rig, name, $meets, $verdict))
            },
        }),+];
    };
}
pub(super) use rows;
