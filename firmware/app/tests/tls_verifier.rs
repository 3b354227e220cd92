//! The verifier against certificates made for each test.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself fails"
)]

mod support;

use firmware_app::clock::{Rfc3339, Time};
use firmware_app::tls::{Error, Refusal, Trust, verify_chain};
use rcgen::{
    BasicConstraints, ExtendedKeyUsagePurpose, IsCa, KeyPair, PKCS_ECDSA_P384_SHA384, date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use support::pki::{self, Identity, NAME, NOW};

fn verify(ca: &Identity, chain: &[&Identity], name: &str, time: Time) -> Result<(), Refusal> {
    let trust = Trust::new(&ca.der, name, time).unwrap();
    let chain: Vec<_> = chain
        .iter()
        .map(|one| CertificateDer::from(one.der.as_slice()))
        .collect();
    verify_chain(&trust, &chain).map(drop)
}

fn verify_now(ca: &Identity, chain: &[&Identity]) -> Result<(), Refusal> {
    verify(ca, chain, NAME, Time::Now(NOW))
}

#[test]
fn a_good_chain() {
    let ca = pki::authority("CA");
    let server = ca.issue(pki::server_params());
    assert_eq!(verify_now(&ca, &[&server]), Ok(()));
}

#[test]
fn a_good_chain_with_an_intermediate_authority() {
    let ca = pki::authority("CA");
    let intermediate = ca.issue(pki::ca_params("intermediate"));
    let server = intermediate.issue(pki::server_params());
    assert_eq!(verify_now(&ca, &[&server, &intermediate]), Ok(()));
    // Without its middle the chain leads nowhere.
    assert_eq!(verify_now(&ca, &[&server]), Err(Refusal::UnknownIssuer));
}

#[test]
fn a_wildcard_and_an_address_are_names() {
    let ca = pki::authority("CA");
    let wildcard = ca.issue(pki::server_params_for("*.broker.example"));
    assert_eq!(
        verify(&ca, &[&wildcard], "eu.broker.example", Time::Now(NOW)),
        Ok(())
    );
    let address = ca.issue(pki::server_params_for("192.0.2.7"));
    assert_eq!(
        verify(&ca, &[&address], "192.0.2.7", Time::Now(NOW)),
        Ok(())
    );
}

#[test]
fn no_certificate() {
    let ca = pki::authority("CA");
    assert_eq!(verify_now(&ca, &[]), Err(Refusal::NoCertificate));
}

#[test]
fn another_authority_even_of_the_same_name() {
    let ca = pki::authority("CA");
    let server = pki::authority("other").issue(pki::server_params());
    assert_eq!(verify_now(&ca, &[&server]), Err(Refusal::UnknownIssuer));
    let server = pki::authority("CA").issue(pki::server_params());
    assert_eq!(verify_now(&ca, &[&server]), Err(Refusal::BadSignature));
}

#[test]
fn expired() {
    let ca = pki::authority("CA");
    let mut params = pki::server_params();
    params.not_after = date_time_ymd(2026, 5, 31);
    let server = ca.issue(params);
    let reason = verify_now(&ca, &[&server]).unwrap_err();
    let Refusal::CertExpired { not_after, now } = reason else {
        panic!("{reason:?}");
    };
    assert_eq!(not_after.to_string(), "2026-05-31T00:00:00Z");
    assert_eq!(now, Rfc3339::from_unix(NOW));
    assert_eq!(
        reason.to_string(),
        "certificate expired (valid until 2026-05-31T00:00:00Z, now 2026-06-01T00:00:00Z)"
    );
    // The lower bound is enough to know.
    assert_eq!(
        verify(&ca, &[&server], NAME, Time::AtLeast(NOW)),
        Err(reason)
    );
}

#[test]
fn not_yet_valid_is_a_reason_only_when_the_time_is_known() {
    let ca = pki::authority("CA");
    let mut params = pki::server_params();
    params.not_before = date_time_ymd(2026, 6, 2);
    let server = ca.issue(params);
    let reason = verify_now(&ca, &[&server]).unwrap_err();
    assert!(
        matches!(reason, Refusal::CertNotYetValid { .. }),
        "{reason:?}"
    );
    assert_eq!(
        reason.to_string(),
        "certificate not yet valid (valid from 2026-06-02T00:00:00Z, now 2026-06-01T00:00:00Z)"
    );
    assert_eq!(verify(&ca, &[&server], NAME, Time::AtLeast(NOW)), Ok(()));
}

#[test]
fn with_a_lower_bound_there_must_be_one_instant_at_which_all_are_valid() {
    let ca = pki::authority("CA");
    let mut params = pki::ca_params("intermediate");
    params.not_after = date_time_ymd(2026, 7, 1);
    let intermediate = ca.issue(params);
    let mut params = pki::server_params();
    params.not_before = date_time_ymd(2026, 8, 1);
    let server = intermediate.issue(params);
    let result = verify(&ca, &[&server, &intermediate], NAME, Time::AtLeast(NOW));
    assert!(
        matches!(result, Err(Refusal::CertExpired { .. })),
        "{result:?}"
    );
}

#[test]
fn another_name() {
    let ca = pki::authority("CA");
    let server = ca.issue(pki::server_params_for("other.example"));
    assert_eq!(verify_now(&ca, &[&server]), Err(Refusal::NameMismatch));
    let good = ca.issue(pki::server_params());
    for name in ["example", "a.broker.example", "roker.example", "192.0.2.7"] {
        let result = verify(&ca, &[&good], name, Time::Now(NOW));
        assert_eq!(result, Err(Refusal::NameMismatch), "{name}");
    }
}

#[test]
fn a_leaf_is_no_authority() {
    let ca = pki::authority("CA");
    let leaf = ca.issue(pki::server_params_for("attacker.example"));
    let forged = leaf.issue(pki::server_params());
    assert_eq!(
        verify_now(&ca, &[&forged, &leaf]),
        Err(Refusal::EndEntityUsedAsCa)
    );

    let mut params = pki::server_params_for("attacker.example");
    params.is_ca = IsCa::NoCa; // no BasicConstraints at all
    let leaf = ca.issue(params);
    let forged = leaf.issue(pki::server_params());
    assert_eq!(
        verify_now(&ca, &[&forged, &leaf]),
        Err(Refusal::EndEntityUsedAsCa)
    );
}

#[test]
fn an_authority_is_no_server() {
    let ca = pki::authority("CA");
    let mut params = pki::server_params();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let server = ca.issue(params);
    assert_eq!(verify_now(&ca, &[&server]), Err(Refusal::CaUsedAsEndEntity));
}

#[test]
fn a_client_certificate_is_no_server_certificate() {
    let ca = pki::authority("CA");
    let mut params = pki::server_params();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let server = ca.issue(params);
    assert_eq!(verify_now(&ca, &[&server]), Err(Refusal::WrongKeyUsage));
}

#[test]
fn a_path_length_is_respected() {
    let ca = pki::authority("CA");
    let mut params = pki::ca_params("last");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let last = ca.issue(params);
    let beyond = last.issue(pki::ca_params("beyond"));
    let server = beyond.issue(pki::server_params());
    assert_eq!(
        verify_now(&ca, &[&server, &beyond, &last]),
        Err(Refusal::ConstraintViolated)
    );
}

#[test]
fn a_changed_bit_anywhere_is_refused() {
    let ca = pki::authority("CA");
    let server = ca.issue(pki::server_params());
    let trust = Trust::new(&ca.der, NAME, Time::Now(NOW)).unwrap();
    for position in 0..server.der.len() {
        let mut der = server.der.clone();
        der[position] ^= 1;
        let chain = [CertificateDer::from(der)];
        assert!(verify_chain(&trust, &chain).is_err(), "byte {position}");
    }
    let mut der = server.der;
    *der.last_mut().unwrap() ^= 1;
    assert_eq!(
        verify_chain(&trust, &[CertificateDer::from(der)]).unwrap_err(),
        Refusal::BadSignature
    );
}

#[test]
fn other_curves_are_told_apart_from_bad_signatures() {
    let ca = pki::authority("CA");
    let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let server = ca.issue_for(pki::server_params(), key);
    assert_eq!(
        verify_now(&ca, &[&server]),
        Err(Refusal::UnsupportedAlgorithm)
    );
}

#[test]
fn anything_but_a_certificate_is_malformed() {
    let ca = pki::authority("CA");
    let trust = Trust::new(&ca.der, NAME, Time::Now(NOW)).unwrap();
    for garbage in [&b""[..], b"\x30\x03abc", &[0xff; 300]] {
        let chain = [CertificateDer::from(garbage)];
        assert_eq!(
            verify_chain(&trust, &chain).unwrap_err(),
            Refusal::Malformed
        );
    }
}

#[test]
fn unusable_settings_are_told() {
    let ca = pki::authority("CA");
    let time = Time::Now(NOW);
    assert!(matches!(
        Trust::new(b"no certificate", NAME, time),
        Err(Error::BadCa)
    ));
    assert!(matches!(
        Trust::new(&ca.der, "no name!", time),
        Err(Error::BadServerName)
    ));
}
