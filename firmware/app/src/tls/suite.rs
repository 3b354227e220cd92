//! TLS_AES_128_GCM_SHA256 that keeps handshake messages out after the handshake.
//!
//! `embedded-tls` 0.19 drops a NewSessionTicket, fails on a KeyUpdate, and panics
//! (`unimplemented!()`) on every other handshake message that comes after the handshake, such as a
//! CertificateRequest. Such a message is encrypted: the [`Wire`](super::Wire) cannot see it, and
//! between decryption and the panic `embedded-tls` asks its caller for nothing. But it takes the
//! cipher from its caller, and the cipher is the first to hold the plaintext.
//!
//! Below it runs AES-GCM unchanged. What was authenticated is then looked at, after the handshake
//! only: tickets, which this device does not use, become an empty record of application data; any
//! other handshake message becomes a content type that `embedded-tls` answers with an error, so
//! that the session ends and the next one begins.
//!
//! A cipher is made anew for each record and remembers nothing. It knows whether the handshake is
//! over from the record's header, which it gets as associated data: the wire puts [`ESTABLISHED`]
//! in place of the version, which always is [`VERSION`] and which nobody else reads (RFC 8446,
//! 5.1), and the cipher puts the version back before it checks the tag.

use aes_gcm::aead::{self, AeadCore, AeadInPlace, Buffer, KeyInit, KeySizeUser};
use aes_gcm::{Aes128Gcm, Key, Nonce, Tag};
use embedded_tls::{Aes128GcmSha256, TlsCipherSuite};

use super::wire::{APPLICATION_DATA, HANDSHAKE};

/// `legacy_record_version` of every encrypted record (RFC 8446, 5.2).
pub(super) const VERSION: [u8; 2] = [3, 3];
/// In its place on the way from the wire to the cipher: the handshake is over.
pub(super) const ESTABLISHED: [u8; 2] = [3, 0xff];

/// Handshake types (RFC 8446, B.3).
const NEW_SESSION_TICKET: u8 = 4;
const KEY_UPDATE: u8 = 24;
/// No content type of TLS: `embedded-tls` fails with `InvalidRecord`.
const NO_CONTENT_TYPE: u8 = 0xff;
/// Type and length of a handshake message.
const MESSAGE_HEADER: usize = 4;

/// TLS_AES_128_GCM_SHA256, guarded.
pub(super) struct Suite;

impl TlsCipherSuite for Suite {
    const CODE_POINT: u16 = <Aes128GcmSha256 as TlsCipherSuite>::CODE_POINT;
    type Cipher = Guarded;
    type KeyLen = <Aes128GcmSha256 as TlsCipherSuite>::KeyLen;
    type IvLen = <Aes128GcmSha256 as TlsCipherSuite>::IvLen;
    type Hash = <Aes128GcmSha256 as TlsCipherSuite>::Hash;
    type LabelBufferSize = <Aes128GcmSha256 as TlsCipherSuite>::LabelBufferSize;
}

/// AES-128-GCM, and a look at what it has decrypted.
pub(super) struct Guarded(Aes128Gcm);

impl KeySizeUser for Guarded {
    type KeySize = <Aes128Gcm as KeySizeUser>::KeySize;
}

impl KeyInit for Guarded {
    fn new(key: &Key<Aes128Gcm>) -> Self {
        Self(Aes128Gcm::new(key))
    }
}

impl AeadCore for Guarded {
    type NonceSize = <Aes128Gcm as AeadCore>::NonceSize;
    type TagSize = <Aes128Gcm as AeadCore>::TagSize;
    type CiphertextOverhead = <Aes128Gcm as AeadCore>::CiphertextOverhead;
}

impl AeadInPlace for Guarded {
    fn encrypt_in_place_detached(
        &self,
        nonce: &Nonce<Self::NonceSize>,
        header: &[u8],
        buffer: &mut [u8],
    ) -> aead::Result<Tag> {
        self.0.encrypt_in_place_detached(nonce, header, buffer)
    }

    fn decrypt_in_place_detached(
        &self,
        nonce: &Nonce<Self::NonceSize>,
        header: &[u8],
        buffer: &mut [u8],
        tag: &Tag,
    ) -> aead::Result<()> {
        self.0.decrypt_in_place_detached(nonce, header, buffer, tag)
    }

    fn decrypt_in_place(
        &self,
        nonce: &Nonce<Self::NonceSize>,
        header: &[u8],
        buffer: &mut dyn Buffer,
    ) -> aead::Result<()> {
        match *header {
            [kind, major, minor, high, low] if [major, minor] == ESTABLISHED => {
                let [major, minor] = VERSION;
                let header = [kind, major, minor, high, low];
                self.0.decrypt_in_place(nonce, &header, buffer)?;
                settle(buffer)
            }
            _ => self.0.decrypt_in_place(nonce, header, buffer),
        }
    }
}

/// What is to become of a record after the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// `embedded-tls` may have it.
    Pass,
    /// Nothing this device needs.
    Drop,
    /// Nothing an honest server sends.
    Refuse,
}

/// Judges `inner`: content, content type, padding of zeros (RFC 8446, 5.2).
fn judge(inner: &[u8]) -> Fate {
    let Some(end) = inner.iter().rposition(|byte| *byte != 0) else {
        return Fate::Pass;
    };
    if inner[end] != HANDSHAKE {
        return Fate::Pass;
    }
    match inner[..end].first() {
        // The end of the session anyhow, and with a reason of its own.
        Some(&KEY_UPDATE) if end >= MESSAGE_HEADER => Fate::Pass,
        Some(_) if only_tickets(&inner[..end]) => Fate::Drop,
        _ => Fate::Refuse,
    }
}

/// Whether `messages` are whole NewSessionTickets and nothing else.
fn only_tickets(mut messages: &[u8]) -> bool {
    while let [kind, high, middle, low, rest @ ..] = messages {
        let length = u32::from_be_bytes([0, *high, *middle, *low]) as usize;
        if *kind != NEW_SESSION_TICKET || rest.len() < length {
            return false;
        }
        messages = &rest[length..];
    }
    messages.is_empty()
}

fn settle(buffer: &mut dyn Buffer) -> aead::Result<()> {
    let content_type = match judge(buffer.as_ref()) {
        Fate::Pass => return Ok(()),
        Fate::Drop => APPLICATION_DATA,
        Fate::Refuse => NO_CONTENT_TYPE,
    };
    buffer.truncate(0);
    buffer.extend_from_slice(&[content_type])
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut message = vec![kind, 0, 0, u8::try_from(body.len()).unwrap()];
        message.extend(body);
        message
    }

    fn inner(content: &[u8], kind: u8, padding: usize) -> Vec<u8> {
        let mut inner = content.to_vec();
        inner.push(kind);
        inner.resize(inner.len() + padding, 0);
        inner
    }

    /// What `embedded-tls` gets of `plain` when the record's version is `version`.
    fn opened(plain: &[u8], version: [u8; 2]) -> Vec<u8> {
        let key = Key::<Aes128Gcm>::from([7; 16]);
        let nonce = Nonce::from([9; 12]);
        let length = u16::try_from(plain.len() + 16).unwrap().to_be_bytes();
        let header = |[major, minor]: [u8; 2]| [23, major, minor, length[0], length[1]];
        let mut sealed = plain.to_vec();
        let tag = Aes128Gcm::new(&key)
            .encrypt_in_place_detached(&nonce, &header(VERSION), &mut sealed)
            .unwrap();
        let mut buffer = heapless::Vec::<u8, 512>::new();
        buffer.extend_from_slice(&sealed).unwrap();
        buffer.extend_from_slice(&tag).unwrap();
        let mut buffer = Whole(buffer);
        Guarded::new(&key)
            .decrypt_in_place(&nonce, &header(version), &mut buffer)
            .unwrap();
        buffer.0.to_vec()
    }

    /// `aead` knows another version of `heapless`.
    struct Whole(heapless::Vec<u8, 512>);

    impl AsRef<[u8]> for Whole {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    impl AsMut<[u8]> for Whole {
        fn as_mut(&mut self) -> &mut [u8] {
            &mut self.0
        }
    }

    impl Buffer for Whole {
        fn extend_from_slice(&mut self, other: &[u8]) -> aead::Result<()> {
            self.0.extend_from_slice(other).map_err(|_| aead::Error)
        }

        fn truncate(&mut self, len: usize) {
            self.0.truncate(len);
        }
    }

    #[test]
    fn within_the_handshake_everything_passes() {
        let plain = inner(&message(13, &[0; 9]), HANDSHAKE, 0);
        assert_eq!(opened(&plain, VERSION), plain);
    }

    #[test]
    fn application_data_and_alerts_pass() {
        for plain in [
            inner(b"MQTT", APPLICATION_DATA, 0),
            inner(&[13, 0, 0, 0], APPLICATION_DATA, 5),
            inner(&[1, 0], 21, 3),
            vec![0; 4],
        ] {
            assert_eq!(opened(&plain, ESTABLISHED), plain);
        }
    }

    #[test]
    fn tickets_are_dropped_and_key_updates_left() {
        let ticket = message(NEW_SESSION_TICKET, &[5; 50]);
        let two = [ticket.clone(), ticket.clone()].concat();
        assert_eq!(opened(&inner(&ticket, HANDSHAKE, 0), ESTABLISHED), [23]);
        assert_eq!(opened(&inner(&two, HANDSHAKE, 7), ESTABLISHED), [23]);
        let update = inner(&message(KEY_UPDATE, &[0]), HANDSHAKE, 0);
        assert_eq!(opened(&update, ESTABLISHED), update);
    }

    #[test]
    fn all_other_handshake_messages_are_refused() {
        let ticket = message(NEW_SESSION_TICKET, &[5; 50]);
        let mut refused: Vec<Vec<u8>> = (0..=255)
            .filter(|kind| ![NEW_SESSION_TICKET, KEY_UPDATE].contains(kind))
            .map(|kind| message(kind, &[0; 9]))
            .collect();
        refused.push(Vec::new());
        refused.push(ticket[..20].to_vec());
        refused.push([&ticket[..], &message(13, &[0])].concat());
        refused.push([&ticket[..], &[4, 0]].concat());
        for messages in refused {
            let got = opened(&inner(&messages, HANDSHAKE, 2), ESTABLISHED);
            assert_eq!(got, [NO_CONTENT_TYPE], "{messages:?}");
        }
    }
}
