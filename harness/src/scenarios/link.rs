//! What becomes of the TCP connection between modem and broker.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use harness_macros::scenario;
use modem_sim::CmeError;

use super::{modem_settings, telemetry_sequence};
use crate::broker::{Meddling, PacketKind, Rule};
use crate::fault::{BrokerFault, Effect, ModemFault, NetFault};
use crate::rig::Rig;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A modem that was set up before, except for `changes`, and its first telemetry.
async fn session(rig: &mut Rig, changes: &[(&str, &str)]) -> Result<()> {
    rig.modem().initial = modem_settings(changes)?;
    rig.boot().await?;
    rig.broker().message("+/telemetry").soon().await?;
    // Until it is acknowledged as well.
    rig.run_for(5 * SECOND).await
}

/// Waits until as many samples have arrived as were taken, without a gap or a repetition.
async fn caught_up(rig: &mut Rig, within: Duration) -> Result<()> {
    let taken = rig.world().context("booted")?.now().as_secs() / 30;
    let end = rig.world().context("booted")?.now() + within;
    while telemetry_sequence(rig)?.last().copied().unwrap_or(0) < taken {
        let left = end.saturating_sub(rig.world().context("booted")?.now());
        rig.broker().message("+/telemetry").within(left).await?;
    }
    let numbers = telemetry_sequence(rig)?;
    ensure!(
        numbers.iter().copied().eq(1..=numbers.len() as u64),
        "numbers are missing, doubled or out of order: {numbers:?}"
    );
    Ok(())
}

/// The broker's host refuses every connection: a wrong port, a firewall, a broker that is down.
/// The modem tries every ten seconds by itself, and after sixty attempts it restarts. The device
/// sees `+SOCKALK:Disconnected`, waits 45 s, says what to check and pauses for longer and longer;
/// it asks once a second at most, so it is no busy loop. When the port opens, telemetry arrives.
/// On a bench: `nc -l 8883` on the broker's machine shows whether the modem comes at all.
#[scenario(
    id = "T17",
    title = "broker refuses connections",
    origin = "MODEM.md T17"
)]
async fn refused(rig: &mut Rig) -> Result<()> {
    rig.fault_for(Effect::Net(NetFault::Refuse), 15 * MINUTE);
    rig.modem().initial = modem_settings(&[])?;
    rig.boot().await?;
    rig.log("check broker host, port and firewall")
        .within(2 * MINUTE)
        .await?;
    rig.snapshot_at("T17_refused")?;
    rig.snapshot_log("T17_refused")?;
    rig.run_for(13 * MINUTE).await?;
    let asked = rig.transcript_text().matches("> AT+SOCKALK?").count();
    ensure!(
        asked <= 15 * 60,
        "SOCKALK was asked {asked} times in 15 minutes"
    );
    let transcript = rig.transcript_text();
    let restarts = transcript.matches("connection attempts failed").count();
    ensure!(
        restarts == 1,
        "the modem should have restarted after 60 attempts"
    );
    caught_up(rig, 10 * MINUTE).await
}

/// The modem's cache for serial data was left on, as it leaves the factory. What the device sends
/// while the connection is down is then kept and delivered first on the next connection: half a
/// record of a session that is over, in front of the ClientHello. The broker sees nonsense and
/// closes, each time. The device switches the cache off before any data flows, so the next
/// connection begins with its ClientHello. On a bench: the server's log says that the first byte
/// is no handshake record.
#[scenario(id = "T19", title = "modem's cache left on", origin = "MODEM.md T19")]
async fn stale_cache(rig: &mut Rig) -> Result<()> {
    session(rig, &[("CACHEN", "ON")]).await?;
    // The peer goes without the modem telling anybody, and stays away for longer than the device
    // waits for an acknowledgement: there is something to cache.
    rig.fault_for(Effect::Net(NetFault::Close(None)), SECOND);
    rig.fault_for(Effect::Net(NetFault::Refuse), 2 * MINUTE);
    rig.run_for(2 * MINUTE).await?;
    caught_up(rig, 3 * MINUTE).await?;
    let transcript = rig.transcript_text();
    ensure!(
        !transcript.contains("cached"),
        "the modem kept data for a later connection"
    );
    let damaged: Vec<_> = rig
        .connections()
        .into_iter()
        .filter(|facts| facts.tls.error.is_some())
        .collect();
    ensure!(
        damaged.is_empty(),
        "a connection did not begin with a handshake: {:?}",
        damaged[0].tls.error
    );
    rig.snapshot_at("T19_stale_cache")?;
    rig.snapshot_tls("T19_stale_cache")
}

/// The modem restarts in the middle of a session: its supply sags while it transmits, or its
/// firmware gives up. Nothing says so but its name, `WH-LTE-7S1-E`, in the middle of the
/// encrypted stream. A device that takes it for data waits for minutes for the rest of a record.
/// This one knows the text, drops the session at once and connects again. On a bench: the modem's
/// name among unreadable bytes.
#[scenario(
    id = "T22",
    title = "modem restarts in the middle of a session",
    origin = "MODEM.md T22"
)]
async fn banner_in_the_stream(rig: &mut Rig) -> Result<()> {
    // On the network again before the device asks, however long it pauses.
    rig.modem().network.registration_delay = SECOND / 2;
    rig.modem().network.service_delay = SECOND / 2;
    session(rig, &[]).await?;
    rig.fault_for(Effect::Modem(ModemFault::Reset(None)), SECOND);
    rig.run_for(50 * SECOND).await?;
    let connections = rig.connections();
    ensure!(
        connections.len() == 2 && connections[1].tls.handshake_complete,
        "a second session was expected within 50 s of the restart, not {}",
        connections.len()
    );
    caught_up(rig, MINUTE).await?;
    rig.snapshot_at("T22_banner_in_the_stream")
}

/// The same in the middle of the server's certificates: 300 bytes into the handshake, the
/// modem's name stands where the rest of a record should. The handshake is given up at once, not
/// after its time limit.
#[scenario(
    id = "T22",
    title = "modem restarts in the middle of the handshake",
    origin = "MODEM.md T22"
)]
async fn banner_in_the_handshake(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    rig.boot().await?;
    rig.log("tls: handshake").soon().await?;
    rig.fault_for(Effect::Modem(ModemFault::Reset(Some(300))), MINUTE);
    rig.log("restarted by itself, the connection is gone")
        .within(15 * SECOND)
        .await?;
    rig.log("retry in").soon().await?;
    rig.snapshot_log("T22_banner_in_the_handshake")?;
    rig.broker().message("+/telemetry").within(MINUTE).await?;
    rig.snapshot_tls("T22_banner_in_the_handshake")
}

/// The device has nothing to say for an hour: a long telemetry period, a longer keep-alive. By
/// default the modem restarts after 1800 s without data, and its own heartbeat, which would hide
/// that, is off. The device has switched this watchdog off (`AT+RSTIM=0`), and looks after the
/// connection itself. On a bench: a session that dies every half hour, to the second.
#[scenario(
    id = "T23",
    title = "silence for longer than the modem's watchdog",
    origin = "MODEM.md T23"
)]
async fn silent_hour(rig: &mut Rig) -> Result<()> {
    rig.device().telemetry_period_s = 5400;
    rig.device().keep_alive_s = 7200;
    rig.modem().initial = modem_settings(&[("RSTIM", "1800")])?;
    rig.boot().await?;
    rig.broker().message("+/telemetry").soon().await?;
    rig.broker()
        .message("+/telemetry")
        .within(100 * MINUTE)
        .await?;
    let transcript = rig.transcript_text();
    ensure!(
        !transcript.contains("restart: no data"),
        "the modem restarted because nobody spoke"
    );
    let connections = rig.connections();
    ensure!(
        connections.len() == 1,
        "one session was expected, not {}",
        connections.len()
    );
    rig.snapshot_at("T23_silent_hour")
}

/// The network forgets the connection without a word, as a router does whose table is full. The
/// modem's TCP notices after 105 s, and meanwhile it says `Connected`. The device does not rely on
/// that: a message that is not acknowledged within 30 s, or a ping without an answer, ends the
/// session, and the connection is never used again. On a bench: pull the cable behind the router,
/// not the one at the broker.
#[scenario(id = "T28", title = "connection half open", origin = "MODEM.md T28")]
async fn half_open(rig: &mut Rig) -> Result<()> {
    session(rig, &[]).await?;
    let lost = rig.world().context("booted")?.now();
    rig.fault_for(Effect::Net(NetFault::HalfOpen), 2 * MINUTE);
    rig.log("mqtt: ").within(MINUTE).await?;
    let noticed = rig.log("retry in").within(75 * SECOND).await?;
    let after = noticed.at.saturating_sub(lost);
    ensure!(
        after <= 75 * SECOND,
        "the dead connection was noticed after {after:?}"
    );
    rig.run_for(2 * MINUTE).await?;
    caught_up(rig, 3 * MINUTE).await?;
    rig.snapshot_log("T28_half_open")?;
    rig.snapshot_at("T28_half_open")
}

/// A server that expects TLS closes a connection over which nothing comes, here after five
/// seconds. The modem connects by itself, long before anybody has something to say, and again ten
/// seconds after each close: `Connected` and `Disconnected` take turns, and whoever looks at the
/// wrong moment says that port 8883 does not work. The device sends its ClientHello at once after
/// it has seen `Connected`. On a bench: `AT+SOCKALK?` once a second for half a minute.
#[scenario(
    id = "T18",
    title = "server closes a connection that says nothing",
    origin = "MODEM.md T18 and field report of 03/02/2026"
)]
async fn impatient_server(rig: &mut Rig) -> Result<()> {
    rig.server().patience = Some(5 * SECOND);
    session(rig, &[("HEARTEN", "ON")]).await?;
    let transcript = rig.transcript_text();
    let time = |line: &str| line.trim_start().split(' ').next()?.parse::<f64>().ok();
    let left = transcript.lines().rfind(|line| line.ends_with("> AT+ENTM"));
    let hello = transcript.lines().find(|line| line.contains("ClientHello"));
    let (left, hello) = (left.and_then(time), hello.and_then(time));
    let waited = hello.zip(left).map(|(hello, left)| hello - left);
    ensure!(
        waited.is_some_and(|waited| (0.0..1.0).contains(&waited)),
        "the ClientHello came {waited:?} s after AT+ENTM"
    );
    rig.run_for(2 * MINUTE).await?;
    rig.snapshot_at("T18_impatient_server")?;
    rig.snapshot_log("T18_impatient_server")
}

/// Somebody on the way says `usr.cn#AT+Z` into the connection. A modem from the factory takes
/// commands from its peer behind a password that stands in every manual (`AT+NATEN=ON`), and from
/// the serial line as well (`AT+UATEN=ON`): it would restart, or worse. The device has switched
/// both off. The bytes reach it as what they are, a record that is none, and cost one session. On a
/// bench: a modem that changes its settings by night.
#[scenario(
    id = "T24",
    title = "commands to the modem from the network",
    origin = "MODEM.md T24"
)]
async fn commands_from_the_peer(rig: &mut Rig) -> Result<()> {
    session(rig, &[("NATEN", "ON"), ("UATEN", "ON")]).await?;
    rig.peers_say(b"usr.cn#AT+Z\r\n")?;
    rig.run_for(MINUTE).await?;
    let transcript = rig.transcript_text();
    ensure!(
        !transcript.contains("command from the peer"),
        "the modem takes commands from the network"
    );
    caught_up(rig, MINUTE).await?;
    rig.snapshot_at("T24_commands_from_the_peer")?;
    rig.snapshot_log("T24_commands_from_the_peer")
}

/// One address, many brokers: the server learns from the ClientHello which one is meant (SNI), and
/// turns away who does not say. This was the field report's last riddle: account and certificates
/// right, and a handshake that ends behind the ClientHello. The device always sends the server's
/// name, the same one it checks the certificate for. On a bench: `openssl s_client -noservername`
/// fails where `-servername` works.
#[scenario(
    id = "T25",
    title = "broker that needs the server name",
    origin = "MODEM.md T25 and field report of 10/04/2026"
)]
async fn server_name_needed(rig: &mut Rig) -> Result<()> {
    rig.server().needs_server_name = true;
    session(rig, &[]).await?;
    rig.snapshot_tls("T25_server_name_needed")?;
    rig.snapshot_at("T25_server_name_needed")
}

/// The broker sends a batch of messages at once, more than 4 KB, when the session begins and again
/// in the middle of it, and the modem writes them to the
/// UART at line rate without a pause. A receive buffer of 256 bytes, as an Arduino core has, is
/// full after 22 ms, and TLS breaks on the first byte that is lost. The device's ring holds 8 KB and
/// is filled by an interrupt; its own messages go on meanwhile. On a bench: `rx_overruns` of the
/// telemetry stays 0. The certificate flights U01 to U03 are the same at other rates.
#[scenario(id = "T20", title = "4 KB downlink burst", origin = "MODEM.md T20")]
async fn downlink_burst(rig: &mut Rig) -> Result<()> {
    // Some samples wait when the session begins: while the device sends them it reads nothing, for
    // 80 ms, and 900 bytes arrive meanwhile.
    rig.device().telemetry_period_s = 3;
    let topic = b"hil-device/command/flood";
    let mut publish = vec![0x30, 0xe4, 0x01, 0, 24];
    publish.extend(topic);
    publish.push(0);
    publish.extend([b'x'; 201]);
    rig.server().meddling = Meddling {
        connections: 1,
        rules: vec![Rule::Insert {
            after: PacketKind::SubAck,
            bytes: publish.repeat(24),
            close: false,
        }],
    };
    session(rig, &[]).await?;
    rig.fault_for(Effect::Broker(BrokerFault::Flood(24)), SECOND);
    rig.run_for(MINUTE).await?;
    let ignored = rig.log_text().matches("mqtt: command ignored").count();
    ensure!(ignored == 48, "{ignored} of 48 messages came through");
    let connections = rig.connections();
    ensure!(
        connections.len() == 1,
        "one session was expected, not {}",
        connections.len()
    );
    let losses = rig.losses();
    ensure!(losses.is_empty(), "bytes were lost: {}", losses.join("; "));
    rig.snapshot_at("T20_downlink_burst")?;
    rig.snapshot_log("T20_downlink_burst")
}

/// The modem cuts what it sends into packets of five bytes, and its firmware does not let that be
/// changed: a hundred packets for one message, each with a travel time of its own. TCP is a stream,
/// so nothing may depend on where it is cut. The device asks for 1024 bytes, takes the refusal as
/// what it is, a matter of speed, and goes on. On a bench: `AT+UARTFL?`.
#[scenario(
    id = "T21",
    title = "uplink cut into packets of five bytes",
    origin = "MODEM.md T21"
)]
async fn uplink_in_small_packets(rig: &mut Rig) -> Result<()> {
    rig.modem().options.refuses = vec![("UARTFL", CmeError::WrongParameter)];
    session(rig, &[("UARTFL", "5")]).await?;
    rig.run_for(2 * MINUTE).await?;
    caught_up(rig, MINUTE).await?;
    let connections = rig.connections();
    ensure!(
        connections.len() == 1,
        "one session was expected, not {}",
        connections.len()
    );
    rig.snapshot_at("T21_uplink_in_small_packets")?;
    rig.snapshot_log("T21_uplink_in_small_packets")
}

/// `AT+SOCKALK` and the pin LINKA do not change at the same moment, and neither is right at once.
/// Here the answer lags by three seconds: the connection is closed, and the modem still says
/// `Connected`. A device that believes it opens TLS into nothing and waits for its time limit. This
/// one knows that it has used the connection before: it waits until the modem has said
/// `Disconnected` once, and takes the next one. On a bench: LINKA on a logic analyser beside the
/// UART.
#[scenario(
    id = "T30",
    title = "link state reported late",
    origin = "MODEM.md T30"
)]
async fn late_link_state(rig: &mut Rig) -> Result<()> {
    rig.modem().options.link_report_lag = 3 * SECOND;
    session(rig, &[]).await?;
    // The peer closes, with a word that ends the session at once.
    rig.peers_say(b"HTTP/1.1 400 Bad Request\r\n\r\n")?;
    rig.run_for(SECOND / 10).await?;
    rig.fault_for(Effect::Net(NetFault::Close(None)), SECOND);
    rig.run_for(MINUTE).await?;
    caught_up(rig, MINUTE).await?;
    let used: Vec<_> = rig
        .connections()
        .into_iter()
        .filter(|facts| facts.bytes_in > 0)
        .collect();
    ensure!(
        used.len() == 2 && used.iter().all(|facts| facts.tls.handshake_complete),
        "two whole sessions were expected, not {}",
        used.len()
    );
    let failures = rig.log_text().matches("retry in").count();
    ensure!(failures == 1, "{failures} failures, one was expected");
    rig.snapshot_at("T30_late_link_state")?;
    rig.snapshot_log("T30_late_link_state")
}
