//! One TLS 1.3 handshake on the host, computing time only: no line, no network.
//!
//! The device's own client and a rustls client open a connection to the same rustls server, with
//! the same certificates, group (P-256) and cipher suite (AES-128-GCM). Both figures include the
//! server's part; the comparison below the table takes the two in turn, so that what else the
//! machine does hits both alike, and gives the ratio with and without the server.
#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot prepare itself must stop"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use divan::Bencher;
use rcgen::date_time_ymd;
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::TLS13;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use support::client::{WIRE, connect};
use support::pki::{self, Identity, NAME};
use support::server::{Line, Server};

/// Handshakes of each kind in the comparison.
const ROUNDS: usize = 200;

fn main() {
    divan::main();
    // What cargo passes to benchmarks that shall be measured; not in a test run or a listing.
    let has = |wanted: &str| std::env::args().any(|argument| argument == wanted);
    if has("--bench") && !has("--list") && !has("--test") {
        compare();
    }
}

/// The device's client: embedded-tls with our verifier and our guard.
#[divan::bench]
fn device(bencher: Bencher<'_, '_>) {
    let bench = Bench::new();
    bencher
        .with_inputs(|| bench.server())
        .bench_local_values(|server| bench.device(&server));
}

/// A rustls client on ring.
#[divan::bench]
fn rustls_client(bencher: Bencher<'_, '_>) {
    let bench = Bench::new();
    bencher
        .with_inputs(|| bench.server())
        .bench_local_values(|server| bench.rustls(&server));
}

struct Bench {
    ca: Identity,
    server: Identity,
    client: Arc<ClientConfig>,
}

impl Bench {
    fn new() -> Self {
        let ca = pki::authority("CA");
        let mut params = pki::server_params();
        // rustls takes the wall clock.
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2100, 1, 1);
        let server = ca.issue(params);
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(ca.der.clone())).unwrap();
        let provider = CryptoProvider {
            cipher_suites: vec![ring::cipher_suite::TLS13_AES_128_GCM_SHA256],
            kx_groups: vec![ring::kx_group::SECP256R1],
            ..ring::default_provider()
        };
        let mut client = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        client.resumption = Resumption::disabled();
        Self {
            ca,
            server,
            client: Arc::new(client),
        }
    }

    /// A server for one connection.
    fn server(&self) -> Rc<RefCell<Server>> {
        Server::new(&[&self.server])
    }

    fn device(&self, server: &Rc<RefCell<Server>>) {
        connect(&self.ca, Line::new(server), WIRE, async |stream| {
            stream.map(drop)
        })
        .unwrap();
        let mut server = server.borrow_mut();
        server.work();
        check(&server);
    }

    /// The time the server took of it.
    fn rustls(&self, server: &Rc<RefCell<Server>>) -> Duration {
        let mut server = server.borrow_mut();
        let mut of_server = Duration::ZERO;
        let name = ServerName::try_from(NAME).unwrap();
        let mut client = ClientConnection::new(Arc::clone(&self.client), name).unwrap();
        while client.is_handshaking() || client.wants_write() {
            let mut sent = Vec::new();
            client.write_tls(&mut sent).unwrap();
            server.receive(&sent);
            let start = Instant::now();
            server.work();
            of_server += start.elapsed();
            let line = server.take_line();
            let mut line = line.as_slice();
            while !line.is_empty() {
                client.read_tls(&mut line).unwrap();
                client.process_new_packets().unwrap();
            }
        }
        check(&server);
        of_server
    }
}

/// A handshake that did not succeed must not count as a fast one.
fn check(server: &Server) {
    assert_eq!(server.error, None);
    assert!(!server.is_handshaking(), "the handshake is not complete");
}

fn compare() {
    let bench = Bench::new();
    let (mut device, mut rustls, mut of_server) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (first, second) = (bench.server(), bench.server());
        let start = Instant::now();
        bench.device(&first);
        device.push(start.elapsed());
        let start = Instant::now();
        of_server.push(bench.rustls(&second));
        rustls.push(start.elapsed());
    }
    println!("\n{ROUNDS} handshakes of each kind, in turn     minimum      median");
    let device = show("device's client and server", device);
    let rustls = show("rustls client and server", rustls);
    let of_server = show("of which the server", of_server);
    println!(
        "device / rustls, with the server      {:>9.2}x  {:>9.2}x",
        device[0] / rustls[0],
        device[1] / rustls[1]
    );
    println!(
        "device / rustls, without the server   {:>9.2}x  {:>9.2}x",
        (device[0] - of_server[0]) / (rustls[0] - of_server[0]),
        (device[1] - of_server[1]) / (rustls[1] - of_server[1])
    );
}

/// Prints and gives the minimum and the median of `times`, in microseconds.
fn show(what: &str, mut times: Vec<Duration>) -> [f64; 2] {
    times.sort();
    let figures = [times[0], times[times.len() / 2]].map(|time| time.as_secs_f64() * 1e6);
    println!("{what:<36}  {:>7.0} us  {:>7.0} us", figures[0], figures[1]);
    figures
}
