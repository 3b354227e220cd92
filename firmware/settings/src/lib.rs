#![no_std]
//! settings
