//! The UART between driver and script, at 115200 baud.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use embassy_time::{Duration as Ticks, Instant, Timer};
use embedded_io_async::{ErrorType, Read, Write};
use firmware_app::platform::ModemUart;

use super::Script;

/// The device's end of the line.
#[derive(Clone)]
pub(crate) struct FakeUart {
    script: Rc<RefCell<Script>>,
}

impl FakeUart {
    pub(crate) const fn new(script: Rc<RefCell<Script>>) -> Self {
        Self { script }
    }
}

impl ErrorType for FakeUart {
    type Error = Infallible;
}

impl Read for FakeUart {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        // Nothing but time and the device's own writes puts bytes on the line, so the next one is
        // known; without any, only a deadline of the caller ends the wait.
        let Some(at) = self.script.borrow().next_byte_at() else {
            return std::future::pending().await;
        };
        Timer::at(Instant::from_micros(u64::try_from(at.as_micros()).unwrap())).await;
        Ok(self.script.borrow_mut().take(buffer))
    }
}

impl Write for FakeUart {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.script.borrow_mut().receive(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        let until = self.script.borrow().line_free_at();
        let until = Instant::from_micros(u64::try_from(until.as_micros()).unwrap());
        Timer::at(until + Ticks::from_micros(1)).await;
        Ok(())
    }
}

impl ModemUart for FakeUart {
    fn overruns(&self) -> u32 {
        0
    }
}
