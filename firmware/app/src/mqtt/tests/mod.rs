//! Sessions with a broker in memory, in virtual time.

mod broker;

use core::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;
use std::vec;
use std::vec::Vec;

use embassy_futures::select::{Either, select};
use embassy_time::Timer;
use firmware_native::{executor::Virtual, time_driver};
use firmware_settings::{Draft, Settings};

use broker::{Broker, Line};

use super::reason::Reason;
use super::{Buffers, Ended, Error, serve};
use crate::platform::{ResetReason, System};
use crate::shared::Shared;
use crate::telemetry::{Outbox, Queue, Sample};
use crate::tls;

const BOOT: u32 = 7;

struct Board;

impl System for Board {
    fn boot_id(&self) -> u32 {
        BOOT
    }
    fn reset_reason(&self) -> ResetReason {
        ResetReason::PowerOn
    }
    fn temperature_c(&mut self) -> Option<i16> {
        None
    }
    fn build_time(&self) -> u64 {
        0
    }
}

fn settings() -> Settings {
    Draft {
        broker_host: "host",
        server_name: "host",
        ca: &[1],
        client_id: "c3",
        user: "u",
        password: "pw",
        topic_telemetry: "t",
        topic_status: "s",
        topic_command: "c",
        keep_alive_s: 60,
        ..Draft::default()
    }
    .build()
    .unwrap()
}

/// Runs one session to its end, at most for `bound` of virtual time (`None` if it still runs).
fn session(
    broker: &RefCell<Broker>,
    shared: &Shared<'_, Board>,
    bound: Duration,
) -> Option<Result<Ended, Error>> {
    let (mut rx, mut tx) = (vec![0; 1024], vec![0; 3072]);
    let settings = settings();
    let buffers = Buffers {
        rx: &mut rx,
        tx: &mut tx,
    };
    let seconds = embassy_time::Duration::from_millis(bound.as_millis() as u64);
    let work = select(
        serve(Line(broker), buffers, &settings, shared),
        Timer::after(seconds),
    );
    match Virtual::new(work).run().unwrap() {
        Either::First(result) => Some(result),
        Either::Second(()) => None,
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn with_samples<T>(count: u32, test: impl FnOnce(&Shared<'_, Board>) -> T) -> T {
    time_driver::restart(Duration::ZERO);
    let mut queue = Queue::new();
    let shared = Shared::new(Board, Outbox::new(&mut queue, None, BOOT, 128), 60);
    for _ in 0..count {
        shared.push(Sample::default());
    }
    test(&shared)
}

#[test]
fn a_session_says_who_it_is_and_sends_what_waits_in_order() {
    with_samples(9, |shared| {
        let broker = Broker::new();
        assert!(session(&broker, shared, MINUTE).is_none());
        let broker = broker.borrow();
        let mut connect = vec![0x10, 0];
        connect.extend(b"\0\x04MQTT\x05");
        // User, password, will retained at QoS 1, clean start; keep-alive 60 s.
        connect.extend([0b1110_1110, 0, 60]);
        // Maximum packet size 1024, no session beyond the connection, receive maximum 8.
        connect.extend([13, 0x27, 0, 0, 4, 0, 0x11, 0, 0, 0, 0, 0x21, 0, 8]);
        connect.extend(b"\0\x02c3\0\0\x01s\0\x19{\"online\":false,\"boot\":7}\0\x01u\0\x02pw");
        connect[1] = u8::try_from(connect.len() - 2).unwrap();
        assert_eq!(broker.connect, connect);
        let status = &broker.seen[0];
        assert_eq!(
            (status.topic.as_str(), status.retained, status.qos),
            ("s", true, 1)
        );
        assert!(
            status.payload.starts_with(r#"{"online":true,"boot":7,"#),
            "{status:?}"
        );
        assert!(
            broker.seen[1..]
                .iter()
                .all(|seen| !seen.retained && seen.qos == 1)
        );
        assert_eq!(broker.seqs(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert!(shared.next_sample_after(None).is_none(), "all acknowledged");
    });
}

#[test]
fn what_was_not_acknowledged_is_sent_again_in_order() {
    with_samples(9, |shared| {
        let broker = Broker::new();
        broker.borrow_mut().pubacks = 2;
        let result = session(&broker, shared, HOUR);
        assert!(
            matches!(result, Some(Err(Error::NoPuback { seconds: 30 }))),
            "{result:?}"
        );
        // Two acknowledged, and a window of four beyond.
        assert_eq!(broker.borrow().seqs(), [1, 2, 3, 4, 5, 6]);
        let broker = Broker::new();
        assert!(session(&broker, shared, MINUTE).is_none());
        assert_eq!(broker.borrow().seqs(), [3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(shared.reconnects(), 1);
    });
}

#[test]
fn a_connection_that_breaks_loses_nothing() {
    with_samples(3, |shared| {
        let broker = Broker::new();
        broker.borrow_mut().pubacks = 0;
        broker.borrow_mut().closed = true;
        let result = session(&broker, shared, MINUTE);
        assert!(
            matches!(result, Some(Err(Error::Connection(tls::Error::Closed)))),
            "{result:?}"
        );
        let broker = Broker::new();
        assert!(session(&broker, shared, MINUTE).is_none());
        assert_eq!(broker.borrow().seqs(), [1, 2, 3]);
    });
}

#[test]
fn each_way_to_refuse_a_connection_has_its_own_error() {
    let refused = |prepare: fn(&mut Broker)| {
        with_samples(1, |shared| {
            let broker = Broker::new();
            prepare(&mut broker.borrow_mut());
            let error = session(&broker, shared, HOUR).unwrap().unwrap_err();
            assert!(broker.borrow().seen.is_empty());
            error
        })
    };
    let error = refused(|broker| broker.connack = None);
    assert!(
        matches!(error, Error::NoConnack { seconds: 10 }),
        "{error:?}"
    );
    let error = refused(|broker| {
        broker.connack = None;
        broker.closed = true;
    });
    assert!(matches!(error, Error::ClosedBeforeConnack), "{error:?}");
    let error = refused(|broker| broker.connack = Some(0x86));
    assert!(
        matches!(error, Error::ConnectRefused(Reason(0x86))),
        "{error:?}"
    );
    assert!(!error.is_transient());
}

#[test]
fn silence_and_a_farewell_of_the_broker_are_told_apart() {
    with_samples(0, |shared| {
        let broker = Broker::new();
        broker.borrow_mut().pings = false;
        let result = session(&broker, shared, HOUR);
        assert!(
            matches!(result, Some(Err(Error::NoPingresp { seconds: 5 }))),
            "{result:?}"
        );
        // The keep-alive of 60 s, at most.
        assert!(
            time_driver::now() <= Duration::from_secs(61),
            "{:?}",
            time_driver::now()
        );
    });
    with_samples(0, |shared| {
        let broker = Broker::new();
        broker
            .borrow_mut()
            .to_device
            .extend([0x20, 3, 0, 0, 0, 0xe0, 2, 0x8b, 0]);
        broker.borrow_mut().connack = None;
        let result = session(&broker, shared, HOUR);
        assert!(
            matches!(result, Some(Err(Error::Ended(Reason(0x8b))))),
            "{result:?}"
        );
    });
}

#[test]
fn a_quiet_session_lives_on_pings() {
    with_samples(0, |shared| {
        assert!(session(&Broker::new(), shared, HOUR).is_none());
    });
}

#[test]
fn commands_act_and_nonsense_does_not() {
    with_samples(0, |shared| {
        let broker = Broker::new();
        broker.borrow_mut().orders = VecDeque::from([("interval", &b"30"[..]), ("status", b"")]);
        assert!(session(&broker, shared, MINUTE).is_none());
        assert_eq!(shared.interval_s(), 30);
        let broker = broker.borrow();
        let intervals: Vec<bool> = broker
            .payloads("s")
            .iter()
            .map(|payload| payload.contains(r#""interval_s":30,"#))
            .collect();
        assert_eq!(intervals, [false, true, true]);
    });
    with_samples(0, |shared| {
        for nonsense in [
            ("interval", &b"0"[..]),
            ("interval", b"soon"),
            ("format", b""),
        ] {
            let broker = Broker::new();
            broker.borrow_mut().orders = VecDeque::from([nonsense]);
            assert!(session(&broker, shared, MINUTE).is_none());
            assert_eq!(shared.interval_s(), 60);
            assert_eq!(broker.borrow().payloads("s").len(), 1);
        }
    });
}

#[test]
fn a_reboot_is_announced() {
    with_samples(0, |shared| {
        let broker = Broker::new();
        broker.borrow_mut().orders = VecDeque::from([("reboot", &b""[..])]);
        let result = session(&broker, shared, MINUTE);
        assert!(matches!(result, Some(Ok(Ended::Reboot))), "{result:?}");
        let mut broker = broker.borrow_mut();
        broker.work();
        assert_eq!(
            broker.payloads("s").last(),
            Some(&r#"{"online":false,"boot":7}"#)
        );
        assert!(broker.disconnected);
    });
}

#[test]
fn without_commands_telemetry_goes_on() {
    with_samples(2, |shared| {
        let broker = Broker::new();
        broker.borrow_mut().suback = 0x87;
        assert!(session(&broker, shared, MINUTE).is_none());
        assert_eq!(broker.borrow().seqs(), [1, 2]);
    });
}

#[test]
fn a_refused_publication_stays_in_the_queue() {
    with_samples(1, |shared| {
        let broker = Broker::new();
        broker.borrow_mut().puback = 0x97;
        let error = session(&broker, shared, MINUTE).unwrap().unwrap_err();
        assert!(
            matches!(error, Error::PublishRefused(reason) if reason.0 == 0x97),
            "{error:?}"
        );
        assert_eq!(
            shared
                .next_sample_after(None)
                .map(|queued| queued.sample.seq),
            Some(1)
        );
    });
}
