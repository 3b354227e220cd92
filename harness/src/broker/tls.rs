//! The server side of TLS without any I/O: bytes in, bytes out.

use std::sync::Arc;

use rustls::server::{Acceptor, ServerConfig, ServerConnection};

use super::facts::TlsFacts;

/// One TLS server connection. Bytes go in with `receive`; whatever they cause is then taken out.
pub(super) trait TlsServer: Send {
    /// Takes bytes from the device. False: TLS has failed or ended, and nothing more is read;
    /// the output may still hold an alert.
    fn receive(&mut self, bytes: &[u8]) -> bool;
    /// Decrypted application data, to be passed on to the broker.
    fn take_plaintext(&mut self) -> Vec<u8>;
    /// Encrypts one MQTT packet, as one record where it fits.
    fn send(&mut self, plaintext: &[u8]);
    /// Says close_notify.
    fn close(&mut self);
    /// Bytes for the device.
    fn take_output(&mut self) -> Vec<u8>;
    /// What is known by now.
    fn facts(&self) -> &TlsFacts;
    /// The device said close_notify.
    fn device_closed(&self) -> bool;
}

/// TLS by rustls.
pub(super) struct RustlsServer {
    stage: Stage,
    config: Arc<ServerConfig>,
    output: Vec<u8>,
    plaintext: Vec<u8>,
    facts: TlsFacts,
    device_closed: bool,
}

enum Stage {
    Hello(Box<Acceptor>),
    Open(Box<ServerConnection>),
    Over,
}

impl RustlsServer {
    pub(super) fn new(config: Arc<ServerConfig>) -> Self {
        Self {
            stage: Stage::Hello(Box::default()),
            config,
            output: Vec::new(),
            plaintext: Vec::new(),
            facts: TlsFacts::default(),
            device_closed: false,
        }
    }

    fn hello(&mut self, mut acceptor: Box<Acceptor>, bytes: &mut &[u8]) -> bool {
        while !bytes.is_empty() {
            if let Err(error) = acceptor.read_tls(bytes) {
                return self.give_up(error.to_string());
            }
            match acceptor.accept() {
                Ok(None) => {}
                Ok(Some(accepted)) => {
                    self.facts.sni = accepted.client_hello().server_name().map(str::to_owned);
                    match accepted.into_connection(self.config.clone()) {
                        Ok(mut connection) => {
                            connection.set_buffer_limit(None);
                            self.stage = Stage::Open(Box::new(connection));
                            return self.pump(bytes);
                        }
                        Err((error, mut alert)) => {
                            // Writing to a Vec cannot fail.
                            let _ = alert.write_all(&mut self.output);
                            return self.give_up(error.to_string());
                        }
                    }
                }
                Err((error, mut alert)) => {
                    let _ = alert.write_all(&mut self.output);
                    return self.refused(&error);
                }
            }
        }
        self.stage = Stage::Hello(acceptor);
        true
    }

    fn pump(&mut self, bytes: &mut &[u8]) -> bool {
        let Stage::Open(connection) = &mut self.stage else {
            return false;
        };
        loop {
            let processed = connection.process_new_packets();
            // What was decrypted before an error is still the device's.
            let mut reader = connection.reader();
            let _ = std::io::Read::read_to_end(&mut reader, &mut self.plaintext);
            let result = processed.map(|state| state.peer_has_closed());
            self.facts.handshake_complete = !connection.is_handshaking();
            self.facts.version = connection.protocol_version().map(|v| format!("{v:?}"));
            let suite = connection.negotiated_cipher_suite();
            self.facts.suite = suite.map(|suite| format!("{:?}", suite.suite()));
            let group = connection.negotiated_key_exchange_group();
            self.facts.group = group.map(|group| format!("{:?}", group.name()));
            while connection.wants_write() {
                // Writing to a Vec cannot fail.
                let _ = connection.write_tls(&mut self.output);
            }
            match result {
                Ok(closed) => self.device_closed |= closed,
                Err(error) => return self.refused(&error),
            }
            if bytes.is_empty() {
                return true;
            }
            if let Err(error) = connection.read_tls(bytes) {
                return self.give_up(error.to_string());
            }
        }
    }

    fn refused(&mut self, error: &rustls::Error) -> bool {
        if let rustls::Error::AlertReceived(alert) = error {
            self.facts.alert_received = Some(format!("{alert:?}"));
        }
        self.give_up(error.to_string())
    }

    fn give_up(&mut self, error: String) -> bool {
        self.facts.error = Some(error);
        self.facts.alert_sent = last_alert(&self.output);
        self.stage = Stage::Over;
        false
    }
}

impl TlsServer for RustlsServer {
    fn receive(&mut self, mut bytes: &[u8]) -> bool {
        let before = self.plaintext.len();
        let alive = match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Hello(acceptor) => self.hello(acceptor, &mut bytes),
            open @ Stage::Open(_) => {
                self.stage = open;
                self.pump(&mut bytes)
            }
            Stage::Over => false,
        };
        note_plaintext(&mut self.facts, &self.plaintext[before..]);
        alive
    }

    fn take_plaintext(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.plaintext)
    }

    fn send(&mut self, plaintext: &[u8]) {
        if let Stage::Open(connection) = &mut self.stage {
            // The buffer has no limit, so this cannot be refused; nor can writing to a Vec.
            let _ = std::io::Write::write_all(&mut connection.writer(), plaintext);
            while connection.wants_write() {
                let _ = connection.write_tls(&mut self.output);
            }
        }
    }

    fn close(&mut self) {
        if let Stage::Open(connection) = &mut self.stage {
            connection.send_close_notify();
            while connection.wants_write() {
                let _ = connection.write_tls(&mut self.output);
            }
        }
    }

    fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    fn facts(&self) -> &TlsFacts {
        &self.facts
    }

    fn device_closed(&self) -> bool {
        self.device_closed
    }
}

/// Counts application data and looks whether it begins with an MQTT CONNECT packet.
pub(super) fn note_plaintext(facts: &mut TlsFacts, plaintext: &[u8]) {
    if facts.application_bytes == 0 {
        facts.mqtt_seen = plaintext.first() == Some(&0x10);
    }
    facts.application_bytes += plaintext.len() as u64;
}

/// The description in the alert record at the end of `output`, if there is one.
fn last_alert(output: &[u8]) -> Option<String> {
    let mut rest = output;
    let mut alert = None;
    while let [kind, _, _, high, low, tail @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let body = tail.get(..length)?;
        alert = match (kind, body) {
            (21, [_, description]) => Some(format!(
                "{:?}",
                rustls::AlertDescription::from(*description)
            )),
            // Level, description, inner type and tag: what an encrypted alert amounts to.
            (23, body) if body.len() == 19 => Some("encrypted".to_owned()),
            _ => None,
        };
        rest = &tail[length..];
    }
    alert
}
