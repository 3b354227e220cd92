//! One device's connection: TCP and TLS on one side, plain MQTT to `rumqttd` on the other.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Buf, BytesMut};
use rumqttc::v5::mqttbytes::v5::PingReq;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::config::Pacing;
use super::facts::{CloseKind, ClosedBy, PacketKind};
use super::ledger::{Ledger, LoginCheck, Phase, Verdict};
use super::mqtt_tap::Frame;
use super::net::{self, Incoming};
use super::state::{Link, Order, Shared, State};
use super::tls::TlsServer;

/// How the front treats connections.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) pacing: Pacing,
    /// Where `rumqttd` listens.
    pub(super) broker: SocketAddr,
    /// Whether `rumqttd` asks for user name and password.
    pub(super) login_required: bool,
}

/// The task that serves one connection.
pub(super) struct Connection {
    index: usize,
    shared: Arc<Shared>,
    manner: Manner,
    orders: mpsc::UnboundedReceiver<Order>,
    ledger: Ledger,

    device: TcpStream,
    /// The device may still send.
    device_open: bool,
    tls: Box<dyn TlsServer>,
    /// Nothing is decrypted any more: what the device still sends is counted and dropped.
    tls_over: bool,
    bytes_in: u64,
    bytes_out: u64,
    /// Decrypted, not yet cut into packets.
    plaintext: BytesMut,
    /// Encrypted, not yet written.
    to_device: BytesMut,
    /// End our sending side once `to_device` is written.
    fin_due: bool,
    closed: Option<CloseKind>,

    upstream: Option<TcpStream>,
    /// The connection to `rumqttd` is wanted but not open yet.
    opening: bool,
    from_broker: BytesMut,
    to_broker: BytesMut,
    /// What to do with the connection to `rumqttd` once `to_broker` is written.
    then: Then,

    /// Packets for the device, held until they are released.
    held: Vec<Frame>,
    /// The end of the connection, held likewise.
    held_close: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Go,
    EndSending,
    Close,
}

impl Connection {
    pub(super) fn new(
        index: usize,
        shared: Arc<Shared>,
        manner: Manner,
        orders: mpsc::UnboundedReceiver<Order>,
        device: TcpStream,
        tls: Box<dyn TlsServer>,
    ) -> Self {
        Self {
            index,
            shared,
            manner,
            orders,
            ledger: Ledger::new(),
            device,
            device_open: true,
            tls,
            tls_over: false,
            bytes_in: 0,
            bytes_out: 0,
            plaintext: BytesMut::new(),
            to_device: BytesMut::new(),
            fin_due: false,
            closed: None,
            upstream: None,
            opening: false,
            from_broker: BytesMut::new(),
            to_broker: BytesMut::new(),
            then: Then::Go,
            held: Vec::new(),
            held_close: false,
        }
    }

    /// Serves until the device's end is closed.
    pub(super) async fn run(mut self) {
        while self.device_open || self.upstream.is_some() {
            tokio::select! {
                _ = self.device.readable(), if self.device_open => self.read_device(),
                _ = self.device.writable(), if self.device_open && !self.to_device.is_empty() => {}
                () = readable(self.upstream.as_ref()) => self.read_broker(),
                () = writable(self.upstream.as_ref()), if !self.to_broker.is_empty() => {}
                () = self.shared.until(|s| (!s.rumqttd_busy()).then_some(())), if self.opening => {
                    self.open().await;
                }
                order = self.orders.recv() => match order {
                    Some(order) => self.obey(order),
                    None => return,
                },
            }
            self.flush_broker().await;
            self.flush_device().await;
            self.tell();
        }
    }

    // From the device.

    fn read_device(&mut self) {
        let mut buffer = [0; 4096];
        while self.device_open {
            match self.device.try_read(&mut buffer) {
                Ok(0) => {
                    self.device_ended();
                    self.fin_due = self.closed.is_none();
                }
                Ok(count) => {
                    self.bytes_in += count as u64;
                    if !self.tls_over {
                        self.decrypt(&buffer[..count]);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.device_reset(),
            }
        }
    }

    fn device_ended(&mut self) {
        self.device_open = false;
        self.leave(ClosedBy::Device);
    }

    fn device_reset(&mut self) {
        self.device_ended();
        self.to_device.clear();
        self.fin_due = false;
        self.closed.get_or_insert(CloseKind::Reset);
    }

    fn decrypt(&mut self, bytes: &[u8]) {
        let alive = self.tls.receive(bytes);
        self.plaintext.extend_from_slice(&self.tls.take_plaintext());
        self.pass_to_broker();
        self.to_device.extend_from_slice(&self.tls.take_output());
        if !alive {
            self.tls_over = true;
            let by_device = self.tls.facts().alert_received.is_some();
            self.leave(if by_device {
                ClosedBy::Device
            } else {
                ClosedBy::Tls
            });
            self.fin_due = true;
        } else if self.tls.device_closed() {
            self.leave(ClosedBy::Device);
            self.end_later();
        }
    }

    /// Cuts the plaintext into packets and hands them to `rumqttd`, whole packets only: a ping of
    /// the gate may go between any two.
    fn pass_to_broker(&mut self) {
        while self.then == Then::Go && !matches!(self.ledger.phase(), Phase::Ending | Phase::Gone) {
            match Frame::take(&mut self.plaintext) {
                Ok(None) => return,
                Ok(Some(frame)) => {
                    self.opening |= self.ledger.phase() == Phase::Unopened;
                    self.to_broker.extend_from_slice(&frame.bytes);
                    let ledger = &mut self.ledger;
                    let verdict = self.shared.update(|state| {
                        state.dirty = true;
                        let link = &mut state.links[self.index];
                        let (verdict, announced) = ledger.from_device(&frame, &mut link.facts);
                        link.window_full = ledger.window_full();
                        if let Some(announced) = announced {
                            state.announce(announced);
                        }
                        verdict
                    });
                    if verdict == Verdict::PassLast {
                        self.then = Then::EndSending;
                    }
                }
                Err(_) => {
                    self.opening |= self.ledger.phase() == Phase::Unopened;
                    self.to_broker.extend_from_slice(&self.plaintext.split());
                    self.then = Then::EndSending;
                    let ledger = &mut self.ledger;
                    self.shared.update(|state| {
                        state.dirty = true;
                        ledger.gibberish(&mut state.links[self.index].facts);
                    });
                }
            }
        }
    }

    // The connection to rumqttd.

    async fn open(&mut self) {
        self.opening = false;
        match net::connect(self.manner.broker).await {
            Ok(stream) => {
                self.upstream = Some(stream);
                self.shared
                    .update(|state| state.links[self.index].upstream_open = true);
            }
            Err(_) => self.broker_ended(),
        }
    }

    async fn flush_broker(&mut self) {
        let Some(stream) = &mut self.upstream else {
            if !self.opening && self.then == Then::Close {
                self.part(None);
            }
            return;
        };
        match drain(stream, &mut self.to_broker) {
            Ok(_) if !self.to_broker.is_empty() => {}
            Ok(_) => match self.then {
                Then::Go => {}
                Then::EndSending => {
                    self.then = Then::Go;
                    // If this fails, reading from it fails too and says so.
                    let _ = stream.shutdown().await;
                }
                Then::Close => self.part(None),
            },
            // Whatever it sent before is still to be read; the end shows there.
            Err(_) => self.to_broker.clear(),
        }
    }

    fn read_broker(&mut self) {
        let Some(stream) = &self.upstream else {
            return;
        };
        let incoming = net::receive(stream, &mut self.from_broker);
        while let Ok(Some(frame)) = Frame::take(&mut self.from_broker) {
            let ledger = &mut self.ledger;
            let pass = self.shared.update(|state| {
                let link = &mut state.links[self.index];
                let pass = ledger.from_broker(&frame, &mut link.facts);
                link.window_full = ledger.window_full();
                if pass {
                    state.arrivals += 1;
                } else {
                    link.pings = link.pings.saturating_sub(1);
                }
                pass
            });
            if pass {
                self.held.push(frame);
            }
        }
        if !matches!(incoming, Ok(Incoming::Bytes | Incoming::Nothing)) {
            self.broker_ended();
        }
        if self.manner.pacing == Pacing::Free {
            self.release();
        }
    }

    /// `rumqttd` closed the connection, or could not be reached.
    fn broker_ended(&mut self) {
        if self.ledger.phase() == Phase::Gone {
            self.upstream = None;
            return;
        }
        let required = self.manner.login_required;
        let login = self.shared.update(|state| {
            let link = &mut state.links[self.index];
            link.facts.closed_by.get_or_insert(ClosedBy::Broker);
            let client = link.facts.client_id.clone().unwrap_or_default();
            state.take_login(&client)
        });
        let passed = login.unwrap_or(!required);
        self.part(Some(if passed {
            LoginCheck::Passed
        } else {
            LoginCheck::Failed
        }));
        self.end_later();
    }

    /// Leaves `rumqttd` without a word, once everything for it is written.
    fn leave(&mut self, closed_by: ClosedBy) {
        self.then = Then::Close;
        self.held.clear();
        self.shared.update(|state| {
            state.links[self.index]
                .facts
                .closed_by
                .get_or_insert(closed_by);
        });
        if self.opening && !self.device_open {
            // Nobody is left to hear the answer.
            self.opening = false;
        }
    }

    /// The connection to `rumqttd` is over. `login` says what became of an unanswered CONNECT.
    fn part(&mut self, login: Option<LoginCheck>) {
        self.upstream = None;
        self.opening = false;
        self.to_broker.clear();
        self.then = Then::Go;
        if self.ledger.phase() == Phase::Gone {
            return;
        }
        let ledger = &mut self.ledger;
        self.shared.update(|state: &mut State| {
            let link = &mut state.links[self.index];
            link.upstream_open = false;
            link.pings = 0;
            let was = ledger.phase();
            let (will, delayed) = ledger.closed(&mut link.facts, login);
            link.phase = ledger.phase();
            if was != Phase::Unopened {
                state.arrivals += 1;
                state.dirty = true;
            }
            if delayed {
                state.delayed_wills += 1;
            } else if let Some(will) = will {
                state.announce(will);
            }
        });
    }

    // To the device.

    /// Ends the connection in order after what is held.
    fn end_later(&mut self) {
        self.held_close = true;
        if self.manner.pacing == Pacing::Free {
            self.release();
        }
    }

    /// Encrypts what is held, acknowledgements first, each packet as a record of its own.
    fn release(&mut self) {
        self.held.sort_by_key(|frame| match frame.kind {
            PacketKind::Publish => 1,
            PacketKind::Disconnect => 2,
            _ => 0,
        });
        for frame in self.held.drain(..) {
            self.tls.send(&frame.bytes);
        }
        if std::mem::take(&mut self.held_close) && !self.tls_over {
            self.tls.close();
            self.tls_over = true;
            self.fin_due = true;
        }
        self.to_device.extend_from_slice(&self.tls.take_output());
    }

    async fn flush_device(&mut self) {
        match drain(&self.device, &mut self.to_device) {
            Ok(written) => self.bytes_out += written,
            Err(_) => {
                if self.device_open {
                    self.device_reset();
                }
                return;
            }
        }
        if self.fin_due && self.to_device.is_empty() {
            self.fin_due = false;
            // The device may have reset it meanwhile; then reading says so.
            let _ = self.device.shutdown().await;
            self.closed.get_or_insert(CloseKind::Fin);
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Ping => {
                // Writing two bytes to a buffer cannot fail.
                if self.ledger.ping() {
                    let _ = PingReq::write(&mut self.to_broker);
                }
            }
            Order::Release => {
                self.release();
                self.shared.update(|state| {
                    let link = &mut state.links[self.index];
                    link.releases = link.releases.saturating_sub(1);
                });
            }
            Order::Stop => {
                // A broker that goes down takes no leave, neither by TLS nor by a will: the
                // connection to rumqttd stays open until rumqttd is gone.
                self.held.clear();
                self.held_close = false;
                self.tls_over = true;
                self.fin_due = self.closed.is_none();
                let upstream = self.upstream.take();
                self.shared.update(|state| {
                    state.links[self.index]
                        .facts
                        .closed_by
                        .get_or_insert(ClosedBy::Stop);
                });
                self.ledger.forget_will();
                self.part(None);
                self.upstream = upstream;
            }
        }
    }

    /// Writes down where this connection stands.
    fn tell(&mut self) {
        self.shared.update(|state| {
            let link: &mut Link = &mut state.links[self.index];
            link.facts.bytes_in = self.bytes_in;
            link.facts.bytes_out = self.bytes_out;
            if link.facts.tls != *self.tls.facts() {
                link.facts.tls = self.tls.facts().clone();
            }
            link.phase = self.ledger.phase();
            link.held = self.held.len() + usize::from(self.held_close);
            link.unsent = self.to_device.len() + usize::from(self.fin_due);
            link.closed = self.closed;
            link.device_gone = !self.device_open;
        });
    }
}

async fn readable(stream: Option<&TcpStream>) {
    match stream {
        // An error shows when it is read.
        Some(stream) => drop(stream.readable().await),
        None => std::future::pending().await,
    }
}

async fn writable(stream: Option<&TcpStream>) {
    match stream {
        Some(stream) => drop(stream.writable().await),
        None => std::future::pending().await,
    }
}

/// Writes as much of `buffer` as the socket takes now; gives how much that was.
fn drain(stream: &TcpStream, buffer: &mut BytesMut) -> io::Result<u64> {
    let mut written = 0;
    while !buffer.is_empty() {
        match stream.try_write(buffer) {
            Ok(count) => {
                buffer.advance(count);
                written += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}
