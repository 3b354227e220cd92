//! The harness's own MQTT client, straight on `rumqttd`: it records what the broker delivers and
//! publishes what the harness wants to say.
//!
//! It subscribes `#` with QoS 0. `rumqttd` overwrites the QoS of what it forwards with that of the
//! subscription and clears the retain flag, so a higher QoS would tell nothing more; and without
//! acknowledgements no in-flight window can hold a message back.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    Connect, ConnectReturnCode, Filter, Login, Packet, PingReq, PubRel, Subscribe,
};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::error::BrokerError;
use super::facts::{Message, PacketKind};
use super::mqtt_tap::Frame;
use super::net::{self, Incoming};
use super::state::{MonitorOrder, Shared};

/// Client identifier of the monitor.
pub(super) const CLIENT_ID: &str = "hil-monitor";
/// The longest MQTT knows, in seconds: the monitor sends no pings but those of the gate.
const KEEP_ALIVE: u16 = u16::MAX;

/// Connects to `rumqttd`, subscribes everything, and serves from then on.
pub(super) async fn start(
    shared: &Arc<Shared>,
    broker: SocketAddr,
    login: Login,
) -> Result<(), BrokerError> {
    let lost = |error: io::Error| BrokerError::MonitorLost(error.to_string());
    let mut stream = net::connect(broker).await.map_err(lost)?;
    let connect = Connect {
        keep_alive: KEEP_ALIVE,
        client_id: CLIENT_ID.to_owned(),
        clean_start: true,
        properties: None,
    };
    let subscribe = Subscribe::new(Filter::new("#", QoS::AtMostOnce), None);
    let mut hello = BytesMut::new();
    write(&Packet::Connect(connect, None, Some(login)), &mut hello)?;
    write(
        &Packet::Subscribe(Subscribe {
            pkid: 1,
            ..subscribe
        }),
        &mut hello,
    )?;
    stream.write_all(&hello).await.map_err(lost)?;

    let (orders, inbox) = mpsc::unbounded_channel();
    shared.update(|state| {
        state.monitor = super::state::Monitor {
            orders: Some(orders),
            ..Default::default()
        };
    });
    let task = Task {
        shared: shared.clone(),
        stream,
        inbox,
        input: BytesMut::new(),
    };
    tokio::spawn(task.run());
    shared
        .until(|state| match &state.monitor.error {
            Some(reason) => Some(Err(BrokerError::MonitorLost(reason.clone()))),
            None => state.monitor.subscribed.then_some(Ok(())),
        })
        .await
}

/// Encodes a packet.
pub(super) fn write(packet: &Packet, to: &mut BytesMut) -> Result<(), BrokerError> {
    packet
        .write(to, None)
        .map_err(|error| BrokerError::MonitorLost(error.to_string()))?;
    Ok(())
}

struct Task {
    shared: Arc<Shared>,
    stream: TcpStream,
    inbox: mpsc::UnboundedReceiver<MonitorOrder>,
    input: BytesMut,
}

impl Task {
    async fn run(mut self) {
        let reason = self.serve().await;
        // Dropping the orders' sender is how the broker tells the monitor to stop.
        if let Some(reason) = reason {
            self.shared
                .update(|state| state.monitor.error = Some(reason));
        }
    }

    /// Serves until it is told to stop (`None`) or the connection is lost.
    async fn serve(&mut self) -> Option<String> {
        loop {
            tokio::select! {
                readable = self.stream.readable() => {
                    if let Err(error) = readable {
                        return Some(error.to_string());
                    }
                    match net::receive(&self.stream, &mut self.input) {
                        Ok(Incoming::Bytes) => {}
                        Ok(Incoming::Nothing) => continue,
                        Ok(Incoming::End) => return Some("rumqttd closed it".to_owned()),
                        Err(error) => return Some(error.to_string()),
                    }
                    match self.packets() {
                        Ok(answer) if answer.is_empty() => {}
                        Ok(answer) => {
                            if let Err(error) = self.stream.write_all(&answer).await {
                                return Some(error.to_string());
                            }
                        }
                        Err(reason) => return Some(reason),
                    }
                }
                order = self.inbox.recv() => {
                    let bytes = match order {
                        None => return None,
                        Some(MonitorOrder::Send(bytes)) => bytes,
                        Some(MonitorOrder::Ping) => {
                            let mut ping = BytesMut::new();
                            if let Err(error) = PingReq::write(&mut ping) {
                                return Some(error.to_string());
                            }
                            ping.freeze()
                        }
                    };
                    if let Err(error) = self.stream.write_all(&bytes).await {
                        return Some(error.to_string());
                    }
                }
            }
        }
    }

    /// Handles what has arrived; gives what is to be answered.
    fn packets(&mut self) -> Result<Bytes, String> {
        let mut answer = BytesMut::new();
        loop {
            let frame = match Frame::take(&mut self.input) {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(answer.freeze()),
                Err(_) => return Err("rumqttd sent a malformed length".to_owned()),
            };
            if frame.kind == PacketKind::PingResp {
                self.shared
                    .update(|s| s.monitor.pings = s.monitor.pings.saturating_sub(1));
                continue;
            }
            let packet = frame.decode()?;
            self.shared.update(|state| {
                state.arrivals += 1;
                let finished = |ids: &mut Vec<u16>, id: u16| ids.retain(|other| *other != id);
                match packet {
                    Packet::ConnAck(ack) if ack.code == ConnectReturnCode::Success => {}
                    Packet::ConnAck(ack) => return Err(format!("refused: {:?}", ack.code)),
                    Packet::SubAck(_) => state.monitor.subscribed = true,
                    Packet::Publish(publish) => state.deliver(Message {
                        topic: String::from_utf8_lossy(&publish.topic).into_owned(),
                        payload: publish.payload.to_vec(),
                        properties: publish.properties,
                        published: None,
                    }),
                    Packet::PubAck(ack) => finished(&mut state.monitor.unacknowledged, ack.pkid),
                    Packet::PubComp(done) => finished(&mut state.monitor.unacknowledged, done.pkid),
                    Packet::PubRec(rec) => {
                        let release = Packet::PubRel(PubRel::new(rec.pkid, None));
                        release
                            .write(&mut answer, None)
                            .map_err(|e| e.to_string())?;
                    }
                    _ => {}
                }
                Ok(())
            })?;
        }
    }
}
