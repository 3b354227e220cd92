//! What every image of `tests/` needs: the app descriptor of the boot loader, the log, and an end
//! for panics.
//!
//! A test that panics says so on the log and leaves through semihosting's `SYS_EXIT` with an error,
//! which is what either runner waits for. The product's own handler resets instead.

use core::panic::PanicInfo;

use esp_hal::clock::CpuClock;
use esp_hal::peripherals::Peripherals;
// The log over RTT and its time stamps.
use firmware_esp32 as _;

esp_bootloader_esp_idf::esp_app_desc!();

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    defmt::error!("{}", defmt::Display2Format(info));
    semihosting::process::abort()
}

/// Starts the chip at full speed, as the product does.
pub(crate) fn chip() -> Peripherals {
    esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()))
}
