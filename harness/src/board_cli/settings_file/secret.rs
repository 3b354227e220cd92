//! Values that stand elsewhere: secrets, certificates, keys.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::error::SettingsProblem;

/// Where a secret stands.
pub(super) enum Secret {
    Env(String),
    File(String),
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

/// Written out: serde's own messages would quote a secret that was put in the wrong place.
struct SecretVisitor;

const RULE: &str = "a secret does not stand in this file: write { env = \"NAME\" } or \
                    { file = \"PATH\" }";

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{ env = \"NAME\" } or { file = \"PATH\" }")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Secret, A::Error> {
        let mut secret = None;
        while let Some(key) = map.next_key::<String>()? {
            let value = match key.as_str() {
                "env" => Secret::Env(map.next_value()?),
                "file" => Secret::File(map.next_value()?),
                _ => return Err(de::Error::custom(RULE)),
            };
            if secret.replace(value).is_some() {
                return Err(de::Error::custom("give env or file, not both"));
            }
        }
        secret.ok_or_else(|| de::Error::custom(RULE))
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Secret, E> {
        Err(E::custom(RULE))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Secret, E> {
        Err(E::custom(RULE))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Secret, E> {
        Err(E::custom(RULE))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Secret, E> {
        Err(E::custom(RULE))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Secret, E> {
        Err(E::custom(RULE))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Secret, A::Error> {
        Err(de::Error::custom(RULE))
    }
}

/// Where named things are looked for.
pub(super) struct Sources<'a> {
    /// The settings file's folder; paths are relative to it.
    pub(super) folder: PathBuf,
    /// Looks an environment variable up.
    pub(super) env: &'a dyn Fn(&str) -> Option<String>,
}

impl Sources<'_> {
    /// A secret that is text. The line end that editors put into files is not part of it.
    pub(super) fn text(&self, secret: &Secret) -> Result<String, SettingsProblem> {
        match secret {
            Secret::Env(name) => self.variable(name),
            Secret::File(file) => {
                let path = self.folder.join(file);
                let bytes = self.file(&path)?;
                let text = String::from_utf8(bytes).map_err(|_| SettingsProblem::NotText(path))?;
                let text = text.strip_suffix('\n').unwrap_or(&text);
                Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
            }
        }
    }

    /// A certificate, in DER.
    pub(super) fn certificate(&self, file: &str) -> Result<Vec<u8>, SettingsProblem> {
        let path = self.folder.join(file);
        let bytes = self.file(&path)?;
        let pem = |bytes: &[u8]| Some(CertificateDer::from_pem_slice(bytes).ok()?.to_vec());
        der(bytes, path, "certificate", pem)
    }

    /// A private key, in DER.
    pub(super) fn key(&self, secret: &Secret) -> Result<Vec<u8>, SettingsProblem> {
        let (bytes, path) = match secret {
            Secret::Env(name) => (self.variable(name)?.into_bytes(), PathBuf::from(name)),
            Secret::File(file) => {
                let path = self.folder.join(file);
                (self.file(&path)?, path)
            }
        };
        let pem = |bytes: &[u8]| {
            let key = PrivateKeyDer::from_pem_slice(bytes).ok()?;
            Some(key.secret_der().to_vec())
        };
        der(bytes, path, "private key", pem)
    }

    fn variable(&self, name: &str) -> Result<String, SettingsProblem> {
        (self.env)(name).ok_or_else(|| SettingsProblem::NoVariable(name.to_owned()))
    }

    fn file(&self, path: &Path) -> Result<Vec<u8>, SettingsProblem> {
        fs::read(path).map_err(|source| SettingsProblem::File {
            path: path.to_owned(),
            source,
        })
    }
}

/// DER as it is, PEM decoded. Both certificates and keys are a SEQUENCE, tag 0x30 (X.690).
fn der(
    bytes: Vec<u8>,
    path: PathBuf,
    what: &'static str,
    pem: impl Fn(&[u8]) -> Option<Vec<u8>>,
) -> Result<Vec<u8>, SettingsProblem> {
    if bytes.first() == Some(&0x30) {
        return Ok(bytes);
    }
    pem(&bytes).ok_or(SettingsProblem::NoPem { path, what })
}
