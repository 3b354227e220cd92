//! The key schedule of TLS 1.3 (RFC 8446, section 7) for TLS_AES_128_GCM_SHA256, without PSK.

use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::{Aes128Gcm, Nonce, Tag};
use hkdf::Hkdf;
use hkdf::hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// Bytes of a SHA-256 hash.
pub(crate) const HASH: usize = 32;
/// Bytes of an AES-GCM tag.
pub(crate) const TAG: usize = 16;

/// A traffic secret, from which one direction's record keys follow.
#[derive(Clone)]
pub(crate) struct Secret([u8; HASH]);

impl Secret {
    /// HKDF-Expand-Label (7.1) for an output of up to 255 bytes.
    fn expand(&self, label: &str, context: &[u8], output: &mut [u8]) {
        let mut info = Vec::with_capacity(20 + label.len() + context.len());
        info.extend((output.len() as u16).to_be_bytes());
        info.push((6 + label.len()) as u8);
        info.extend(b"tls13 ");
        info.extend(label.as_bytes());
        info.push(context.len() as u8);
        info.extend(context);
        // Both fail only for lengths that no caller asks for: the secret is one hash long, the
        // output at most one.
        if let Ok(hkdf) = Hkdf::<Sha256>::from_prk(&self.0) {
            let _ = hkdf.expand(&info, output);
        }
    }

    /// Derive-Secret (7.1) with the hash of a transcript.
    fn derive(&self, label: &str, transcript: &[u8; HASH]) -> Self {
        let mut output = [0; HASH];
        self.expand(label, transcript, &mut output);
        Self(output)
    }

    /// HKDF-Extract with this secret, made ready for the next stage, as salt.
    fn next_stage(&self, input: &[u8]) -> Self {
        let salt = self.derive("derived", &Sha256::digest([]).into());
        Self(Hkdf::<Sha256>::extract(Some(&salt.0), input).0.into())
    }

    /// The `verify_data` of a Finished message under this traffic secret (4.4.4).
    pub(crate) fn finished(&self, transcript: &[u8; HASH]) -> [u8; HASH] {
        let mut key = [0; HASH];
        self.expand("finished", &[], &mut key);
        // HMAC takes keys of any length.
        let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(&key) else {
            return [0; HASH];
        };
        mac.update(transcript);
        mac.finalize().into_bytes().into()
    }

    /// The secret after a KeyUpdate (7.2).
    pub(crate) fn updated(&self) -> Self {
        let mut output = [0; HASH];
        self.expand("traffic upd", &[], &mut output);
        Self(output)
    }

    /// The record keys of this traffic secret (7.3).
    pub(crate) fn keys(&self) -> RecordKeys {
        let (mut key, mut iv) = ([0; 16], [0; 12]);
        self.expand("key", &[], &mut key);
        self.expand("iv", &[], &mut iv);
        RecordKeys {
            cipher: Aes128Gcm::new(&key.into()),
            iv,
            sequence: 0,
        }
    }
}

/// The secrets of both directions, client's and server's.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) client: Secret,
    pub(crate) server: Secret,
}

/// The stages of the schedule that a server without PSK passes through.
pub(crate) struct KeySchedule {
    handshake: Secret,
}

impl KeySchedule {
    /// Begins with the shared secret of the key exchange.
    pub(crate) fn new(shared_secret: &[u8]) -> Self {
        let early = Secret(Hkdf::<Sha256>::extract(None, &[0; HASH]).0.into());
        Self {
            handshake: early.next_stage(shared_secret),
        }
    }

    /// Handshake traffic secrets; the transcript reaches to ServerHello.
    pub(crate) fn handshake_traffic(&self, transcript: &[u8; HASH]) -> Pair {
        Pair {
            client: self.handshake.derive("c hs traffic", transcript),
            server: self.handshake.derive("s hs traffic", transcript),
        }
    }

    /// Application traffic secrets; the transcript reaches to the server's Finished.
    pub(crate) fn application_traffic(&self, transcript: &[u8; HASH]) -> Pair {
        let master = self.handshake.next_stage(&[0; HASH]);
        Pair {
            client: master.derive("c ap traffic", transcript),
            server: master.derive("s ap traffic", transcript),
        }
    }
}

/// One direction's keys and record counter.
pub(crate) struct RecordKeys {
    cipher: Aes128Gcm,
    iv: [u8; 12],
    sequence: u64,
}

impl RecordKeys {
    fn next_nonce(&mut self) -> [u8; 12] {
        let mut nonce = self.iv;
        for (byte, counter) in nonce[4..].iter_mut().zip(self.sequence.to_be_bytes()) {
            *byte ^= counter;
        }
        self.sequence += 1;
        nonce
    }

    /// Encrypts in place and appends the tag. `header` is the record's five bytes.
    pub(crate) fn seal(&mut self, header: &[u8], body: &mut Vec<u8>) {
        let nonce = self.next_nonce();
        // Fails only beyond 64 GB.
        if let Ok(tag) =
            self.cipher
                .encrypt_in_place_detached(Nonce::from_slice(&nonce), header, body)
        {
            body.extend_from_slice(&tag);
        }
    }

    /// Decrypts in place and removes the tag; false if the record was not sealed with these keys.
    pub(crate) fn open(&mut self, header: &[u8], body: &mut Vec<u8>) -> bool {
        let Some(length) = body.len().checked_sub(TAG) else {
            return false;
        };
        let tag = *Tag::from_slice(&body.split_off(length));
        let nonce = self.next_nonce();
        let nonce = Nonce::from_slice(&nonce);
        self.cipher
            .decrypt_in_place_detached(nonce, header, body, &tag)
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> [u8; HASH] {
        let mut bytes = [0; HASH];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).unwrap();
        }
        bytes
    }

    /// RFC 8448, section 3: "Simple 1-RTT Handshake".
    #[test]
    fn the_schedule_gives_the_values_of_rfc_8448() {
        let schedule = KeySchedule::new(&hex(
            "8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d",
        ));
        let hello = hex("860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8");
        let traffic = schedule.handshake_traffic(&hello);
        assert_eq!(
            traffic.client.0,
            hex("b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21")
        );
        assert_eq!(
            traffic.server.0,
            hex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38")
        );
        assert_eq!(
            traffic.server.keys().iv,
            [
                0x5d, 0x31, 0x3e, 0xb2, 0x67, 0x12, 0x76, 0xee, 0x13, 0x00, 0x0b, 0x30
            ]
        );
        let whole = hex("9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13");
        let traffic = schedule.application_traffic(&whole);
        assert_eq!(
            traffic.client.0,
            hex("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5")
        );
        assert_eq!(
            traffic.server.0,
            hex("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643")
        );
    }

    #[test]
    fn what_is_sealed_opens_once_and_in_order() {
        let traffic = KeySchedule::new(&[7; 32]).handshake_traffic(&[9; HASH]);
        let (mut seal, mut open) = (traffic.client.keys(), traffic.client.keys());
        let header = [23, 3, 3, 0, 21];
        let (mut first, mut second) = (b"hello".to_vec(), b"again".to_vec());
        seal.seal(&header, &mut first);
        seal.seal(&header, &mut second);
        assert_eq!(first.len(), 5 + TAG);
        assert!(open.open(&header, &mut first));
        assert_eq!(first, b"hello");
        let mut replayed = second.clone();
        assert!(open.open(&header, &mut second));
        assert!(!open.open(&header, &mut replayed));
        assert!(!traffic.server.keys().open(&header, &mut vec![0; 3]));
    }
}
