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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_secret_wins() {
        let redactions = Redactions::new(["tiger".to_owned(), "tiger2".to_owned(), String::new()]);
        assert_eq!(
            redactions.apply("AT+APN=x,u,tiger2,1"),
            "AT+APN=x,u,<redacted>,1"
        );
    }
}
