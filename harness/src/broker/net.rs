//! Small things about sockets on the loopback.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::error::BrokerError;

/// How often a port is tried that a closed listener may still hold: for two seconds in all, while
/// it takes a child less than a millisecond to let go of it.
const LISTENER_CHECKS: u32 = 1000;
const LISTENER_CHECK_INTERVAL: Duration = Duration::from_millis(2);

/// What a read brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Incoming {
    /// Bytes, appended to the buffer.
    Bytes,
    /// Nothing for now.
    Nothing,
    /// The peer sends no more.
    End,
}

/// Connects to `rumqttd`.
pub(super) async fn connect(addr: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(addr).await?;
    stream.set_nodelay(true)?;
    acknowledge_at_once(&stream);
    Ok(stream)
}

/// Reads once from a connection to `rumqttd`.
pub(super) fn receive(stream: &TcpStream, buffer: &mut BytesMut) -> io::Result<Incoming> {
    buffer.reserve(4096);
    match stream.try_read_buf(buffer) {
        Ok(0) => Ok(Incoming::End),
        Ok(_) => {
            acknowledge_at_once(stream);
            Ok(Incoming::Bytes)
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Incoming::Nothing),
        Err(error) => Err(error),
    }
}

/// `rumqttd` leaves Nagle's algorithm on: its next small packet waits for our acknowledgement,
/// which the kernel would delay by up to 40 ms. The option does not last, so it is set again after
/// each read. It is a matter of speed only, so a refusal is no error.
fn acknowledge_at_once(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    let _ = stream.set_quickack(true);
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}

/// Waits until there is something to read; for ever without a stream.
pub(super) async fn readable(stream: Option<&TcpStream>) {
    match stream {
        // An error shows when it is read.
        Some(stream) => drop(stream.readable().await),
        None => std::future::pending().await,
    }
}

/// Waits until something can be written; for ever without a stream.
pub(super) async fn writable(stream: Option<&TcpStream>) {
    match stream {
        Some(stream) => drop(stream.writable().await),
        None => std::future::pending().await,
    }
}

/// Writes as much of `buffer` as the socket takes now; gives how much that was.
pub(super) fn drain(stream: &TcpStream, buffer: &mut BytesMut) -> io::Result<u64> {
    let mut written = 0;
    while !buffer.is_empty() {
        match stream.try_write(buffer) {
            Ok(count) => {
                buffer.advance(count);
                written += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}

/// A port on 127.0.0.1 that is ours although nobody listens on it: connections are refused, and
/// nobody else gets it.
#[derive(Debug)]
pub(super) struct ReservedPort {
    socket: TcpSocket,
    addr: SocketAddr,
}

impl ReservedPort {
    /// Reserves `port`, or any if it is 0.
    pub(super) fn new(what: &'static str, port: u16) -> Result<Self, BrokerError> {
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let reserve = || {
            let socket = TcpSocket::new_v4()?;
            // Connections of a previous life may linger on the port.
            socket.set_reuseaddr(true)?;
            socket.bind(addr)?;
            let addr = socket.local_addr()?;
            Ok(Self { socket, addr })
        };
        reserve().map_err(|source| port_error(what, addr, source))
    }

    /// Reserves a port on which this process listened until now.
    ///
    /// A child that another thread is just starting holds copies of all our sockets until it has
    /// become another program: the listener then lives on for a moment after it was closed.
    pub(super) async fn after_listener(what: &'static str, port: u16) -> Result<Self, BrokerError> {
        for _ in 0..LISTENER_CHECKS {
            match Self::new(what, port) {
                Err(BrokerError::PortInUse { .. }) => {
                    tokio::time::sleep(LISTENER_CHECK_INTERVAL).await;
                }
                result => return result,
            }
        }
        Self::new(what, port)
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Accepts connections from now on. Call within a tokio runtime.
    pub(super) fn listen(self, what: &'static str) -> Result<TcpListener, BrokerError> {
        self.socket
            .listen(64)
            .map_err(|source| port_error(what, self.addr, source))
    }
}

/// Turns "address in use" into an error that says which port.
pub(super) fn port_error(what: &'static str, addr: SocketAddr, source: io::Error) -> BrokerError {
    if source.kind() == io::ErrorKind::AddrInUse {
        BrokerError::PortInUse { what, addr }
    } else {
        BrokerError::Socket {
            what: "bind a port on 127.0.0.1",
            source,
        }
    }
}
