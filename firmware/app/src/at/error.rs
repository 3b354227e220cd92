//! Error replies (MODEM.md 2, from table 7 of the module's manual).

use thiserror::Error;

/// A final reply other than `OK`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AtError {
    /// `+CME ERROR:3`.
    #[error("wrong type or missing parameter (3)")]
    MissingParameter,
    /// `+CME ERROR:50`.
    #[error("execution failed (50)")]
    ExecutionFailed,
    /// `+CME ERROR:53`.
    #[error("wrong parameter or wrong number of parameters (53)")]
    WrongParameter,
    /// `+CME ERROR:58`.
    #[error("unknown or malformed command (58)")]
    UnknownCommand,
    /// `+CME ERROR:73`.
    #[error("not logged in (73)")]
    NotLoggedIn,
    /// `+CME ERROR:` with any other number, for example 10 = no SIM (3GPP TS 27.007, 9.2).
    #[error("error {0}")]
    Other(u16),
    /// `+CMS ERROR:` with its number: short messages (3GPP TS 27.005, 3.2.5).
    #[error("short message error {0}")]
    Sms(u16),
    /// A bare `ERROR`, or an error with text in place of a number.
    #[error("error without a number")]
    Plain,
}

impl AtError {
    /// Reads what follows `+CME ERROR:`.
    pub(crate) fn from_cme(text: &str) -> Self {
        match text.trim().parse() {
            Ok(3) => Self::MissingParameter,
            Ok(50) => Self::ExecutionFailed,
            Ok(53) => Self::WrongParameter,
            Ok(58) => Self::UnknownCommand,
            Ok(73) => Self::NotLoggedIn,
            Ok(number) => Self::Other(number),
            Err(_) => Self::Plain,
        }
    }

    /// Reads what follows `+CMS ERROR:`.
    pub(crate) fn from_cms(text: &str) -> Self {
        text.trim().parse().map_or(Self::Plain, Self::Sms)
    }
}
