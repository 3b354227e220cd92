//! What can be wrong with a fault's text.

/// A fault cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the fault `{text}` cannot be read: {reason}; an example: `uart.to-device:loss=1%@30s..60s`"
)]
pub struct FaultError {
    /// The whole text.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}
