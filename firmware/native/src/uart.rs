//! The modem UART of a host process: line time, a bounded receive ring, no hardware.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use embassy_time::{Instant, Timer};
use embedded_io_async::{ErrorType, Read, Write};
use firmware_app::platform::ModemUart;

use crate::time_driver;

/// Bytes the receive ring holds, as on the chip.
pub const RECEIVE_RING: usize = 8192;

/// Bytes the transmit FIFO holds (ESP32-C3 TRM, UART controller: 128 bytes a direction).
pub const TRANSMIT_FIFO: u32 = 128;

/// The line as the world outside sees it; clones share one line.
#[derive(Debug, Clone)]
pub struct Line(Rc<RefCell<State>>);

#[derive(Debug)]
struct State {
    byte_time: Duration,
    received: VecDeque<u8>,
    reader: Option<Waker>,
    overruns: u32,
    sent: Vec<u8>,
    line_free_at: Duration,
}

impl Line {
    /// A line on which one byte takes `byte_time` (10 bit times at 8N1).
    pub fn new(byte_time: Duration) -> Self {
        Self(Rc::new(RefCell::new(State {
            byte_time,
            received: VecDeque::with_capacity(RECEIVE_RING),
            reader: None,
            overruns: 0,
            sent: Vec::new(),
            line_free_at: Duration::ZERO,
        })))
    }

    /// A byte whose stop bit ended now; lost and counted when the ring is full.
    pub fn receive(&self, byte: u8) {
        let mut state = self.0.borrow_mut();
        if state.received.len() == RECEIVE_RING {
            state.overruns = state.overruns.saturating_add(1);
            return;
        }
        state.received.push_back(byte);
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// What the device has written since the last call. It goes onto the line byte by byte.
    pub fn take_sent(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.borrow_mut().sent)
    }

    /// The device's end.
    pub fn uart(&self) -> NativeUart {
        NativeUart(Self(Rc::clone(&self.0)))
    }
}

/// The device's end of a [`Line`].
#[derive(Debug)]
pub struct NativeUart(Line);

impl NativeUart {
    fn line_free_at(&self) -> Duration {
        self.0.0.borrow().line_free_at
    }
}

impl ErrorType for NativeUart {
    type Error = Infallible;
}

impl Read for NativeUart {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Infallible> {
        if buf.is_empty() {
            return Ok(0);
        }
        poll_fn(|context| {
            let mut state = self.0.0.borrow_mut();
            let count = buf.len().min(state.received.len());
            if count == 0 {
                state.reader = Some(context.waker().clone());
                return Poll::Pending;
            }
            for (slot, byte) in buf.iter_mut().zip(state.received.drain(..count)) {
                *slot = byte;
            }
            Poll::Ready(Ok(count))
        })
        .await
    }
}

impl Write for NativeUart {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Infallible> {
        loop {
            let now = time_driver::now();
            let (byte_time, free_at) = {
                let state = self.0.0.borrow();
                (state.byte_time, state.line_free_at.max(now))
            };
            let queued = (free_at - now)
                .as_nanos()
                .div_ceil(byte_time.as_nanos().max(1));
            let space = u128::from(TRANSMIT_FIFO).saturating_sub(queued);
            let count = usize::try_from(space).unwrap_or(0).min(buf.len());
            if count == 0 && !buf.is_empty() {
                wait_until(free_at - byte_time * (TRANSMIT_FIFO - 1)).await;
                continue;
            }
            let mut state = self.0.0.borrow_mut();
            state.sent.extend_from_slice(&buf[..count]);
            // At most TRANSMIT_FIFO bytes, so the count fits in 32 bits.
            state.line_free_at = free_at + byte_time * u32::try_from(count).unwrap_or(0);
            return Ok(count);
        }
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        let free_at = self.line_free_at();
        if free_at > time_driver::now() {
            wait_until(free_at).await;
        }
        Ok(())
    }
}

impl ModemUart for NativeUart {
    fn overruns(&self) -> u32 {
        self.0.0.borrow().overruns
    }
}

/// Waits to the first tick at or after `at`: embassy's ticks are coarser than line time.
async fn wait_until(at: Duration) {
    let at = at.saturating_sub(time_driver::now()) + time_driver::uptime();
    let micros = u64::try_from(at.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX);
    Timer::at(Instant::from_micros(micros)).await;
}
