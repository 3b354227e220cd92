#![no_std]
//! Everything the device does, on any board.

pub mod ring;
