//! The network edge of the simulated modem: real TCP connections under virtual time.
//!
//! Each thing that crosses the network takes the one-way delay. When a packet of the device
//! arrives, its bytes are written to the real socket and the world waits until the broker has
//! answered everything it is going to answer; the answers then travel back with the same delay.
//! So no reply depends on how fast this machine is.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use modem_sim::{ConnId, NetEvent};

use super::error::RigError;
use crate::broker::{Broker, CloseKind, Settled};
use crate::fault::{CONNECT_TIMEOUT, Dialled, Fault, KEEP_ALIVE, NetFaults, Travel};

/// One-way delay between the mobile network and the broker. The radio part, which is longer, is
/// the simulated modem's own.
pub const ONE_WAY: Duration = Duration::from_millis(5);

/// How long a name that does not resolve takes to fail.
const RESOLVE_FAILURE: Duration = Duration::from_secs(2);

/// Where names lead; a name that is missing does not resolve.
pub(super) type Hosts = HashMap<(String, u16), SocketAddr>;

#[derive(Debug)]
enum Crossing {
    Dial {
        conn: ConnId,
        host: String,
        port: u16,
    },
    Uplink {
        conn: ConnId,
        bytes: Vec<u8>,
    },
    Hangup {
        conn: ConnId,
    },
    Event(NetEvent),
    /// The peer's patience with a client that has not said anything is at its end.
    Impatience {
        conn: ConnId,
    },
    /// The modem's TCP gives up a connection that the network has forgotten.
    GiveUp {
        conn: ConnId,
    },
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    sent: u64,
    read: u64,
    closed: bool,
    /// The network has forgotten it: nothing arrives at either end.
    forgotten: bool,
    /// Bytes of the peer that were let through.
    passed: u64,
}

/// The sockets of one modem.
#[derive(Debug, Default)]
pub(super) struct Edge {
    crossings: BTreeMap<(Duration, u64), Crossing>,
    sequence: u64,
    open: HashMap<ConnId, Connection>,
    hosts: Hosts,
    faults: NetFaults,
    /// How long peers wait for a client's first byte; nothing: for ever.
    patience: Option<Duration>,
}

impl Edge {
    /// Peers close connections over which nothing has come for so long.
    pub(super) fn set_patience(&mut self, patience: Option<Duration>) {
        self.patience = patience;
    }

    /// Lets the peers of all open connections say `bytes`, behind what they have said before.
    pub(super) fn peers_say(&mut self, now: Duration, bytes: &[u8]) {
        for conn in self.conns() {
            let told = |connection: &Connection| connection.closed || connection.forgotten;
            if !self.open.get(&conn).is_none_or(told) {
                let at = self.faults.arrival(now, Travel::Down, ONE_WAY, bytes.len());
                let bytes = bytes.to_vec();
                self.cross(at, Crossing::Event(NetEvent::Data { conn, bytes }));
            }
        }
    }

    /// Lets `fault` happen to what crosses from now on, if it is one of the network.
    pub(super) fn add_fault(&mut self, fault: &Fault, seed: u64) {
        self.faults.add(fault, seed);
    }

    /// Ends every open connection: the modem learns it by `reset` or in order, the broker at once.
    pub(super) fn end_all(
        &mut self,
        now: Duration,
        reset: bool,
        broker: &Broker,
    ) -> Result<(), RigError> {
        for conn in self.conns() {
            self.end(now, conn, reset, broker)?;
        }
        Ok(())
    }

    /// Forgets every open connection without a word to either end.
    pub(super) fn forget_all(&mut self, now: Duration) {
        for conn in self.conns() {
            if let Some(connection) = self.open.get_mut(&conn)
                && !connection.closed
            {
                connection.forgotten = true;
                self.cross(now + KEEP_ALIVE, Crossing::GiveUp { conn });
            }
        }
    }

    fn conns(&self) -> Vec<ConnId> {
        let mut conns: Vec<_> = self.open.keys().copied().collect();
        conns.sort_unstable();
        conns
    }

    fn end(
        &mut self,
        now: Duration,
        conn: ConnId,
        reset: bool,
        broker: &Broker,
    ) -> Result<(), RigError> {
        let event = match reset {
            true => NetEvent::Reset { conn },
            false => NetEvent::Closed { conn },
        };
        let told = |connection: &Connection| connection.closed || connection.forgotten;
        if !self.open.get(&conn).is_none_or(told) {
            let at = self.faults.arrival(now, Travel::Down, ONE_WAY, 0);
            self.cross(at, Crossing::Event(event));
        }
        self.hangup(conn, broker)
    }

    /// Names `host:port` as `address` from now on.
    pub(super) fn name(&mut self, host: &str, port: u16, address: SocketAddr) {
        self.hosts.insert((host.to_owned(), port), address);
    }

    /// The modem opens a connection.
    pub(super) fn connect(&mut self, now: Duration, conn: ConnId, host: String, port: u16) {
        let at = self.faults.arrival(now, Travel::Up, ONE_WAY, 0);
        self.cross(at, Crossing::Dial { conn, host, port });
    }

    /// The modem sends one packet.
    pub(super) fn send(&mut self, now: Duration, conn: ConnId, mut bytes: Vec<u8>) {
        self.faults.damage(now, &mut bytes);
        let at = self.faults.arrival(now, Travel::Up, ONE_WAY, bytes.len());
        self.cross(at, Crossing::Uplink { conn, bytes });
    }

    /// The modem closes a connection.
    pub(super) fn close(&mut self, now: Duration, conn: ConnId) {
        let at = self.faults.arrival(now, Travel::Up, ONE_WAY, 0);
        self.cross(at, Crossing::Hangup { conn });
    }

    /// When the next thing arrives at either end.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.crossings.first_key_value().map(|((at, _), _)| *at)
    }

    /// Carries out what is due at `now` and returns what the modem learns of it.
    pub(super) fn advance(
        &mut self,
        now: Duration,
        broker: &Broker,
    ) -> Result<Vec<NetEvent>, RigError> {
        let mut events = Vec::new();
        while let Some(entry) = self.crossings.first_entry()
            && entry.key().0 <= now
        {
            match entry.remove() {
                Crossing::Dial { conn, host, port } => self.dial(now, conn, &host, port, broker)?,
                Crossing::Uplink { conn, bytes } => self.uplink(now, conn, &bytes, broker)?,
                Crossing::Hangup { conn } => self.hangup(conn, broker)?,
                Crossing::Event(event) => events.push(event),
                Crossing::Impatience { conn } => {
                    if self.open.get(&conn).is_some_and(|open| open.sent == 0) {
                        self.end(now, conn, false, broker)?;
                    }
                }
                Crossing::GiveUp { conn } => {
                    if self.open.contains_key(&conn) {
                        self.hangup(conn, broker)?;
                        events.push(NetEvent::Reset { conn });
                    }
                }
            }
        }
        Ok(events)
    }

    /// Collects what the broker said without being asked, for example after a publish.
    pub(super) fn collect(&mut self, now: Duration, broker: &Broker) -> Result<(), RigError> {
        let settled: HashMap<_, _> = broker.settle_all()?.into_iter().collect();
        for conn in self.conns() {
            let Some(connection) = self.open.get(&conn) else {
                continue;
            };
            if let Some(settled) = settled.get(&connection.peer) {
                self.receive(now, conn, *settled, broker)?;
            }
        }
        Ok(())
    }

    fn cross(&mut self, at: Duration, crossing: Crossing) {
        self.sequence += 1;
        self.crossings.insert((at, self.sequence), crossing);
    }

    fn dial(
        &mut self,
        now: Duration,
        conn: ConnId,
        host: &str,
        port: u16,
        broker: &Broker,
    ) -> Result<(), RigError> {
        let unreachable = NetEvent::Unreachable { conn };
        let failure = match self.faults.dialled(now) {
            Dialled::Open => None,
            Dialled::Refused => Some((ONE_WAY, NetEvent::Refused { conn })),
            Dialled::NoName => Some((RESOLVE_FAILURE, unreachable.clone())),
            Dialled::Silence => Some((CONNECT_TIMEOUT, unreachable.clone())),
        };
        if let Some((after, event)) = failure {
            self.cross(now + after, Crossing::Event(event));
            return Ok(());
        }
        let Some(address) = self.hosts.get(&(host.to_owned(), port)) else {
            self.cross(now + RESOLVE_FAILURE, Crossing::Event(unreachable));
            return Ok(());
        };
        let stream = match TcpStream::connect(address) {
            Ok(stream) => stream,
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                self.cross(now + ONE_WAY, Crossing::Event(NetEvent::Refused { conn }));
                return Ok(());
            }
            Err(source) => {
                return Err(RigError::Edge {
                    action: "connecting",
                    source,
                });
            }
        };
        let peer = stream
            .set_nodelay(true)
            .and_then(|()| stream.local_addr())
            .map_err(|source| RigError::Edge {
                action: "preparing a connection",
                source,
            })?;
        self.open.insert(
            conn,
            Connection {
                stream,
                peer,
                sent: 0,
                read: 0,
                closed: false,
                forgotten: false,
                passed: 0,
            },
        );
        let at = self.faults.arrival(now, Travel::Down, ONE_WAY, 0);
        self.cross(at, Crossing::Event(NetEvent::Connected { conn }));
        if let Some(patience) = self.patience {
            self.cross(now + patience, Crossing::Impatience { conn });
        }
        let settled = broker.settle(peer, 0)?;
        self.receive(now, conn, settled, broker)
    }

    fn uplink(
        &mut self,
        now: Duration,
        conn: ConnId,
        bytes: &[u8],
        broker: &Broker,
    ) -> Result<(), RigError> {
        // Bytes that were on their way when the connection ended are lost, as in a network.
        let Some(connection) = self
            .open
            .get_mut(&conn)
            .filter(|connection| !connection.closed && !connection.forgotten)
        else {
            return Ok(());
        };
        match connection.stream.write_all(bytes) {
            Ok(()) => {}
            Err(error) if is_disconnect(&error) => {
                self.lose(now, conn, NetEvent::Reset { conn });
                return Ok(());
            }
            Err(source) => {
                return Err(RigError::Edge {
                    action: "sending",
                    source,
                });
            }
        }
        connection.sent += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let settled = broker.settle(connection.peer, connection.sent)?;
        self.receive(now, conn, settled, broker)
    }

    /// Reads exactly what the broker is known to have written.
    fn receive(
        &mut self,
        now: Duration,
        conn: ConnId,
        settled: Settled,
        broker: &Broker,
    ) -> Result<(), RigError> {
        let Some(connection) = self.open.get_mut(&conn) else {
            return Ok(());
        };
        let due = settled.written.saturating_sub(connection.read);
        let mut bytes = vec![0; usize::try_from(due).unwrap_or(0)];
        let mut filled = 0;
        while filled < bytes.len() {
            match connection.stream.read(&mut bytes[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if is_disconnect(&error) => break,
                Err(source) => {
                    return Err(RigError::Edge {
                        action: "receiving",
                        source,
                    });
                }
            }
        }
        bytes.truncate(filled);
        connection.read += u64::try_from(filled).unwrap_or(u64::MAX);
        if connection.forgotten || connection.closed {
            return Ok(());
        }
        let end = self.faults.end_after(now);
        let limits = [end.map(|(limit, _)| limit), self.faults.truncated(now)];
        for limit in limits.into_iter().flatten() {
            let room = limit.saturating_sub(connection.passed);
            bytes.truncate(usize::try_from(room).unwrap_or(usize::MAX));
        }
        connection.passed += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let ended = end.filter(|(limit, _)| connection.passed >= *limit);
        if !bytes.is_empty() {
            self.faults.damage(now, &mut bytes);
            let at = self.faults.arrival(now, Travel::Down, ONE_WAY, bytes.len());
            self.cross(at, Crossing::Event(NetEvent::Data { conn, bytes }));
        }
        if let Some((_, reset)) = ended {
            return self.end(now, conn, reset, broker);
        }
        match settled.closed {
            None => {}
            Some(CloseKind::Fin) => self.lose(now, conn, NetEvent::Closed { conn }),
            Some(CloseKind::Reset) => self.lose(now, conn, NetEvent::Reset { conn }),
        }
        Ok(())
    }

    fn lose(&mut self, now: Duration, conn: ConnId, event: NetEvent) {
        if let Some(connection) = self.open.get_mut(&conn)
            && !connection.closed
        {
            connection.closed = true;
            if !connection.forgotten {
                let at = self.faults.arrival(now, Travel::Down, ONE_WAY, 0);
                self.cross(at, Crossing::Event(event));
            }
        }
    }

    fn hangup(&mut self, conn: ConnId, broker: &Broker) -> Result<(), RigError> {
        let Some(connection) = self.open.remove(&conn) else {
            return Ok(());
        };
        match connection.stream.shutdown(Shutdown::Both) {
            Ok(()) => {}
            Err(error) if is_disconnect(&error) => {}
            Err(source) => {
                return Err(RigError::Edge {
                    action: "closing",
                    source,
                });
            }
        }
        drop(connection.stream);
        if !connection.closed {
            broker.settle_closed(connection.peer)?;
        }
        Ok(())
    }
}

fn is_disconnect(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::NotConnected
    )
}
