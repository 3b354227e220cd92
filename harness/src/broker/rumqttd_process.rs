//! `rumqttd` on a runtime of its own, so that it can be stopped as a whole.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use rumqttd::protocol::v5::V5;
use rumqttd::{ConnectionSettings, LinkType, Router, RouterConfig, Server, ServerSettings};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::config::Secret;
use super::error::BrokerError;
use super::net::ReservedPort;
use super::state::Shared;

/// How `rumqttd` is set up.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// Port on 127.0.0.1; 0 lets the system choose.
    pub(super) port: u16,
    /// Who may connect, by user name. Empty: everybody.
    pub(super) users: HashMap<String, Secret>,
    /// Largest remaining length of a packet, bytes.
    pub(super) max_packet_size: usize,
}

/// A running `rumqttd`. Its router thread cannot be ended from outside: it sleeps for good once
/// nobody is connected, and goes with the process.
#[derive(Debug)]
pub(super) struct RumqttdProcess {
    addr: SocketAddr,
    shutdown: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl RumqttdProcess {
    /// Starts it and waits until it listens.
    pub(super) fn start(shared: &Arc<Shared>, settings: &Settings) -> Result<Self, BrokerError> {
        // rumqttd takes no listener and no port 0. Two sockets may be bound to one address as long
        // as only one listens (Linux), so the port stays ours until rumqttd has it.
        let reserved = ReservedPort::new("rumqttd", settings.port)?;
        let addr = reserved.addr();
        let reserved = cfg!(target_os = "linux").then_some(reserved);

        let (shutdown, stopped) = oneshot::channel();
        let (ready, started) = mpsc::channel();
        let shared = shared.clone();
        let settings = settings.clone();
        let thread = std::thread::Builder::new()
            .name("hil-rumqttd".to_owned())
            .spawn(move || serve(shared, addr, &settings, stopped, &ready))
            .map_err(|source| BrokerError::Thread {
                what: "rumqttd",
                source,
            })?;
        let process = Self {
            addr,
            shutdown: Some(shutdown),
            thread: Some(thread),
        };
        let outcome = started.recv();
        drop(reserved);
        match outcome {
            Ok(result) => result.map(|()| process),
            Err(_) => Err(BrokerError::Rumqttd {
                addr,
                reason: "its thread panicked".to_owned(),
            }),
        }
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for RumqttdProcess {
    fn drop(&mut self) {
        drop(self.shutdown.take());
        if let Some(thread) = self.thread.take() {
            // A panic in there was reported by the thread itself.
            let _ = thread.join();
        }
    }
}

type Ready = mpsc::Sender<Result<(), BrokerError>>;

fn serve(
    shared: Arc<Shared>,
    addr: SocketAddr,
    settings: &Settings,
    stopped: oneshot::Receiver<()>,
    ready: &Ready,
) {
    let mut server = Server::new(
        server_settings(&shared, addr, settings),
        Router::new(0, router_config()).spawn(),
        V5,
    );
    // Each time the runtime has nothing to do, it says how many connections it still serves.
    let this: Arc<Mutex<Option<Handle>>> = Arc::default();
    let park = this.clone();
    let built = Builder::new_current_thread()
        .enable_all()
        .on_thread_park(move || {
            let handle = park.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(handle) = handle.as_ref() {
                let tasks = handle.metrics().num_alive_tasks();
                if shared.look().rumqttd_tasks != tasks {
                    shared.update(|state| state.rumqttd_tasks = tasks);
                }
            }
        })
        .build();
    let runtime = match built {
        Ok(runtime) => runtime,
        Err(source) => {
            let _ = ready.send(Err(BrokerError::Thread {
                what: "rumqttd",
                source,
            }));
            return;
        }
    };
    *this.lock().unwrap_or_else(PoisonError::into_inner) = Some(runtime.handle().clone());
    runtime.block_on(async {
        // In this order: once the second future runs, the first has bound its port.
        tokio::select! {
            biased;
            ended = server.start(LinkType::Remote) => {
                let reason = ended.err().map_or_else(|| "no reason".to_owned(), |e| e.to_string());
                let _ = ready.send(Err(BrokerError::Rumqttd { addr, reason }));
            }
            () = async {
                let _ = ready.send(Ok(()));
                // Sent never, dropped to stop.
                let _ = stopped.await;
            } => {}
        }
    });
    // The runtime owns the closure that owns this handle to it: nothing would ever be closed.
    *this.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

fn server_settings(shared: &Arc<Shared>, addr: SocketAddr, settings: &Settings) -> ServerSettings {
    let mut server = ServerSettings {
        name: "hil".to_owned(),
        listen: addr,
        tls: None,
        next_connection_delay_ms: 0,
        connections: ConnectionSettings {
            connection_timeout_ms: u16::MAX,
            max_payload_size: settings.max_packet_size,
            max_inflight_count: 100,
            auth: None,
            external_auth: None,
            dynamic_filters: false,
        },
    };
    if !settings.users.is_empty() {
        let users = settings.users.clone();
        let shared = shared.clone();
        server.set_auth_handler(move |client: String, user: String, password: String| {
            let right = users
                .get(&user)
                .is_some_and(|secret| secret.expose() == password);
            shared.update(|state| state.logins.push_back((client, right)));
            std::future::ready(right)
        });
    }
    server
}

fn router_config() -> RouterConfig {
    RouterConfig {
        max_connections: 64,
        max_outgoing_packet_count: 200,
        max_segment_size: 1024 * 1024,
        max_segment_count: 10,
        custom_segment: None,
        initialized_filters: None,
        shared_subscriptions_strategy: rumqttd::Strategy::RoundRobin,
    }
}
