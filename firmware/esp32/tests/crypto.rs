//! The cryptography on rv32imc: known answers, and what they cost.
//!
//! Costs are log lines, `cost: NAME cycles=N` and `cost: NAME bytes=N`. On the virtual chip a cycle
//! is an instruction; silicon takes more.
#![no_std]
#![no_main]

mod support;
#[path = "../../app/tests/vectors/mod.rs"]
mod vectors;

#[embedded_test::tests(default_timeout = 20, executor = esp_rtos::embassy::Executor::new())]
mod tests {
    use core::cell::RefCell;
    use core::hint::black_box;

    use aes_gcm::aead::AeadInPlace;
    use aes_gcm::{Aes128Gcm, KeyInit};
    use embassy_time::Instant;
    use esp_hal::peripherals::FROM_CPU_INTR1;
    use esp_hal::timer::timg::TimerGroup;
    use firmware_app::clock::Time;
    use firmware_app::tls::{self, Buffers, Client, Error, Refusal, Trust, Wire, verify_chain};
    use firmware_esp32::{sentinel, stack};
    use p256::ecdh::diffie_hellman;
    use p256::ecdsa::signature::Verifier as _;
    use p256::ecdsa::{Signature, VerifyingKey};
    use p256::elliptic_curve::sec1::ToEncodedPoint as _;
    use p256::{PublicKey, SecretKey};
    use rustls_pki_types::CertificateDer;
    use sha2::{Digest as _, Sha256};
    use static_cell::ConstStaticCell;

    use crate::support::cycles::{cost, count};
    use crate::support::{self, hex};
    use crate::vectors::handshake::{CA, FixedRng, LEAF, NAME, NOW, Replay};

    /// `sha256("abc")`: FIPS 180-4, example 1.
    const ABC: [u8; 32] = hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");

    /// RFC 5903, 8.1: two private keys, their public points, the x of their shared point.
    type Party = (&'static str, [u8; 32], [u8; 32], [u8; 32]);
    const ECP256: [Party; 2] = [
        (
            "initiator",
            hex("c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433"),
            hex("dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"),
            hex("5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3"),
        ),
        (
            "responder",
            hex("c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53"),
            hex("d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"),
            hex("56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab"),
        ),
    ];
    const SHARED: [u8; 32] =
        hex("d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de");

    /// RFC 6979, A.2.5: P-256 with SHA-256 over "sample"; public key, r and s.
    const SAMPLE_KEY: [u8; 65] = hex(concat!(
        "04",
        "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
    ));
    const SAMPLE_SIGNATURE: [u8; 64] = hex(concat!(
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    ));

    struct Chip {
        interrupt: FROM_CPU_INTR1<'static>,
    }

    #[init]
    fn init() -> Chip {
        let peripherals = support::chip();
        let timers = TimerGroup::new(peripherals.TIMG0);
        esp_rtos::start(timers.timer0, peripherals.FROM_CPU_INTR0);
        stack::paint();
        Chip {
            interrupt: peripherals.FROM_CPU_INTR1,
        }
    }

    /// The counter counts the clock that the timers know: 160 cycles a microsecond.
    #[test]
    fn the_cycle_counter_runs_at_160_mhz() {
        let (spent, cycles) = count(|| {
            let begin = Instant::now();
            while begin.elapsed().as_micros() < 5_000 {}
            begin.elapsed().as_micros()
        });
        let expected = spent * 160;
        let off = u64::from(cycles).abs_diff(expected);
        defmt::assert!(off < expected / 100, "{} cycles in {} us", cycles, spent);
    }

    #[test]
    fn sha_256() {
        defmt::assert_eq!(<[u8; 32]>::from(Sha256::digest(b"abc")), ABC);
        let block = [0x5a_u8; 1024];
        let (_, cycles) = count(|| Sha256::digest(black_box(&block)));
        cost("sha256_per_kib", cycles);
    }

    /// The AES-GCM specification's test case 3, and that a changed tag is refused.
    #[test]
    fn aes_128_gcm() {
        const KEY: [u8; 16] = hex("feffe9928665731c6d6a8f9467308308");
        const NONCE: [u8; 12] = hex("cafebabefacedbaddecaf888");
        const PLAIN: [u8; 64] = hex(concat!(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72",
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
        ));
        const CIPHER: [u8; 64] = hex(concat!(
            "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e",
            "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985"
        ));
        const TAG: [u8; 16] = hex("4d5c2af327cd64a62cf35abd2ba6fab4");

        let aes = Aes128Gcm::new(&KEY.into());
        let mut text = PLAIN;
        let tag = aes.encrypt_in_place_detached(&NONCE.into(), b"", &mut text);
        defmt::assert_eq!(text, CIPHER);
        defmt::assert!(tag.is_ok_and(|tag| <[u8; 16]>::from(tag) == TAG));
        let opened = aes.decrypt_in_place_detached(&NONCE.into(), b"", &mut text, &TAG.into());
        defmt::assert!(opened.is_ok());
        defmt::assert_eq!(text, PLAIN);
        let mut wrong = TAG;
        wrong[15] ^= 1;
        let mut text = CIPHER;
        let opened = aes.decrypt_in_place_detached(&NONCE.into(), b"", &mut text, &wrong.into());
        defmt::assert!(opened.is_err());

        let mut block = [0x5a_u8; 1024];
        let (_, cycles) =
            count(|| aes.encrypt_in_place_detached(&NONCE.into(), b"", black_box(&mut block)));
        cost("aes_128_gcm_per_kib", cycles);
    }

    #[test]
    fn p_256_key_exchange() {
        let mut keys = ECP256.iter().map(|(who, private, x, y)| {
            let Ok(secret) = SecretKey::from_slice(private) else {
                defmt::panic!("the key of the {} is none", who);
            };
            let (public, cycles) = count(|| secret.public_key());
            cost("p256_keygen", cycles);
            let point = public.to_encoded_point(false);
            defmt::assert_eq!(point.x().map(|x| x.as_slice()), Some(x.as_slice()));
            defmt::assert_eq!(point.y().map(|y| y.as_slice()), Some(y.as_slice()));
            (secret, public)
        });
        let (Some(initiator), Some(responder)) = (keys.next(), keys.next()) else {
            defmt::panic!("two keys");
        };
        let exchange = |secret: &SecretKey, public: &PublicKey| {
            let (shared, cycles) =
                count(|| diffie_hellman(secret.to_nonzero_scalar(), public.as_affine()));
            cost("p256_ecdh", cycles);
            <[u8; 32]>::from(*shared.raw_secret_bytes())
        };
        defmt::assert_eq!(exchange(&initiator.0, &responder.1), SHARED);
        defmt::assert_eq!(exchange(&responder.0, &initiator.1), SHARED);
    }

    #[test]
    fn p_256_signature() {
        let (Ok(key), Ok(signature)) = (
            VerifyingKey::from_sec1_bytes(&SAMPLE_KEY),
            Signature::from_slice(&SAMPLE_SIGNATURE),
        ) else {
            defmt::panic!("the vectors do not parse");
        };
        let (good, cycles) = count(|| key.verify(b"sample", &signature).is_ok());
        cost("ecdsa_p256_verify", cycles);
        defmt::assert!(good);
        defmt::assert!(key.verify(b"test", &signature).is_err());
    }

    fn verify(name: &str, time: Time) -> Result<(), Refusal> {
        let Ok(trust) = Trust::new(CA, name, time) else {
            defmt::panic!("the authority's certificate does not parse");
        };
        verify_chain(&trust, &[CertificateDer::from(LEAF)]).map(drop)
    }

    #[test]
    fn a_good_chain_and_what_is_wrong_with_others() {
        let (result, cycles) = count(|| verify(NAME, Time::Now(NOW)));
        cost("verify_chain_of_one", cycles);
        defmt::assert!(result == Ok(()));
        let other = verify("other.example", Time::Now(NOW));
        defmt::assert!(other == Err(Refusal::NameMismatch));
        const YEAR: u64 = 366 * 86_400;
        let late = verify(NAME, Time::AtLeast(NOW + YEAR));
        defmt::assert!(matches!(late, Err(Refusal::CertExpired { .. })));
        let early = verify(NAME, Time::Now(NOW - YEAR));
        defmt::assert!(matches!(early, Err(Refusal::CertNotYetValid { .. })));
    }

    struct Memory {
        rx: [u8; 4096],
        tx: [u8; 2048],
        read: [u8; 16_640],
        write: [u8; 4096],
    }

    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory {
        rx: [0; 4096],
        tx: [0; 2048],
        read: [0; 16_640],
        write: [0; 4096],
    });

    /// The recorded handshake, as the product does it.
    async fn handshake(name: &str) -> Result<(), Error> {
        let memory = MEMORY.take();
        let wire = RefCell::new(Wire::new(Replay::new(), &mut memory.rx, &mut memory.tx));
        let client = Client {
            // What is asked for is recorded; whom to trust is not.
            server_name: NAME,
            trust: Trust::new(CA, name, Time::Now(NOW))?,
            identity: None,
        };
        let buffers = Buffers {
            read: &mut memory.read,
            write: &mut memory.write,
        };
        let mut rng = FixedRng::new();
        tls::open(&wire, buffers, client, &mut rng).await.map(drop)
    }

    /// Key exchange, chain, signature and all the rest, with its cycles and its stack.
    #[test]
    async fn a_whole_handshake() {
        stack::restart();
        let begin = Instant::now();
        let opened = handshake(NAME).await;
        let cycles = begin.elapsed().as_micros() * 160;
        if let Err(error) = opened {
            defmt::panic!("{}", defmt::Display2Format(&error));
        }
        // By the timer: the handshake sleeps, and the counter with it.
        defmt::info!("cost: handshake cycles={=u64}", cycles);
        let used = stack::high_water();
        defmt::info!("cost: handshake_stack bytes={=usize}", used);
        defmt::assert!(used > 2_000, "the paint does not hold: {} bytes", used);
        defmt::assert!(used < 32_000, "{} of {} bytes", used, stack::size());
    }

    #[test]
    async fn the_recorded_server_under_another_name_is_refused() {
        let refused = handshake("other.example").await;
        defmt::assert!(matches!(
            refused,
            Err(Error::Refused(Refusal::NameMismatch))
        ));
    }

    #[embassy_executor::task]
    async fn misplaced() {
        sentinel::URGENT.watch().await;
    }

    /// The firmware's promise, and that it means something: others did wait.
    #[test]
    async fn nobody_waits_for_a_handshake_longer_than_promised(chip: Chip) {
        let spawner = support::spawner().await;
        sentinel::start(spawner, chip.interrupt);
        sentinel::begin();
        let opened = handshake(NAME).await;
        let waits = sentinel::end();
        waits.tell();
        defmt::assert!(opened.is_ok());
        defmt::assert!(waits.within_budget(), "{}", waits);
        defmt::assert!(waits.ordinary.as_millis() > 60, "{}", waits);
    }

    /// The planted fault of that test: an urgent task on the executor that computes.
    #[test]
    #[should_panic]
    async fn an_urgent_task_beside_the_handshake_misses_its_budget() {
        let spawner = support::spawner().await;
        match misplaced() {
            Ok(task) => spawner.spawn(task),
            // Not a panic: this test is to fail then.
            Err(_) => return,
        }
        sentinel::begin();
        let opened = handshake(NAME).await;
        let waits = sentinel::end();
        waits.tell();
        if opened.is_ok() {
            defmt::assert!(waits.within_budget(), "{}", waits);
        }
    }
}
