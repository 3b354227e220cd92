//! What every image of `tests/` needs: the app descriptor of the boot loader, the log, and an end
//! for panics.
//!
//! A test that panics says so on the log and leaves through semihosting's `SYS_EXIT` with an error,
//! which is what either runner waits for. The product's own handler resets instead.

#![allow(dead_code, reason = "each image uses a part of it")]

pub(crate) mod cycles;

use core::panic::PanicInfo;

use embassy_executor::Spawner;

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

/// `defmt::panic!` and its kin have said it all on the log.
#[defmt::panic_handler]
fn defmt_panic() -> ! {
    semihosting::process::abort()
}

/// Starts the chip at full speed, as the product does.
pub(crate) fn chip() -> Peripherals {
    esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()))
}

/// Spawns on the executor of the calling task: embedded-test hands out no spawner of its own.
#[expect(unsafe_code, reason = "embassy's only way to the present executor")]
pub(crate) async fn spawner() -> Spawner {
    // SAFETY: called from a task, and the spawner stays on its executor.
    unsafe { Spawner::for_current_executor() }.await
}

/// The bytes of `digits`, two hexadecimal ones each.
pub(crate) const fn hex<const N: usize>(digits: &str) -> [u8; N] {
    const fn value(digit: u8) -> u8 {
        match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => panic!("a digit is none of 0 to 9 and a to f"),
        }
    }
    let digits = digits.as_bytes();
    assert!(digits.len() == 2 * N, "two digits a byte");
    let mut bytes = [0; N];
    let mut index = 0;
    while index < N {
        bytes[index] = value(digits[2 * index]) << 4 | value(digits[2 * index + 1]);
        index += 1;
    }
    bytes
}
