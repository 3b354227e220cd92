//! The field report that this project began with, week by week, as the team lived it.
//!
//! Up to `SEED6` no firmware of ours takes part, whatever the board: a [`Typing`] stands for the
//! team at a serial terminal, and for the sketch that it wrote first, which knew no more. Modem,
//! network and broker are those of all scenarios. `SEED7` is the device, on the modem as they left it.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use harness_macros::scenario;
use modem_sim::{Apns, Initial, Profile, Settings};

use crate::broker::{CertificateKind, ClosedBy, PublicChain, TlsMode};
use crate::rig::{BROKER_HOST, Rig, Typing};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Until the modem has started and found the network.
const START: Duration = Duration::from_secs(20);

/// A SIM card of the team's operator, and the modem as sold but for `changes`.
fn as_sold(rig: &mut Rig, changes: &[(&str, &str)]) -> Result<()> {
    let mut settings = Settings::factory(Profile::WhLte7s1E);
    for (name, value) in changes {
        settings.set(name, value)?;
    }
    let modem = rig.modem();
    modem.initial = Initial::Custom(Box::new(settings));
    modem.network.apns = Apns::Only(vec!["free".to_owned()]);
    Ok(())
}

/// Has all of `typing` typed, then compares the transcript.
async fn typed(rig: &mut Rig, typing: Typing, name: &str) -> Result<()> {
    rig.terminal(typing);
    rig.boot().await?;
    rig.halted().within(30 * MINUTE).await?;
    rig.snapshot_at(name)
}

/// An MQTT 5 CONNECT packet of the client `id`, without user and password (MQTT 5, 3.1).
fn connect(id: &str) -> Vec<u8> {
    // Protocol name and version, clean start, keep-alive of a minute, no properties.
    let mut body = b"\x00\x04MQTT\x05\x02\x00\x3c\x00".to_vec();
    body.extend([0, id.len() as u8]);
    body.extend(id.bytes());
    [vec![0x10, body.len() as u8], body].concat()
}

/// An MQTT 5 PUBLISH packet of QoS 0 (MQTT 5, 3.3).
fn publish(topic: &str, payload: &str) -> Vec<u8> {
    let mut body = vec![0, topic.len() as u8];
    body.extend(topic.bytes());
    body.push(0);
    body.extend(payload.bytes());
    [vec![0x30, body.len() as u8], body].concat()
}

/// The first evening with the module: a terminal, `AT`, and nothing comes back. In its working mode
/// the modem takes whatever is typed for payload; `+++`, its `a`, and an `a` within three seconds
/// lead to the commands. Then every command gives `+CME ERROR:58`, for a day: the terminal sends no
/// CR LF, and without a line end no command is one. A device sends `+++` alone, with silence around
/// it, and ends every line with CR LF. On a bench: switch on "append CR LF" in the terminal.
#[scenario(
    id = "SEED1",
    title = "week 48: silence, then error 58",
    origin = "MODEM.md 5.1, 27 and 28/11/2025"
)]
async fn first_words(rig: &mut Rig) -> Result<()> {
    as_sold(rig, &[])?;
    let typing = Typing::new()
        .pause(START)
        .line("AT")
        .escape()
        .bytes("AT+CSQ")
        .bytes("AT")
        .line("AT+CSQ")
        .line("AT+ENTM");
    typed(rig, typing, "SEED1_first_words").await
}

/// The signal is good (`+CSQ: 18`) and there is no data: `+CGACT: 0, 0` and `+SYSINFO:0,LTE`. The
/// access point is `CMNET`, which the factory set and this SIM card's operator does not have. The
/// name is a setting of the modem (`AT+APN`), which counts after `AT+S` only. A device compares it
/// with the name in its settings, writes it and says what was wrong. On a bench: `AT+APN?` next to
/// the operator's web page, before any look at the antenna.
#[scenario(
    id = "SEED2",
    title = "January: a good signal and no data",
    origin = "MODEM.md 5.1, 21/01/2026"
)]
async fn access_point_of_the_factory(rig: &mut Rig) -> Result<()> {
    as_sold(rig, &[])?;
    let typing = Typing::new()
        .pause(START)
        .escape()
        .line("AT+CSQ")
        .line("AT+CGACT?")
        .line("AT+SYSINFO?")
        .line("AT+APN?")
        .line("AT+APN=free,,,0")
        .save()
        .escape()
        .line("AT+APN?")
        .line("AT+SYSINFO?")
        .line("AT+ENTM");
    typed(rig, typing, "SEED2_access_point_of_the_factory").await
}

/// For two months the modem receives text messages and sends none. The team tries three ways to
/// write the number and a stronger power supply. In an LTE network a modem is attached together with
/// its data connection: refused for its access point's name, it is not attached for messages
/// either. With `free` the first one leaves. A device that is to send a message in an emergency
/// has its access point right long before. On a bench: send one to yourself before you need it.
#[scenario(
    id = "SEED3",
    title = "week 5: text messages leave once the access point is right",
    origin = "MODEM.md 5.1, 27/11/2025 to 03/02/2026"
)]
async fn messages_need_the_access_point(rig: &mut Rig) -> Result<()> {
    as_sold(rig, &[])?;
    rig.modem().options.messages_need_data = true;
    let typing = Typing::new()
        .pause(START)
        .escape()
        .line("AT+WKMOD=SMS")
        .save()
        .bytes("hello 1")
        .escape()
        .line("AT+SYSINFO?")
        .line("AT+APN=free,,,0")
        .save()
        .bytes("hello 2")
        .pause(5 * SECOND);
    typed(rig, typing, "SEED3_messages_need_the_access_point").await?;
    let texts: Vec<&str> = rig.text_messages().iter().map(|sms| &*sms.text).collect();
    ensure!(texts == ["hello 2"], "sent: {texts:?}");
    Ok(())
}

/// `+SOCKALK:Disconnected`: socket A still leads to the vendor's server, `socket.usr.cn,2317`. With a
/// public broker's name and port 1883 it is `Connected`, and what is typed reaches the broker: MQTT
/// in plain works, until the modem puts its heartbeat into the stream, the ten bytes `www.usr.cn`.
/// To the broker they begin a packet of 119 bytes: it swallows the next message, and minutes of
/// heartbeats, without a word, and hangs up when the packet is complete and makes no sense. A device
/// writes socket and heartbeat before it connects. On a bench: the first message arrives, the
/// second never does.
#[scenario(
    id = "SEED4",
    title = "week 5: port 1883 in plain, until the heartbeat",
    origin = "MODEM.md 5.1, 03/02/2026"
)]
async fn plain_until_the_heartbeat(rig: &mut Rig) -> Result<()> {
    as_sold(rig, &[("APN", "free,,,0")])?;
    rig.device().broker_port = 1883;
    rig.server().tls = TlsMode::Plain;
    rig.server().open_to_all = true;
    let typing = Typing::new()
        .pause(START)
        .escape()
        .line("AT+SOCKA?")
        .line("AT+SOCKALK?")
        .line("AT+WKMOD?")
        .line(&format!("AT+SOCKA=TCP,{BROKER_HOST},1883"))
        .save()
        .escape()
        .line("AT+SOCKALK?")
        .line("AT+ENTM")
        .bytes(connect("seed-laptop"))
        .bytes(publish("seed/hello", "hello"))
        .pause(40 * SECOND)
        .bytes(publish("seed/hello", "again"))
        .pause(5 * MINUTE);
    typed(rig, typing, "SEED4_plain_until_the_heartbeat").await?;
    let payloads: Vec<_> = rig
        .messages()
        .iter()
        .map(|one| &one.message.payload)
        .collect();
    ensure!(payloads == [&b"hello"[..]], "arrived: {payloads:?}");
    let connections = rig.connections();
    let session = connections.iter().find(|one| one.client_id.is_some());
    let session = session.context("no session in plain")?;
    ensure!(
        session.not_mqtt.is_some() && session.closed_by.is_some(),
        "the heartbeat did not end the session: {session:?}"
    );
    Ok(())
}

/// Port 8883 "does not work": the socket connects, and as soon as anything is sent the broker hangs
/// up. It expects TLS, and what came is MQTT in plain; a password in it has been read by everybody
/// on the way by then. In NET mode the modem has no TLS: the device must bring it. Ours opens TLS
/// with the first byte, and sends its password to nobody who has not proved who it is. On a bench:
/// the first byte on the wire is 16 (TLS), not 10 (MQTT).
#[scenario(
    id = "SEED5",
    title = "week 5: port 8883 without TLS",
    origin = "MODEM.md 5.1, 03/02/2026"
)]
async fn tls_port_in_plain(rig: &mut Rig) -> Result<()> {
    let socket = format!("TCP,{BROKER_HOST},8883");
    as_sold(
        rig,
        &[("APN", "free,,,0"), ("SOCKA", &socket), ("HEARTEN", "OFF")],
    )?;
    let typing = Typing::new()
        .pause(START)
        .escape()
        .line("AT+SOCKALK?")
        .line("AT+ENTM")
        .bytes(connect("seed-laptop"))
        .escape()
        .line("AT+SOCKALK?")
        .pause(15 * SECOND)
        .line("AT+SOCKALK?")
        .line("AT+ENTM");
    typed(rig, typing, "SEED5_tls_port_in_plain").await?;
    let connections = rig.connections();
    let first = connections.first().context("no connection at all")?;
    ensure!(
        first.closed_by == Some(ClosedBy::Tls) && first.tls.application_bytes == 0,
        "the broker did not hang up: {first:?}"
    );
    ensure!(first.client_id.is_none(), "the broker took it for MQTT");
    Ok(())
}

/// A sketch for a SIM7600, since its library knows no WH-LTE-7S1-E: its commands are sent in the
/// working mode, and the broker gets them as payload. In command mode they are unknown: 58, as are
/// `AT+MQSSL?` and `AT+MQTLS=1,1`, which stand in no manual of this module. That was taken for "no TLS
/// on 8883"; 53 behind a real command was taken for "connection refused", and is a bad value. A
/// device tells the three apart and says which. On a bench: `AT+...` in the broker's log.
#[scenario(
    id = "SEED6",
    title = "weeks 8 to 12: the commands of another modem",
    origin = "MODEM.md 5.1, 17/02 to 17/03/2026"
)]
async fn commands_of_another_modem(rig: &mut Rig) -> Result<()> {
    let socket = format!("TCP,{BROKER_HOST},1883");
    as_sold(
        rig,
        &[("APN", "free,,,0"), ("SOCKA", &socket), ("HEARTEN", "OFF")],
    )?;
    rig.device().broker_port = 1883;
    rig.server().tls = TlsMode::Plain;
    rig.server().open_to_all = true;
    let typing = Typing::new()
        .pause(START)
        .line("AT+NETOPEN")
        .escape()
        .line("AT+NETOPEN")
        .line("AT+MQSSL?")
        .line("AT+MQTLS=1,1")
        .line("AT+WKMOD=NET123")
        .line("AT+ENTM");
    typed(rig, typing, "SEED6_commands_of_another_modem").await?;
    let connections = rig.connections();
    let first = connections.first().context("no connection at all")?;
    // `AT` is the beginning of a packet of 86 bytes to it, for whose rest it waits.
    ensure!(
        first.tls.application_bytes == 12,
        "the broker did not get the command: {first:?}"
    );
    Ok(())
}

/// What the team wanted: this device behind the modem as they left it, with echo and heartbeat on
/// and the vendor's defaults in the rest, against a broker like HiveMQ Cloud's. That one serves many
/// hosts and needs the server name, wants user and password, and its chain leads through an
/// intermediate with a P-384 key to a root with an RSA key. The device brings the modem into its
/// profile, saves once, verifies the whole chain and publishes. On a bench: it just works.
#[scenario(
    id = "SEED7",
    title = "week 15: the endpoint that they wanted",
    origin = "MODEM.md 5.1, 11/12/2025 to 10/04/2026"
)]
async fn the_endpoint_they_wanted(rig: &mut Rig) -> Result<()> {
    let socket = format!("TCP,{BROKER_HOST},8883");
    as_sold(rig, &[("APN", "free,,,0"), ("SOCKA", &socket)])?;
    let server = rig.server();
    server.certificate = CertificateKind::Public(PublicChain::Ecdsa);
    server.needs_server_name = true;
    rig.boot().await?;
    rig.broker()
        .message("+/telemetry")
        .within(2 * MINUTE)
        .await?;
    rig.run_for(2 * MINUTE).await?;
    // The modem has connected by itself before, in the settings that it was found in.
    let connections = rig.connections();
    let sessions = connections.iter().filter(|one| one.client_id.is_some());
    let sessions = sessions.count();
    ensure!(sessions == 1, "{sessions} sessions, expected 1");
    ensure!(rig.modem_flash_writes()? == 1, "more than one AT+S");
    rig.snapshot_at("SEED7_the_endpoint_they_wanted")?;
    rig.snapshot_log("SEED7_the_endpoint_they_wanted")?;
    rig.snapshot_tls("SEED7_the_endpoint_they_wanted")
}

/// A command behind the password `usr.cn#` needs no `+++`: the modem answers in its working mode,
/// and nothing reaches the peer. With the echo on it returns the password only, with no line end, and
/// the answer behind it; a parser that waits for its whole line waits in vain. The device uses
/// no such commands and switches them off, and its parser looks for `+CSQ:` wherever it stands. On
/// a bench: `usr.cn#AT+CSQ` in the middle of a session.
#[scenario(
    id = "T11",
    title = "echo of the password only",
    origin = "MODEM.md T11 and 1.4"
)]
async fn echo_of_the_password(rig: &mut Rig) -> Result<()> {
    as_sold(rig, &[("APN", "free,,,0")])?;
    let typing = Typing::new()
        .pause(START)
        .line("usr.cn#AT+CSQ")
        .line("usr.cn#AT+SOCKALK?")
        .line("usr.cn#AT+E=OFF")
        .line("usr.cn#AT+CSQ");
    typed(rig, typing, "T11_echo_of_the_password").await
}
