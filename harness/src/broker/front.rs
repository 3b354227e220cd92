//! The TLS front: accepts the devices' connections and carries out what the caller asks, all on
//! one thread of its own.

use std::net::SocketAddr;
use std::sync::{Arc, mpsc as std_mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Login, Packet, Publish};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::config::Pacing;
use super::connection::{Connection, Manner};
use super::error::BrokerError;
use super::facts::Settled;
use super::gate::{self, Handed};
use super::identity::Presence;
use super::ledger::{Phase, by_harness};
use super::meddling::{Meddler, Meddling};
use super::monitor;
use super::net::ReservedPort;
use super::state::{Link, MonitorOrder, Order, Shared};

/// Where the answer to a command goes.
type Reply<T> = std_mpsc::Sender<Result<T, BrokerError>>;

/// What the caller asks of the front.
enum Command {
    Start {
        broker: SocketAddr,
        reply: Reply<()>,
    },
    Settle {
        handed: Handed,
        reply: Reply<Settled>,
    },
    SettleAll {
        reply: Reply<Vec<(SocketAddr, Settled)>>,
    },
    Publish {
        publish: Publish,
        reply: Reply<()>,
    },
    Inject {
        bytes: Bytes,
        close: bool,
        reply: Reply<()>,
    },
    Stop {
        reply: Reply<()>,
    },
}

/// How the front is set up.
pub(super) struct FrontConfig {
    pub(super) presence: Arc<Presences>,
    pub(super) meddling: Arc<Meddling>,
    pub(super) pacing: Pacing,
    pub(super) login: Login,
    pub(super) login_required: bool,
    pub(super) limit: Duration,
}

/// Who answers which connection.
pub(super) struct Presences {
    /// The first so many connections meet another one.
    pub(super) first: Option<(usize, Presence)>,
    /// The server itself.
    pub(super) usual: Presence,
}

impl Presences {
    /// Who answers connection `index`, counted from 0 since the broker was first started.
    fn of(&self, index: usize) -> &Presence {
        match &self.first {
            Some((connections, first)) if index < *connections => first,
            _ => &self.usual,
        }
    }
}

/// The caller's side of the front's thread.
#[derive(Debug)]
pub(super) struct FrontHandle {
    commands: Option<mpsc::UnboundedSender<Command>>,
    thread: Option<JoinHandle<()>>,
}

impl FrontHandle {
    /// Starts the thread. It refuses connections on `port` until [`start`](Self::start).
    pub(super) fn spawn(
        shared: Arc<Shared>,
        config: FrontConfig,
        port: ReservedPort,
    ) -> Result<Self, BrokerError> {
        let failed = |source| BrokerError::Thread {
            what: "TLS front",
            source,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let (commands, inbox) = mpsc::unbounded_channel();
        let front = Front {
            shared,
            config,
            port: Port::Closed(port),
            identifier: 1,
        };
        let thread = std::thread::Builder::new()
            .name("hil-tls-front".to_owned())
            .spawn(move || runtime.block_on(front.run(inbox)))
            .map_err(failed)?;
        Ok(Self {
            commands: Some(commands),
            thread: Some(thread),
        })
    }

    /// Connects the monitor to `broker`, then accepts connections for it.
    pub(super) fn start(&self, broker: SocketAddr) -> Result<(), BrokerError> {
        self.ask(|reply| Command::Start { broker, reply })
    }

    pub(super) fn settle(&self, handed: Handed) -> Result<Settled, BrokerError> {
        self.ask(|reply| Command::Settle { handed, reply })
    }

    pub(super) fn settle_all(&self) -> Result<Vec<(SocketAddr, Settled)>, BrokerError> {
        self.ask(|reply| Command::SettleAll { reply })
    }

    pub(super) fn publish(&self, publish: Publish) -> Result<(), BrokerError> {
        self.ask(|reply| Command::Publish { publish, reply })
    }

    /// Sends bytes of the harness's own on every connection with a session.
    pub(super) fn inject(&self, bytes: Bytes, close: bool) -> Result<(), BrokerError> {
        self.ask(|reply| Command::Inject {
            bytes,
            close,
            reply,
        })
    }

    /// Closes the port and every connection to a device. `rumqttd` is to be stopped after this.
    pub(super) fn stop(&self) -> Result<(), BrokerError> {
        self.ask(|reply| Command::Stop { reply })
    }

    fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, BrokerError> {
        let (reply, answer) = std_mpsc::channel();
        let commands = self.commands.as_ref().ok_or(BrokerError::FrontGone)?;
        commands
            .send(command(reply))
            .map_err(|_| BrokerError::FrontGone)?;
        answer.recv().map_err(|_| BrokerError::FrontGone)?
    }
}

impl Drop for FrontHandle {
    fn drop(&mut self) {
        drop(self.commands.take());
        if let Some(thread) = self.thread.take() {
            // A panic in there was reported by the thread itself.
            let _ = thread.join();
        }
    }
}

/// The front's own side.
struct Front {
    shared: Arc<Shared>,
    config: FrontConfig,
    port: Port,
    /// Packet identifier of the harness's next publish.
    identifier: u16,
}

enum Port {
    Closed(ReservedPort),
    Open {
        accepting: tokio::task::JoinHandle<()>,
        addr: SocketAddr,
    },
    Lost,
}

impl Front {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Command>) {
        let limit = self.config.limit;
        while let Some(command) = inbox.recv().await {
            // An answer nobody waits for any more is no error.
            match command {
                Command::Start { broker, reply } => {
                    let shared = self.shared.clone();
                    let result = gate::bounded(&shared, limit, self.start(broker)).await;
                    let _ = reply.send(result);
                }
                Command::Settle { handed, reply } => {
                    let _ = reply.send(gate::settle(&self.shared, handed, limit).await);
                }
                Command::SettleAll { reply } => {
                    let _ = reply.send(gate::settle_all(&self.shared, limit).await);
                }
                Command::Publish { publish, reply } => {
                    let shared = self.shared.clone();
                    let result = gate::bounded(&shared, limit, self.publish(publish)).await;
                    let _ = reply.send(result);
                }
                Command::Inject {
                    bytes,
                    close,
                    reply,
                } => {
                    let injected = inject(&self.shared, bytes, close);
                    let _ = reply.send(gate::bounded(&self.shared, limit, injected).await);
                }
                Command::Stop { reply } => {
                    let shared = self.shared.clone();
                    let result = gate::bounded(&shared, limit, self.stop()).await;
                    let _ = reply.send(result);
                }
            }
        }
    }

    async fn start(&mut self, broker: SocketAddr) -> Result<(), BrokerError> {
        monitor::start(&self.shared, broker, self.config.login.clone()).await?;
        if let Port::Closed(port) = std::mem::replace(&mut self.port, Port::Lost) {
            let addr = port.addr();
            let listener = port.listen("TLS")?;
            let manner = Manner {
                pacing: self.config.pacing,
                broker,
                login_required: self.config.login_required,
            };
            let shared = self.shared.clone();
            let presence = self.config.presence.clone();
            let meddling = self.config.meddling.clone();
            let accepting = tokio::spawn(accept(listener, shared, manner, presence, meddling));
            self.port = Port::Open { accepting, addr };
        }
        Ok(())
    }

    async fn publish(&mut self, mut publish: Publish) -> Result<(), BrokerError> {
        let topic = String::from_utf8_lossy(&publish.topic).into_owned();
        if publish.qos != QoS::AtMostOnce {
            publish.pkid = self.identifier;
            self.identifier = self.identifier.checked_add(1).unwrap_or(1);
        }
        let identifier = publish.pkid;
        let announced = by_harness(&topic, &publish.payload, publish.qos, publish.retain);
        let mut packet = BytesMut::new();
        monitor::write(&Packet::Publish(publish), &mut packet)?;
        self.shared.update(|state| {
            let Some(orders) = &state.monitor.orders else {
                return Err(BrokerError::Stopped);
            };
            let sent = orders.send(MonitorOrder::Send(packet.freeze()));
            sent.map_err(|_| BrokerError::MonitorLost("its task has ended".to_owned()))?;
            if identifier != 0 {
                state.monitor.unacknowledged.push(identifier);
            }
            state.announce(announced);
            state.dirty = true;
            Ok(())
        })?;
        gate::rest(&self.shared).await?;
        if self
            .shared
            .look()
            .monitor
            .unacknowledged
            .contains(&identifier)
        {
            let reason = "rumqttd did not acknowledge it".to_owned();
            return Err(BrokerError::Publish { topic, reason });
        }
        Ok(())
    }

    async fn stop(&mut self) -> Result<(), BrokerError> {
        let settled = gate::rest(&self.shared).await;
        if let Port::Open { accepting, addr } = std::mem::replace(&mut self.port, Port::Lost) {
            accepting.abort();
            // The listener is closed once the task is gone; it was cancelled, which is no news.
            let _ = accepting.await;
            self.port = Port::Closed(ReservedPort::after_listener("TLS", addr.port()).await?);
        }
        self.shared.update(|state| {
            state.monitor = super::state::Monitor::default();
            state.announced.clear();
            for link in &state.links {
                // A task that has ended has closed its connection.
                let _ = link.orders.send(Order::Stop);
            }
        });
        let open = |link: &Link| !link.device_gone && link.closed.is_none();
        self.shared
            .until(|state| (!state.links.iter().any(open)).then_some(()))
            .await;
        settled
    }
}

/// Has bytes of the harness's own sent behind all that was said before.
async fn inject(shared: &Arc<Shared>, bytes: Bytes, close: bool) -> Result<(), BrokerError> {
    gate::rest(shared).await?;
    gate::release(shared).await;
    for link in &mut shared.look().links {
        let order = Order::Inject {
            bytes: bytes.clone(),
            close,
        };
        if link.phase == Phase::Established && link.orders.send(order).is_ok() {
            link.releases += 1;
        }
    }
    gate::released(shared).await;
    // An end of a connection may have had a will.
    gate::rest(shared).await
}

async fn accept(
    listener: TcpListener,
    shared: Arc<Shared>,
    manner: Manner,
    presence: Arc<Presences>,
    meddling: Arc<Meddling>,
) {
    loop {
        let (device, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            // The peer was gone before it was accepted.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionAborted => continue,
            Err(error) => {
                // Trying again at once would only spin; whoever waits for a connection is told.
                shared.update(|state| state.accept_error = Some(error.to_string()));
                return;
            }
        };
        // A matter of speed only.
        let _ = device.set_nodelay(true);
        let (orders, inbox) = mpsc::unbounded_channel();
        let index = shared.update(|state| {
            state.links.push(Link::new(peer, orders));
            state.links.len() - 1
        });
        let tls = presence.of(index).server();
        let meddler = Meddler::new(&meddling, index);
        let connection =
            Connection::new(index, shared.clone(), manner, inbox, device, tls, meddler);
        tokio::spawn(connection.run());
    }
}
