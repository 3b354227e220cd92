//! What the modem's thread waits for.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use modem_sim::{ConnId, NetEvent};

use super::sockets::Stream;

/// Something from outside, with the instant at which it was noticed.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) at: Instant,
    pub(super) what: What,
}

impl Input {
    /// Something noticed now.
    pub(super) fn now(what: What) -> Self {
        Self {
            at: Instant::now(),
            what,
        }
    }
}

/// What it was.
#[derive(Debug)]
pub(super) enum What {
    /// The firmware sent bytes.
    Line(Vec<u8>),
    /// The serial line cannot be read any more.
    LineGone(io::Error),
    /// The firmware did not read: so many bytes for it were thrown away.
    Unread(usize),
    /// A connection stands.
    Opened(ConnId, Stream),
    /// A connection did something else.
    Net(NetEvent),
    /// Something to show that is not on the line.
    Remark(String),
    /// Ctrl-C.
    Stop,
}

/// The next input, or `None` when `deadline` comes first.
pub(super) fn next(inputs: &Receiver<Input>, deadline: Option<Duration>) -> Option<Input> {
    let received = match deadline {
        Some(timeout) => inputs.recv_timeout(timeout),
        None => inputs.recv().map_err(|_| RecvTimeoutError::Disconnected),
    };
    match received {
        Ok(input) => Some(input),
        Err(RecvTimeoutError::Timeout) => None,
        // Nobody is left who could say anything; the modem's own thread holds a sender, so this
        // cannot be, and ending is the harmless answer.
        Err(RecvTimeoutError::Disconnected) => Some(Input::now(What::Stop)),
    }
}
