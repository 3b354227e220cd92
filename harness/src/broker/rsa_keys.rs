//! RSA keys of this process.
//!
//! `ring` signs with RSA keys but makes none. A key is made the first time it is asked for, since
//! finding the primes of a root takes seconds, and lives as long as the process. It never leaves
//! its memory.

use std::sync::OnceLock;

use crypto_bigint::{NonZero, Random, U1024, U2048, Uint};
use crypto_primes::hazmat::Sieve;
use crypto_primes::is_prime_with_rng;
use rand_core::OsRng;

/// The public exponent of nearly all keys; a prime.
const EXPONENT: u64 = 65_537;

/// The keys that public-looking chains need, as `RSAPrivateKey` in PKCS #8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RsaKey {
    /// A root's, of 4096 bits.
    Root,
    /// That of another root which took the first one's name.
    ForgedRoot,
    /// A server's, of 2048 bits.
    Server,
    /// Another server's.
    OtherServer,
}

impl RsaKey {
    /// The key in DER, made now if it has not been yet.
    pub(super) fn pkcs8(self) -> &'static [u8] {
        static ROOT: OnceLock<Vec<u8>> = OnceLock::new();
        static FORGED_ROOT: OnceLock<Vec<u8>> = OnceLock::new();
        static SERVER: OnceLock<Vec<u8>> = OnceLock::new();
        static OTHER_SERVER: OnceLock<Vec<u8>> = OnceLock::new();
        match self {
            Self::Root => ROOT.get_or_init(make::<{ U2048::LIMBS }>),
            Self::ForgedRoot => FORGED_ROOT.get_or_init(make::<{ U2048::LIMBS }>),
            Self::Server => SERVER.get_or_init(make::<{ U1024::LIMBS }>),
            Self::OtherServer => OTHER_SERVER.get_or_init(make::<{ U1024::LIMBS }>),
        }
    }
}

/// A key of two primes of `LIMBS` each, found on two threads.
fn make<const LIMBS: usize>() -> Vec<u8> {
    loop {
        let (p, q) = std::thread::scope(|threads| {
            let other = threads.spawn(prime::<LIMBS>);
            let mine = prime::<LIMBS>();
            // Its panic, were there one, is ours.
            (mine, other.join())
        });
        let q = q.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        if p != q {
            return encode(&p.max(q), &p.min(q));
        }
    }
}

/// A prime with its two top bits set, so that the product of two has its top bit set, for which
/// the exponent has an inverse.
fn prime<const LIMBS: usize>() -> Uint<LIMBS> {
    let bits = Uint::<LIMBS>::BITS;
    let top = Uint::<LIMBS>::ONE.shl_vartime(bits - 1);
    loop {
        let start = Uint::random(&mut OsRng) | top | top.shr_vartime(1) | Uint::ONE;
        let candidates = Sieve::new(&start, bits, false);
        let usable = |candidate: &Uint<LIMBS>| {
            small_remainder(&candidate.wrapping_sub(&Uint::ONE)) != 0
                && is_prime_with_rng(&mut OsRng, candidate)
        };
        if let Some(found) = candidates.take(20_000).find(usable) {
            return found;
        }
    }
}

/// `number` modulo [`EXPONENT`].
fn small_remainder<const LIMBS: usize>(number: &Uint<LIMBS>) -> u64 {
    let exponent = NonZero::new(Uint::<LIMBS>::from_u64(EXPONENT));
    let exponent = Option::from(exponent).unwrap_or(NonZero::<Uint<LIMBS>>::MAX);
    number.rem(&exponent).as_words()[0]
}

/// The inverse of [`EXPONENT`] modulo `modulus`, big-endian: the `(k * modulus + 1) / EXPONENT`
/// that is a whole number.
fn inverse_of_exponent(modulus: &[u8]) -> Vec<u8> {
    let rest = modulus
        .iter()
        .fold(0, |rest, byte| (rest * 256 + u64::from(*byte)) % EXPONENT);
    // k = -1 / modulus. By Fermat, the inverse of a number modulo a prime is its power to the
    // prime minus two.
    let (mut inverse, mut power, mut exponent) = (1, rest, EXPONENT - 2);
    while exponent > 0 {
        if exponent % 2 == 1 {
            inverse = inverse * power % EXPONENT;
        }
        power = power * power % EXPONENT;
        exponent /= 2;
    }
    let k = EXPONENT - inverse;
    let mut carry = 1;
    let mut digits: Vec<u64> = modulus
        .iter()
        .rev()
        .map(|byte| {
            carry += u64::from(*byte) * k;
            let digit = carry % 256;
            carry /= 256;
            digit
        })
        .collect();
    while carry > 0 {
        digits.push(carry % 256);
        carry /= 256;
    }
    let mut rest = 0;
    let quotient = digits.iter().rev().map(|digit| {
        rest = rest * 256 + digit;
        let digit = rest / EXPONENT;
        rest %= EXPONENT;
        // Less than 256: `rest` was less than the divisor.
        digit as u8
    });
    quotient.collect()
}

/// `PrivateKeyInfo` (RFC 5208) with `RSAPrivateKey` (RFC 8017, A.1.2) of two primes, `p` the larger.
fn encode<const LIMBS: usize>(p: &Uint<LIMBS>, q: &Uint<LIMBS>) -> Vec<u8> {
    let less_one = |prime: &Uint<LIMBS>| prime.wrapping_sub(&Uint::ONE);
    let (p_less, q_less) = (less_one(p), less_one(q));
    let d = inverse_of_exponent(&product(&p_less, &q_less));
    // `p` is an odd prime and `q` is not a multiple of it.
    let (coefficient, _) = q.inv_odd_mod(p);
    let numbers = [
        vec![0],
        product(p, q),
        EXPONENT.to_be_bytes().to_vec(),
        d,
        bytes(p),
        bytes(q),
        inverse_of_exponent(&bytes(&p_less)),
        inverse_of_exponent(&bytes(&q_less)),
        bytes(&coefficient),
    ];
    let key = tagged(0x30, &numbers.map(|number| integer(&number)).concat());
    // OBJECT IDENTIFIER rsaEncryption, NULL.
    let algorithm = [
        0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0,
    ];
    let parts = [integer(&[0]), algorithm.to_vec(), tagged(0x04, &key)];
    tagged(0x30, &parts.concat())
}

fn product<const LIMBS: usize>(a: &Uint<LIMBS>, b: &Uint<LIMBS>) -> Vec<u8> {
    let (low, high) = a.mul_wide(b);
    [bytes(&high), bytes(&low)].concat()
}

fn bytes<const LIMBS: usize>(number: &Uint<LIMBS>) -> Vec<u8> {
    let words = number.as_words().iter().rev();
    words.flat_map(|word| word.to_be_bytes()).collect()
}

/// An INTEGER in DER: no needless zeros, and one where the top bit would mean minus.
fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let mut content = number[zeros..].to_vec();
    if content.first().is_none_or(|first| first & 0x80 != 0) {
        content.insert(0, 0);
    }
    tagged(0x02, &content)
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant = length.iter().skip_while(|byte| **byte == 0);
    let mut der = vec![tag];
    match content.len() {
        short @ 0..0x80 => der.push(short as u8),
        _ => {
            let significant: Vec<u8> = significant.copied().collect();
            der.push(0x80 | significant.len() as u8);
            der.extend(significant);
        }
    }
    der.extend(content);
    der
}

#[cfg(test)]
mod tests {
    use rcgen::{KeyPair, PKCS_RSA_SHA256};
    use rustls::pki_types::PrivatePkcs8KeyDer;

    use super::*;

    #[test]
    fn ring_takes_the_keys_and_their_lengths_never_vary() {
        for (key, bytes) in [(RsaKey::Server, 256), (RsaKey::Root, 512)] {
            let der = PrivatePkcs8KeyDer::from(key.pkcs8());
            let pair = KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_RSA_SHA256).unwrap();
            let signature = rcgen::SigningKey::sign(&pair, b"some message").unwrap();
            assert_eq!(signature.len(), bytes);
        }
    }

    #[test]
    fn the_inverse_of_the_exponent_is_one() {
        for modulus in [[0x01, 0x00, 0x00], [0xfe, 0xdc, 0xba]] {
            let number = |bytes: &[u8]| {
                let each = bytes.iter();
                each.fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte))
            };
            let inverse = number(&inverse_of_exponent(&modulus));
            assert_eq!(inverse * u128::from(EXPONENT) % number(&modulus), 1);
        }
    }
}
