//! The world of one scenario: board, modem, broker, and the clock they share.

/// Board, modem and broker of one scenario.
#[derive(Debug)]
pub struct Rig {}
