//! The modem's sockets as real connections of this machine.

use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::{
    Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream, ToSocketAddrs as _, UdpSocket,
};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use modem_sim::{ConnId, NetEvent, Protocol, TlsClient};

use super::hosts::{Hosts, Route};
use super::input::{Input, What};
use super::tls::TlsStream;

/// How long an address may take to answer. The modem itself gives up earlier.
const CONNECT_PATIENCE: Duration = Duration::from_secs(60);

/// Largest piece read at once, and largest datagram.
const CHUNK: usize = 64 * 1024;

/// A connection.
#[derive(Debug, Clone)]
pub(super) enum Stream {
    Tcp(Arc<TcpStream>),
    Tls(Arc<TlsStream>),
    Udp(Arc<UdpSocket>),
}

impl Stream {
    fn open(proto: Protocol, addresses: &[SocketAddr]) -> io::Result<Self> {
        let mut result = Err(io::ErrorKind::NotFound.into());
        for address in addresses {
            result = match proto {
                Protocol::Tcp => Self::tcp(address),
                Protocol::Udp => Self::udp(address),
            };
            if result.is_ok() {
                break;
            }
        }
        result
    }

    fn tcp(address: &SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(address, CONNECT_PATIENCE)?;
        stream.set_nodelay(true)?;
        Ok(Self::Tcp(Arc::new(stream)))
    }

    /// TLS of the modem's own on a fresh connection; whatever goes wrong is told.
    fn secured(self, wish: &TlsClient, host: &str) -> Result<Self, String> {
        let Self::Tcp(stream) = &self else {
            return Err(String::from("TLS over UDP is not a thing of this modem"));
        };
        let stream = stream.try_clone().map_err(|error| error.to_string())?;
        let secured = TlsStream::open(stream, wish, host).map_err(|error| error.to_string())?;
        Ok(Self::Tls(Arc::new(secured)))
    }

    fn udp(address: &SocketAddr) -> io::Result<Self> {
        let any = match address {
            SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
        };
        let socket = UdpSocket::bind(any)?;
        socket.connect(address)?;
        Ok(Self::Udp(Arc::new(socket)))
    }

    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => (&**stream).read(buffer),
            Self::Tls(stream) => stream.receive(buffer),
            Self::Udp(socket) => socket.recv(buffer),
        }
    }

    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => (&**stream).write_all(bytes),
            Self::Tls(stream) => stream.send(bytes),
            Self::Udp(socket) => socket.send(bytes).map(drop),
        }
    }

    /// Ends reads that wait. A datagram socket has no such thing; its reader ends with the
    /// process.
    fn close(&self) {
        match self {
            // Closed by the peer already: nothing is left to do.
            Self::Tcp(stream) => drop(stream.shutdown(Shutdown::Both)),
            Self::Tls(stream) => stream.close(),
            Self::Udp(_) => {}
        }
    }
}

struct Open {
    stream: Stream,
    to_writer: Sender<Vec<u8>>,
}

/// Every connection of the modem.
pub(super) struct Sockets {
    hosts: Hosts,
    inputs: Sender<Input>,
    /// `None` while the connection is being made.
    connections: HashMap<ConnId, Option<Open>>,
}

impl Sockets {
    pub(super) fn new(hosts: Hosts, inputs: Sender<Input>) -> Self {
        Self {
            hosts,
            inputs,
            connections: HashMap::new(),
        }
    }

    /// Starts to connect, with TLS of the modem's own if it wants that. False when the host is not
    /// mapped and the network is closed.
    pub(super) fn connect(
        &mut self,
        conn: ConnId,
        proto: Protocol,
        host: &str,
        port: u16,
        tls: Option<Box<TlsClient>>,
    ) -> bool {
        self.connections.insert(conn, None);
        let target = match self.hosts.route(host) {
            Route::To(address) => Ok(address),
            Route::Network => Err((host.to_owned(), port)),
            Route::Closed => {
                self.tell(NetEvent::Unreachable { conn });
                return false;
            }
        };
        let inputs = self.inputs.clone();
        let name = host.to_owned();
        thread::spawn(move || {
            let addresses = match target {
                Ok(address) => vec![address],
                // Whatever is wrong with a name, the modem learns that it leads nowhere.
                Err(name) => name
                    .to_socket_addrs()
                    .map_or_else(|_| Vec::new(), Iterator::collect),
            };
            let what = match Stream::open(proto, &addresses) {
                Ok(stream) => match tls.map(|wish| stream.clone().secured(&wish, &name)) {
                    None => What::Opened(conn, stream),
                    Some(Ok(secured)) => What::Opened(conn, secured),
                    Some(Err(why)) => {
                        let text = format!("bench: no TLS with {name}:{port}: {why}");
                        let _ = inputs.send(Input::now(What::Remark(text)));
                        What::Net(NetEvent::TlsFailed { conn })
                    }
                },
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    What::Net(NetEvent::Refused { conn })
                }
                Err(_) => What::Net(NetEvent::Unreachable { conn }),
            };
            // When nobody listens any more the program is ending.
            let _ = inputs.send(Input::now(what));
        });
        true
    }

    /// Takes over a connection that was made; `None` if the modem has given it up meanwhile.
    pub(super) fn opened(&mut self, conn: ConnId, stream: Stream) -> Option<NetEvent> {
        let Some(slot) = self.connections.get_mut(&conn) else {
            stream.close();
            return None;
        };
        let (to_writer, from_modem) = mpsc::channel();
        let (reading, writing) = (stream.clone(), stream.clone());
        let inputs = self.inputs.clone();
        thread::spawn(move || read(conn, &reading, &inputs));
        thread::spawn(move || write(&writing, &from_modem));
        *slot = Some(Open { stream, to_writer });
        Some(NetEvent::Connected { conn })
    }

    /// Sends one packet of the modem.
    pub(super) fn send(&self, conn: ConnId, bytes: Vec<u8>) {
        if let Some(Some(open)) = self.connections.get(&conn) {
            // A writer that ended found the connection broken; its reader tells.
            let _ = open.to_writer.send(bytes);
        }
    }

    /// The modem is done with a connection.
    pub(super) fn close(&mut self, conn: ConnId) {
        if let Some(Some(open)) = self.connections.remove(&conn) {
            open.stream.close();
        }
    }

    fn tell(&self, event: NetEvent) {
        // When nobody listens any more the program is ending.
        let _ = self.inputs.send(Input::now(What::Net(event)));
    }
}

fn read(conn: ConnId, stream: &Stream, inputs: &Sender<Input>) {
    let mut chunk = vec![0; CHUNK];
    loop {
        let event = match stream.receive(&mut chunk) {
            Ok(0) if !matches!(stream, Stream::Udp(_)) => NetEvent::Closed { conn },
            // An empty datagram: the serial line cannot show it.
            Ok(0) => continue,
            Ok(count) => NetEvent::Data {
                conn,
                bytes: chunk[..count].to_vec(),
            },
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => NetEvent::Reset { conn },
        };
        let ended = !matches!(event, NetEvent::Data { .. });
        if inputs.send(Input::now(What::Net(event))).is_err() || ended {
            return;
        }
    }
}

fn write(stream: &Stream, from_modem: &Receiver<Vec<u8>>) {
    for bytes in from_modem {
        if stream.send(&bytes).is_err() {
            // Wakes the reader, which tells the modem.
            stream.close();
            return;
        }
    }
}
