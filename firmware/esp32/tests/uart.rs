//! The receive path of the modem's UART under load: the transmitter is connected to the receiver
//! inside the chip (CONF0.LOOPBACK; ESP32-C3 TRM, UART), and no wire is needed. A modem at the pins
//! hears noise.
#![no_std]
#![no_main]

mod support;

#[embedded_test::tests(default_timeout = 20, executor = esp_rtos::embassy::Executor::new())]
mod tests {
    use embassy_time::{Duration, Instant, Timer, with_timeout};
    use embedded_io_async::{Read as _, Write as _};
    use esp_hal::interrupt::Priority;
    use esp_hal::peripherals::{FROM_CPU_INTR1, UART1};
    use esp_hal::timer::timg::TimerGroup;
    use esp_rtos::embassy::InterruptExecutor;
    use firmware_app::platform::ModemUart as _;
    use firmware_esp32::uart::{self, Modem};
    use p256::SecretKey;
    use static_cell::StaticCell;

    use crate::support;

    /// Bytes of the hardware's FIFOs, one in each direction.
    const FIFO: u16 = 128;
    /// Bytes of the receive ring.
    const RING: u32 = 8192;
    const SECOND: Duration = Duration::from_secs(1);

    /// The UART's peripherals, before it is started at some rate.
    struct Chip {
        uart: UART1<'static>,
        rx: esp_hal::peripherals::GPIO3<'static>,
        tx: esp_hal::peripherals::GPIO10<'static>,
        interrupt: FROM_CPU_INTR1<'static>,
    }

    #[init]
    fn init() -> Chip {
        let peripherals = support::chip();
        let timers = TimerGroup::new(peripherals.TIMG0);
        esp_rtos::start(timers.timer0, peripherals.FROM_CPU_INTR0);
        Chip {
            uart: peripherals.UART1,
            rx: peripherals.GPIO3,
            tx: peripherals.GPIO10,
            interrupt: peripherals.FROM_CPU_INTR1,
        }
    }

    impl Chip {
        /// The product's driver at `baud`, in loopback.
        async fn start(self, baud: u32) -> (Modem, FROM_CPU_INTR1<'static>) {
            let spawner = support::spawner().await;
            let modem = uart::start(spawner, self.uart, baud, self.rx, self.tx);
            let regs = UART1::regs();
            regs.conf0().modify(|_, w| w.loopback().set_bit());
            // The driver has the registers wait for this.
            regs.id().modify(|_, w| w.reg_update().set_bit());
            while regs.id().read().reg_update().bit_is_set() {}
            (modem, self.interrupt)
        }
    }

    /// What goes over the line at place `index`: no part of it looks like another.
    fn pattern(index: u32) -> u8 {
        (index.wrapping_add(1).wrapping_mul(0x9e37_79b1) >> 24) as u8
    }

    /// Puts bytes into the transmit FIFO as long as there is room, from place `from` on, up to
    /// `end`. Returns how far it came.
    #[expect(unsafe_code, reason = "the register's crate knows no range for a byte")]
    fn top_up(from: u32, end: u32) -> u32 {
        let regs = UART1::regs();
        let mut index = from;
        while index < end && regs.status().read().txfifo_cnt().bits() < (FIFO - 2) {
            // SAFETY: any byte may be sent.
            regs.fifo()
                .write(|w| unsafe { w.rxfifo_rd_byte().bits(pattern(index)) });
            index += 1;
        }
        index
    }

    /// Keeps the line busy without a gap, whatever the main thread does.
    #[embassy_executor::task]
    async fn feed(count: u32) {
        let mut index = 0;
        while index < count {
            index = top_up(index, count);
            // Half of what the FIFO lasts at 921600 baud.
            Timer::after_micros(600).await;
        }
    }

    /// Starts [`feed`] where nothing delays it.
    fn feed_beside(interrupt: FROM_CPU_INTR1<'static>, count: u32) {
        static EXECUTOR: StaticCell<InterruptExecutor<1>> = StaticCell::new();
        let spawner = EXECUTOR
            .init(InterruptExecutor::new(interrupt))
            .start(Priority::Priority2);
        match feed(count) {
            Ok(task) => spawner.spawn(task),
            Err(_) => defmt::panic!("spawned twice"),
        }
    }

    /// Keeps the processor busy for 38 ms, as a part of a TLS handshake does.
    fn compute() {
        let key = SecretKey::from_slice(&[7; 32]);
        core::hint::black_box(key.map(|key| key.public_key()).is_ok());
    }

    /// Reads `count` bytes and checks that they are those from place `from` on.
    async fn expect(modem: &mut Modem, from: u32, count: u32) {
        let mut index = from;
        let mut bytes = [0; 256];
        while index < from + count {
            let most = (from + count - index).min(256) as usize;
            let Ok(Ok(read)) = with_timeout(SECOND, modem.read(&mut bytes[..most])).await else {
                defmt::panic!("only {} bytes came", index - from);
            };
            for byte in &bytes[..read] {
                defmt::assert_eq!(*byte, pattern(index), "at {}", index);
                index += 1;
            }
        }
    }

    /// A stream without a gap, longer than the ring, while the executor computes most of the time.
    async fn sustained(chip: Chip, baud: u32, count: u32) {
        let (mut modem, interrupt) = chip.start(baud).await;
        let begin = Instant::now();
        feed_beside(interrupt, count);
        let mut index = 0;
        // What 38 ms bring, so that the executor always computes when bytes come.
        let part = (baud / 10 * 38 / 1000).min(count);
        while index < count {
            compute();
            let more = part.min(count - index);
            expect(&mut modem, index, more).await;
            index += more;
        }
        let took = begin.elapsed().as_micros();
        let line = u64::from(count) * 10 * 1_000_000 / u64::from(baud);
        defmt::info!(
            "{} bytes at {} baud: {} us, the line alone {} us",
            count,
            baud,
            took,
            line
        );
        defmt::assert_eq!(modem.overruns(), 0);
        // The line was never idle: else nothing was shown. The last part may be computed for.
        defmt::assert!(took < line + line / 20 + 80_000, "the line had gaps");
    }

    #[test]
    async fn a_stream_at_115200_baud_while_the_executor_computes(chip: Chip) {
        sustained(chip, 115_200, 20_000).await;
    }

    #[test]
    async fn a_stream_at_921600_baud_while_the_executor_computes(chip: Chip) {
        sustained(chip, 921_600, 60_000).await;
    }

    /// Nobody reads: the ring keeps the first 8192 bytes and counts each one it has no room for.
    #[test]
    async fn what_a_full_ring_drops_is_counted(chip: Chip) {
        const MORE: u32 = 1000;
        let (mut modem, interrupt) = chip.start(921_600).await;
        feed_beside(interrupt, RING + MORE);
        Timer::after_millis(120).await;
        defmt::assert_eq!(modem.overruns(), MORE);
        expect(&mut modem, 0, RING).await;
        // And then it works again.
        top_up(0, 10);
        expect(&mut modem, 0, 10).await;
        defmt::assert_eq!(modem.overruns(), MORE);
    }

    /// Interrupts are off for longer than the FIFO lasts: what is lost is counted, at least, and
    /// what comes later is whole.
    #[test]
    async fn what_the_fifo_drops_is_counted(chip: Chip) {
        const SENT: u32 = 400;
        let (mut modem, _) = chip.start(115_200).await;
        critical_section::with(|_| {
            let mut index = 0;
            while index < SENT {
                index = top_up(index, SENT);
            }
            while UART1::regs().status().read().txfifo_cnt().bits() > 0 {}
        });
        Timer::after_millis(5).await;
        let lost = modem.overruns();
        defmt::info!("{} of {} bytes lost", lost, SENT);
        defmt::assert!(lost > u32::from(FIFO), "{} bytes lost", lost);
        let mut rest = [0; 512];
        let kept = match with_timeout(Duration::from_millis(5), modem.read(&mut rest)).await {
            Ok(Ok(kept)) => kept as u32,
            _ => 0,
        };
        defmt::assert!(kept < SENT, "{} of {} bytes came", kept, SENT);
        top_up(0, 100);
        expect(&mut modem, 0, 100).await;
        defmt::assert_eq!(modem.overruns(), lost, "more was lost later");
    }

    /// Fewer bytes than the interrupt's threshold are handed over when the line falls idle.
    #[test]
    async fn a_short_answer_comes_at_once(chip: Chip) {
        let (mut modem, _) = chip.start(115_200).await;
        let begin = Instant::now();
        top_up(0, 6);
        expect(&mut modem, 0, 6).await;
        let took = begin.elapsed().as_micros();
        // Six bytes and an idle line of two.
        defmt::assert!(took >= 6 * 86, "{} us", took);
        defmt::assert!(took < 9 * 87 + 100, "{} us", took);
    }

    /// A guard time may start when `flush` returns.
    #[test]
    async fn flush_returns_with_the_last_bit(chip: Chip) {
        const COUNT: u32 = 300;
        let (mut modem, _) = chip.start(115_200).await;
        let mut bytes = [0; COUNT as usize];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = pattern(index as u32);
        }
        let begin = Instant::now();
        defmt::assert!(modem.write_all(&bytes).await.is_ok());
        defmt::assert!(modem.flush().await.is_ok());
        let took = begin.elapsed().as_micros();
        let line = u64::from(COUNT) * 10 * 1_000_000 / 115_200;
        defmt::assert!(took + 10 >= line, "{} us, the line takes {} us", took, line);
        defmt::assert!(took < line + 500, "{} us, the line takes {} us", took, line);
        expect(&mut modem, 0, COUNT).await;
    }

    async fn echo(chip: Chip, baud: u32) {
        let (mut modem, _) = chip.start(baud).await;
        top_up(0, 50);
        expect(&mut modem, 0, 50).await;
        defmt::assert_eq!(modem.overruns(), 0);
    }

    #[test]
    async fn the_slowest_rate(chip: Chip) {
        echo(chip, 1200).await;
    }

    #[test]
    async fn the_fastest_rate(chip: Chip) {
        echo(chip, 921_600).await;
    }
}
