#![no_std]
//! Everything the device does, on any board.

#[macro_use]
mod fmt;

pub mod at;
pub mod modem;
pub mod platform;
pub mod ring;
