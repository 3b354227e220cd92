//! RSA signatures (RFC 8017), to verify only, without an allocator.
//!
//! Nothing here is secret, so nothing needs constant time. Arithmetic is `crypto-bigint`'s; its
//! own set-up of a modulus divides bit by bit, which costs three times as much as the whole
//! verification, so the one constant that is needed is made by squaring instead.

use crypto_bigint::modular::montgomery_reduction;
use crypto_bigint::{Limb, Uint, Word};
use p256::pkcs8::der::asn1::{BitStringRef, UintRef};
use p256::pkcs8::der::{Decode, Reader, SliceReader};
use rustls_pki_types::{InvalidSignature, alg_id};
use sha2::Digest;

/// Bytes of the largest modulus: 4096 bits.
const MAX_BYTES: usize = 512;

/// Limbs of the three sizes of keys that are taken.
const LIMBS_2048: usize = 256 / Limb::BYTES;
const LIMBS_3072: usize = 384 / Limb::BYTES;
const LIMBS_4096: usize = 512 / Limb::BYTES;

/// A hash with the DER in front of its value in a PKCS #1 v1.5 signature (RFC 8017, 9.2, note 1).
pub(super) trait Hash: Digest {
    /// `DigestInfo` up to the value.
    const INFO: &'static [u8];
}

impl Hash for sha2::Sha256 {
    const INFO: &'static [u8] = &[
        0x30, 0x31, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 32,
    ];
}

impl Hash for sha2::Sha384 {
    const INFO: &'static [u8] = &[
        0x30, 0x41, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2, 5, 0, 4, 48,
    ];
}

impl Hash for sha2::Sha512 {
    const INFO: &'static [u8] = &[
        0x30, 0x51, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3, 5, 0, 4, 64,
    ];
}

/// A public key of 2048, 3072 or 4096 bits.
#[derive(Clone)]
pub(super) struct Key {
    /// Big-endian, the first `length` bytes.
    modulus: [u8; MAX_BYTES],
    length: usize,
    exponent: u32,
}

impl Key {
    /// Reads an `RSAPublicKey` (RFC 8017, A.1.1). `None` if it is none of a size that is taken, or
    /// cannot be one at all.
    pub(super) fn new(der: &[u8]) -> Option<Self> {
        let mut reader = SliceReader::new(der).ok()?;
        let (modulus, exponent) = reader
            .sequence(|reader| Ok((UintRef::decode(reader)?, UintRef::decode(reader)?)))
            .ok()?;
        reader.finish(()).ok()?;
        let (bytes, power) = (modulus.as_bytes(), exponent.as_bytes());
        let full = bytes.first().is_some_and(|first| first & 0x80 != 0);
        let odd = bytes.last().is_some_and(|last| last & 1 != 0);
        if !matches!(bytes.len(), 256 | 384 | 512) || !full || !odd || power.len() > 4 {
            return None;
        }
        let exponent = power.iter().fold(0, |e, byte| e << 8 | u32::from(*byte));
        if exponent < 3 || exponent & 1 == 0 {
            return None;
        }
        let mut modulus = [0; MAX_BYTES];
        modulus.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Self {
            modulus,
            length: bytes.len(),
            exponent,
        })
    }

    /// The key in a SubjectPublicKeyInfo, given without its outer SEQUENCE. `None` as for
    /// [`new`](Self::new), or if it is a key of another kind.
    pub(super) fn from_spki(spki: &[u8]) -> Option<Self> {
        let mut reader = SliceReader::new(spki_key(spki)?).ok()?;
        let bits = BitStringRef::decode(&mut reader).ok()?;
        reader.finish(()).ok()?;
        Self::new(bits.as_bytes()?)
    }

    /// Checks a PKCS #1 v1.5 signature, which certificates bear.
    pub(super) fn verify_pkcs1<H: Hash>(
        &self,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let mut buffer = [0; MAX_BYTES];
        let encoded = self.open(signature, &mut buffer)?;
        let hash = H::digest(message);
        // 00 01 FF .. FF 00 DigestInfo: there is one way to write it, so this compares all bytes.
        let rest = encoded.strip_suffix(&hash[..]).ok_or(InvalidSignature)?;
        let rest = rest.strip_suffix(H::INFO).ok_or(InvalidSignature)?;
        match rest {
            [0, 1, padding @ .., 0] if padding.iter().all(|byte| *byte == 0xff) => Ok(()),
            _ => Err(InvalidSignature),
        }
    }

    /// Checks a PSS signature (RFC 8017, 9.1.2) with a salt as long as the hash, which is what
    /// TLS 1.3 handshakes bear (RFC 8446, 4.2.3).
    pub(super) fn verify_pss<H: Hash>(
        &self,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let mut buffer = [0; MAX_BYTES];
        let encoded = self.open(signature, &mut buffer)?;
        let hash_length = <H as Digest>::output_size();
        let data_length = encoded.len().checked_sub(hash_length + 1);
        let (data, rest) = encoded.split_at_mut(data_length.ok_or(InvalidSignature)?);
        let [hash @ .., 0xbc] = rest else {
            return Err(InvalidSignature);
        };
        if data.first().is_none_or(|first| first & 0x80 != 0) {
            return Err(InvalidSignature);
        }
        unmask::<H>(hash, data);
        if let Some(first) = data.first_mut() {
            *first &= 0x7f;
        }
        let salt_at = data.len().checked_sub(hash_length);
        let (padding, salt) = data.split_at(salt_at.ok_or(InvalidSignature)?);
        let [zeros @ .., 1] = padding else {
            return Err(InvalidSignature);
        };
        let expected = H::new()
            .chain_update([0; 8])
            .chain_update(H::digest(message))
            .chain_update(salt)
            .finalize();
        match zeros.iter().all(|byte| *byte == 0) && expected[..] == *hash {
            true => Ok(()),
            false => Err(InvalidSignature),
        }
    }

    /// What was signed, as encoded: the signature to the power of the public exponent.
    fn open<'b>(
        &self,
        signature: &[u8],
        buffer: &'b mut [u8; MAX_BYTES],
    ) -> Result<&'b mut [u8], InvalidSignature> {
        if signature.len() != self.length {
            return Err(InvalidSignature);
        }
        let (modulus, encoded) = (&self.modulus[..self.length], &mut buffer[..self.length]);
        match self.length {
            256 => power::<LIMBS_2048>(modulus, self.exponent, signature, encoded),
            384 => power::<LIMBS_3072>(modulus, self.exponent, signature, encoded),
            _ => power::<LIMBS_4096>(modulus, self.exponent, signature, encoded),
        }?;
        Ok(encoded)
    }
}

/// Whether a SubjectPublicKeyInfo, without its outer SEQUENCE, is of an RSA key.
pub(super) fn is_rsa(spki: &[u8]) -> bool {
    spki_key(spki).is_some()
}

/// The BIT STRING of an RSA key's SubjectPublicKeyInfo.
fn spki_key(spki: &[u8]) -> Option<&[u8]> {
    let algorithm = alg_id::RSA_ENCRYPTION;
    let rest = spki.strip_prefix(&[0x30, u8::try_from(algorithm.as_ref().len()).ok()?])?;
    rest.strip_prefix(algorithm.as_ref())
}

/// Takes the mask MGF1 (RFC 8017, B.2.1) of `seed` off `data`.
fn unmask<H: Hash>(seed: &[u8], data: &mut [u8]) {
    for (counter, block) in (0_u32..).zip(data.chunks_mut(<H as Digest>::output_size())) {
        let mask = H::new()
            .chain_update(seed)
            .chain_update(counter.to_be_bytes())
            .finalize();
        for (byte, mask) in block.iter_mut().zip(mask) {
            *byte ^= mask;
        }
    }
}

/// `base` to the power of `exponent` modulo `modulus`, all big-endian and of the length of a number
/// of `LIMBS`. The modulus is odd and its top bit is set.
fn power<const LIMBS: usize>(
    modulus: &[u8],
    exponent: u32,
    base: &[u8],
    result: &mut [u8],
) -> Result<(), InvalidSignature> {
    let n = Uint::<LIMBS>::from_be_slice(modulus);
    let base = Uint::<LIMBS>::from_be_slice(base);
    if base >= n {
        return Err(InvalidSignature);
    }
    let minus_inverse = Limb(inverse(n.as_words()[0]).wrapping_neg());
    // The product of two numbers in Montgomery's form (x is x * R, where R is 2 to the width).
    let times =
        |a: &Uint<LIMBS>, b: &Uint<LIMBS>| montgomery_reduction(&a.mul_wide(b), &n, minus_inverse);
    // R in that form, R * R: from 1, which is R - n as n is more than half of R, by doubling and
    // squaring to 2 to the width.
    let mut r = n.wrapping_neg();
    let squarings = Uint::<LIMBS>::BITS.trailing_zeros();
    for _ in 0..Uint::<LIMBS>::BITS >> squarings {
        r = r.add_mod(&r, &n);
    }
    for _ in 0..squarings {
        r = times(&r, &r);
    }
    let base = times(&base, &r);
    let mut power = base;
    // The top bit of the exponent is the base itself.
    for bit in (0..exponent.ilog2()).rev() {
        power = times(&power, &power);
        if exponent >> bit & 1 != 0 {
            power = times(&power, &base);
        }
    }
    let plain = montgomery_reduction(&(power, Uint::ZERO), &n, minus_inverse);
    let words = plain.as_words().iter().rev();
    for (bytes, word) in result.chunks_exact_mut(Limb::BYTES).zip(words) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    Ok(())
}

/// The inverse of an odd number modulo the size of a word, by Newton's iteration: each step doubles
/// the number of right bits, of which there are three in the beginning.
fn inverse(odd: Word) -> Word {
    let mut inverse = odd;
    for _ in 0..5 {
        inverse = inverse.wrapping_mul(Word::wrapping_sub(2, odd.wrapping_mul(inverse)));
    }
    inverse
}
