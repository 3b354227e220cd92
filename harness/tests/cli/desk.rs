//! `hil board serve`: a board on the desk, its end, and the end of who uses it.

use std::fs;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::boards::Desk;
use super::{hil, stderr, stdout};

/// A served board without a program; its entry in `hil.toml`.
fn serve(desk: &Desk, arguments: &[&str]) -> (Child, String) {
    let mut child = hil()
        .args(["board", "serve", "--pty", "modem"])
        .args(arguments)
        .current_dir(desk.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut entry = String::new();
    while !entry.contains("baud = ") {
        assert_ne!(lines.read_line(&mut entry).unwrap(), 0, "it ended: {entry}");
    }
    (child, entry)
}

fn end(child: &mut Child) -> i32 {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
    kill(pid, Signal::SIGINT).unwrap();
    child.wait().unwrap().code().unwrap()
}

fn link(desk: &Desk) -> Option<std::path::PathBuf> {
    fs::read_link(desk.path().join("modem")).ok()
}

#[test]
fn a_served_board_is_one_of_hil_toml_and_leaves_nothing() {
    let desk = Desk::new("");
    let (mut child, entry) = serve(&desk, &["--baud", "9600"]);
    assert!(
        entry.starts_with("# virtual board: probe 1d50:6018:127.0.0.1:"),
        "{entry}"
    );
    assert!(link(&desk).unwrap().starts_with("/dev/pts"));
    desk.write("hil.toml", &entry);
    let boards = desk.run(&["boards"]);
    assert_eq!(boards.status.code(), Some(0), "{}", stderr(&boards));
    let text = stdout(&boards);
    assert!(
        text.contains("desk       esp32c3 behind the probe 1d50:6018:127.0.0.1:"),
        "{text}"
    );
    assert!(text.contains("modem UART on modem at 9600"), "{text}");
    assert_eq!(end(&mut child), 0);
    assert_eq!(link(&desk), None);
}

#[test]
fn a_link_left_by_a_killed_board_is_replaced() {
    let desk = Desk::new("");
    let (mut first, _) = serve(&desk, &[]);
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(link(&desk).is_some());
    let (mut second, _) = serve(&desk, &[]);
    assert_eq!(end(&mut second), 0);
    assert_eq!(link(&desk), None);
    desk.write("modem", "precious");
    let output = desk.run(&["board", "serve", "--pty", "modem"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("modem is there already and no link"));
}

#[test]
fn a_port_in_use_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let output = Desk::new("").run(&["board", "serve", "--probe-port", &port]);
    assert_eq!(output.status.code(), Some(3));
    let text = stderr(&output);
    assert!(
        text.contains(&format!("127.0.0.1:{port}")) && text.contains("--probe-port"),
        "{text}"
    );
}

#[test]
fn a_board_that_vanishes_while_it_is_flashed_is_infrastructure() {
    let desk = Desk::new("");
    let (mut board, entry) = serve(&desk, &[]);
    desk.write("hil.toml", &entry);
    desk.write(
        "device.toml",
        "[broker]\nhost = \"b\"\nca = \"ca\"\n[login]\nclient_id = \"d\"\n",
    );
    desk.write("ca", b"\x30\x00");
    let mut provision = hil()
        .args(["provision", "device.toml"])
        .current_dir(desk.path())
        .env("HIL_LOCK_DIR", desk.path().join("locks"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The board tells of the resets that a debugger makes: by then it is attached.
    let mut said = BufReader::new(board.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("chip: reset (Cpu") {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "it ended");
    }
    board.kill().unwrap();
    board.wait().unwrap();
    let code = provision.wait().unwrap().code();
    let mut words = String::new();
    provision
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut words)
        .unwrap();
    assert_eq!(code, Some(3), "{words}");
    assert!(words.starts_with("error: "), "{words}");
    assert!(
        !words.contains("stack backtrace") && !words.contains("panicked at"),
        "{words}"
    );
    assert!(!Path::new("/proc").join(board.id().to_string()).exists());
}

#[test]
fn nothing_serves_what_cannot_be_flashed() {
    let desk = Desk::new("");
    desk.write("fw", "hello");
    let output = desk.run(&["board", "serve", "--flash", "fw"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stdout(&output), "");
    assert!(stderr(&output).contains("fw: this is no ELF file"));
}

#[test]
fn two_boards_stand_side_by_side() {
    let desk = Desk::new("");
    let other = Desk::new("");
    let (mut first, one) = serve(&desk, &[]);
    let (mut second, two) = serve(&other, &[]);
    assert_ne!(one, two);
    assert_eq!((end(&mut first), end(&mut second)), (0, 0));
}
