//! What the broker's side saw: connections, packets, messages.

use std::fmt::Write as _;
use std::time::Duration;

use super::collect::{Collector, PLAIN};
use super::event::{Lane, Level, Side};
use crate::broker::{ConnectionFacts, Direction, PacketFact, PacketKind, Publisher};
use crate::rig::Delivered;
use crate::rig::connections::{self, Detail};
use crate::rig::sightings::{Sighting, Step};

/// Adds what became of `connections`.
pub(super) fn connections(
    events: &mut Collector<'_>,
    connections: &[ConnectionFacts],
    steps: &[Sighting],
) {
    for (index, facts) in connections.iter().enumerate() {
        let steps = steps.iter().filter(|step| step.connection == index);
        let mut since = None;
        let mut until = None;
        for Sighting { at, step, .. } in steps {
            match step {
                Step::Opened => since = Some(*at),
                Step::Closed => until = Some(*at),
                Step::Handshake => handshake(events, *at, facts),
                Step::Alert => alert(events, *at, facts),
                Step::Packet(number) => {
                    if let Some(fact) = facts.packets.get(*number) {
                        packet(events, *at, fact);
                    }
                }
            }
        }
        if let Some(since) = since {
            let until = until.unwrap_or_else(|| events.end());
            lifetime(events, (since, until), index, facts);
        }
    }
}

fn lifetime(
    events: &mut Collector<'_>,
    span: (Duration, Duration),
    index: usize,
    facts: &ConnectionFacts,
) {
    let name = facts.tls.sni.as_deref().unwrap_or("no server name");
    let ended = facts.closed_by.map_or_else(
        || "open at the end".to_owned(),
        |by| format!("closed by {by:?}"),
    );
    let title = format!("connection {}: {name}, {ended}", index + 1);
    let text = connections::render(std::slice::from_ref(facts), Detail::Full);
    // Its first line is a number of its own.
    let text: String = text.lines().skip(1).fold(String::new(), |mut text, line| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", line.strip_prefix("  ").unwrap_or(line));
        text
    });
    let details = events.details(&text);
    let event = events.span(Lane::Tls, span, &title);
    event.details = details;
    event.track = Some("connection".to_owned());
    if !facts.tls.handshake_complete {
        event.level = Level::Warn;
    }
}

fn handshake(events: &mut Collector<'_>, at: Duration, facts: &ConnectionFacts) {
    let tls = &facts.tls;
    let agreed = [&tls.version, &tls.suite, &tls.group];
    let agreed: Vec<_> = agreed.into_iter().flatten().map(String::as_str).collect();
    let title = format!("handshake complete: {}", agreed.join(", "));
    events.instant(Lane::Tls, at, &title).from = Some(Side::Device);
}

fn alert(events: &mut Collector<'_>, at: Duration, facts: &ConnectionFacts) {
    let tls = &facts.tls;
    for (who, side, alert) in [
        ("device", Side::Device, &tls.alert_received),
        ("server", Side::Broker, &tls.alert_sent),
    ] {
        if let Some(alert) = alert {
            let event = events.instant(Lane::Tls, at, &format!("the {who} alerts: {alert}"));
            event.from = Some(side);
            // The farewell in order is an alert, too.
            if alert != "CloseNotify" {
                event.level = Level::Error;
            }
        }
    }
}

fn packet(events: &mut Collector<'_>, at: Duration, fact: &PacketFact) {
    let kind = format!("{:?}", fact.kind).to_uppercase();
    let mut title = kind;
    // Writing to a String cannot fail.
    if let Some(id) = fact.packet_id {
        let _ = write!(title, " #{id}");
    }
    if let Some(topic) = &fact.topic {
        let _ = write!(title, " {topic}");
    }
    let unseen = fact.size.saturating_sub(fact.head.len());
    let bytes = events.bytes(&fact.head, PLAIN, unseen);
    let details = match fact.kind {
        PacketKind::Connect | PacketKind::Auth => "its bytes are not kept: they carry a password",
        _ => "",
    };
    let details = events.details(details);
    let event = events.instant(Lane::Mqtt, at, &title);
    event.bytes = bytes;
    event.details = details;
    event.from = Some(match fact.direction {
        Direction::FromDevice => Side::Device,
        Direction::ToDevice => Side::Broker,
    });
    if matches!(
        fact.kind,
        PacketKind::PingReq | PacketKind::PingResp | PacketKind::PubAck
    ) {
        event.level = Level::Debug;
    }
}

/// Adds the messages that the broker delivered.
pub(super) fn messages(events: &mut Collector<'_>, messages: &[Delivered]) {
    for Delivered { at, message, .. } in messages {
        let by = message.published.as_ref().map(|how| &how.publisher);
        let (who, side) = match by {
            Some(Publisher::Device(_)) => ("device", Some(Side::Device)),
            Some(Publisher::Will(_)) => ("will", Some(Side::Broker)),
            Some(Publisher::Harness) => ("harness", Some(Side::Broker)),
            None => ("nobody that was seen", None),
        };
        let title = format!("delivered {}", message.topic);
        let mut details = format!("published by {who}");
        if let Some(how) = &message.published {
            let _ = write!(details, ", qos {}", how.qos as u8);
            for (flag, name) in [(how.retain, "retain"), (how.dup, "dup")] {
                if flag {
                    let _ = write!(details, ", {name}");
                }
            }
        }
        let bytes = events.bytes(&message.payload, PLAIN, 0);
        let details = events.details(&details);
        let event = events.instant(Lane::Mqtt, *at, &title);
        event.details = details;
        event.bytes = bytes;
        event.from = side;
        if matches!(by, Some(Publisher::Will(_))) {
            event.level = Level::Warn;
        }
    }
}
