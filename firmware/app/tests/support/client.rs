//! The device's end of a TLS connection, in virtual time.

use std::cell::RefCell;
use std::time::Duration;

use firmware_app::clock::Time;
use firmware_app::tls::{self, Buffers, Client, Error, Identity as Shown, Stream, Trust, Wire};
use firmware_native::{executor::Virtual, time_driver};
use rand_core::OsRng;

use super::pki::{Identity, NAME, NOW};
use super::server::Line;

/// Size of the receive ring in `Memory`, in bytes, except where a test wants another.
pub const WIRE: usize = 4096;

/// Opens a connection over `line` and hands it to `then`.
pub fn connect<T>(
    ca: &Identity,
    line: Line,
    wire_size: usize,
    then: impl AsyncFnOnce(Result<Stream<'_, '_, Line>, Error>) -> T,
) -> T {
    connect_as(None, ca, line, wire_size, then)
}

/// The same with a client certificate.
pub fn connect_as<T>(
    identity: Option<Shown<'_>>,
    ca: &Identity,
    line: Line,
    wire_size: usize,
    then: impl AsyncFnOnce(Result<Stream<'_, '_, Line>, Error>) -> T,
) -> T {
    time_driver::restart(Duration::ZERO);
    let (mut rx, mut tx) = (vec![0; wire_size], vec![0; 2048]);
    let (mut read, mut write) = (vec![0; 16_640], vec![0; 4096]);
    let wire = RefCell::new(Wire::new(line, &mut rx, &mut tx));
    let work = async {
        let client = Client {
            server_name: NAME,
            trust: Trust::new(&ca.der, NAME, Time::Now(NOW)).unwrap(),
            identity,
        };
        let buffers = Buffers {
            read: &mut read,
            write: &mut write,
        };
        then(tls::open(&wire, buffers, client, &mut OsRng).await).await
    };
    Virtual::new(work).run().expect("the client waits for ever")
}
