//! A broker in memory that does as told.

use core::cell::RefCell;
use core::future::poll_fn;
use core::task::Poll;
use std::collections::VecDeque;
use std::format;
use std::string::String;
use std::vec::Vec;

use embedded_io_async::{ErrorType, Read, Write};

use crate::tls;

/// A PUBLISH as the broker saw it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) topic: String,
    pub(super) payload: String,
    pub(super) retained: bool,
    pub(super) qos: u8,
}

/// A broker that does as told.
pub(super) struct Broker {
    pub(super) from_device: Vec<u8>,
    pub(super) to_device: VecDeque<u8>,
    pub(super) closed: bool,
    pub(super) connect: Vec<u8>,
    pub(super) seen: Vec<Seen>,
    pub(super) disconnected: bool,
    /// Answer to CONNECT: its reason code, `None` = silence.
    pub(super) connack: Option<u8>,
    pub(super) suback: u8,
    /// Publications on `t` that are still acknowledged, and with what.
    pub(super) pubacks: usize,
    pub(super) puback: u8,
    pub(super) pings: bool,
    /// Sent once the status is there.
    pub(super) orders: VecDeque<(&'static str, &'static [u8])>,
}

impl Broker {
    pub(super) fn new() -> RefCell<Self> {
        RefCell::new(Self {
            from_device: Vec::new(),
            to_device: VecDeque::new(),
            closed: false,
            connect: Vec::new(),
            seen: Vec::new(),
            disconnected: false,
            connack: Some(0),
            suback: 1,
            pubacks: usize::MAX,
            puback: 0,
            pings: true,
            orders: VecDeque::new(),
        })
    }

    pub(super) fn work(&mut self) {
        // All packets here are shorter than 128 bytes or have a two-byte length.
        while let Some((header, size)) = self.packet() {
            let packet: Vec<u8> = self.from_device.drain(..header + size).collect();
            self.handle(packet[0], &packet[header..], &packet);
        }
    }

    fn packet(&self) -> Option<(usize, usize)> {
        let length = *self.from_device.get(1)?;
        let (header, size) = if length < 128 {
            (2, usize::from(length))
        } else {
            (
                3,
                usize::from(length & 127) + (usize::from(*self.from_device.get(2)?) << 7),
            )
        };
        (self.from_device.len() >= header + size).then_some((header, size))
    }

    fn handle(&mut self, kind: u8, body: &[u8], packet: &[u8]) {
        match kind >> 4 {
            1 => {
                self.connect = packet.to_vec();
                if let Some(reason) = self.connack {
                    self.to_device.extend([0x20, 3, 0, reason, 0]);
                }
            }
            3 => self.publication(kind, body),
            4 => {} // PUBACK of a command
            8 => {
                self.to_device
                    .extend([0x90, 4, body[0], body[1], 0, self.suback]);
            }
            12 if self.pings => self.to_device.extend([0xd0, 0]),
            12 => {}
            14 => self.disconnected = true,
            other => panic!("packet type {other}"),
        }
    }

    fn publication(&mut self, kind: u8, body: &[u8]) {
        let topic_end = 2 + usize::from(body[1]);
        let topic = core::str::from_utf8(&body[2..topic_end]).unwrap();
        let (id, rest) = body[topic_end..].split_at(2);
        assert_eq!(rest[0], 0, "no properties");
        let payload = core::str::from_utf8(&rest[1..]).unwrap();
        self.seen.push(Seen {
            topic: topic.into(),
            payload: payload.into(),
            retained: kind & 1 == 1,
            qos: kind >> 1 & 3,
        });
        if topic == "t" {
            if self.pubacks == 0 {
                return;
            }
            self.pubacks -= 1;
            self.to_device
                .extend([0x40, 4, id[0], id[1], self.puback, 0]);
        } else {
            self.to_device.extend([0x40, 2, id[0], id[1]]);
            if let Some((name, payload)) = self.orders.pop_front() {
                self.order(name, payload);
            }
        }
    }

    fn order(&mut self, name: &str, payload: &[u8]) {
        let topic = format!("c/{name}");
        let size = 2 + topic.len() + 2 + 1 + payload.len();
        self.to_device.extend([0x32, u8::try_from(size).unwrap()]);
        self.to_device
            .extend([0, u8::try_from(topic.len()).unwrap()]);
        self.to_device.extend(topic.bytes());
        self.to_device.extend([0, 9, 0]);
        self.to_device.extend(payload);
    }

    pub(super) fn payloads(&self, topic: &str) -> Vec<&str> {
        let of_topic = self.seen.iter().filter(|seen| seen.topic == topic);
        of_topic.map(|seen| seen.payload.as_str()).collect()
    }

    /// Sequence numbers of the samples, in order of arrival.
    pub(super) fn seqs(&self) -> Vec<u32> {
        let number = |payload: &str| {
            let digits = payload.strip_prefix(r#"{"seq":"#).unwrap();
            digits.split(',').next().unwrap().parse().unwrap()
        };
        self.payloads("t").into_iter().map(number).collect()
    }
}

/// The device's end of the connection to a [`Broker`].
pub(super) struct Line<'a>(pub(super) &'a RefCell<Broker>);

impl ErrorType for Line<'_> {
    type Error = tls::Error;
}

impl Read for Line<'_> {
    async fn read(&mut self, out: &mut [u8]) -> Result<usize, tls::Error> {
        poll_fn(|_| {
            let mut broker = self.0.borrow_mut();
            broker.work();
            let count = out.len().min(broker.to_device.len());
            if count == 0 {
                return match broker.closed {
                    true => Poll::Ready(Err(tls::Error::Closed)),
                    false => Poll::Pending,
                };
            }
            for (slot, byte) in out.iter_mut().zip(broker.to_device.drain(..count)) {
                *slot = byte;
            }
            Poll::Ready(Ok(count))
        })
        .await
    }
}

impl Write for Line<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, tls::Error> {
        self.0.borrow_mut().from_device.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    async fn flush(&mut self) -> Result<(), tls::Error> {
        Ok(())
    }
}
