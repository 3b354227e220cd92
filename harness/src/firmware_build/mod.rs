//! firmware_build
