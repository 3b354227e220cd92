//! Attribute macros of the harness.
