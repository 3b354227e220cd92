//! The broker as its user sees it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use rand_core::{OsRng, RngCore};
use rumqttc::v5::mqttbytes::v5::{Login, Publish};
use rumqttc::v5::mqttbytes::{QoS, valid_topic};

use super::config::{BrokerConfig, Secret};
use super::error::BrokerError;
use super::facts::{ConnectionFacts, ConnectionProgress, Message, Settled};
use super::front::{FrontConfig, FrontHandle, Presences};
use super::gate::Handed;
use super::monitor::CLIENT_ID;
use super::net::ReservedPort;
use super::rumqttd_process::{RumqttdProcess, Settings};
use super::state::Shared;

/// One broker with its TLS front. Dropping it closes every socket and ends its threads.
///
/// Order of fields: the front goes first, so that no connection outlives its server unnoticed.
#[derive(Debug)]
pub struct Broker {
    front: FrontHandle,
    process: Option<RumqttdProcess>,
    settings: Settings,
    shared: Arc<Shared>,
    tls_addr: SocketAddr,
    plain_addr: SocketAddr,
}

impl Broker {
    /// Starts `rumqttd`, the monitor and the front, and returns when connections are accepted.
    ///
    /// # Errors
    /// [`BrokerError::PortInUse`] for a port asked for by number; otherwise when the system gives
    /// no sockets or threads, or the identity cannot be served.
    pub fn start(config: BrokerConfig) -> Result<Self, BrokerError> {
        let first = match &config.impostor {
            Some(other) => Some((other.connections, other.identity.presence(other.tls)?)),
            None => None,
        };
        let usual = config.identity.presence(config.tls)?;
        let presence = Arc::new(Presences { first, usual });
        let port = ReservedPort::new("TLS", config.tls_port)?;
        let tls_addr = port.addr();

        let login_required = !config.users.is_empty();
        let mut users: HashMap<String, Secret> = config.users.into_iter().collect();
        let mut password = [0; 16];
        OsRng.fill_bytes(&mut password);
        let password: String = password.iter().map(|byte| format!("{byte:02x}")).collect();
        if login_required {
            users.insert(CLIENT_ID.to_owned(), Secret::new(password.clone()));
        }
        let login = Login {
            username: CLIENT_ID.to_owned(),
            password,
        };

        let settings = Settings {
            port: config.plain_port,
            users,
            max_packet_size: config.max_packet_size,
        };
        let shared = Arc::new(Shared::new());
        let process = RumqttdProcess::start(&shared, &settings)?;
        let plain_addr = process.addr();
        let config = FrontConfig {
            presence,
            meddling: Arc::new(config.meddling),
            pacing: config.pacing,
            login,
            login_required,
            limit: config.settle_limit,
        };
        let front = FrontHandle::spawn(shared.clone(), config, port)?;
        front.start(plain_addr)?;
        Ok(Self {
            front,
            process: Some(process),
            settings,
            shared,
            tls_addr,
            plain_addr,
        })
    }

    /// Where the device's TCP goes. The same for the broker's whole life, restarts included.
    pub fn tls_addr(&self) -> SocketAddr {
        self.tls_addr
    }

    /// Where `rumqttd` itself listens, in plain. A restart may change it.
    pub fn plain_addr(&self) -> SocketAddr {
        self.plain_addr
    }

    /// Waits until the `sent` bytes written in all on the connection whose client end is `peer`
    /// had every effect: taken by the front, handled by `rumqttd`, delivered to the monitor and
    /// to every device, written by the front. Call it with 0 after connecting.
    ///
    /// # Errors
    /// [`BrokerError::NotSettled`] after [`BrokerConfig::settle_limit`] of wall time;
    /// [`BrokerError::Accounting`] when more than `sent` bytes have arrived.
    pub fn settle(&self, peer: SocketAddr, sent: u64) -> Result<Settled, BrokerError> {
        self.front.settle(Handed::Bytes { peer, sent })
    }

    /// The same after the caller closed (or reset) its end of the connection: also waits for a
    /// will to be delivered.
    ///
    /// # Errors
    /// Those of [`settle`](Self::settle).
    pub fn settle_closed(&self, peer: SocketAddr) -> Result<Settled, BrokerError> {
        self.front.settle(Handed::Close { peer })
    }

    /// Waits until nothing moves and gives the state of every connection that is open, or whose
    /// end was not reported by any `settle` before. For what comes unasked, after
    /// [`publish`](Self::publish) and [`stop`](Self::stop).
    ///
    /// # Errors
    /// Those of [`settle`](Self::settle).
    pub fn settle_all(&self) -> Result<Vec<(SocketAddr, Settled)>, BrokerError> {
        self.front.settle_all()
    }

    /// Publishes a message and returns when it has reached the front for every connected device
    /// that subscribed to it. In lockstep, [`settle_all`](Self::settle_all) then sends it on.
    ///
    /// # Errors
    /// [`BrokerError::Publish`] for a topic nobody could receive; [`BrokerError::Stopped`].
    pub fn publish(
        &self,
        topic: &str,
        payload: &[u8],
        qos: QoS,
        retain: bool,
    ) -> Result<(), BrokerError> {
        let unfit = if !valid_topic(topic) || topic.is_empty() {
            "a topic to publish to has at least one character and no wildcards"
        } else if !topic.starts_with(|first: char| first.is_ascii() && first != '$') {
            "rumqttd delivers no topics that begin with $ or with a non-ASCII character"
        } else {
            ""
        };
        if !unfit.is_empty() {
            let reason = unfit.to_owned();
            return Err(BrokerError::Publish {
                topic: topic.to_owned(),
                reason,
            });
        }
        let mut publish = Publish::new(topic, qos, payload.to_vec(), None);
        publish.retain = retain;
        self.front.publish(publish)
    }

    /// Everything delivered since the last call, in the order of delivery.
    pub fn take_messages(&self) -> Vec<Message> {
        std::mem::take(&mut self.shared.look().messages)
    }

    /// Facts of every connection since the start, in the order in which they were accepted.
    pub fn connections(&self) -> Vec<ConnectionFacts> {
        self.shared
            .look()
            .links
            .iter()
            .map(|link| link.facts.clone())
            .collect()
    }

    /// How far each of [`connections`](Self::connections) has come.
    pub fn progress(&self) -> Vec<ConnectionProgress> {
        let state = self.shared.look();
        state
            .links
            .iter()
            .map(|link| (&link.facts).into())
            .collect()
    }

    /// Sends `bytes`, as they stand on the wire, to every device in a session, as the broker would;
    /// ends the connections then if `close` says so. The broker knows nothing of it.
    ///
    /// # Errors
    /// Those of [`settle`](Self::settle): it waits for what is under way first.
    pub fn send_raw(&self, bytes: &[u8], close: bool) -> Result<(), BrokerError> {
        self.front.inject(Bytes::copy_from_slice(bytes), close)
    }

    /// Takes the broker down: every connection is closed without a farewell, and the TLS port
    /// refuses new ones but stays reserved. What `rumqttd` knew (sessions, retained messages) is
    /// gone. Does nothing when it is down already.
    ///
    /// # Errors
    /// Those of [`settle`](Self::settle): it waits for what is under way first. The broker is
    /// down even then.
    pub fn stop(&mut self) -> Result<(), BrokerError> {
        if self.process.is_none() {
            return Ok(());
        }
        let result = self.front.stop();
        self.process = None;
        self.shared.update(|state| {
            state.rumqttd_tasks = 0;
            state.delayed_wills = 0;
            state.dirty = false;
            state.logins.clear();
        });
        result
    }

    /// Brings the broker up again on the same TLS port, with an empty `rumqttd`. Stops it first
    /// if it runs.
    ///
    /// # Errors
    /// Those of [`start`](Self::start) and [`stop`](Self::stop).
    pub fn restart(&mut self) -> Result<(), BrokerError> {
        self.stop()?;
        let process = RumqttdProcess::start(&self.shared, &self.settings)?;
        self.plain_addr = process.addr();
        self.front.start(self.plain_addr)?;
        self.process = Some(process);
        Ok(())
    }
}
