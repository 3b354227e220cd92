//! One line of the examination.

use std::fmt;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// As it should be; the version or amount.
    Ok(String),
    /// Not there, and not needed; what it would be good for.
    Absent(String),
    /// Needed and not there; how to fix it.
    Missing(String),
}

/// One line: what was looked at, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, a word or two.
    pub name: &'static str,
    /// What was found.
    pub state: State,
}

impl Finding {
    /// Whether something has to be fixed.
    pub fn is_missing(&self) -> bool {
        matches!(self.state, State::Missing(_))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, text) = match &self.state {
            State::Ok(text) => ("ok", text),
            State::Absent(text) => ("absent", text),
            State::Missing(text) => ("missing", text),
        };
        write!(f, "{:<11} {word}: {text}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_and_how() {
        let line = |state| {
            Finding {
                name: "rust-src",
                state,
            }
            .to_string()
        };
        assert_eq!(
            line(State::Ok("of 1.95.0".into())),
            "rust-src    ok: of 1.95.0"
        );
        assert_eq!(
            line(State::Missing("run this".into())),
            "rust-src    missing: run this"
        );
        assert!(
            !Finding {
                name: "x",
                state: State::Absent(String::new())
            }
            .is_missing()
        );
    }
}
