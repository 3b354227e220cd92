//! The modem's UART: received by interrupt, sent by the task.
//!
//! A TLS handshake keeps the executor busy for up to 155 ms at a time, or 583 ms below
//! some public authorities (see [`sentinel`](crate::sentinel)), and the receive FIFO of 128 bytes is full after 11 ms at 115200
//! baud. So a priority-3 interrupt moves received bytes into a ring of 8 KB, and the reader takes
//! them from there; nothing the executor does delays that. Only code that masks all interrupts for
//! longer than 5 ms could.

use core::cell::RefCell;
use core::future::poll_fn;
use core::task::Poll;

use critical_section::Mutex;
use embassy_executor::Spawner;
use embedded_io_async::{ErrorType, Read, Write};
use esp_hal::asynch::AtomicWaker;
use esp_hal::gpio::interconnect::{PeripheralInput, PeripheralOutput};
use esp_hal::interrupt::Priority;
use esp_hal::peripherals::UART1;
use esp_hal::uart::{Config, RxConfig, RxErrorKind, TxError, Uart, UartRx, UartTx};
use esp_hal::{Blocking, handler, ram};
use firmware_app::platform::ModemUart;
use firmware_app::ring::Ring;

/// Bytes that the hardware FIFO holds.
const FIFO: usize = 128;
/// The interrupt comes when half the FIFO is full, which leaves 64 bytes, 5.5 ms, to serve it.
const FIFO_THRESHOLD: u16 = 64;
/// The interrupt comes for fewer bytes when the line has been idle for this many byte times.
const IDLE_BYTES: u8 = 2;

/// At 115200 baud 0.7 s of an uninterrupted stream.
static RING: Ring<8192> = Ring::new();
static RX_WAKER: AtomicWaker = AtomicWaker::new();
static TX_WAKER: AtomicWaker = AtomicWaker::new();
/// The receive half belongs to the interrupt handler once [`start`] has put it here.
static RX: Mutex<RefCell<Option<UartRx<'static, Blocking>>>> = Mutex::new(RefCell::new(None));

/// Configures UART1 for `baud` bits per second, 1200 to 921600, and starts receiving.
pub fn start(
    // Interrupts do the work: no task.
    _spawner: Spawner,
    uart: UART1<'static>,
    baud: u32,
    rx: impl PeripheralInput<'static>,
    tx: impl PeripheralOutput<'static>,
) -> Modem {
    let receive = RxConfig::default()
        .with_fifo_full_threshold(FIFO_THRESHOLD)
        .with_timeout(IDLE_BYTES)
        .with_reported_errors(RxErrorKind::FifoOverflowed);
    let config = Config::default().with_baudrate(baud).with_rx(receive);
    let uart = match Uart::new(uart, config) {
        Ok(uart) => uart,
        // The settings are checked: their baud rates, and a threshold below 128, are in range.
        Err(error) => defmt::panic!("UART1 refuses its configuration: {}", error),
    };
    let mut uart = uart.with_rx(rx).with_tx(tx);
    uart.set_interrupt_handler(on_interrupt);
    let (rx, tx) = uart.split();
    critical_section::with(|cs| {
        RX.borrow_ref_mut(cs).replace(rx);
        UART1::regs().int_ena().modify(|_, w| {
            w.rxfifo_full().set_bit();
            w.rxfifo_tout().set_bit();
            w.rxfifo_ovf().set_bit()
        });
    });
    Modem { tx }
}

#[handler(priority = Priority::Priority3)]
#[ram]
fn on_interrupt() {
    let regs = UART1::regs();
    let pending = regs.int_st().read();
    if pending.tx_done().bit_is_set() || pending.txfifo_empty().bit_is_set() {
        // Both stay raised for as long as their condition holds: the waiting future enables its
        // one again if it needs it.
        regs.int_ena().modify(|_, w| {
            w.tx_done().clear_bit();
            w.txfifo_empty().clear_bit()
        });
        TX_WAKER.wake();
    }
    // Cleared before the FIFO is emptied, never after: a time-out that comes in between would be
    // lost with the byte it announces, for it is raised once per idle line.
    regs.int_clr().write(|w| w.rxfifo_tout().clear_bit_by_one());
    if drain() {
        RX_WAKER.wake();
    }
}

/// Moves the FIFO into the ring. Returns whether anything was received, or lost.
#[ram]
fn drain() -> bool {
    let mut chunk = [0; FIFO];
    let mut moved = false;
    critical_section::with(|cs| {
        let mut rx = RX.borrow_ref_mut(cs);
        let Some(rx) = rx.as_mut() else { return };
        // The last, empty read also clears `rxfifo_full`, which follows the level of the FIFO.
        loop {
            match rx.read_buffered(&mut chunk) {
                Ok(0) => break,
                Ok(count) => {
                    for byte in &chunk[..count] {
                        RING.push(*byte);
                    }
                }
                // The driver has emptied the FIFO: that many bytes, and at least the one that
                // found it full, are gone.
                Err(_) => RING.count_overruns(FIFO as u32 + 1),
            }
            moved = true;
        }
    });
    moved
}

/// The UART to the modem, as the application takes it.
pub struct Modem {
    tx: UartTx<'static, Blocking>,
}

/// Which transmit interrupt to wait for.
#[derive(Clone, Copy)]
enum TxEvent {
    /// The FIFO has room for more than a hundred bytes.
    FifoEmpty,
    /// The last byte has left.
    Done,
}

impl TxEvent {
    /// Forgets what was raised before now, and asks for the next.
    fn listen(self) {
        // The handler changes the same register.
        critical_section::with(|_| {
            let regs = UART1::regs();
            match self {
                Self::FifoEmpty => {
                    regs.int_clr()
                        .write(|w| w.txfifo_empty().clear_bit_by_one());
                    regs.int_ena().modify(|_, w| w.txfifo_empty().set_bit());
                }
                Self::Done => {
                    regs.int_clr().write(|w| w.tx_done().clear_bit_by_one());
                    regs.int_ena().modify(|_, w| w.tx_done().set_bit());
                }
            }
        });
    }

    /// Waits until `ready` holds; it is asked at first and after each such event.
    async fn until(self, mut ready: impl FnMut() -> bool) {
        poll_fn(|cx| {
            if ready() {
                return Poll::Ready(());
            }
            TX_WAKER.register(cx.waker());
            self.listen();
            // Again: the event may have come before `listen` cleared it.
            if ready() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

impl ErrorType for Modem {
    type Error = TxError;
}

impl Read for Modem {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, TxError> {
        if buf.is_empty() {
            return Ok(0);
        }
        let count = poll_fn(|cx| {
            let mut count = RING.pop(buf);
            if count == 0 {
                RX_WAKER.register(cx.waker());
                // Again: a byte may have come before the waker was in place.
                count = RING.pop(buf);
            }
            if count == 0 {
                Poll::Pending
            } else {
                Poll::Ready(count)
            }
        })
        .await;
        Ok(count)
    }
}

impl Write for Modem {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, TxError> {
        if buf.is_empty() {
            return Ok(0);
        }
        TxEvent::FifoEmpty.until(|| self.tx.write_ready()).await;
        // There is room for a byte at least, so this does not block; it takes what fits.
        self.tx.write(buf)
    }

    async fn flush(&mut self) -> Result<(), TxError> {
        TxEvent::Done
            .until(|| UART1::regs().status().read().txfifo_cnt().bits() == 0)
            .await;
        // The last byte may still be on the line: the driver waits for its stop bit, 0.1 ms at
        // most. A guard time starts after that.
        self.tx.flush()
    }
}

impl ModemUart for Modem {
    fn overruns(&self) -> u32 {
        RING.overruns()
    }
}
