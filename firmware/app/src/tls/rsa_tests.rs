//! Signatures made by OpenSSL 3 with keys that were thrown away, and what becomes of damaged ones.

use sha2::{Sha256, Sha384, Sha512};

use super::rsa::Key;

const MESSAGE: &[u8] = b"firmware-app: a message that somebody signed";

const KEY: &[u8] = include_bytes!("rsa_vectors/key_2048.der");
const SIGNED: &[u8] = include_bytes!("rsa_vectors/pkcs1_sha256_2048.sig");
const PSS: &[u8] = include_bytes!("rsa_vectors/pss_sha256_2048.sig");

fn key(der: &[u8]) -> Key {
    Key::new(der).expect("a key of the vectors")
}

#[test]
fn signatures_of_all_sizes_and_hashes_are_good() {
    let large = key(include_bytes!("rsa_vectors/key_4096.der"));
    let middle = key(include_bytes!("rsa_vectors/key_3072.der"));
    let key = key(KEY);
    key.verify_pkcs1::<Sha256>(MESSAGE, SIGNED).unwrap();
    let signature = include_bytes!("rsa_vectors/pkcs1_sha384_2048.sig");
    key.verify_pkcs1::<Sha384>(MESSAGE, signature).unwrap();
    let signature = include_bytes!("rsa_vectors/pkcs1_sha256_3072.sig");
    middle.verify_pkcs1::<Sha256>(MESSAGE, signature).unwrap();
    let signature = include_bytes!("rsa_vectors/pkcs1_sha256_4096.sig");
    large.verify_pkcs1::<Sha256>(MESSAGE, signature).unwrap();
    key.verify_pss::<Sha256>(MESSAGE, PSS).unwrap();
    let signature = include_bytes!("rsa_vectors/pss_sha384_2048.sig");
    key.verify_pss::<Sha384>(MESSAGE, signature).unwrap();
    let signature = include_bytes!("rsa_vectors/pss_sha512_2048.sig");
    key.verify_pss::<Sha512>(MESSAGE, signature).unwrap();
    let signature = include_bytes!("rsa_vectors/pss_sha256_4096.sig");
    large.verify_pss::<Sha256>(MESSAGE, signature).unwrap();
}

#[test]
fn every_damaged_byte_is_seen() {
    let key = key(KEY);
    for position in 0..SIGNED.len() {
        for (signature, pss) in [(SIGNED, false), (PSS, true)] {
            let mut damaged = signature.to_vec();
            damaged[position] ^= 0x10;
            let result = match pss {
                true => key.verify_pss::<Sha256>(MESSAGE, &damaged),
                false => key.verify_pkcs1::<Sha256>(MESSAGE, &damaged),
            };
            assert!(result.is_err(), "byte {position}");
        }
    }
}

#[test]
fn another_message_hash_padding_key_or_length_is_no_signature() {
    let other = key(include_bytes!("rsa_vectors/key_4096.der"));
    let key = key(KEY);
    assert!(key.verify_pkcs1::<Sha256>(b"another", SIGNED).is_err());
    assert!(key.verify_pss::<Sha256>(b"another", PSS).is_err());
    assert!(key.verify_pkcs1::<Sha384>(MESSAGE, SIGNED).is_err());
    assert!(key.verify_pss::<Sha384>(MESSAGE, PSS).is_err());
    assert!(key.verify_pkcs1::<Sha256>(MESSAGE, PSS).is_err());
    assert!(key.verify_pss::<Sha256>(MESSAGE, SIGNED).is_err());
    assert!(other.verify_pkcs1::<Sha256>(MESSAGE, SIGNED).is_err());
    for length in 0..SIGNED.len() {
        assert!(
            key.verify_pkcs1::<Sha256>(MESSAGE, &SIGNED[..length])
                .is_err()
        );
        assert!(key.verify_pss::<Sha256>(MESSAGE, &PSS[..length]).is_err());
    }
    let short_salt = include_bytes!("rsa_vectors/pss_sha256_salt20_2048.sig");
    assert!(key.verify_pss::<Sha256>(MESSAGE, short_salt).is_err());
}

/// Numbers that would come out as themselves, or break the arithmetic.
#[test]
fn signatures_without_a_private_key_are_refused() {
    let key = key(KEY);
    let modulus = &KEY[KEY.len() - 5 - 256..KEY.len() - 5];
    let mut one = [0; 256];
    one[255] = 1;
    let mut less = modulus.to_vec();
    less[255] -= 1;
    for signature in [&[0; 256][..], &one, modulus, &less, &[0xff; 256]] {
        assert!(key.verify_pkcs1::<Sha256>(MESSAGE, signature).is_err());
        assert!(key.verify_pss::<Sha256>(MESSAGE, signature).is_err());
    }
}

#[test]
fn what_is_no_usable_key_is_none() {
    assert!(Key::new(&[]).is_none());
    for length in 0..KEY.len() {
        assert!(Key::new(&KEY[..length]).is_none(), "{length} bytes");
    }
    let change = |from_end: usize, byte: u8| {
        let mut der = KEY.to_vec();
        let at = der.len() - from_end;
        der[at] = byte;
        Key::new(&der)
    };
    // The exponent 65537 ends the key; the modulus ends five bytes before.
    assert!(change(1, 0).is_none(), "even exponent");
    assert!(change(6, 2).is_none(), "even modulus");
    let mut longer = KEY.to_vec();
    longer.push(0);
    assert!(Key::new(&longer).is_none(), "something behind it");
}
