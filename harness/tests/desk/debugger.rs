//! Programs that know nothing of this project debug the firmware on a served board: GDB, through
//! OpenOCD.
//!
//! Needs `openocd` and `gdb-multiarch` (Debian packages of these names) and coreutils' `timeout`;
//! where one is missing the test says so and passes.

use std::path::Path;
use std::process::{Command, Stdio};

use harness::firmware_build::{self, Options};
use nix::sys::signal::Signal;

use crate::served::Desk;

fn is_installed(program: &str) -> bool {
    let mut command = Command::new(program);
    let quiet = command.arg("--version").stdout(Stdio::null());
    quiet
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// What GDB says to these commands, about `elf` on the chip behind the probe at `port`.
fn gdb(elf: &Path, port: u16, commands: &[&str]) -> String {
    let openocd = format!(
        "target extended-remote | openocd -c \"gdb_port pipe; tcl_port disabled; \
         telnet_port disabled; log_output /dev/null; adapter driver remote_bitbang; \
         remote_bitbang host 127.0.0.1; remote_bitbang port {port}; transport select jtag; \
         jtag newtap esp32c3 cpu -irlen 5 -expected-id 0x00005c25; \
         target create esp32c3.cpu riscv -chain-position esp32c3.cpu; \
         gdb_breakpoint_override hard\""
    );
    let mut command = Command::new("timeout");
    command.args(["120", "gdb-multiarch", "-nx", "-batch"]);
    for line in [openocd.as_str()].iter().chain(commands) {
        command.args(["-ex", line]);
    }
    let output = command
        .arg(elf)
        .stdin(Stdio::null())
        .output()
        .expect("`timeout` was there before");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    said + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn gdb_stops_the_firmware_at_a_function_and_knows_its_source() {
    for program in ["timeout", "openocd", "gdb-multiarch"] {
        if !is_installed(program) {
            eprintln!("skipped: {program} is not installed");
            return;
        }
    }
    let elf = firmware_build::build(&Options::default(), &mut |_| {})
        .unwrap_or_else(|error| panic!("{error}"))
        .elf;
    let desk = Desk::serve(&["--flash".as_ref(), elf.as_os_str()]);
    let said = gdb(
        &elf,
        desk.probe_port(),
        &[
            "monitor reset halt",
            "maintenance flush register-cache",
            "hbreak firmware_settings::partition::decode",
            "continue",
            "printf \"given %d bytes\\n\", partition.length",
            "delete",
            "set $before = $pc",
            "stepi",
            "printf \"stepped: %d\\n\", $pc != $before",
            "backtrace",
            "detach",
        ],
    );
    for expected in [
        "Breakpoint 1, firmware_settings::partition::decode",
        "src/partition.rs:",
        // The whole partition, which is empty: this board was given no settings.
        "given 8192 bytes",
        "stepped: 1",
        // How it came there, through the frames of inlined functions.
        "firmware_esp32::run",
        "__risc_v_rt__main",
    ] {
        assert!(said.contains(expected), "no {expected:?} in: {said}");
    }
    desk.end(Signal::SIGINT);
}
