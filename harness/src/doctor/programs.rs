//! rustup, the pinned toolchain, the source of its standard library, a C compiler.

use std::env;
use std::path::Path;

use super::finding::{Finding, State};
use super::machine::Machine;

/// What proves that the source of the standard library is there.
const LIBRARY: &str = "lib/rustlib/src/rust/library/Cargo.lock";

/// rustup is the comfortable way to the pinned toolchain, not the only one.
pub(super) fn rustup(machine: &Machine) -> Finding {
    let state = machine.ask("rustup", &["--version"]).map_or_else(
        || State::Absent("the compiler on the PATH is used; https://rustup.rs".to_owned()),
        State::Ok,
    );
    Finding {
        name: "rustup",
        state,
    }
}

/// The pinned toolchain, or without rustup a compiler at least as new.
pub(super) fn toolchain(machine: &Machine, channel: &str) -> Finding {
    let state = match rustc(machine, channel, &["--version"]) {
        Some(version) if at_least(&version, channel) => State::Ok(version),
        Some(version) => State::Missing(format!(
            "{version} is older than {channel}: install https://rustup.rs, which fetches {channel}"
        )),
        None if machine.ask("rustup", &["--version"]).is_some() => State::Missing(format!(
            "run `rustup toolchain install {channel} --profile minimal \
             --component clippy,rustfmt,rust-src`"
        )),
        None => State::Missing("install it from https://rustup.rs".to_owned()),
    };
    Finding {
        name: "toolchain",
        state,
    }
}

/// Needed by `hil build` only, which fetches it; said here so that nobody waits for it offline.
pub(super) fn rust_src(machine: &Machine, channel: &str) -> Finding {
    let sysroot = rustc(machine, channel, &["--print", "sysroot"]);
    let state = match sysroot {
        Some(sysroot) if Path::new(&sysroot).join(LIBRARY).is_file() => {
            State::Ok(format!("in {sysroot}"))
        }
        _ => State::Missing(format!(
            "run `rustup component add rust-src --toolchain {channel}`, or `cargo hil build`, \
             which does that; on Debian without rustup: `apt-get install rust-web-src`"
        )),
    };
    Finding {
        name: "rust-src",
        state,
    }
}

/// Links host programs and compiles the assembly of the TLS library.
pub(super) fn c_compiler(machine: &Machine) -> Finding {
    let named = env::var("CC").ok().filter(|name| !name.is_empty());
    let program = named.as_deref().unwrap_or("cc");
    let state = machine.ask(program, &["--version"]).map_or_else(
        || {
            State::Missing(format!(
                "`{program}` does not run: on Debian and Ubuntu `apt-get install build-essential`, \
                 on macOS `xcode-select --install`"
            ))
        },
        State::Ok,
    );
    Finding {
        name: "C compiler",
        state,
    }
}

fn rustc(machine: &Machine, channel: &str, arguments: &[&str]) -> Option<String> {
    if machine.ask("rustup", &["--version"]).is_none() {
        return machine.ask("rustc", arguments);
    }
    let run = ["run", channel, "rustc"];
    machine.ask("rustup", &[&run, arguments].concat())
}

/// Whether `rustc 1.96.0 (…)` is at least `1.95.0`.
fn at_least(version: &str, channel: &str) -> bool {
    let number = version.split_whitespace().nth(1).unwrap_or_default();
    numbers(number) >= numbers(channel)
}

fn numbers(version: &str) -> Vec<u32> {
    version
        .split(['.', '-'])
        .map_while(|part| part.parse().ok())
        .collect()
}

#[cfg(test)]
#[path = "programs_tests.rs"]
mod tests;
