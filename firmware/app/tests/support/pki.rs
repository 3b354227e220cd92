//! Certificates, good and bad, fresh for each test.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};

/// Name that good certificates are for.
pub const NAME: &str = "broker.example";
/// 2026-06-01T00:00:00Z, within the validity of [`server_params`].
pub const NOW: u64 = 1_780_272_000;

/// A certificate and its key.
pub struct Identity {
    pub der: Vec<u8>,
    pub key: KeyPair,
    params: CertificateParams,
}

impl Identity {
    /// Signs `params` with this identity's key, whether it may or not.
    pub fn issue(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        self.issue_for(params, key)
    }

    pub fn issue_for(&self, params: CertificateParams, key: KeyPair) -> Self {
        let issuer = Issuer::from_params(&self.params, &self.key);
        let der = params.signed_by(&key, &issuer).unwrap().der().to_vec();
        Self { der, key, params }
    }
}

fn named(names: &[&str], common_name: &str) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2027, 1, 1);
    params
}

/// An authority of its own.
pub fn authority(common_name: &str) -> Identity {
    let params = ca_params(common_name);
    let key = KeyPair::generate().unwrap();
    let der = params.self_signed(&key).unwrap().der().to_vec();
    Identity { der, key, params }
}

/// What makes a certificate an authority's.
pub fn ca_params(common_name: &str) -> CertificateParams {
    let mut params = named(&[], common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// What makes a good server certificate for [`NAME`], valid in 2026.
pub fn server_params() -> CertificateParams {
    server_params_for(NAME)
}

pub fn server_params_for(name: &str) -> CertificateParams {
    let mut params = named(&[name], "server");
    params.is_ca = IsCa::ExplicitNoCa;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

/// What makes a good certificate of a device.
pub fn client_params() -> CertificateParams {
    let mut params = named(&[], "device");
    params.is_ca = IsCa::ExplicitNoCa;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    // rustls, on the other side, takes the wall clock.
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(2100, 1, 1);
    params
}
