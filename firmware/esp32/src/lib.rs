//! The device on ESP32 chips: esp-hal, one executor, the modem on UART1.
//!
//! Everything the device does is in `firmware-app`; here is what that needs from the chip.
//!
//! | what | where |
//! |---|---|
//! | modem UART | UART1, 8N1 at the rate of the settings, TX on GPIO10, RX on GPIO3: [`uart`] |
//! | modem reset | GPIO4, open drain, low resets: [`system`] |
//! | settings | flash partition `settings` of `partitions.csv`: [`settings`] |
//! | samples over a reset | flash partition `outbox`: [`outbox`] |
//! | reset reasons, panics | a marker in memory that survives a reset: [`reset`], [`panic`] |
//! | log | defmt over RTT |
//! | how long others wait for TLS | [`sentinel`] |
//! | stack used | [`stack`] |
#![no_std]

mod constants;
#[cfg(feature = "planted-crash")]
pub mod crash;
pub mod flash;
pub mod outbox;
pub mod panic;
pub mod random;
pub mod reset;
pub mod sentinel;
pub mod settings;
pub mod stack;
mod system;
#[cfg_attr(feature = "planted-uart-on-executor", path = "uart_on_executor.rs")]
pub mod uart;
pub mod watchdog;

use defmt_rtt as _;
use embassy_executor::Spawner;
use esp_hal::clock::CpuClock;
use esp_hal::rtc_cntl::Rtc;
use esp_hal::timer::timg::TimerGroup;
use firmware_app::Memory;
use firmware_app::platform::{Device, Exit, uart_baud};
use portable_atomic::{AtomicU32, Ordering};
use static_cell::ConstStaticCell;

// Time, and the record's number since the start: a reader that came late or was too slow sees by a
// gap how many records it has missed, for the ring overwrites itself when nobody reads.
defmt::timestamp!(
    "{=u64:us} #{=u32}",
    esp_hal::time::Instant::now()
        .duration_since_epoch()
        .as_micros(),
    next_record()
);

/// Numbers the records of the log from 0.
fn next_record() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Called with interrupts off, on the only core: nobody comes between load and store.
    let number = NEXT.load(Ordering::Relaxed);
    NEXT.store(number.wrapping_add(1), Ordering::Relaxed);
    number
}

/// The application's big buffers: in a static, so that the linker knows whether they fit.
static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

/// Runs the device on this chip, for ever. To be called once, by the program's main task.
pub async fn run(spawner: Spawner) {
    stack::paint();
    let reset_reason = reset::take_reason();
    let peripherals = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
    let timers = TimerGroup::new(peripherals.TIMG0);
    esp_rtos::start(timers.timer0, peripherals.FROM_CPU_INTR0);

    sentinel::start(spawner, peripherals.FROM_CPU_INTR1);
    watchdog::start(spawner, Rtc::new(peripherals.RTC_TIMER).rwdt);

    let mut flash = flash::open(peripherals.FLASH);
    let settings = match settings::read(&mut flash) {
        Ok(bytes) => bytes,
        Err(error) => {
            defmt::error!("{}", defmt::Display2Format(&error));
            // The application names what an empty partition means for the device.
            &[]
        }
    };
    let outbox = match outbox::Outbox::open(flash) {
        Ok(outbox) => Some(outbox),
        Err(error) => {
            defmt::warn!(
                "samples are lost with a reset: {}",
                defmt::Display2Format(&error)
            );
            None
        }
    };

    // The sensor first: switching it on resets the converter block that then feeds the RNG.
    #[cfg(any(feature = "esp32c3", feature = "esp32c6"))]
    let sensor = system::Sensor::start(peripherals.TSENS);
    #[cfg(not(any(feature = "esp32c3", feature = "esp32c6")))]
    let sensor = None;
    let rng = random::start(peripherals.RNG, peripherals.ADC1);
    let system = system::Board::new(rng.random(), reset_reason, sensor, peripherals.GPIO4);
    let uart = uart::start(
        spawner,
        peripherals.UART1,
        uart_baud(settings),
        peripherals.GPIO3,
        peripherals.GPIO10,
    );

    let device = Device {
        uart,
        rng,
        system,
        settings,
        outbox,
    };
    match firmware_app::run(device, MEMORY.take()).await {
        Exit::Reboot => reset::reboot(),
        // `Halt`, and whatever is added later: stay attachable. The executor idles in `wfi`.
        _ => core::future::pending().await,
    }
}
