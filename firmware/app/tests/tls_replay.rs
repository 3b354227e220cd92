//! The handshake that is recorded in `vectors/handshake` opens: on the chip the same recording is
//! measured.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself fails"
)]

mod support;
mod vectors;

use std::cell::RefCell;
use std::convert::Infallible;
use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use embedded_io_async::{ErrorType, Read, Write};
use firmware_app::clock::Time;
use firmware_app::tls::{self, Buffers, Client, Error, Trust, Wire};
use firmware_native::{executor::Virtual, time_driver};
use support::pki;
use support::server::{Line, Server};
use vectors::handshake::{CA, FixedRng, LEAF, NAME, NOW, Replay};

/// Opens a connection over `line` with the fixed randomness.
fn open<T: Read + Write>(ca: &[u8], line: T) -> Option<Result<(), Error>> {
    time_driver::restart(Duration::ZERO);
    let (mut rx, mut tx) = ([0; 4096], [0; 2048]);
    let (mut read, mut write) = (vec![0; 16_640], vec![0; 4096]);
    let wire = RefCell::new(Wire::new(line, &mut rx, &mut tx));
    let work = async {
        let client = Client {
            server_name: NAME,
            trust: Trust::new(ca, NAME, Time::Now(NOW)).unwrap(),
            identity: None,
        };
        let buffers = Buffers {
            read: &mut read,
            write: &mut write,
        };
        tls::open(&wire, buffers, client, &mut FixedRng::new())
            .await
            .map(drop)
    };
    Virtual::new(work).run()
}

#[test]
fn the_recorded_handshake_opens() {
    let opened = open(CA, Replay::new());
    assert!(
        matches!(opened, Some(Ok(()))),
        "{opened:?}: if the ClientHello is meant to have changed, record the handshake anew with \
         `cargo test -p firmware-app --test tls_replay -- --ignored`"
    );
    assert!(!LEAF.is_empty());
}

/// Remembers what was read.
struct Recorder {
    line: Line,
    heard: Rc<RefCell<Vec<u8>>>,
}

impl ErrorType for Recorder {
    type Error = Infallible;
}

impl Read for Recorder {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Infallible> {
        let count = self.line.read(buf).await?;
        self.heard.borrow_mut().extend_from_slice(&buf[..count]);
        Ok(count)
    }
}

impl Write for Recorder {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Infallible> {
        self.line.write(buf).await
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        self.line.flush().await
    }
}

/// Writes `vectors/handshake`. The keys of authority and server are forgotten.
#[test]
#[ignore = "changes the vectors"]
fn record() {
    let ca = pki::authority("CA");
    let leaf = ca.issue(pki::server_params_for(NAME));
    let server = Server::new(&[&leaf]);
    let heard = Rc::new(RefCell::new(Vec::new()));
    let line = Recorder {
        line: Line::new(&server),
        heard: Rc::clone(&heard),
    };
    assert!(matches!(open(&ca.der, line), Some(Ok(()))));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/handshake");
    fs::write(folder.join("ca.der"), &ca.der).unwrap();
    fs::write(folder.join("leaf.der"), &leaf.der).unwrap();
    fs::write(folder.join("server.bin"), &*heard.borrow()).unwrap();
}
