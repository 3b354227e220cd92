//! `hil doctor`: what this machine has, what it lacks, and how to get that.
//!
//! Looks only: nothing is installed, changed or left behind.

mod boards;
mod finding;
mod machine;
mod programs;
mod resources;

use std::path::Path;

pub use finding::{Finding, State};
pub use machine::Machine;

/// Looks at everything the commands need, in the order in which to fix it.
pub fn examine(machine: &Machine, root: &Path, channel: &str) -> Vec<Finding> {
    let mut findings = vec![
        programs::rustup(machine),
        programs::toolchain(machine, channel),
        programs::rust_src(machine, channel),
        programs::c_compiler(machine),
        resources::disk(root),
        resources::loopback(),
        resources::pty(),
    ];
    findings.extend(boards::examine(root));
    findings
}
