//! `hil modem` from outside: a stranger's serial program on the other end of the line.
//!
//! The modem lives in wall time here and takes about ten seconds to start and to register. The
//! tests wait for what it prints, never for a time.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "modem_cli/mqtt.rs"]
mod mqtt;

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serialport::SerialPort;

/// Far more than anything here takes; reached only when something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

fn hil(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hil"));
    command.arg("modem").args(arguments).stdin(Stdio::null());
    command
}

/// A running `hil modem` and the lines it prints.
struct Modem {
    child: Child,
    transcript: Receiver<String>,
}

impl Modem {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = child.stderr.take().unwrap();
        let (sender, transcript) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { child, transcript }
    }

    /// Starts with a pseudo-terminal and opens its other end.
    fn with_pty(arguments: &[&str]) -> (Self, Box<dyn SerialPort>) {
        let mut modem = Self::start(hil(&[&["--pty"], arguments].concat()));
        let mut first = String::new();
        let stdout = modem.child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut first).unwrap();
        let path = first
            .trim_end()
            .strip_prefix("pty: ")
            .expect("the path comes first");
        let port = serialport::new(path, 115_200)
            .timeout(PATIENCE)
            .open()
            .unwrap();
        (modem, port)
    }

    /// Waits for a line of the transcript.
    fn shows(&self, text: &str) {
        let mut seen = Vec::new();
        // A modem that tries again and again never falls silent.
        while seen.len() < 40 {
            match self.transcript.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(text) => return,
                Ok(line) => seen.push(line),
                Err(_) => break,
            }
        }
        panic!("the transcript never showed `{text}`: {seen:#?}");
    }

    fn signal(&self, signal: Signal) {
        kill(
            Pid::from_raw(i32::try_from(self.child.id()).unwrap()),
            signal,
        )
        .unwrap();
    }

    fn ends(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Modem {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads exactly `wanted`.
fn expect(port: &mut dyn SerialPort, wanted: &[u8]) {
    let mut seen = vec![0; wanted.len()];
    port.read_exact(&mut seen).unwrap();
    assert_eq!(
        seen.escape_ascii().to_string(),
        wanted.escape_ascii().to_string()
    );
}

/// Reads up to and including `end`.
fn expect_end(port: &mut dyn SerialPort, end: &[u8]) {
    let mut seen = Vec::new();
    while !seen.ends_with(end) {
        let mut byte = [0];
        port.read_exact(&mut byte).unwrap();
        seen.extend(byte);
    }
}

/// Sends a command and reads its echo, which is on from the factory, and its answer.
fn ask(port: &mut dyn SerialPort, command: &str, answer: &str) {
    port.write_all(command.as_bytes()).unwrap();
    expect(port, format!("{command}{answer}").as_bytes());
}

/// A peer that sends back what it gets, for one connection.
fn echo_peer() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        let mut chunk = [0; 256];
        while let Ok(count @ 1..) = peer.read(&mut chunk) {
            peer.write_all(&chunk[..count]).unwrap();
        }
    });
    address.to_string()
}

#[test]
fn a_stranger_gets_what_the_manual_says() {
    let mapping = format!("socket.usr.cn={}", echo_peer());
    let (modem, mut port) = Modem::with_pty(&["--host", &mapping]);
    let port = port.as_mut();
    expect(port, b"WH-LTE-7S1-E");
    modem.shows("starting -> working");

    // Bytes right before the pluses make them payload: nothing answers, and the socket gets it.
    port.write_all(b"x+++").unwrap();
    modem.shows("packet of 4 bytes, by gap");

    // Now the line has been silent for the guard time.
    port.write_all(b"+++").unwrap();
    expect(port, b"a");
    port.write_all(b"a").unwrap();
    expect(port, b"+ok\r\n");

    port.write_all(b"AT+VER?\r\n").unwrap();
    expect(port, b"AT+VER?\r\n\r\n+VER:V");
    expect_end(port, b"\r\n\r\nOK\r\n");
    ask(port, "AT+E?\r\n", "\r\n+E:ON\r\n\r\nOK\r\n");
    // A packet without CR or LF is malformed, not unfinished.
    ask(port, "AT+E?", "\r\n+CME ERROR:58\r\n");
    ask(port, "AT+NOSUCH\r\n", "\r\n+CME ERROR:58\r\n");

    ask(port, "AT+ENTM\r\n", "\r\nOK\r\n");
    // What was payload above went through the socket and comes back from the peer.
    expect(port, b"x+++");
    port.write_all(b"ping \x00\xff pong").unwrap();
    expect(port, b"ping \x00\xff pong");

    modem.signal(Signal::SIGINT);
    assert_eq!(modem.ends().code(), Some(0));
}

#[test]
fn names_that_are_not_mapped_lead_nowhere() {
    let (modem, _port) = Modem::with_pty(&[]);
    modem.shows("socket.usr.cn:2317 is not mapped");
    modem.shows("socket A down: unreachable");
    modem.signal(Signal::SIGTERM);
    assert_eq!(modem.ends().code(), Some(0));
}

#[test]
fn serves_a_serial_port_and_ends_when_it_goes() {
    // Closed in every child: a copy of this end elsewhere would keep the line up.
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let mut ours = posix_openpt(flags).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let modem = Modem::start(hil(&["--port", &ptsname_r(&ours).unwrap()]));
    let mut banner = [0; 12];
    ours.read_exact(&mut banner).unwrap();
    assert_eq!(banner, *b"WH-LTE-7S1-E");
    drop(ours);
    modem.shows("error: serial line: gone");
    assert_eq!(modem.ends().code(), Some(3));
}

#[test]
fn a_killed_modem_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let mut command = hil(&["--pty"]);
    command
        .env("TMPDIR", temporary.path())
        .stderr(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    let path = first.trim_end().strip_prefix("pty: ").unwrap();
    let mut port = serialport::new(path, 115_200)
        .timeout(PATIENCE)
        .open()
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let error = port.read(&mut [0; 16]).unwrap_err();
    assert_ne!(
        error.kind(),
        ErrorKind::TimedOut,
        "somebody still holds the line"
    );
    assert_eq!(temporary.path().read_dir().unwrap().count(), 0);
}

fn refusal(arguments: &[&str]) -> (Option<i32>, String) {
    let output = hil(arguments).output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn wrong_usage_is_explained() {
    let cases: [(&[&str], &str); 10] = [
        (&[], "--port"),
        (&["--pty", "--port", "/dev/null"], "cannot be used with"),
        (
            &["--pty", "--profile", "MC60"],
            "known modems: WH-LTE-7S1-E, USR-DR154-E, USR-DR154-E-OLD",
        ),
        (
            &["--pty", "--set", "tiger"],
            "expected NAME=VALUE, for example `WKMOD=MQTT,NOR`",
        ),
        (
            &["--pty", "--set", "MQTTMOD=1"],
            "the modem has no setting \"MQTTMOD\"",
        ),
        (
            &["--pty", "--profile", "usr-dr154", "--set", "MQTTMOD=2"],
            "the modem refuses the value for MQTTMOD with +CME ERROR:53",
        ),
        (
            &["--pty", "--profile", "usr-dr154-old", "--set", "SSLCFG=ON"],
            "the modem has no setting \"SSLCFG\"",
        ),
        (&["--pty", "--host", "broker"], "expected NAME=ADDR:PORT"),
        (
            &["--pty", "--host", "broker=127.0.0.1:99999"],
            "is no address",
        ),
        (
            &[
                "--pty",
                "--host",
                "a=127.0.0.1:1",
                "--host",
                "A=127.0.0.1:2",
            ],
            "mapped already",
        ),
    ];
    for (arguments, words) in cases {
        let (code, text) = refusal(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {text}");
        assert!(text.contains(words), "{arguments:?}: {text}");
        assert!(!text.contains("tiger"), "may be a password: {text}");
    }
}

#[test]
fn the_help_names_the_profiles() {
    let output = hil(&["--help"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for profile in modem_sim::Profile::ALL {
        assert!(text.contains(profile.name()), "{text}");
    }
}

#[test]
fn firmware_of_either_age_says_so() {
    thread::scope(|scope| {
        for (profile, answer) in [
            ("usr-dr154", "\r\n+SSLCFG:OFF,OFF,OFF,OFF\r\n\r\nOK\r\n"),
            ("usr-dr154-old", "\r\n+CME ERROR:58\r\n"),
        ] {
            scope.spawn(move || {
                let (modem, mut port) = Modem::with_pty(&["--profile", profile]);
                let port = port.as_mut();
                expect(port, b"USR-DR154-E");
                modem.shows("starting -> working");
                port.write_all(b"+++").unwrap();
                expect(port, b"a");
                port.write_all(b"a").unwrap();
                expect(port, b"+ok\r\n");
                ask(port, "AT+SSLCFG?\r\n", answer);
            });
        }
    });
}

#[test]
fn a_port_that_does_not_open_is_infrastructure() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for path in ["/dev/nonexistent-adapter", file.path().to_str().unwrap()] {
        let (code, text) = refusal(&["--port", path]);
        assert_eq!(code, Some(3), "{text}");
        assert!(text.contains(&format!("serial port `{path}`")), "{text}");
    }
}
