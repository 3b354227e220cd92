//! What the server sends in answer to a ClientHello.

use std::sync::Arc;

use p256::PublicKey;
use p256::ecdh::EphemeralSecret;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use rand_core::{OsRng, RngCore};
use rustls::SignatureScheme;
use rustls::pki_types::CertificateDer;
use rustls::sign::SigningKey;
use sha2::{Digest, Sha256};

use super::adversary::Adversary as A;
use super::key_schedule::{HASH, KeySchedule, Pair, RecordKeys, Secret};
use super::messages::{self, ClientHello, ServerHello};
use super::record::{self, ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE};

/// ecdsa_secp256r1_sha256.
const ECDSA_P256: u16 = 0x0403;
/// rsa_pss_rsae_sha256.
const RSA_PSS: u16 = 0x0804;
/// x25519.
const X25519: u16 = 0x001d;
/// An extension number nobody uses (private use).
const UNKNOWN_EXTENSION: u16 = 0xff77;
/// Handshake bytes in a record of a split flight.
const SPLIT: usize = 100;
/// Largest inner plaintext (RFC 8446, 5.4), content type and padding included.
const MAX_INNER: usize = (1 << 14) + 1;
/// One more than the longest record body (5.2).
const TOO_LONG: u16 = (1 << 14) + 257;
/// Description of the alerts it sends in the middle: handshake_failure.
pub(super) const FATAL: [u8; 2] = [2, 40];
/// Warning, close_notify.
pub(super) const CLOSE_NOTIFY: [u8; 2] = [1, 0];

/// Chain and key of the server.
pub(crate) struct Credentials {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: Arc<dyn SigningKey>,
}

impl Credentials {
    /// Signs a transcript hash for the role of `context` ("server" or "client", 4.4.3).
    fn sign(&self, context: &str, transcript: &[u8; HASH]) -> Result<Vec<u8>, String> {
        let mut content = vec![b' '; 64];
        content.extend(format!("TLS 1.3, {context} CertificateVerify\0").bytes());
        content.extend(transcript);
        self.key
            .choose_scheme(&[SignatureScheme::ECDSA_NISTP256_SHA256])
            .ok_or("the server's key is not for ECDSA P-256")?
            .sign(&content)
            .map_err(|error| error.to_string())
    }
}

/// Everything the server must remember until the client's Finished.
pub(super) struct Flight {
    pub(super) from_device: RecordKeys,
    /// For the client's Finished.
    pub(super) client: Secret,
    /// Up to the server's Finished, then on.
    pub(super) transcript: Sha256,
    pub(super) application: Pair,
}

/// Answers `hello`, whose transcript is `transcript`: appends to `output`.
pub(super) fn answer(
    adversary: A,
    credentials: &Credentials,
    hello: &ClientHello,
    mut transcript: Sha256,
    output: &mut Vec<u8>,
) -> Result<Flight, String> {
    let theirs = PublicKey::from_sec1_bytes(&hello.key_share)
        .map_err(|_| "the key share is no point of P-256")?;
    let secret = EphemeralSecret::random(&mut OsRng);
    let ours = secret.public_key().to_encoded_point(false);
    let mut random = [0; 32];
    OsRng.fill_bytes(&mut random);
    if adversary == A::ReplayedFlight {
        // What another client said: nothing of this handshake is in what follows.
        transcript = Sha256::new_with_prefix(random);
    }

    let server_hello = server_hello(adversary, hello, random, ours.as_bytes()).encode();
    transcript.update(&server_hello);
    match adversary {
        A::SplitHello => {
            let (head, tail) = server_hello.split_at(server_hello.len() / 2);
            record::plain(HANDSHAKE, head, output);
            record::plain(HANDSHAKE, tail, output);
        }
        _ => record::plain(HANDSHAKE, &server_hello, output),
    }
    let schedule = match adversary {
        A::ReplayedFlight => KeySchedule::new(&random),
        _ => KeySchedule::new(secret.diffie_hellman(&theirs).raw_secret_bytes()),
    };
    let traffic = schedule.handshake_traffic(&hash(&transcript));
    let mut keys = traffic.server.keys();

    let messages = flight(adversary, credentials, &traffic.server, &mut transcript)?;
    pack(adversary, &messages, &mut keys, output);
    Ok(Flight {
        from_device: traffic.client.keys(),
        client: traffic.client,
        application: schedule.application_traffic(&hash(&transcript)),
        transcript,
    })
}

pub(super) fn hash(transcript: &Sha256) -> [u8; HASH] {
    transcript.clone().finalize().into()
}

fn server_hello(
    adversary: A,
    hello: &ClientHello,
    random: [u8; 32],
    key_share: &[u8],
) -> ServerHello {
    let mut answer = ServerHello::honest(random, &hello.session_id, key_share);
    match adversary {
        A::Tls11 => {
            answer.legacy_version = 0x0302;
            answer.version = None;
        }
        A::Tls12Hello => {
            answer.version = None;
            // The mark of a server that could have spoken 1.3 (4.1.3).
            answer.random[24..].copy_from_slice(b"DOWNGRD\x01");
        }
        A::WrongSessionId => answer.session_id = vec![0x5a; 32],
        A::UnknownExtension => {
            messages::extension(UNKNOWN_EXTENSION, b"?", &mut answer.more);
        }
        A::UnofferedGroup => answer.share = (X25519, Some(vec![9; 32])),
        A::UnofferedSuite => answer.suite = 0x1302,
        A::BadKeyShare => {
            let mut point = vec![4];
            point.resize(65, 0xff);
            answer.share.1 = Some(point);
        }
        _ => {}
    }
    answer
}

/// EncryptedExtensions to Finished.
fn flight(
    adversary: A,
    credentials: &Credentials,
    secret: &Secret,
    transcript: &mut Sha256,
) -> Result<Vec<Vec<u8>>, String> {
    let mut messages: Vec<Vec<u8>> = Vec::new();
    let mut add = |message: Vec<u8>, transcript: &mut Sha256| {
        transcript.update(&message);
        messages.push(message);
    };
    let mut extensions = Vec::new();
    if adversary == A::UnknownEncryptedExtension {
        messages::extension(UNKNOWN_EXTENSION, b"?", &mut extensions);
    }
    add(messages::encrypted_extensions(&extensions), transcript);
    if adversary == A::CertificateRequest {
        add(messages::certificate_request(&[]), transcript);
    }
    let chain = || messages::certificate(credentials.chain.iter().map(AsRef::as_ref));
    let verify = |transcript: &Sha256| -> Result<Vec<u8>, String> {
        let covered = match adversary {
            A::ForeignSignature => Sha256::digest(b"another handshake").into(),
            _ => hash(transcript),
        };
        let role = match adversary {
            A::ClientContextSignature => "client",
            _ => "server",
        };
        let mut signature = credentials.sign(role, &covered)?;
        if adversary == A::WrongSignature
            && let Some(last) = signature.last_mut()
        {
            *last ^= 1;
        }
        let scheme = match adversary {
            A::WrongScheme => RSA_PSS,
            _ => ECDSA_P256,
        };
        Ok(messages::certificate_verify(scheme, &signature))
    };
    if adversary == A::VerifyFirst {
        add(verify(transcript)?, transcript);
    }
    match adversary {
        A::NoCertificate => {}
        A::EmptyCertificate => add(messages::certificate(std::iter::empty()), transcript),
        A::TwoCertificates => {
            add(chain(), transcript);
            add(chain(), transcript);
        }
        _ => add(chain(), transcript),
    }
    if !matches!(
        adversary,
        A::NoCertificate | A::NoCertificateVerify | A::VerifyFirst
    ) {
        add(verify(transcript)?, transcript);
    }
    let mut finished = secret.finished(&hash(transcript));
    if adversary == A::WrongFinished {
        finished[0] ^= 1;
    }
    add(messages::finished(&finished), transcript);
    Ok(messages)
}

/// Puts the messages into records.
fn pack(adversary: A, messages: &[Vec<u8>], keys: &mut RecordKeys, output: &mut Vec<u8>) {
    match adversary {
        A::Coalesced => return record::sealed(HANDSHAKE, &messages.concat(), keys, output),
        A::SplitMessages => {
            for part in messages.concat().chunks(SPLIT) {
                record::sealed(HANDSHAKE, part, keys, output);
            }
            return;
        }
        _ => {}
    }
    for (index, message) in messages.iter().enumerate() {
        if index == 1 {
            between(adversary, keys, output);
        }
        let begin = output.len();
        match adversary {
            A::OversizedPlaintext if index == 0 => {
                let padding = MAX_INNER - message.len();
                record::padded(HANDSHAKE, message, padding, keys, output);
            }
            _ => record::sealed(HANDSHAKE, message, keys, output),
        }
        if adversary == A::WrongTag && index == 1 {
            flip_last(output, begin);
        }
    }
}

/// Flips a bit in the last byte of what was appended after `begin`.
pub(super) fn flip_last(output: &mut [u8], begin: usize) {
    if let Some(last) = output[begin..].last_mut() {
        *last ^= 1;
    }
}

/// What comes after EncryptedExtensions and does not belong there.
fn between(adversary: A, keys: &mut RecordKeys, output: &mut Vec<u8>) {
    match adversary {
        A::OversizedRecord => {
            let [high, low] = TOO_LONG.to_be_bytes();
            output.extend([APPLICATION_DATA, 3, 3, high, low]);
        }
        A::ZeroLengthRecord => output.extend([APPLICATION_DATA, 3, 3, 0, 0]),
        A::EmptyHandshake => record::sealed(HANDSHAKE, &[], keys, output),
        A::ChangeCipherSpecs => {
            (0..3).for_each(|_| record::plain(CHANGE_CIPHER_SPEC, &[1], output));
        }
        A::LongChangeCipherSpec => record::plain(CHANGE_CIPHER_SPEC, &[1, 1], output),
        A::PlainAlert => record::plain(ALERT, &FATAL, output),
        A::EncryptedAlert => record::sealed(ALERT, &FATAL, keys, output),
        A::CloseNotifyWithin => record::sealed(ALERT, &CLOSE_NOTIFY, keys, output),
        A::EarlyApplicationData => {
            record::sealed(APPLICATION_DATA, b"too early", keys, output);
        }
        _ => {}
    }
}

/// What takes the place of a ServerHello; `None` if one is sent.
pub(super) fn instead_of_hello(adversary: A) -> Option<Vec<u8>> {
    let mut output = Vec::new();
    match adversary {
        A::Silence => {}
        A::Garbage => output.extend((0..200_u8).map(|n| n.wrapping_mul(167) ^ 0x5a)),
        A::PlainHttp => output
            .extend(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
        A::PlainMqtt => output.extend([0x20, 3, 0, 0, 0]),
        A::AlertFirst => record::plain(ALERT, &FATAL, &mut output),
        A::CloseNotifyFirst => record::plain(ALERT, &CLOSE_NOTIFY, &mut output),
        A::ChangeCipherSpecFirst => record::plain(CHANGE_CIPHER_SPEC, &[1], &mut output),
        A::EncryptedFirst => record::plain(APPLICATION_DATA, &[0; 40], &mut output),
        A::EmptyRecordFirst => record::plain(HANDSHAKE, &[], &mut output),
        A::OversizedRecordFirst => {
            let [high, low] = TOO_LONG.to_be_bytes();
            output.extend([HANDSHAKE, 3, 3, high, low]);
        }
        _ => return None,
    }
    Some(output)
}

/// The group of the HelloRetryRequest it answers the `number`th ClientHello with, if it does.
pub(super) fn retry_group(adversary: A, number: usize) -> Option<u16> {
    match (adversary, number) {
        (A::HelloRetry, 1) | (A::HelloRetryTwice, 1 | 2) => Some(messages::GROUP),
        (A::HelloRetryUnoffered, 1) => Some(X25519),
        _ => None,
    }
}
