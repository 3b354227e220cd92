//! One session, from CONNECT on.
//!
//! Each connection starts a clean MQTT session, and with it a new `minimq` session: the queue, not
//! the client library, remembers what the broker has not acknowledged, so that a broker that lost
//! its memory and one that did not are the same case, and nothing is sent twice in two orders.
//! Samples are sent in order, at most [`WINDOW`](super::WINDOW) unacknowledged, and leave the queue when their
//! PUBACK came. After a reconnect everything unacknowledged is sent again from the oldest on;
//! a message may so arrive twice (QoS 1), `boot` and `seq` tell.
//!
//! `minimq` drops reads at its own deadlines and this loop drops its `poll`: the stream below is
//! made for that, see [`tls::Wire`].

use embassy_time::{Duration, with_timeout};
use firmware_settings::Settings;
use minimq::{ConfigBuilder, Io, PeerError, QoS};

use super::error::Error;
use super::reason::Reason;
use super::session::{Ended, Session, json};
use super::status::{MAX_STATUS_JSON, Will};
use super::watch::{LastHeard, Watched};
use crate::platform::System;
use crate::shared::Shared;
use crate::tls;

/// Bound for the answer to CONNECT.
pub const CONNACK_TIMEOUT: Duration = Duration::from_secs(10);

/// Packet buffers.
#[derive(Debug)]
pub(crate) struct Buffers<'a> {
    /// One received packet; the broker is told this limit.
    pub(crate) rx: &'a mut [u8],
    /// Packets in flight.
    pub(crate) tx: &'a mut [u8],
}

/// Runs a session until it ends. Does not close the connection below.
pub(crate) async fn serve<IO, S>(
    io: IO,
    buffers: Buffers<'_>,
    settings: &Settings,
    shared: &Shared<'_, S>,
) -> Result<Ended, Error>
where
    IO: Io<Error = tls::Error>,
    S: System,
{
    let mut will_json = [0; MAX_STATUS_JSON];
    let will_json = json(&mut will_json, |out| {
        Will::new(shared.boot_id()).write_json(out)
    })?;
    let will = minimq::Will::new(&settings.topics.status, will_json, &[])
        .map_err(Error::Settings)?
        .retained()
        .qos(QoS::AtLeastOnce);
    let mut config = ConfigBuilder::new(minimq::Buffers::new(buffers.rx, buffers.tx))
        .client_id(&settings.login.client_id)
        .and_then(|config| config.will(will))
        .map_err(Error::Settings)?
        .keepalive_interval(settings.keep_alive_s);
    if !settings.login.user.is_empty() {
        config = config
            .auth(
                &settings.login.user,
                settings.login.password.expose().as_bytes(),
            )
            .map_err(Error::Settings)?;
    }
    let mut session = minimq::Session::new(config);
    let heard = LastHeard::now();
    let io = Watched::new(io, &heard);
    let connection = match with_timeout(CONNACK_TIMEOUT, session.connect(io)).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return Err(connect_error(error, &heard)),
        Err(_) => {
            let seconds = CONNACK_TIMEOUT.as_secs();
            return Err(Error::NoConnack { seconds });
        }
    };
    shared.count_session();
    info!("mqtt: connected");
    let ended = Session::new(connection, &heard, settings, shared)
        .run()
        .await;
    ended.map_err(|error| match (error, heard.no()) {
        (Error::Disconnected, Some(reason)) => Error::Ended(reason),
        (error, _) => error,
    })
}

fn connect_error(error: minimq::Error<tls::Error>, heard: &LastHeard) -> Error {
    match (error, heard.no()) {
        (minimq::Error::Disconnected, Some(reason)) => Error::Ended(reason),
        (minimq::Error::Disconnected | minimq::Error::Transport(tls::Error::Closed), _) => {
            Error::ClosedBeforeConnack
        }
        (minimq::Error::Peer(PeerError::Rejected(code)), reason) => {
            Error::ConnectRefused(reason.unwrap_or_else(|| Reason(code.into())))
        }
        (error, _) => error.into(),
    }
}
