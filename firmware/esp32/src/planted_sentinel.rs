//! The firmware with an urgent task on the executor that computes: see `sentinel.rs`. No product.
#![no_std]
#![no_main]

use embassy_executor::Spawner;

esp_bootloader_esp_idf::esp_app_desc!();

#[esp_rtos::main]
async fn main(spawner: Spawner) {
    firmware_esp32::run(spawner).await;
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    firmware_esp32::panic::handle(info)
}
