//! The rows.

use super::super::adversaries::rows;
use super::Verdict::{Lasts, Later, Notes, Soon};
use crate::broker::{PacketKind as K, Rule};
use crate::scenario::Scenario;

/// These bytes after the first packet of this kind.
fn after(kind: K, bytes: &[u8], close: bool) -> Vec<Rule> {
    let (after, bytes) = (kind, bytes.to_vec());
    vec![Rule::Insert {
        after,
        bytes,
        close,
    }]
}

rows! { TABLE:
    "MQTT1" refused_unspecified "CONNACK: unspecified error", "MQTT 5, 3.2.2.2",
        vec![Rule::Refuse(0x80)] => Soon("unspecified error (0x80)"),
        "The broker refuses without saying why. It may pass, so the device comes back soon, with \
        growing waits.";
    "MQTT2" refused_password "CONNACK: bad user name or password", "MQTT 5, 3.2.2.2",
        vec![Rule::Refuse(0x86)] => Later("check user and password (0x86)"),
        "The broker says what is wrong, unlike rumqttd. Somebody has to change the password, so \
        the device waits long between attempts: hammering on the door gets a client banned.";
    "MQTT3" refused_right "CONNACK: not authorised", "MQTT 5, 3.2.2.2",
        vec![Rule::Refuse(0x87)] => Later("not authorised"),
        "User and password are right, but the user may not connect, or not with this client \
        identifier. Somebody has to grant it.";
    "MQTT4" refused_unavailable "CONNACK: server unavailable", "MQTT 5, 3.2.2.2",
        vec![Rule::Refuse(0x88)] => Soon("server unavailable"),
        "The broker is there and cannot serve. It passes by itself.";
    "MQTT5" refused_busy "CONNACK: server busy", "MQTT 5, 3.2.2.2",
        vec![Rule::Refuse(0x89)] => Soon("server busy"),
        "The same: try again, not at once.";
    "MQTT6" refused_banned "CONNACK: banned", "MQTT 5, 3.2.2.2",
        vec![Rule::Refuse(0x8a)] => Later("banned (0x8a)"),
        "An operator has banned this client. The MQTT library does not know the code and calls it \
        unknown; the device reads it itself.";
    "MQTT7" refused_size "CONNACK: packet too large", "MQTT 5, 3.2.2.2",
        vec![Rule::Refuse(0x95)] => Later("packet too large (0x95)"),
        "Even CONNECT is too large for this broker. No second attempt is smaller.";
    "MQTT8" refused_moved "CONNACK: use another server", "MQTT 5, 3.2.2.2",
        vec![Rule::Refuse(0x9c)] => Later("use another server"),
        "The broker sends its clients elsewhere. The device believes its settings only, and says \
        which field to change.";
    "MQTT9" shutting_down "DISCONNECT: server shutting down", "MQTT 5, 3.14.2.1",
        after(K::PubAck, &[0xe0, 2, 0x8b, 0], true) => Soon("server shutting down (0x8b)"),
        "The broker is restarted in good order. The device comes back within seconds.";
    "MQTT10" taken_over "DISCONNECT: session taken over", "MQTT 5, 3.1.4",
        after(K::PubAck, &[0xe0, 2, 0x8e, 0], true) => Later("another client uses this client identifier"),
        "Two devices were given the same client identifier. If both come back at once, each \
        throws the other out for ever, and nobody sees more than a flicker. The device says what \
        it is and waits long.";
    "MQTT11" receive_maximum_exceeded "DISCONNECT: receive maximum exceeded", "MQTT 5, 3.14.2.1",
        after(K::PubAck, &[0xe0, 2, 0x93, 0], true) => Soon("receive maximum exceeded (0x93)"),
        "The broker counted more unacknowledged messages than it allows. The device says so; what \
        was not acknowledged is sent again.";
    "MQTT12" too_large "DISCONNECT: packet too large", "MQTT 5, 3.14.2.1",
        after(K::PubAck, &[0xe0, 2, 0x95, 0], true) => Later("packet too large (0x95)"),
        "The broker met a message that it does not take. It would meet it again.";
    "MQTT13" administrative "DISCONNECT: administrative action", "MQTT 5, 3.14.2.1",
        after(K::PubAck, &[0xe0, 2, 0x98, 0], true) => Later("administrative action (0x98)"),
        "An operator has thrown the device out. It stays away for a while.";
    "MQTT14" maximum_packet_size "broker takes small packets only", "MQTT 5, 3.2.2.3.6",
        vec![Rule::Properties(vec![0x27, 0, 0, 0, 100])] => Later("packet does not fit"),
        "CONNACK allows packets up to 100 bytes; a sample is larger. The device must not send it, \
        and does not; it says that the packet does not fit, and waits for somebody to raise the \
        limit.";
    "MQTT15" server_keep_alive "broker sets the keep-alive", "MQTT 5, 3.2.2.3.14",
        vec![Rule::Properties(vec![0x13, 0, 10])] => Lasts,
        "CONNACK sets the keep-alive to 10 s in place of the device's own. A device that ignores \
        it is thrown out after 15 s of silence; this one pings.";
    "MQTT16" assigned_client_id "broker assigns a client identifier unasked", "MQTT 5, 3.2.2.3.7",
        vec![Rule::Properties(vec![0x12, 0, 1, b'x'])] => Soon("invalid packet"),
        "Only a client without an identifier gets one. The broker confuses this device with \
        another; the session ends.";
    "MQTT17" reserved_type "packet of a reserved type", "MQTT 5, 2.1.2",
        after(K::SubAck, &[0, 0], false) => Soon("invalid packet"),
        "Packet type 0 does not exist.";
    "MQTT18" long_length "remaining length of five bytes", "MQTT 5, 1.5.5",
        after(K::SubAck, &[0x30, 0xff, 0xff, 0xff, 0xff, 1], false) => Soon("invalid packet"),
        "The length of a packet has four bytes at most. A parser that goes on shifting overflows \
        here.";
    "MQTT19" huge_packet "packet larger than the device's buffer", "MQTT 5, 3.1.2.11.4",
        after(K::SubAck, &[0x30, 0xff, 0xff, 0x7f], false) => Soon("invalid packet"),
        "The header claims 2 MB, while CONNECT told what the device takes. It ends the session at \
        the header.";
    "MQTT20" qos_3 "PUBLISH with QoS 3", "MQTT 5, 3.3.1.2",
        after(K::SubAck, &[0x36, 6, 0, 1, b'a', 0, 1, 0], false) => Soon("invalid packet"),
        "There is no QoS 3.";
    "MQTT21" bad_topic "PUBLISH with a topic that is no UTF-8", "MQTT 5, 1.5.4",
        after(K::SubAck, &[0x30, 5, 0, 2, 0xff, 0xfe, 0], false) => Soon("invalid packet"),
        "A topic is text.";
    "MQTT22" unknown_puback "PUBACK for nothing", "MQTT 5, 4.3.2",
        after(K::SubAck, &[0x40, 2, 0x77, 0x77], false) => Lasts,
        "The broker acknowledges a message that was never sent. Taken for the one in flight it \
        would lose a sample; the device ignores it.";
    "MQTT23" second_connack "CONNACK twice", "MQTT 5, 3.2",
        after(K::SubAck, &[0x20, 3, 0, 0, 0], false) => Soon("invalid packet"),
        "A session begins once.";
    "MQTT24" auth "AUTH that nobody asked for", "MQTT 5, 3.15",
        after(K::SubAck, &[0xf0, 0], false) => Soon("invalid packet"),
        "Extended authentication was not asked for in CONNECT.";
    "MQTT25" subscription_refused "SUBACK refuses", "MQTT 5, 3.9.3",
        vec![Rule::LastByte(K::SubAck, 0x87)] => Notes("the broker refused the subscription of commands"),
        "The user may publish but not subscribe. That costs the commands; the telemetry goes on, \
        and the log says what is missing.";
    "MQTT26" no_suback "no SUBACK", "MQTT 5, 3.8.4",
        vec![Rule::Drop(K::SubAck)] => Soon("no SUBACK within 10 s"),
        "The answer to SUBSCRIBE never comes. After 10 s the device takes the link for dead.";
    "MQTT27" no_puback "no PUBACK", "MQTT 5, 4.4",
        vec![Rule::Drop(K::PubAck)] => Soon("no PUBACK within 30 s"),
        "The broker takes the messages, and its acknowledgements are lost. After 30 s the device \
        makes a new connection and sends them again: they arrive twice, as QoS 1 allows, and in \
        order.";
    "MQTT28" no_pingresp "no PINGRESP", "MQTT 5, 3.1.2.10",
        vec![Rule::Drop(K::PingResp), Rule::Properties(vec![0x13, 0, 10])] => Soon("no PINGRESP within 5 s"),
        "The connection looks alive and the broker is gone. The device's own ping finds out.";
    "MQTT29" byte_by_byte "every byte in a record of its own", "MQTT 5, 4.2",
        vec![Rule::ByteByByte] => Lasts,
        "TCP and TLS keep no borders of packets: a packet may arrive in as many pieces as it has \
        bytes.";
}

const RECEIVE_MAXIMUM: Scenario = Scenario {
    id: "MQTT30",
    name: "receive_maximum",
    title: "broker takes one message at a time",
    origin: "MQTT 5, 3.3.4",
    explanation: "CONNACK sets a receive maximum of 1. The device, which else sends status and samples \
        together, waits for each acknowledgement before the next message.",
    run: |rig| Box::pin(super::meet_strict(rig, "MQTT30_receive_maximum")),
};

const SLOW_BROKER: Scenario = Scenario {
    id: "MQTT31",
    name: "slow_broker",
    title: "slow broker",
    origin: "MQTT 5, 4.4",
    explanation: "Every answer takes three seconds, handshake included. That is slow and not broken: the \
        device must not take it for dead.",
    run: |rig| Box::pin(super::meet_slow(rig, "MQTT31_slow_broker")),
};

const RECEIVE_MAXIMUM_WITH_BACKLOG: Scenario = Scenario {
    id: "MQTT32",
    name: "receive_maximum_with_backlog",
    title: "broker takes one message at a time, after an outage",
    origin: "MQTT 5, 3.3.4",
    explanation: "The broker was down for ten minutes, and the device comes back with twenty samples. It \
        must not send them all at once: with a receive maximum of 1 a broker ends the session at the \
        second one, and a device that tries again the same way never gets rid of its backlog. All \
        samples arrive, one after the other, in order.",
    run: |rig| Box::pin(super::meet_strict_after_outage(rig)),
};

const PUBACK_QUOTA: Scenario = Scenario {
    id: "MQTT33",
    name: "puback_quota",
    title: "PUBACK: quota exceeded",
    origin: "MQTT 5, 3.4.2.1",
    explanation: "The broker acknowledges a message with a failure: it has not taken it. An \
        acknowledgement with a reason is no delivery; a device that looks at the packet type only \
        loses the sample. This one keeps it, ends the session with that reason, and sends it again \
        soon, for a quota may pass.",
    run: |rig| {
        let verdict = Soon("refused a publication: quota exceeded (0x97)");
        Box::pin(super::meet_refusal(
            rig,
            "MQTT33_puback_quota",
            0x97,
            verdict,
        ))
    },
};

const PUBACK_RIGHT: Scenario = Scenario {
    id: "MQTT34",
    name: "puback_right",
    title: "PUBACK: not authorised",
    origin: "MQTT 5, 3.4.2.1",
    explanation: "The user may connect but not publish on this topic. The sample is kept, the log names the \
        reason, and the device waits long between attempts, because somebody has to grant the right.",
    run: |rig| {
        let verdict = Later("refused a publication: not authorised");
        Box::pin(super::meet_refusal(
            rig,
            "MQTT34_puback_right",
            0x87,
            verdict,
        ))
    },
};

const RETAINED_FLOOD: Scenario = Scenario {
    id: "MQTT35",
    name: "retained_flood",
    title: "flood of retained commands",
    origin: "MQTT 5, 3.8.3.1",
    explanation: "The device asks for no stored messages when it subscribes; this broker sends them all the \
        same, 150 in one go. A stored command is old: obeyed at each connection, a stored `reboot` \
        would restart the device for ever. Each is ignored, with a line in the log, none is lost on the \
        UART, and the session lasts.",
    run: |rig| Box::pin(super::meet_retained_flood(rig, "MQTT35_retained_flood")),
};

/// All rows.
pub(in super::super) const ALL: &[Scenario] = &{
    let mut all = [RECEIVE_MAXIMUM; TABLE.len() + 6];
    let mut index = 0;
    while index < TABLE.len() {
        all[index] = TABLE[index];
        index += 1;
    }
    all[index + 1] = SLOW_BROKER;
    all[index + 2] = RECEIVE_MAXIMUM_WITH_BACKLOG;
    all[index + 3] = PUBACK_QUOTA;
    all[index + 4] = PUBACK_RIGHT;
    all[index + 5] = RETAINED_FLOOD;
    all
};
