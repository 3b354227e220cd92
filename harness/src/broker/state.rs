//! What the front's tasks and the calling thread know in common.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, watch};

use super::facts::{CloseKind, ConnectionFacts, Message, Published};
use super::ledger::{Announced, Phase};

/// The shared state, and a bell that rings at every change.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State::default()),
            changed: watch::Sender::new(()),
        }
    }

    /// Looks at the state. No lock is held across an await or a system call.
    pub(super) fn look(&self) -> MutexGuard<'_, State> {
        // A panic while the lock was held is reported by the thread that had it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes everybody who waits for a change.
    pub(super) fn update<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let result = change(&mut self.look());
        self.changed.send_replace(());
        result
    }

    /// Waits until `found` gives something.
    pub(super) async fn until<R>(&self, mut found: impl FnMut(&mut State) -> Option<R>) -> R {
        let mut changed = self.changed.subscribe();
        loop {
            if let Some(result) = found(&mut self.look()) {
                return result;
            }
            // The sender lives as long as `self`, so this cannot fail.
            let _ = changed.changed().await;
        }
    }
}

/// Everything that is known of the broker and its connections.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Every connection since the broker started, in the order of accept.
    pub(super) links: Vec<Link>,
    /// The monitoring client.
    pub(super) monitor: Monitor,
    /// Tasks alive inside `rumqttd`'s runtime: one per connection it has not finished with.
    pub(super) rumqttd_tasks: usize,
    /// Connections that ended with a will `rumqttd` sits on for a while (will delay interval).
    pub(super) delayed_wills: usize,
    /// Something went into `rumqttd` since the gate last found it at rest.
    pub(super) dirty: bool,
    /// Packets (answers to the gate's pings apart) and closes that came out of `rumqttd`.
    pub(super) arrivals: u64,
    /// What the monitor received and nobody took yet.
    pub(super) messages: Vec<Message>,
    /// What was published and the monitor did not receive yet.
    pub(super) announced: HashMap<(String, Vec<u8>), VecDeque<Published>>,
    /// Why the front accepts no more connections, if it does not.
    pub(super) accept_error: Option<String>,
    /// User names and passwords `rumqttd` asked about: client identifier and verdict.
    pub(super) logins: VecDeque<(String, bool)>,
}

/// One connection to the front.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) facts: ConnectionFacts,
    /// Orders to the task that serves it.
    pub(super) orders: mpsc::UnboundedSender<Order>,
    /// Where its connection to `rumqttd` stands.
    pub(super) phase: Phase,
    /// `rumqttd` has, or is about to have, a task for this connection.
    pub(super) upstream_open: bool,
    /// Pings of the gate on their way.
    pub(super) pings: usize,
    /// `rumqttd` may be silent until the device acknowledges something.
    pub(super) window_full: bool,
    /// Packets and closes from `rumqttd` that are held back until they are released.
    pub(super) held: usize,
    /// Release orders the task has not carried out.
    pub(super) releases: usize,
    /// Bytes for the device that its TCP connection did not take yet, and a FIN that waits.
    pub(super) unsent: usize,
    /// How the front ended its sending side.
    pub(super) closed: Option<CloseKind>,
    /// The device's end is closed or reset.
    pub(super) device_gone: bool,
    /// The end of this connection was reported to the caller.
    pub(super) reported: bool,
}

impl Link {
    pub(super) fn new(peer: SocketAddr, orders: mpsc::UnboundedSender<Order>) -> Self {
        Self {
            facts: ConnectionFacts::new(peer),
            orders,
            phase: Phase::Unopened,
            upstream_open: false,
            pings: 0,
            window_full: false,
            held: 0,
            releases: 0,
            unsent: 0,
            closed: None,
            device_gone: false,
            reported: false,
        }
    }
}

/// What the gate asks of the task that serves a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    /// Send a ping of the gate's own to `rumqttd`.
    Ping,
    /// Pass on what is held.
    Release,
    /// Send bytes of the harness's own, then close if told so. Counts as a release.
    Inject { bytes: bytes::Bytes, close: bool },
    /// The broker stops: close at once.
    Stop,
}

/// State of the monitoring client.
#[derive(Debug, Default)]
pub(super) struct Monitor {
    /// Orders to its task, `None` while the broker is stopped.
    pub(super) orders: Option<mpsc::UnboundedSender<MonitorOrder>>,
    /// It is connected and subscribed.
    pub(super) subscribed: bool,
    /// Pings of the gate on their way.
    pub(super) pings: usize,
    /// Packet identifiers of the harness's own publishes that are not finished.
    pub(super) unacknowledged: Vec<u16>,
    /// Why it lost its connection.
    pub(super) error: Option<String>,
}

/// What the gate and the caller ask of the monitor's task.
#[derive(Debug)]
pub(super) enum MonitorOrder {
    /// Send a ping of the gate's own.
    Ping,
    /// Send this packet.
    Send(bytes::Bytes),
}

impl State {
    /// Notes that the broker is about to deliver this message.
    pub(super) fn announce(&mut self, announced: Announced) {
        let key = (announced.topic, announced.payload);
        self.announced
            .entry(key)
            .or_default()
            .push_back(announced.published);
    }

    /// The monitor received a message.
    pub(super) fn deliver(&mut self, mut message: Message) {
        let key = (
            std::mem::take(&mut message.topic),
            std::mem::take(&mut message.payload),
        );
        if let Some(queue) = self.announced.get_mut(&key) {
            message.published = queue.pop_front();
            if queue.is_empty() {
                self.announced.remove(&key);
            }
        }
        (message.topic, message.payload) = key;
        self.messages.push(message);
    }

    /// The verdict `rumqttd` got on the login of this client, if it asked.
    pub(super) fn take_login(&mut self, client_id: &str) -> Option<bool> {
        let index = self
            .logins
            .iter()
            .position(|(client, _)| client == client_id)?;
        self.logins.remove(index).map(|(_, verdict)| verdict)
    }

    /// Connections that `rumqttd` rightly has a task for.
    fn expected_tasks(&self) -> usize {
        let open = |link: &&Link| link.upstream_open;
        let monitor = usize::from(self.monitor.orders.is_some());
        self.links.iter().filter(open).count() + monitor + self.delayed_wills
    }

    /// `rumqttd` still works on a connection that is closed (its last act is to publish a will).
    pub(super) fn rumqttd_busy(&self) -> bool {
        self.rumqttd_tasks > self.expected_tasks()
    }
}
