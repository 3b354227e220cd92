//! A program that crashes in the way its settings name: see `crash.rs`. No product.
#![no_std]
#![no_main]

use embassy_executor::Spawner;

esp_bootloader_esp_idf::esp_app_desc!();

#[esp_rtos::main]
async fn main(_spawner: Spawner) {
    firmware_esp32::crash::run();
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    firmware_esp32::panic::handle(info)
}
