//! A receive path that loses bytes, planted so that a test can see the loss (feature
//! `planted-uart-on-executor`; no product has it).
//!
//! It is what a first attempt looks like: a task moves received bytes into a ring of 256 bytes. That
//! task shares its executor with the TLS handshake, which computes for up to 40 ms at a time, while
//! the FIFO of 128 bytes is full after 11 ms at 115200 baud (128 * 10 bits / 115200 per second).

use core::future::poll_fn;
use core::task::Poll;

use embassy_executor::Spawner;
use embedded_io_async::{ErrorType, Read, Write};
use esp_hal::Async;
use esp_hal::asynch::AtomicWaker;
use esp_hal::gpio::interconnect::{PeripheralInput, PeripheralOutput};
use esp_hal::peripherals::UART1;
use esp_hal::uart::{Config, TxError, Uart, UartRx, UartTx};
use firmware_app::platform::ModemUart;
use firmware_app::ring::Ring;

/// What the driver drops with an overflow: it empties the FIFO, and the byte that found it full is
/// gone too.
const LOST_AT_OVERFLOW: u32 = 128 + 1;

static RING: Ring<256> = Ring::new();
static RX_WAKER: AtomicWaker = AtomicWaker::new();

/// Configures UART1 for `baud` bits per second, 1200 to 921600, and starts receiving.
pub fn start(
    spawner: Spawner,
    uart: UART1<'static>,
    baud: u32,
    rx: impl PeripheralInput<'static>,
    tx: impl PeripheralOutput<'static>,
) -> Modem {
    let config = Config::default().with_baudrate(baud);
    let uart = match Uart::new(uart, config) {
        Ok(uart) => uart,
        Err(error) => defmt::panic!("UART1 refuses its configuration: {}", error),
    };
    let (rx, tx) = uart.with_rx(rx).with_tx(tx).into_async().split();
    match receive(rx) {
        Ok(task) => spawner.spawn(task),
        // The pool of this task holds one, and this is the only place that takes it.
        Err(_) => defmt::panic!("the receive task was spawned twice"),
    }
    Modem { tx }
}

#[embassy_executor::task]
async fn receive(mut rx: UartRx<'static, Async>) {
    let mut chunk = [0; 64];
    loop {
        match rx.read_async(&mut chunk).await {
            Ok(count) => {
                for byte in &chunk[..count] {
                    RING.push(*byte);
                }
            }
            Err(_) => RING.count_overruns(LOST_AT_OVERFLOW),
        }
        RX_WAKER.wake();
    }
}

/// The UART to the modem, as the application takes it.
pub struct Modem {
    tx: UartTx<'static, Async>,
}

impl ErrorType for Modem {
    type Error = TxError;
}

impl Read for Modem {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, TxError> {
        let count = poll_fn(|cx| {
            RX_WAKER.register(cx.waker());
            match RING.pop(buf) {
                0 if !buf.is_empty() => Poll::Pending,
                count => Poll::Ready(count),
            }
        })
        .await;
        Ok(count)
    }
}

impl Write for Modem {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, TxError> {
        self.tx.write_async(buf).await
    }

    async fn flush(&mut self) -> Result<(), TxError> {
        self.tx.flush_async().await
    }
}

impl ModemUart for Modem {
    fn overruns(&self) -> u32 {
        RING.overruns()
    }
}
