//! Secrets leave before anything is written.

/// What stands in the place of a secret.
const MARK: &str = "<redacted>";

/// Values that must not appear in any output.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Redactions(Vec<String>);

impl std::fmt::Debug for Redactions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactions({} values)", self.0.len())
    }
}

impl Redactions {
    /// Hides each of `secrets`; empty ones are left out.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut secrets: Vec<_> = secrets
            .into_iter()
            .filter(|secret| !secret.is_empty())
            .collect();
        // A secret that contains another goes first, or its rest would stay readable.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(secrets)
    }

    /// `text` without the secrets.
    pub fn apply(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.as_str(), MARK)
        })
    }

    /// `bytes` without the secrets.
    pub fn apply_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        self.0.iter().fold(bytes.to_vec(), |bytes, secret| {
            replace(&bytes, secret.as_bytes(), MARK.as_bytes())
        })
    }
}

/// `bytes` with every `old`, which is not empty, replaced.
fn replace(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, others)) = rest.split_first() {
        if let Some(behind) = rest.strip_prefix(old) {
            replaced.extend_from_slice(new);
            rest = behind;
        } else {
            replaced.push(*first);
            rest = others;
        }
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_lose_their_secrets_too() {
        let redactions = Redactions::new(["tiger".to_owned()]);
        assert_eq!(
            redactions.apply_bytes(b"\0\x05tiger\xfftigertige"),
            b"\0\x05<redacted>\xff<redacted>tige"
        );
        assert_eq!(redactions.apply_bytes(b""), b"");
    }

    #[test]
    fn the_longer_secret_wins() {
        let redactions = Redactions::new(["tiger".to_owned(), "tiger2".to_owned(), String::new()]);
        assert_eq!(
            redactions.apply("AT+APN=x,u,tiger2,1"),
            "AT+APN=x,u,<redacted>,1"
        );
    }
}
