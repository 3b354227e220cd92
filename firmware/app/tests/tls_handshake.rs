//! Whole handshakes and connections against rustls.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself fails"
)]

mod support;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use embassy_futures::select::{Either, select};
use embassy_futures::yield_now;
use embedded_io_async::{Read, Write};
use firmware_app::clock::Time;
use firmware_app::tls::{self, Buffers, Client, Error, Fault, Refusal, Trust, Wire};
use firmware_native::{executor::Virtual, time_driver};
use proptest::prelude::*;
use rand_core::OsRng;
use rcgen::date_time_ymd;
use support::client::{WIRE, connect, connect_as};
use support::pki::{self, Identity, NAME, NOW};
use support::server::{Line, Server};

fn open(ca: &Identity, server: &Rc<RefCell<Server>>) -> Result<(), Error> {
    let result = connect(ca, Line::new(server), WIRE, async |stream| stream.map(drop));
    server.borrow_mut().work();
    result
}

fn refusal(ca: &Identity, server: &Rc<RefCell<Server>>) -> Refusal {
    match open(ca, server) {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn alert(server: &Rc<RefCell<Server>>) -> rustls::AlertDescription {
    match server.borrow().error {
        Some(rustls::Error::AlertReceived(alert)) => alert,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_server() {
    let ca = pki::authority("CA");
    let server = Server::new(&[&ca.issue(pki::server_params())]);
    connect(&ca, Line::new(&server), WIRE, async |stream| {
        let mut stream = stream.unwrap();
        stream.write_all(b"hello").await.unwrap();
        stream.flush().await.unwrap();
        server.borrow_mut().send(b"world");
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"world");
        stream.close().await.unwrap();
    });
    let mut server = server.borrow_mut();
    server.work();
    assert_eq!(server.sni(), Some(NAME));
    assert_eq!(server.received, b"hello");
    assert_eq!(server.error, None);
}

#[test]
fn another_authority() {
    let ca = pki::authority("CA");
    let server = Server::new(&[&pki::authority("other").issue(pki::server_params())]);
    assert_eq!(refusal(&ca, &server), Refusal::UnknownIssuer);
    assert_eq!(alert(&server), rustls::AlertDescription::UnknownCA);
    assert!(server.borrow().received.is_empty());
}

#[test]
fn an_expired_certificate() {
    let ca = pki::authority("CA");
    let mut params = pki::server_params();
    params.not_after = date_time_ymd(2026, 5, 31);
    let server = Server::new(&[&ca.issue(params)]);
    assert!(matches!(refusal(&ca, &server), Refusal::CertExpired { .. }));
    assert_eq!(alert(&server), rustls::AlertDescription::CertificateExpired);
}

#[test]
fn another_name() {
    let ca = pki::authority("CA");
    let server = Server::new(&[&ca.issue(pki::server_params_for("other.example"))]);
    assert_eq!(refusal(&ca, &server), Refusal::NameMismatch);
    assert_eq!(alert(&server), rustls::AlertDescription::BadCertificate);
    assert_eq!(server.borrow().sni(), Some(NAME));
}

#[test]
fn a_client_certificate_is_shown_when_asked_for() {
    let ca = pki::authority("CA");
    let device = ca.issue(pki::client_params());
    let key = device.key.serialize_der();
    let server = Server::with_clients(&[&ca.issue(pki::server_params())], Some(&ca));
    let identity = tls::Identity::new(&device.der, &key).unwrap();
    connect_as(
        Some(identity),
        &ca,
        Line::new(&server),
        WIRE,
        async |stream| {
            let mut stream = stream.unwrap();
            stream.write_all(b"hello").await.unwrap();
            stream.flush().await.unwrap();
        },
    );
    let mut server = server.borrow_mut();
    server.work();
    assert_eq!(server.error, None);
    assert_eq!(server.client(), Some(device.der.as_slice()));
    assert_eq!(server.received, b"hello");

    assert!(matches!(
        tls::Identity::new(&device.der, b"no key"),
        Err(Error::BadClientKey)
    ));
}

#[test]
fn a_server_that_insists_on_a_client_certificate_refuses_a_device_without() {
    let ca = pki::authority("CA");
    let server = Server::with_clients(&[&ca.issue(pki::server_params())], Some(&ca));
    // In TLS 1.3 the client is done before the server has judged it.
    connect(&ca, Line::new(&server), WIRE, async |stream| {
        let error = stream.unwrap().read(&mut [0; 16]).await.unwrap_err();
        assert!(
            matches!(error, Error::Protocol(_) | Error::Wire(_)),
            "{error:?}"
        );
    });
    assert!(server.borrow().error.is_some());
}

#[test]
fn a_server_that_says_nothing_is_given_up_in_time() {
    let ca = pki::authority("CA");
    let server = Server::new(&[&ca.issue(pki::server_params())]);
    let silent = Silent(server);
    time_driver::restart(Duration::ZERO);
    let (mut rx, mut tx) = (vec![0; WIRE], vec![0; 2048]);
    let (mut read, mut write) = (vec![0; 16_640], vec![0; 4096]);
    let wire = RefCell::new(Wire::new(silent, &mut rx, &mut tx));
    let client = Client {
        server_name: NAME,
        trust: Trust::new(&ca.der, NAME, Time::Now(NOW)).unwrap(),
        identity: None,
    };
    let buffers = Buffers {
        read: &mut read,
        write: &mut write,
    };
    let result = Virtual::new(tls::open(&wire, buffers, client, &mut OsRng)).run();
    assert!(
        matches!(result, Some(Err(Error::Timeout { seconds: 30 }))),
        "{result:?}"
    );
    assert_eq!(time_driver::now(), Duration::from_secs(30));
}

/// A line on which nothing ever comes back.
struct Silent(#[expect(dead_code, reason = "keeps the server")] Rc<RefCell<Server>>);

impl embedded_io_async::ErrorType for Silent {
    type Error = std::convert::Infallible;
}
impl Read for Silent {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, Self::Error> {
        std::future::pending().await
    }
}
impl Write for Silent {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        Ok(bytes.len())
    }
    async fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// What ends an established connection when `inject` arrives on the line.
fn fault_after(inject: &[u8]) -> Error {
    let ca = pki::authority("CA");
    let server = Server::new(&[&ca.issue(pki::server_params())]);
    connect(&ca, Line::new(&server), WIRE, async |stream| {
        let mut stream = stream.unwrap();
        server.borrow_mut().work();
        server.borrow_mut().inject(inject);
        stream.read(&mut [0; 16]).await.unwrap_err()
    })
}

#[test]
fn records_in_plain_text_end_an_established_connection_without_a_panic() {
    // A server that meets the middle of a session it does not know.
    let error = fault_after(&[21, 3, 3, 0, 2, 2, 10]);
    assert!(
        matches!(error, Error::Wire(Fault::PlainAlert(10))),
        "{error:?}"
    );
    // EncryptedExtensions in plain text: `unimplemented!()` in embedded-tls.
    let error = fault_after(&[22, 3, 3, 0, 6, 8, 0, 0, 2, 0, 0]);
    assert!(
        matches!(error, Error::Wire(Fault::UnexpectedRecord(22))),
        "{error:?}"
    );
    let error = fault_after(&[20, 3, 3, 0, 1, 1]);
    assert!(
        matches!(error, Error::Wire(Fault::UnexpectedRecord(20))),
        "{error:?}"
    );
    // The modem's heartbeat.
    let error = fault_after(b"www.usr.cn");
    assert!(
        matches!(error, Error::Wire(Fault::UnexpectedRecord(b'w'))),
        "{error:?}"
    );
    // Too short to hold a content type, too long for any.
    let error = fault_after(&[23, 3, 3, 0, 16]);
    assert!(
        matches!(error, Error::Wire(Fault::RecordLength(16))),
        "{error:?}"
    );
    let error = fault_after(&[23, 3, 3, 0x41, 1]);
    assert!(
        matches!(error, Error::Wire(Fault::RecordLength(16_641))),
        "{error:?}"
    );
    // A record that was not encrypted with the session's keys.
    let error = fault_after(&[&[23, 3, 3, 0, 32][..], &[0x55; 32]].concat());
    assert!(matches!(error, Error::Protocol(_)), "{error:?}");
}

#[test]
fn a_good_bye_is_told_apart() {
    let ca = pki::authority("CA");
    let server = Server::new(&[&ca.issue(pki::server_params())]);
    connect(&ca, Line::new(&server), WIRE, async |stream| {
        let mut stream = stream.unwrap();
        server.borrow_mut().close();
        let error = stream.read(&mut [0; 16]).await.unwrap_err();
        assert!(matches!(error, Error::Closed), "{error:?}");
        stream.close().await.unwrap();
    });
}

/// The server's records come together, and each of them is work for the processor.
#[test]
fn others_have_a_turn_before_each_record_of_a_handshake() {
    let ca = pki::authority("CA");
    let server = Server::new(&[&ca.issue(pki::server_params())]);
    let line = Line::new(&server);
    time_driver::restart(Duration::ZERO);
    let (mut rx, mut tx) = ([0; WIRE], [0; 2048]);
    let (mut read, mut write) = (vec![0; 16_640], vec![0; 4096]);
    let wire = RefCell::new(Wire::new(line, &mut rx, &mut tx));
    let handshake = async {
        let client = Client {
            server_name: NAME,
            trust: Trust::new(&ca.der, NAME, Time::Now(NOW)).unwrap(),
            identity: None,
        };
        let buffers = Buffers {
            read: &mut read,
            write: &mut write,
        };
        tls::open(&wire, buffers, client, &mut OsRng)
            .await
            .map(drop)
    };
    let turns = Cell::new(0);
    let others = async {
        loop {
            turns.set(turns.get() + 1);
            yield_now().await;
        }
    };
    let done = Virtual::new(select(handshake, others)).run();
    assert!(matches!(done, Some(Either::First(Ok(())))), "{done:?}");
    // ServerHello, the compatibility ChangeCipherSpec, what is encrypted.
    assert!(turns.get() >= 3, "{} turns", turns.get());
}

#[test]
fn a_dropped_read_of_an_oversized_record_ends_the_connection() {
    let ca = pki::authority("CA");
    let server = Server::new(&[&ca.issue(pki::server_params())]);
    let line = Line::in_chunks(&server, vec![64]);
    connect(&ca, line, 256, async |stream| {
        let mut stream = stream.unwrap();
        server.borrow_mut().send(&[7; 1000]);
        let mut out = [0; 1000];
        // Read to its end it is fine.
        stream.read_exact(&mut out).await.unwrap();
        assert_eq!(out, [7; 1000]);
        server.borrow_mut().send(&[8; 1000]);
        let dropped = select(stream.read(&mut out), async {
            for _ in 0..12 {
                yield_now().await;
            }
        })
        .await;
        assert!(matches!(dropped, Either::Second(())));
        let error = stream.read(&mut out).await.unwrap_err();
        assert!(
            matches!(error, Error::Wire(Fault::Abandoned(256))),
            "{error:?}"
        );
    });
}

/// Does `work` again and again with ever other patience until it is done.
async fn impatiently<T>(
    patience: &[usize],
    turn: &mut usize,
    mut work: impl AsyncFnMut() -> T,
) -> T {
    loop {
        let polls = patience[*turn % patience.len()];
        *turn += 1;
        let give_up = async {
            for _ in 0..polls {
                yield_now().await;
            }
        };
        // One more poll than the last time round, so that it comes to an end.
        let extra = *turn / 50;
        let give_up = async {
            give_up.await;
            for _ in 0..extra {
                yield_now().await;
            }
        };
        if let Either::First(done) = select(work(), give_up).await {
            return done;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Reads, writes and flushes are dropped at any await point; both directions stay intact.
    #[test]
    fn dropped_reads_and_writes_lose_nothing(
        chunks in prop::collection::vec(1usize..600, 1..8),
        patience in prop::collection::vec(0usize..6, 1..8),
        down in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..900), 1..6),
        up in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..3000), 1..6),
    ) {
        let ca = pki::authority("CA");
        let server = Server::new(&[&ca.issue(pki::server_params())]);
        let line = Line::in_chunks(&server, chunks);
        let arrived = connect(&ca, line, WIRE, async |stream| {
            let mut stream = stream.unwrap();
            let mut turn = 0;
            for message in &down {
                server.borrow_mut().send(message);
            }
            for message in &up {
                let mut rest = message.as_slice();
                while !rest.is_empty() {
                    let written =
                        impatiently(&patience, &mut turn, async || stream.write(rest).await).await;
                    rest = &rest[written.unwrap()..];
                }
                impatiently(&patience, &mut turn, async || stream.flush().await).await.unwrap();
            }
            let expected: usize = down.iter().map(Vec::len).sum();
            let mut arrived = Vec::new();
            while arrived.len() < expected {
                let mut out = [0; 100];
                let count =
                    impatiently(&patience, &mut turn, async || stream.read(&mut out).await).await;
                arrived.extend_from_slice(&out[..count.unwrap()]);
            }
            arrived
        });
        let mut server = server.borrow_mut();
        server.work();
        prop_assert_eq!(&server.error, &None);
        prop_assert_eq!(arrived, down.concat());
        prop_assert_eq!(&server.received, &up.concat());
    }
}
