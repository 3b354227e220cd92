//! One device's connection: TCP and TLS on one side, plain MQTT to `rumqttd` on the other.

mod upstream;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::v5::PingReq;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::config::Pacing;
use super::facts::{AuthOutcome, CloseKind, ClosedBy, PacketKind};
use super::ledger::{Ledger, Phase, Verdict};
use super::meddling::{Changed, Meddler, refusing_connack};
use super::mqtt_tap::Frame;
use super::net::{drain, readable, writable};
use super::state::{Link, Order, Shared};
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

    meddler: Meddler,
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
        meddler: Meddler,
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
            meddler,
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
        while self.then == Then::Go {
            if matches!(self.ledger.phase(), Phase::Ending | Phase::Gone) {
                // Nobody listens any more.
                self.plaintext.clear();
                return;
            }
            match Frame::take(&mut self.plaintext) {
                Ok(None) => return,
                Ok(Some(frame)) if self.refuses(&frame) => {}
                Ok(Some(frame)) => {
                    self.opening |= self.ledger.phase() == Phase::Unopened;
                    self.to_broker.extend_from_slice(&frame.bytes);
                    let ledger = &mut self.ledger;
                    let verdict = self.shared.update(|state| {
                        state.dirty = true;
                        let link = &mut state.links[self.index];
                        let (verdict, announced) = ledger.device_sent(&frame, &mut link.facts);
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

    /// Answers CONNECT in the broker's place, if it is to be refused.
    fn refuses(&mut self, frame: &Frame) -> bool {
        let refusal = self.meddler.refusal();
        let Some((code, answer)) = refusal.and_then(|code| Some((code, refusing_connack(code)?)))
        else {
            return false;
        };
        if self.ledger.phase() != Phase::Unopened || frame.kind != PacketKind::Connect {
            return false;
        }
        let ledger = &mut self.ledger;
        self.shared.update(|state| {
            let facts = &mut state.links[self.index].facts;
            ledger.device_sent(frame, facts);
            ledger.closed(facts, None);
            facts.auth = AuthOutcome::Refused {
                reason: Some(format!("{code:#04x}")),
            };
            facts.closed_by.get_or_insert(ClosedBy::Broker);
        });
        self.held.push(answer);
        self.end_later();
        true
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
        for frame in std::mem::take(&mut self.held) {
            let Changed {
                frame,
                inserted,
                close,
            } = self.meddler.change(frame);
            if let Some(frame) = &frame {
                self.send(&frame.bytes);
                self.shared.update(|state| {
                    self.ledger
                        .released(frame, &mut state.links[self.index].facts);
                });
            }
            if let Some(bytes) = inserted {
                self.send(&bytes);
            }
            if close {
                self.end_now();
                break;
            }
        }
        if std::mem::take(&mut self.held_close) && !self.tls_over {
            self.tls.close();
            self.tls_over = true;
            self.fin_due = true;
        }
        self.to_device.extend_from_slice(&self.tls.take_output());
    }

    fn send(&mut self, bytes: &[u8]) {
        let most = self.meddler.record();
        bytes.chunks(most).for_each(|part| self.tls.send(part));
    }

    /// Ends the connection in order, in the broker's place, after what was sent.
    fn end_now(&mut self) {
        self.leave(ClosedBy::Broker);
        self.held_close = true;
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
            Order::Inject { bytes, close } => {
                self.send(&bytes);
                if close {
                    self.end_now();
                }
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
